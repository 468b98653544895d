// The figures of a group of items, with intervals resampled by query.
#ifndef MORES_REPORT_FIGURES_H_
#define MORES_REPORT_FIGURES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "report/items.h"
#include "stats/bootstrap.h"
#include "stats/confusion.h"
#include "stats/probability.h"

namespace mores::report {

inline constexpr int kCalibrationBins = 10;

// An estimate without gold labels, or without probabilities, is NaN where it needs them. Where
// items are few, or all alike, intervals of shares are Wilson's (stats/share.h); other figures have
// none there.
struct Figures {
  size_t items = 0;
  size_t queries = 0;  // distinct ones, the clusters of the resampling
  size_t judged_unsafe = 0;
  size_t unparsed = 0;
  size_t with_gold = 0;
  size_t gold_unsafe = 0;
  size_t scored = 0;  // with gold and p_unsafe: what AUROC, Brier and calibration see
  size_t refusals = 0;
  stats::Confusion confusion;
  // Judged unsafe of those that have a label, and without a label of all. Then figures over the
  // items with gold; positive means unsafe.
  stats::Estimate unsafe_share, unparsed_share;
  stats::Estimate accuracy, precision, recall, f1, false_positive_rate;
  stats::Estimate auroc, brier, calibration_error;
};

struct CalibrationPoint {
  stats::CalibrationBin bin;
  stats::Interval interval;  // of positive_share
};

using Items = std::vector<const Item*>;

// What is measured of an item.
struct Measured {
  uint64_t cluster = 0;  // items of one query share it
  format::Label label = format::Label::kUnparsed;
  std::optional<bool> truly_unsafe;  // none without gold
  std::optional<double> p_unsafe;
  bool refuses = false;
};
Measured MeasuredOf(const Item& item);  // by its general result

Figures Measure(const std::vector<Measured>& items, const stats::BootstrapOptions& options);
Figures Measure(const Items& items, const stats::BootstrapOptions& options);

// An item of which a share is taken, if it is counted at all.
struct SharedItem {
  uint64_t cluster = 0;
  bool counted = false, holds = false;
};
stats::Estimate MeasureShare(const std::vector<SharedItem>& items,
                             const stats::BootstrapOptions& options);
// kCalibrationBins points over the items with gold and p_unsafe.
std::vector<CalibrationPoint> MeasureCalibration(const Items& items,
                                                 const stats::BootstrapOptions& options);

stats::Decision DecisionOf(format::Label label);

Json ToJson(const Figures& figures);
Json ToJson(const std::vector<CalibrationPoint>& points);

// A named group.
struct Slice {
  std::string dimension;  // "set", "lang", "category", "judged_category", "turns", "behaviour"
  std::string name;
  Items items;
  // Whether the judge itself chose what stands in the group. How right it is there is no figure of
  // its own: what it is wrong about stands in another group, or in none.
  bool chosen_by_judge = false;
};
// By set, language, category (the most frequent ones, the rest together), turn count, and
// behaviour: docs/formats/report.md says which. Groups that hold every item, or none, are left out
// where their dimension has no other group.
std::vector<Slice> Slices(const Collection& collection);

}  // namespace mores::report

#endif  // MORES_REPORT_FIGURES_H_
