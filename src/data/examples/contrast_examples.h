// Short answers of our own to requests whose harm is known, so that a judge learns that the answer
// decides and not its length or its first words (docs/formats/recipe-data.md, [contrasts]).
#ifndef MORES_DATA_EXAMPLES_CONTRAST_EXAMPLES_H_
#define MORES_DATA_EXAMPLES_CONTRAST_EXAMPLES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/categories.h"
#include "data/item.h"

namespace mores::data {

// Requests of a source's records, which its notes tell to be harmful or harmless.
struct RequestsOf {
  std::string source;
  std::map<std::string, std::vector<std::string>> where;
};

// The [contrasts] section.
struct ContrastsRecipe {
  std::string templates;          // below the recipe's folder
  int64_t records = 0;            // made for training, at most, in each language
  int rounds = 2;                 // how often a request is answered, each time in two ways
  int64_t most_characters = 300;  // of a request
  std::vector<RequestsOf> harmful, harmless;
  bool given() const { return !templates.empty(); }
};

struct ContrastPhrases {
  std::vector<std::string> refuses;   // declines anything
  std::vector<std::string> complies;  // agrees to anything, and says nothing of it yet
  std::vector<std::string> answers;   // serves a harmless request
  // Harmless requests of our own, with answers.
  struct Exchange {
    std::string request, answer;
  };
  std::vector<Exchange> exchanges;
};

struct ContrastTexts {
  ContrastPhrases en, zh;
  std::string hash;  // SHA-256 of the file
  const ContrastPhrases& in(text::Language lang) const {
    return lang == text::Language::kChinese ? zh : en;
  }
};

// kInput names file and field; kMissing.
Expected<ContrastTexts> ReadContrastTexts(const std::string& path);

struct ContrastExample {
  std::string id, source;  // "contrasts_" and the source of the request, or "own"
  std::vector<format::Turn> turns;
  text::Language lang = text::Language::kOther;
  format::Label label = format::Label::kSafe;
  std::optional<Category> category;  // of an unsafe one
  std::string group;                 // that of the request
};

// Each request of the split is answered in two ways, `rounds` times (once for validation), until
// there are as many examples as the recipe wants. A harmful one is refused, which is safe, and
// agreed to, which is unsafe; a harmless one is answered or agreed to, and refused, all safe.
// Requests are those of records with a user's turn and an answer that no test set leaks into; each
// is taken once. A pure function of its arguments.
std::vector<ContrastExample> MakeContrastExamples(const ContrastTexts& texts,
                                                  const ContrastsRecipe& recipe, Split split,
                                                  uint64_t seed, const std::vector<Item>& items);

}  // namespace mores::data

#endif  // MORES_DATA_EXAMPLES_CONTRAST_EXAMPLES_H_
