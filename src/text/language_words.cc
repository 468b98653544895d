#include "text/language_words.h"

#include "base/check.h"
#include "base/table_file.h"
#include "text/tables.h"

namespace mores::text {

std::span<const WordList> LatinWordLists() {
  static const std::vector<WordList> lists = [] {
    std::vector<WordList> all;
    const TableFile table(kLanguageWords);
    for (const TableSection& section : table.sections()) {
      if (section.name.ends_with(": endings")) {
        MORES_CHECK(!all.empty());
        all.back().endings = section.Words();
      } else {
        all.push_back({.words = section.Words(), .endings = {}});
      }
    }
    return all;
  }();
  return lists;
}

}  // namespace mores::text
