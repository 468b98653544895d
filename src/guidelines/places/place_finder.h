// Finds names of places in running text, by words and what stands around them.
#ifndef MORES_GUIDELINES_PLACES_PLACE_FINDER_H_
#define MORES_GUIDELINES_PLACES_PLACE_FINDER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "guidelines/places/place_words.h"
#include "guidelines/places/places.h"

namespace mores::guidelines {

// How much of the surroundings a name needs before it counts.
enum class NameCare {
  kAnyCase,  // counts wherever it stands
  kCapital,  // where it is capitalised, and isn't a sentence's first word with a noun after it
  kCue,      // where the words around speak of a place: "in", "northern", ", Jordan"
};

class PlaceFinder {
 public:
  struct Target {
    std::string code;  // a country or a subdivision
    Mention mention = Mention::kStated;
    NameCare care = NameCare::kAnyCase;
  };

  // One more meaning of `name`. A name with several countries counts where the text names one of
  // these otherwise.
  void Add(std::string_view name, const Target& target);
  // Where this phrase stands, nothing in it is a name.
  void AddNoPlace(std::string_view phrase);
  bool Has(std::string_view name) const;

  // In order, each code once. Linear in the text's size.
  std::vector<PlaceMention> Find(std::string_view utf8) const;

 private:
  struct Name {
    std::vector<Target> targets;  // empty: no place
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Names = std::unordered_map<std::string, Name, Hash, std::equal_to<>>;
  struct Found {
    const Name* name = nullptr;
    size_t begin_word = 0, end_word = 0;  // of the words of the text
    size_t begin = 0, end = 0;
    bool counts = false;
  };
  struct Reading;

  Found LongestAt(const Reading& reading, size_t word) const;
  void FindChinese(const NameWord& word, size_t index, std::vector<Found>& found) const;
  bool Counts(const Reading& reading, const Found& found) const;

  Names names_, chinese_;
  std::unordered_set<std::string> beginnings_;  // first words of `names_`, then first two, ...
  std::unordered_set<char32_t> first_characters_;
  size_t longest_chinese_ = 0;  // bytes
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_PLACE_FINDER_H_
