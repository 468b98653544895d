#include "train/thresholds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/exact_math.h"

namespace mores::train {
namespace {

// The grid of candidate thresholds, in log-odds: 0.002 to 0.998.
constexpr double kEdge = 6;
constexpr int kHalf = 120;
constexpr int kGrid = 2 * kHalf + 1;
constexpr double kBandwidth = 0.25;  // of the smoothing, in log-odds

double LogOdds(double p) {
  constexpr double kTiny = 1e-12;
  const double clamped = std::clamp(p, kTiny, 1 - kTiny);
  return ExactLog(clamped / (1 - clamped));
}

double GridPoint(int i) { return kEdge * (i - kHalf) / kHalf; }

// Log-odds of one source, by true label, ascending.
struct Source {
  std::vector<double> safe;
  std::vector<double> unsafe;
};

std::vector<Source> BySource(std::span<const ScoredLabel> scores) {
  std::map<std::string, Source> sources;
  for (const ScoredLabel& score : scores) {
    Source& source = sources[score.source];
    (score.unsafe ? source.unsafe : source.safe).push_back(LogOdds(score.p_unsafe));
  }
  std::vector<Source> both;
  for (auto& [name, source] : sources) {
    if (source.safe.empty() || source.unsafe.empty()) continue;
    std::sort(source.safe.begin(), source.safe.end());
    std::sort(source.unsafe.begin(), source.unsafe.end());
    both.push_back(std::move(source));
  }
  return both;
}

// The share of values above `threshold`.
double ShareAbove(const std::vector<double>& ascending, double threshold) {
  const auto above =
      ascending.end() - std::upper_bound(ascending.begin(), ascending.end(), threshold);
  return static_cast<double>(above) / static_cast<double>(ascending.size());
}

struct Balanced {
  double accuracy = 0;
  double variance = 0;
};

Balanced At(const std::vector<Source>& sources, double threshold) {
  Balanced total;
  for (const Source& source : sources) {
    const double found = ShareAbove(source.unsafe, threshold);
    const double cleared = 1 - ShareAbove(source.safe, threshold);
    total.accuracy += (found + cleared) / 2;
    total.variance += (found * (1 - found) / static_cast<double>(source.unsafe.size()) +
                       cleared * (1 - cleared) / static_cast<double>(source.safe.size())) /
                      4;
  }
  const auto count = static_cast<double>(sources.size());
  return {total.accuracy / count, total.variance / (count * count)};
}

std::vector<double> Smooth(const std::vector<double>& values) {
  std::vector<double> smooth(values.size());
  for (int i = 0; i < kGrid; ++i) {
    double sum = 0;
    double weight = 0;
    for (int j = 0; j < kGrid; ++j) {
      const double distance = (GridPoint(i) - GridPoint(j)) / kBandwidth;
      const double kernel = ExactExp(-distance * distance / 2);
      sum += kernel * values[static_cast<size_t>(j)];
      weight += kernel;
    }
    smooth[static_cast<size_t>(i)] = sum / weight;
  }
  return smooth;
}

}  // namespace

double ChooseThreshold(std::span<const ScoredLabel> scores) {
  const std::vector<Source> sources = BySource(scores);
  if (sources.empty()) return 0.5;
  std::vector<double> accuracy(kGrid);
  for (int i = 0; i < kGrid; ++i) {
    accuracy[static_cast<size_t>(i)] = At(sources, GridPoint(i)).accuracy;
  }
  const std::vector<double> smooth = Smooth(accuracy);
  const auto best = std::max_element(smooth.begin(), smooth.end());
  const double error =
      std::sqrt(At(sources, GridPoint(static_cast<int>(best - smooth.begin()))).variance);
  for (int away = 0; away <= kHalf; ++away) {
    for (const int i : {kHalf - away, kHalf + away}) {
      if (smooth[static_cast<size_t>(i)] >= *best - error / 2) {
        return 1 / (1 + ExactExp(-GridPoint(i)));
      }
    }
  }
  return 0.5;
}

double MacroBalancedAccuracy(std::span<const ScoredLabel> scores, double threshold) {
  const std::vector<Source> sources = BySource(scores);
  if (sources.empty()) return std::numeric_limits<double>::quiet_NaN();
  return At(sources, LogOdds(threshold)).accuracy;
}

}  // namespace mores::train
