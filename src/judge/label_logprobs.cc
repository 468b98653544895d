#include "judge/label_logprobs.h"

#include <algorithm>
#include <cmath>

#include "base/exact_math.h"
#include "base/strings.h"
#include "chat/token_alignment.h"

namespace mores::judge {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool AlikeAtStart(std::string_view a, std::string_view b) {
  const size_t shorter = std::min(a.size(), b.size());
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shorter), b.begin(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

// What a token says of a label that begins `lead` bytes into it, after the text before it.
std::optional<format::Label> Says(std::string_view token, std::string_view lead,
                                  std::span<const format::LabelWord> spellings) {
  if (token.size() <= lead.size() || !token.starts_with(lead)) return std::nullopt;
  const std::string_view rest = token.substr(lead.size());
  for (const format::LabelWord& spelling : spellings) {
    if (AlikeAtStart(rest, Trim(spelling.text, kTextSpace))) return spelling.means;
  }
  return std::nullopt;
}

}  // namespace

std::optional<LabelShares> SharesAt(std::string_view text, size_t offset,
                                    std::span<const chat::ReplyToken> tokens,
                                    std::span<const format::LabelWord> spellings) {
  const std::optional<std::ptrdiff_t> begin = chat::TextBegin(tokens, text);
  if (!begin || offset >= text.size()) return std::nullopt;
  const std::ptrdiff_t label_at = *begin + static_cast<std::ptrdiff_t>(offset);
  std::ptrdiff_t at = 0;
  const chat::ReplyToken* first = nullptr;
  std::string_view lead;
  for (const chat::ReplyToken& token : tokens) {
    const std::string_view piece = token.chosen.token;
    const auto size = static_cast<std::ptrdiff_t>(piece.size());
    if (label_at >= at && label_at < at + size) {
      first = &token;
      lead = piece.substr(0, static_cast<size_t>(label_at - at));
      break;
    }
    at += size;
  }
  if (first == nullptr) return std::nullopt;
  // Where characters were replaced, the tokens may have moved against the text.
  const std::string_view label = text.substr(offset);
  const std::string_view spelled = std::string_view(first->chosen.token).substr(lead.size());
  if (spelled.substr(0, label.size()) != label.substr(0, spelled.size())) return std::nullopt;
  double safe = 0, unsafe = 0;
  const auto add = [&](const chat::TokenLogprob& alternative) {
    const std::optional<format::Label> said = Says(alternative.token, lead, spellings);
    if (!said || std::isnan(alternative.logprob)) return;
    (*said == format::Label::kUnsafe ? unsafe : safe) +=
        ExactExp(std::min(alternative.logprob, 0.0));
  };
  bool chosen_seen = false;
  for (const chat::TokenLogprob& alternative : first->top) {
    chosen_seen |= alternative.token == first->chosen.token;
    add(alternative);
  }
  if (!chosen_seen) add(first->chosen);
  LabelShares shares;
  if (safe + unsafe > 0) shares.p_unsafe = std::clamp(unsafe / (safe + unsafe), 0.0, 1.0);
  shares.other_mass = std::clamp(1.0 - safe - unsafe, 0.0, 1.0);
  return shares;
}

}  // namespace mores::judge
