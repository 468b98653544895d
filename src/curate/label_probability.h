// The probability that a reply's label had, from the log-probabilities of its tokens.
#ifndef MORES_CURATE_LABEL_PROBABILITY_H_
#define MORES_CURATE_LABEL_PROBABILITY_H_

#include <optional>

#include "chat/chat_model.h"

namespace mores::curate {

// P(unsafe) / (P(safe) + P(unsafe)) at the token with which the value of "label" begins in a reply
// of the task `judge`: each the sum over the alternatives listed there that begin that label in
// either language. Nothing where the backend gave no log-probabilities, or its tokens aren't the
// text, or where the reply says "label" more than once or not in so many letters.
std::optional<double> UnsafeProbability(const chat::ChatReply& reply);

}  // namespace mores::curate

#endif  // MORES_CURATE_LABEL_PROBABILITY_H_
