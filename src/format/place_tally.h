// What verdicts say in places, added up (docs/formats/places.md): for the summary of a run, for
// reports, and for bounds on both.
#ifndef MORES_FORMAT_PLACE_TALLY_H_
#define MORES_FORMAT_PLACE_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/verdict.h"

namespace mores::format {

// Places that the dialogue lies in: given, stated or inferred. Those swapped in are comparisons.
bool IsOwn(const PlaceResult& result);
bool JudgedInOwnPlace(const Verdict& verdict);

// Unsafe where the general result or any place of its own is; else unparsed where any of these is:
// what was not found out is never safe.
Label LabelAnywhere(const Verdict& verdict);
// The same over its own places alone. kUnparsed without any.
Label LabelInOwnPlaces(const Verdict& verdict);
// Unsafe in general, or in any place, swapped in or not; else as LabelAnywhere over all of these.
Label LabelWithSwapped(const Verdict& verdict);
// Whether the general result or any place of its own has no label, whatever the others say.
bool AnyUnparsed(const Verdict& verdict);
// Also over places swapped in.
bool AnyUnparsedWithSwapped(const Verdict& verdict);
// Whether the dialogue names a place and was judged in none of its own: no database of guidelines
// was at hand. Not known of a verdict that was made without content.
bool PlaceNotJudged(const Verdict& verdict);

// Whether `place` is `whole` or a part of it, of ISO 3166's codes: "CN-GD", "CN+zhuang" and
// "CN-GD+zhuang" lie in "CN", and the latter in "CN+zhuang".
bool LiesIn(std::string_view place, std::string_view whole);

// "cn+ZHUANG" as codes are written: "CN+zhuang".
std::string PlaceSpelling(std::string_view place);

// Of one place; own and swapped in are apart.
struct PlaceCount {
  std::string place;
  bool swapped = false;
  size_t items = 0;
  size_t safe = 0, unsafe = 0, unparsed = 0;
  size_t by_law = 0, by_norm = 0;  // of the unsafe: findings; the rest is unsafe in general
  size_t only_here = 0;            // unsafe here, and not in general
  size_t low_coverage = 0;
};
// "place", "swapped", and the counts up to `by_norm`: what every file tells of a place first.
Json ToJson(const PlaceCount& count);

// By first appearance, own places before those swapped in.
class PlaceTally {
 public:
  void Add(const Verdict& verdict);
  const std::vector<PlaceCount>& own() const { return own_; }
  const std::vector<PlaceCount>& swapped() const { return swapped_; }

 private:
  std::vector<PlaceCount> own_, swapped_;
};

// Items by the worst label that they have in a place or a part of it, own or swapped in, each item
// once; for bounds such as "unsafe@CN".
class LabelsIn {
 public:
  void Add(const Verdict& verdict);
  // "unsafe": of the items with a label there; "unparsed": of all items judged there, those that
  // lack a label in any part. NaN for other names, and where there is nothing to take a share of.
  double Share(std::string_view name, std::string_view place) const;

 private:
  struct InPlace {
    uint32_t place;  // index into places_
    Label label;
  };
  std::vector<std::string> places_;
  std::vector<std::vector<InPlace>> items_;  // of those judged in any
};

}  // namespace mores::format

#endif  // MORES_FORMAT_PLACE_TALLY_H_
