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

// `lead` becomes what all of the texts begin with behind `before`, of its tokens; returns the rest
// of each.
std::vector<std::vector<int32_t>> EncodeBehind(const std::string& before,
                                               std::span<const std::string> texts,
                                               const text::Tokenizer& tokenizer,
                                               std::vector<int32_t>& lead) {
  std::vector<std::vector<int32_t>> choices;
  lead = EncodeInside(before, tokenizer);
  for (const std::string& text : texts) {
    choices.push_back(EncodeInside(before + text, tokenizer));
    const std::vector<int32_t>& choice = choices.back();
    const auto common = std::mismatch(lead.begin(), lead.end(), choice.begin(), choice.end());
    lead.erase(common.first, lead.end());
  }
  for (std::vector<int32_t>& choice : choices) {
    choice.erase(choice.begin(), choice.begin() + static_cast<std::ptrdiff_t>(lead.size()));
  }
  return choices;
}

size_t Longest(const std::vector<std::vector<int32_t>>& choices) {
  size_t longest = 0;
  for (const std::vector<int32_t>& choice : choices) longest = std::max(longest, choice.size());
  return longest;
}

// Whether `after` ends with a space that is the critique's: tokens of words hold the space before
// them. Forms without categories keep the tokens that they have always had.
bool LeavesSpace(const ReplyForm& form) {
  return !form.categories.empty() && form.after.ends_with(' ');
}

Status CheckApart(const std::vector<std::vector<int32_t>>& choices, std::string_view model,
                  std::string_view what) {
  for (const std::vector<int32_t>& choice : choices) {
    if (choice.empty()) {
      return MakeError(ErrorKind::kUnsupported, "{}: the tokenizer has no tokens for a {}", model,
                       what);
    }
    for (const std::vector<int32_t>& other : choices) {
      if (&other == &choice || choice.size() > other.size()) continue;
      if (!std::equal(choice.begin(), choice.end(), other.begin())) continue;
      return MakeError(ErrorKind::kUnsupported,
                       "{}: the tokens of one {} begin another's; add what follows the {} to its "
                       "text, such as a line break",
                       model, what, what);
    }
  }
  return {};
}

}  // namespace

size_t ReplyTokens::longest() const {
  return lead.size() + Longest(choices) + category_lead.size() + Longest(categories) +
         separator.size();
}

int ReplyTokens::ChoiceThatMeans(Label label) const {
  const auto found = std::find(means.begin(), means.end(), label);
  return found == means.end() ? -1 : static_cast<int>(found - means.begin());
}

ReplyTokens EncodeReply(const ReplyForm& form, const text::Tokenizer& tokenizer) {
  ReplyTokens tokens;
  std::vector<std::string> texts;
  for (const LabelChoice& label : form.labels) {
    texts.push_back(label.text);
    tokens.means.push_back(label.means);
    tokens.ends.push_back(label.ends);
  }
  tokens.choices = EncodeBehind(form.before, texts, tokenizer, tokens.lead);
  if (!form.categories.empty()) {
    texts.clear();
    for (const CategoryChoice& category : form.categories) texts.push_back(category.text);
    tokens.categories = EncodeBehind(form.CategoryLead(), texts, tokenizer, tokens.category_lead);
  }
  const size_t given = form.after.size() - (LeavesSpace(form) ? 1 : 0);
  tokens.separator = EncodeInside(form.after.substr(0, given), tokenizer);
  return tokens;
}

std::vector<int32_t> EncodeCritique(const ReplyForm& form, std::string_view critique,
                                    const text::Tokenizer& tokenizer) {
  if (!LeavesSpace(form) || critique.empty()) return tokenizer.Encode(critique);
  return EncodeInside(fmt::format(" {}", critique), tokenizer);
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
  MORES_RETURN_IF_ERROR(CheckApart(reply.choices, model, "label"));
  return CheckApart(reply.categories, model, "category");
}

}  // namespace mores::format
