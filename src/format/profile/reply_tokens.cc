#include "format/profile/reply_tokens.h"

#include <algorithm>
#include <cmath>

#include "base/exact_math.h"

namespace mores::format {

namespace {

// Ids of a text that stands behind a line break, without that of the line break.
std::vector<int32_t> EncodeInside(const std::string& utf8, const text::Tokenizer& tokenizer) {
  const std::vector<int32_t> anchor = tokenizer.Encode("\n");
  std::vector<int32_t> ids = tokenizer.Encode("\n" + utf8);
  const bool apart = ids.size() >= anchor.size() &&
                     std::equal(anchor.begin(), anchor.end(), ids.begin()) && !anchor.empty();
  if (!apart) return tokenizer.Encode(utf8);
  ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(anchor.size()));
  return ids;
}

}  // namespace

size_t ReplyTokens::longest() const {
  size_t label = 0;
  for (const std::vector<int32_t>& choice : choices) label = std::max(label, choice.size());
  return lead.size() + label + separator.size();
}

ReplyTokens EncodeReply(const ReplyForm& form, const text::Tokenizer& tokenizer) {
  ReplyTokens tokens;
  tokens.lead = EncodeInside(form.before, tokenizer);
  for (const LabelChoice& label : form.labels) {
    tokens.choices.push_back(EncodeInside(form.before + label.text, tokenizer));
    tokens.means.push_back(label.means);
    tokens.ends.push_back(label.ends);
    const std::vector<int32_t>& choice = tokens.choices.back();
    const auto common =
        std::mismatch(tokens.lead.begin(), tokens.lead.end(), choice.begin(), choice.end());
    tokens.lead.erase(common.first, tokens.lead.end());
  }
  for (std::vector<int32_t>& choice : tokens.choices) {
    choice.erase(choice.begin(), choice.begin() + static_cast<std::ptrdiff_t>(tokens.lead.size()));
  }
  tokens.separator = EncodeInside(form.after, tokenizer);
  return tokens;
}

double LogMassOf(Label label, std::span<const Label> means, std::span<const double> choice_logs) {
  double most = -INFINITY;
  int count = 0;
  for (size_t i = 0; i < means.size(); ++i) {
    if (means[i] != label) continue;
    most = std::max(most, choice_logs[i]);
    ++count;
  }
  if (count < 2 || !std::isfinite(most)) return most;
  double sum = 0;
  for (size_t i = 0; i < means.size(); ++i) {
    if (means[i] == label) sum += ExactExp(choice_logs[i] - most);
  }
  return most + ExactLog(sum);
}

Status CheckLabelsApart(const ReplyTokens& reply, std::string_view model) {
  const std::vector<std::vector<int32_t>>& choices = reply.choices;
  for (const std::vector<int32_t>& choice : choices) {
    if (choice.empty()) {
      return MakeError(ErrorKind::kUnsupported, "{}: the tokenizer has no tokens for the labels",
                       model);
    }
    for (const std::vector<int32_t>& other : choices) {
      if (&other == &choice || choice.size() > other.size()) continue;
      if (!std::equal(choice.begin(), choice.end(), other.begin())) continue;
      return MakeError(ErrorKind::kUnsupported,
                       "{}: the tokens of one label begin another's; add what follows the label to "
                       "its text, such as a line break",
                       model);
    }
  }
  return {};
}

}  // namespace mores::format
