// The critiques to be measured (docs/formats/meta.md), matched with the references.
#ifndef MORES_META_CRITIQUES_H_
#define MORES_META_CRITIQUES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"
#include "meta/aiu_judge.h"
#include "meta/references.h"

namespace mores::meta {

struct Critiques {
  std::vector<CritiqueItem> items;  // in the order of their file
  size_t failed = 0;                // lines that say that judging their item failed
  size_t references_unused = 0;     // references without a critique
};

// Reads verdicts, or {"id","critique"} with "dialogue" (a list of turns), "messages", or "query"
// and "response". A verdict's dialogue is that of its `input`; where that has no text, and where a
// critique has an id alone, the reference's is taken.
//
// kInput for a record that can't be read, a repeated id, a critique without a reference or whose
// dialogue is nowhere: it names the first, and says how many there are.
Expected<Critiques> ReadCritiques(const std::string& path, const References& references);

}  // namespace mores::meta

#endif  // MORES_META_CRITIQUES_H_
