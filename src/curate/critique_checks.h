// Whether a critique that a model wrote is fit to learn from, as far as words tell: in the language
// of the dialogue, of its label, about this dialogue, and neither a copy of it nor of another
// critique. What it says may still be wrong.
#ifndef MORES_CURATE_CRITIQUE_CHECKS_H_
#define MORES_CURATE_CRITIQUE_CHECKS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "curate/record.h"
#include "data/near_duplicates.h"
#include "format/verdict.h"
#include "text/language.h"

namespace mores::curate {

class CritiqueChecks {
 public:
  // The reason to leave it out, the first that holds of:
  //   "other_language"    it isn't in the record's language, where that is English or Chinese
  //   "other_label"       it calls the answer safe where that is unsafe or the other way, and never
  //                       what it is (curate/critique_claim.h)
  //   "not_of_dialogue"   fewer than two content terms of the dialogue stand in it, or fewer than a
  //                       short dialogue has
  //   "copies_dialogue"   40 % or more of its 5-grams (of words; of Chinese text of characters)
  //                       stand in one turn of the dialogue
  //   "copies_another"    40 % or more of them stand in one critique that was let through before
  // Otherwise nullopt, and later ones are compared with it.
  std::optional<std::string_view> Check(const Record& record, format::Label label,
                                        std::string_view critique);

 private:
  // By their 5-grams.
  class Kept {
   public:
    bool AddUnlessCopy(const data::GramSet& grams);

   private:
    size_t count_ = 0;
    std::unordered_map<uint64_t, std::vector<size_t>> critiques_with_;
  };

  std::array<Kept, 3> kept_;  // by text::Language
};

}  // namespace mores::curate

#endif  // MORES_CURATE_CRITIQUE_CHECKS_H_
