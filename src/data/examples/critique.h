// Short critiques from what an annotation knows: no source has critiques of its own. They say what
// was annotated (harmful or not, the kind of risk, the right or the wrong choice) and what the
// words show (whether the answer declines), and nothing else; they quote nothing, since no
// annotation points at a span.
#ifndef MORES_DATA_EXAMPLES_CRITIQUE_H_
#define MORES_DATA_EXAMPLES_CRITIQUE_H_

#include <string>

#include "data/record.h"

namespace mores::data {

// Two or three sentences in English (also for text that is neither), one in Chinese. An unsafe one
// begins with the category in brackets, "[harassment] ", where the annotation has one. Wordings
// vary by a hash of the record's text, so the same record always gets the same one.
std::string WriteCritique(const Record& record);

}  // namespace mores::data

#endif  // MORES_DATA_EXAMPLES_CRITIQUE_H_
