// What verdicts say in places, added up (docs/formats/places.md): for the summary of a run, for
// reports, and for bounds on both.
#ifndef MORES_FORMAT_PLACE_TALLY_H_
#define MORES_FORMAT_PLACE_TALLY_H_

#include <cstddef>
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

// "unsafe": of the items with a label there; "unparsed": of all items there. NaN for other names,
// and where there is nothing to take a share of.
double ShareIn(const PlaceCount& count, std::string_view name);

// By first appearance, own places before those swapped in.
class PlaceTally {
 public:
  void Add(const Verdict& verdict);
  const std::vector<PlaceCount>& own() const { return own_; }
  const std::vector<PlaceCount>& swapped() const { return swapped_; }
  // Own and swapped in added up; zeros for a place in which nothing was judged.
  PlaceCount In(std::string_view place) const;

 private:
  std::vector<PlaceCount> own_, swapped_;
};

}  // namespace mores::format

#endif  // MORES_FORMAT_PLACE_TALLY_H_
