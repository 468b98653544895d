#include "train/shorten.h"

#include <algorithm>
#include <string>

#include "train/messages.h"

namespace mores::train {
namespace {

// The messages from `start` on, behind those that instruct.
Json DropTurns(const Json& messages, size_t start) {
  Json kept = Json::array();
  for (size_t i = 0; i < messages.size(); ++i) {
    const bool instructs = RoleIn(messages, i) == "system" || RoleIn(messages, i) == "developer";
    if (i >= start || (instructs && kept.size() == i)) kept.push_back(messages[i]);
  }
  return kept;
}

// Where a shorter conversation can begin: at the user's turns but the first.
std::vector<size_t> ShorterStarts(const Json& messages) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (RoleIn(messages, i) == "user") starts.push_back(i);
  }
  if (!starts.empty()) starts.erase(starts.begin());
  return starts;
}

// The last `share` of a text's bytes, from the beginning of a character.
std::string TailOfText(const std::string& text, double share) {
  auto at = text.size() - static_cast<size_t>(static_cast<double>(text.size()) * share);
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return text.substr(at);
}

using CountTokens = std::function<Expected<size_t>(const Json&)>;

// Without as few turns as fit, or with the last question alone.
Expected<Json> WithoutEarliest(const Json& messages, size_t room, const CountTokens& tokens) {
  const std::vector<size_t> starts = ShorterStarts(messages);
  if (starts.empty()) return messages;
  size_t low = 0, high = starts.size() - 1;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    MORES_ASSIGN_OR_RETURN(const size_t size, tokens(DropTurns(messages, starts[middle])));
    if (size <= room) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return DropTurns(messages, starts[low]);
}

}  // namespace

size_t PromptRoom(size_t room, size_t longest_completion) {
  return std::max(room - std::min(room, longest_completion), room / 2);
}

Expected<Json> ShortenPrompt(const Json& messages, size_t room, const text::Tokenizer& tokenizer,
                             const CountTokens& tokens) {
  constexpr int kMostTrials = 12;
  MORES_ASSIGN_OR_RETURN(Json shorter, WithoutEarliest(messages, room, tokens));
  MORES_ASSIGN_OR_RETURN(size_t size, tokens(shorter));
  if (size <= room) return shorter;
  size_t last = shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    if (RoleIn(shorter, i) == "user") last = i;
  }
  const std::string question(last < shorter.size() ? ContentOf(shorter[last]) : "");
  const auto asked = static_cast<double>(tokenizer.Encode(question).size());
  const double around = std::max(static_cast<double>(size) - asked, 0.0);
  double left = static_cast<double>(room) - around;
  // Cutting text isn't cutting tokens: less is left until it fits.
  for (int trial = 0; size > room; ++trial, left *= 0.9) {
    if (trial == kMostTrials || left < 1 || left >= asked) {
      return MakeError(ErrorKind::kInput,
                       "what stands around the last question has {} tokens, which leaves it no "
                       "room in {}",
                       static_cast<int64_t>(around), room);
    }
    shorter[last]["content"] = TailOfText(question, left / asked);
    MORES_ASSIGN_OR_RETURN(size, tokens(shorter));
  }
  return shorter;
}

void ShortenText(size_t room, const text::Tokenizer& tokenizer, std::vector<int32_t>& prompt) {
  if (prompt.size() <= room) return;
  const std::ptrdiff_t start = tokenizer.bos_id() == prompt[0] ? 1 : 0;
  const auto kept = static_cast<std::ptrdiff_t>(room) - start;
  prompt.erase(prompt.begin() + start, prompt.end() - kept);
}

}  // namespace mores::train
