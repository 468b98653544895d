// The probability of a label from the log-probabilities that an endpoint gives: the likeliest
// alternatives at the token where the label begins.
#ifndef MORES_JUDGE_LABEL_LOGPROBS_H_
#define MORES_JUDGE_LABEL_LOGPROBS_H_

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"
#include "format/reply/label_text.h"

namespace mores::judge {

struct LabelShares {
  std::optional<double> p_unsafe;  // null where no alternative begins a label
  double other_mass = 1;           // what isn't seen to begin one; at most this
};

// `offset`: byte of the reply's text where the label that it states begins. An alternative counts
// for a spelling when one of the two begins with the other, whatever their case; no two spellings
// of different meaning may begin alike. Null where `tokens` don't spell out `text`
// (chat/token_alignment.h), as when the endpoint gave none.
std::optional<LabelShares> SharesAt(std::string_view text, size_t offset,
                                    std::span<const chat::ReplyToken> tokens,
                                    std::span<const format::LabelWord> spellings);

}  // namespace mores::judge

#endif  // MORES_JUDGE_LABEL_LOGPROBS_H_
