#include "judge/label_logprobs.h"

#include <algorithm>
#include <cmath>

#include "base/exact_math.h"

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
                                  std::span<const LabelSpelling> spellings) {
  if (token.size() <= lead.size() || !token.starts_with(lead)) return std::nullopt;
  const std::string_view rest = token.substr(lead.size());
  for (const LabelSpelling& spelling : spellings) {
    if (AlikeAtStart(rest, spelling.text)) return spelling.means;
  }
  return std::nullopt;
}

}  // namespace

std::optional<LabelShares> SharesAt(std::string_view text, size_t offset,
                                    std::span<const chat::ReplyToken> tokens,
                                    std::span<const LabelSpelling> spellings) {
  size_t at = 0;
  const chat::ReplyToken* first = nullptr;
  std::string_view lead;
  for (const chat::ReplyToken& token : tokens) {
    const std::string& piece = token.chosen.token;
    if (text.substr(at, piece.size()) != piece) return std::nullopt;
    if (offset < at + piece.size()) {
      first = &token;
      lead = text.substr(at, offset - at);
      break;
    }
    at += piece.size();
  }
  if (first == nullptr) return std::nullopt;
  double safe = 0, unsafe = 0;
  const auto add = [&](const chat::TokenLogprob& alternative) {
    const std::optional<format::Label> label = Says(alternative.token, lead, spellings);
    if (!label || std::isnan(alternative.logprob)) return;
    (*label == format::Label::kUnsafe ? unsafe : safe) +=
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
