// Two judges of the same items, right or wrong on each.
#ifndef MORES_REPORT_PAIRED_H_
#define MORES_REPORT_PAIRED_H_

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "stats/bootstrap.h"
#include "stats/significance.h"

namespace mores::report {

struct PairedItem {
  bool first_correct = false;
  bool second_correct = false;
  uint64_t cluster = 0;  // items of one query share it
  uint32_t set = 0;
};

struct PairedFigures {
  size_t items = 0;
  size_t queries = 0;
  int64_t only_first = 0;  // items only the first got right
  int64_t only_second = 0;
  stats::Estimate first_accuracy, second_accuracy;
  stats::Estimate difference;    // first less second, both on the same resamples
  stats::McNemarResult mcnemar;  // items as independent
  double sign_flip_p = 1;        // queries as independent
};
// Where items are few or all alike, intervals are Wilson's, and that of the difference follows
// stats::PairedDifferenceInterval.
PairedFigures ComparePaired(const std::vector<PairedItem>& items,
                            const stats::BootstrapOptions& options);

// The plain mean over sets of each set's accuracy. Tests are of single items, so there are none.
PairedFigures CompareMeanOfSets(const std::vector<PairedItem>& items, size_t sets,
                                const stats::BootstrapOptions& options);

// With the names that the figures have in summary files: {"items", ..., NAME of first, ...}.
Json ToJson(const PairedFigures& figures, const char* first_name, const char* second_name);

}  // namespace mores::report

#endif  // MORES_REPORT_PAIRED_H_
