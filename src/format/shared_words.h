// Which words of a guideline stand in the dialogue too: shown to the judge beside the guideline's
// words, as readers of small size find such words badly by themselves (exact match as a feature:
// D. Chen et al., "Reading Wikipedia to Answer Open-Domain Questions", ACL 2017, section 3.2).
#ifndef MORES_FORMAT_SHARED_WORDS_H_
#define MORES_FORMAT_SHARED_WORDS_H_

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/dialogue.h"

namespace mores::format {

// A part of a guideline up to the end of a word that the dialogue has too, or the rest of it.
struct GuidelinePart {
  std::string_view text;  // of the guideline
  bool shared = false;    // ends in a shared word
};

// The content words of turns, folded and stemmed. Of a turn longer than 64 KiB the middle is left
// out, and of turns that are longer than 128 KiB together the earliest.
std::set<std::string> ContentWords(std::span<const Turn> turns);

// The guideline in parts, in order; together they are all of it. Function words, and what negates,
// are never shared. `utf8` may be anything.
std::vector<GuidelinePart> MarkSharedWords(std::string_view guideline,
                                           const std::set<std::string>& words);

}  // namespace mores::format

#endif  // MORES_FORMAT_SHARED_WORDS_H_
