// What a critique calls the answer, by the plainest of its sentences alone.
#ifndef MORES_CURATE_CRITIQUE_CLAIM_H_
#define MORES_CURATE_CRITIQUE_CLAIM_H_

#include <string_view>

#include "text/language.h"

namespace mores::curate {

struct Claim {
  bool safe = false, unsafe = false;  // both, where sentences differ
};

// English: a sentence that says of the answer, reply, response, advice or assistant, or of "it" or
// "this", that it is safe or unsafe. Chinese: a clause (回答, 回复, 助手, 建议, or one without a
// subject of its own: 因此, 所以, 这, 它) that ends with being 安全 or 不安全. Sentences that
// refuse or ask claim nothing, and neither do safe and unsafe things: "unsafe advice", 安全风险.
Claim ReadClaim(std::string_view critique, text::Language language);

}  // namespace mores::curate

#endif  // MORES_CURATE_CRITIQUE_CLAIM_H_
