// Short critiques from what an annotation knows, for sources without critiques of their own. They
// say what was annotated (harmful or not, the kind of risk, the right or the wrong choice) and what
// the words show (whether the answer declines), and nothing else; they quote nothing, since no
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

// Whether the source explains its label in the language of the dialogue.
bool HasOwnCritique(const Record& record);
// The critique of an unsafe record with its category in brackets before it, where it has one.
std::string WithTag(const Record& record, std::string critique);

}  // namespace mores::data

#endif  // MORES_DATA_EXAMPLES_CRITIQUE_H_
