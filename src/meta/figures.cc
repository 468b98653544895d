#include "meta/figures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace mores::meta {
namespace {

double CorrectShare(const std::vector<Ruling>& rulings) {
  return static_cast<double>(std::count_if(
      rulings.begin(), rulings.end(),
      [](const Ruling& ruling) { return ruling.outcome == RulingOutcome::kCorrect; }));
}

double ShareOf(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

FigureTable::FigureTable(std::span<const Evaluation* const> evaluations) {
  for (const Evaluation* evaluation : evaluations) {
    rows_.push_back({.scores = ScoresOf(*evaluation),
                     .precise = CorrectShare(evaluation->precision),
                     .claims = static_cast<double>(evaluation->precision.size()),
                     .recalled = CorrectShare(evaluation->recall),
                     .references = static_cast<double>(evaluation->recall.size())});
  }
}

FigureValues FigureTable::Figures(std::span<const double> weights) const {
  MORES_CHECK(weights.size() == rows_.size());
  double total = 0;
  Scores sums;
  Row pooled;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    const double weight = weights[i];
    total += weight;
    sums.precision += weight * row.scores.precision;
    sums.recall += weight * row.scores.recall;
    sums.f1 += weight * row.scores.f1;
    pooled.precise += weight * row.precise;
    pooled.claims += weight * row.claims;
    pooled.recalled += weight * row.recalled;
    pooled.references += weight * row.references;
  }
  const double precision = ShareOf(pooled.precise, pooled.claims);
  const double recall = ShareOf(pooled.recalled, pooled.references);
  return {ShareOf(sums.precision, total),
          ShareOf(sums.recall, total),
          ShareOf(sums.f1, total),
          precision,
          recall,
          F1(precision, recall)};
}

std::vector<stats::Estimate> FigureTable::Held(std::vector<stats::Estimate> resampled,
                                               double coverage) const {
  FigureShares shares;
  for (const Row& row : rows_) {
    shares.macro[0].push_back({row.scores.precision, 1});
    shares.macro[1].push_back({row.scores.recall, 1});
    shares.macro[2].push_back({row.scores.f1, 1});
    shares.micro[0].push_back({row.precise, row.claims});
    shares.micro[1].push_back({row.recalled, row.references});
  }
  HoldFigures(shares, coverage, resampled);
  return resampled;
}

std::vector<stats::Estimate> EstimateFigures(const FigureTable& table,
                                             const stats::BootstrapOptions& options) {
  if (table.size() == 0) {
    constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
    return std::vector<stats::Estimate>(kFigureNames.size(),
                                        {kUndefined, {kUndefined, kUndefined}});
  }
  return table.Held(stats::ClusterBootstrap(
                        table.size(), kFigureNames.size(),
                        [&](std::span<const double> weights, std::span<double> values) {
                          const FigureValues figures = table.Figures(weights);
                          std::copy(figures.begin(), figures.end(), values.begin());
                        },
                        options),
                    options.coverage);
}

void HoldFigures(const FigureShares& shares, double coverage,
                 std::span<stats::Estimate> resampled) {
  constexpr size_t kMacro = 3, kMicro = 2;
  for (size_t i = 0; i < kMacro; ++i) {
    resampled[i] = stats::ShareEstimate(shares.macro[i], resampled[i], coverage);
  }
  bool few = false;
  for (size_t i = 0; i < kMicro; ++i) {
    few = few || stats::NeedsWilson(shares.micro[i]);
    stats::Estimate& micro = resampled[kMacro + i];
    micro = stats::ShareEstimate(shares.micro[i], micro, coverage);
  }
  stats::Estimate& f1 = resampled[kMacro + kMicro];
  if (!few || !std::isfinite(f1.value)) return;
  // F1 grows with both, so its ends are those of the ends.
  const stats::Interval& precision = resampled[kMacro].interval;
  const stats::Interval& recall = resampled[kMacro + 1].interval;
  for (const stats::Interval* one : {&precision, &recall}) {
    f1.interval = *one;
    if (!std::isfinite(one->low)) return;
  }
  f1.interval = {F1(precision.low, recall.low), F1(precision.high, recall.high)};
}

}  // namespace mores::meta
