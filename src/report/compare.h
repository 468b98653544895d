// Two sets of verdicts over the same items, compared without judging again.
#ifndef MORES_REPORT_COMPARE_H_
#define MORES_REPORT_COMPARE_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "report/items.h"
#include "report/paired.h"

namespace mores::report {

struct ComparedItem {
  const Item* first = nullptr;
  const Item* second = nullptr;
  bool flipped() const { return first->verdict.label != second->verdict.label; }
};

// Pointers go into the collections, so a Comparison moves but does not copy.
struct Comparison {
  Comparison() = default;
  Comparison(Comparison&&) = default;
  Comparison& operator=(Comparison&&) = default;
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  Collection first, second;
  std::vector<ComparedItem> items;                   // in both, in the order of the first
  std::vector<std::string> only_first, only_second;  // ids
  stats::Estimate agreement;                         // share of items with the same label
  stats::Estimate mean_p_shift;  // mean of second's p_unsafe less first's; NaN without
  size_t became_unsafe = 0, became_safe = 0, other_flips = 0;
  // Over the items with gold: whether each is right. Empty without gold.
  PairedFigures accuracy;
  size_t with_gold = 0;
  size_t mended = 0, broken = 0;  // wrong to right, right to wrong
  stats::BootstrapOptions bootstrap;
};

// Items are matched by id alone, so that the names of the files don't matter. kInput when the two
// have no id in common, or when either has an id in two sets.
Expected<Comparison> Compare(Collection first, Collection second,
                             const stats::BootstrapOptions& options);

Json Summarize(const Comparison& comparison);  // docs/formats/report.md
std::string FormatTable(const Comparison& comparison);

}  // namespace mores::report

#endif  // MORES_REPORT_COMPARE_H_
