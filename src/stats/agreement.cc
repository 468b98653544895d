#include "stats/agreement.h"

#include <limits>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "stats/share.h"

namespace mores::stats {
namespace {

constexpr double kNoAgreement = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double CohenKappa(std::span<const double> counts, size_t categories) {
  MORES_CHECK(counts.size() == categories * categories);
  std::vector<double> first(categories), second(categories);
  double total = 0, agreed = 0;
  for (size_t i = 0; i < categories; ++i) {
    for (size_t j = 0; j < categories; ++j) {
      const double count = counts[i * categories + j];
      first[i] += count;
      second[j] += count;
      total += count;
    }
    agreed += counts[i * categories + i];
  }
  // Counts stay undivided up to here, so that sums of whole numbers compare exactly.
  double expected = 0;
  for (size_t i = 0; i < categories; ++i) expected += first[i] * second[i];
  const double room = total * total - expected;
  return room > 0 ? (agreed * total - expected) / room : kNoAgreement;
}

NominalAlpha::NominalAlpha(std::span<const std::vector<int>> units) {
  std::unordered_map<int, size_t> numbers;
  for (size_t index = 0; index < units.size(); ++index) {
    if (units[index].size() < 2) continue;
    Unit unit{.index = index,
              .values = static_cast<double>(units[index].size()),
              .disagreeing = 0,
              .given = {}};
    std::unordered_map<size_t, double> counts;
    for (const int category : units[index]) {
      const size_t number = numbers.emplace(category, numbers.size()).first->second;
      unit.given.push_back(number);
      counts[number] += 1;
    }
    double differing = unit.values * unit.values;
    for (const auto& [number, count] : counts) differing -= count * count;
    unit.disagreeing = differing / (unit.values - 1);
    units_.push_back(std::move(unit));
  }
  categories_ = numbers.size();
}

double NominalAlpha::Alpha(std::span<const double> unit_weights) const {
  std::vector<double> totals(categories_);
  double values = 0, observed = 0;
  for (const Unit& unit : units_) {
    const double weight = unit_weights.empty() ? 1 : unit_weights[unit.index];
    observed += weight * unit.disagreeing;
    values += weight * unit.values;
    for (const size_t category : unit.given) totals[category] += weight;
  }
  double expected = values * values;
  for (const double total : totals) expected -= total * total;
  return expected > 0 ? 1 - (values - 1) * observed / expected : kNoAgreement;
}

Estimate CoefficientEstimate(Estimate resampled, size_t clusters) {
  constexpr size_t kFewest = 10;
  if (clusters < kFewest) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    resampled.interval = {kNone, kNone};
  }
  return WithoutPointInterval(resampled);
}

}  // namespace mores::stats
