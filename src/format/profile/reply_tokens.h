// How a reply begins, in tokens: what the label's probability is read from.
#ifndef MORES_FORMAT_PROFILE_REPLY_TOKENS_H_
#define MORES_FORMAT_PROFILE_REPLY_TOKENS_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "format/profile/profile_spec.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::format {

struct ReplyTokens {
  std::vector<int32_t> lead;                  // what stands before every label: given, not scored
  std::vector<std::vector<int32_t>> choices;  // the labels, in the order of the form
  std::vector<Label> means;                   // of each
  std::vector<bool> ends;                     // whether the reply ends with it
  std::vector<int32_t> separator;             // after the label, or its category: given too
  // Of a form with categories, between the label that means unsafe and the separator: what leads to
  // the category, given too, and the categories, in the order of the form.
  std::vector<int32_t> category_lead;
  std::vector<std::vector<int32_t>> categories;

  // Tokens of lead, the longest label, category and separator.
  size_t longest() const;
  int ChoiceThatMeans(Label label) const;  // the first; -1: none
};

// As a model writes them: in the middle of a text, so that a tokenizer that puts a space in front
// of a text puts none here.
//
// A label is encoded together with what stands before it, as a model writes them; where the text
// before doesn't end with a token of its own (a space that belongs to the label), its last tokens
// are part of each choice.
// Likewise a category. Of a form with categories a space at the end of `after` belongs to the
// critique.
ReplyTokens EncodeReply(const ReplyForm& form, const text::Tokenizer& tokenizer);

// A critique behind the separator of the form's reply.
std::vector<int32_t> EncodeCritique(const ReplyForm& form, std::string_view critique,
                                    const text::Tokenizer& tokenizer);

// log of the sum of the probabilities of the choices that mean `label`, given their logarithms.
double LogMassOf(Label label, std::span<const Label> means, std::span<const double> choice_logs);

// Labels whose tokens begin another label's are not events apart: no share could be told. Likewise
// categories.
// kUnsupported, with the name of the model.
Status CheckLabelsApart(const ReplyTokens& reply, std::string_view model);

}  // namespace mores::format

#endif  // MORES_FORMAT_PROFILE_REPLY_TOKENS_H_
