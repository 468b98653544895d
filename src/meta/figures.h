// Macro and micro figures of evaluations under weights, for resampling, and their intervals.
#ifndef MORES_META_FIGURES_H_
#define MORES_META_FIGURES_H_

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "meta/evaluation.h"
#include "stats/bootstrap.h"
#include "stats/share.h"

namespace mores::meta {

inline constexpr std::array<std::string_view, 6> kFigureNames = {
    "macro.precision", "macro.recall", "macro.f1", "micro.precision", "micro.recall", "micro.f1",
};
using FigureValues = std::array<double, kFigureNames.size()>;

// Precision, recall and F1 of each evaluation, counted once for any number of weightings.
class FigureTable {
 public:
  explicit FigureTable(std::span<const Evaluation* const> evaluations);
  size_t size() const { return rows_.size(); }
  // Of evaluations as often as `weights` says, one an evaluation. Zeros without weight.
  FigureValues Figures(std::span<const double> weights) const;
  const Scores& scores(size_t i) const { return rows_[i].scores; }
  // The same figures as resampled, with intervals that hold where critiques are few or all alike.
  std::vector<stats::Estimate> Held(std::vector<stats::Estimate> resampled, double coverage) const;

 private:
  struct Row {
    Scores scores;
    double precise = 0, claims = 0, recalled = 0, references = 0;
  };
  std::vector<Row> rows_;
};

// In the order of kFigureNames. All undefined for an empty table.
std::vector<stats::Estimate> EstimateFigures(const FigureTable& table,
                                             const stats::BootstrapOptions& options);

// What clusters of critiques add to macro and micro figures: sums over their critiques of scores
// from 0 to 1, and counts.
struct FigureShares {
  std::array<std::vector<stats::ClusterShare>, 3> macro;  // precision, recall, F1
  std::array<std::vector<stats::ClusterShare>, 2> micro;  // precision, recall
};
// `resampled` is in the order of kFigureNames.
void HoldFigures(const FigureShares& shares, double coverage, std::span<stats::Estimate> resampled);

}  // namespace mores::meta

#endif  // MORES_META_FIGURES_H_
