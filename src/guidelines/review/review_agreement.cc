#include "guidelines/review/review_agreement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "stats/agreement.h"
#include "stats/estimate_json.h"

namespace mores::guidelines {
namespace {

using Counts = std::function<bool(const StoredRuling&)>;

ReviewAgreement Assess(std::string name, std::span<const StoredRuling> rulings,
                       const Counts& counts, const stats::BootstrapOptions& options) {
  ReviewAgreement agreement;
  agreement.name = std::move(name);
  std::vector<std::vector<int>> units;  // a version's rulings
  std::vector<size_t> guideline_of;     // unit to guideline
  const StoredRuling* last = nullptr;
  for (const StoredRuling& one : rulings) {
    if (!counts(one)) continue;
    if (last == nullptr || last->id != one.id) ++agreement.guidelines;
    if (last == nullptr || last->id != one.id || last->version != one.version) {
      units.emplace_back();
      guideline_of.push_back(agreement.guidelines - 1);
    }
    units.back().push_back(static_cast<int>(one.ruling));
    ++agreement.rulings[static_cast<size_t>(one.ruling)];
    last = &one;
  }
  for (const std::vector<int>& unit : units) {
    if (unit.size() < 2) continue;
    ++agreement.compared;
    agreement.unanimous +=
        std::count(unit.begin(), unit.end(), unit[0]) == std::ssize(unit) ? 1 : 0;
  }
  const stats::NominalAlpha alpha(units);
  std::vector<double> unit_weights(units.size());
  const auto statistics = [&](std::span<const double> weights, std::span<double> values) {
    for (size_t u = 0; u < units.size(); ++u) unit_weights[u] = weights[guideline_of[u]];
    values[0] = alpha.Alpha(unit_weights);
  };
  agreement.alpha = stats::ClusterBootstrap(agreement.guidelines, 1, statistics, options)[0];
  return agreement;
}

}  // namespace

std::vector<ReviewAgreement> AssessReviews(std::span<const StoredRuling> rulings,
                                           const stats::BootstrapOptions& options) {
  std::vector<ReviewAgreement> agreements;
  agreements.push_back(Assess(
      "all", rulings, [](const StoredRuling&) { return true; }, options));
  std::set<Kind> kinds;
  std::set<std::string> countries;
  for (const StoredRuling& one : rulings) {
    kinds.insert(one.kind);
    for (const std::string& place : one.places) countries.insert(place.substr(0, 2));
  }
  for (const Kind kind : kinds) {
    if (kinds.size() < 2) break;
    agreements.push_back(Assess(
        std::string(Name(kind)), rulings, [&](const StoredRuling& one) { return one.kind == kind; },
        options));
  }
  for (const std::string& country : countries) {
    if (countries.size() < 2) break;
    agreements.push_back(Assess(
        country, rulings,
        [&](const StoredRuling& one) {
          return std::any_of(one.places.begin(), one.places.end(),
                             [&](const std::string& place) { return place.starts_with(country); });
        },
        options));
  }
  return agreements;
}

Json ToJson(const ReviewAgreement& agreement) {
  return {{"of", agreement.name},
          {"guidelines", agreement.guidelines},
          {"compared", agreement.compared},
          {"unanimous", agreement.unanimous},
          {"correct", agreement.rulings[0]},
          {"wrong", agreement.rulings[1]},
          {"unsure", agreement.rulings[2]},
          {"alpha", ToJson(agreement.alpha)}};
}

std::string FormatTable(std::span<const ReviewAgreement> agreements) {
  std::string table =
      fmt::format("{:<8} {:>10} {:>8} {:>6} {:>6} {:>9} {:>9}  {}\n", "of", "guidelines", "correct",
                  "wrong", "unsure", "compared", "unanimous", "alpha");
  for (const ReviewAgreement& one : agreements) {
    table += fmt::format("{:<8} {:>10} {:>8} {:>6} {:>6} {:>9} {:>9}  {}\n", one.name,
                         one.guidelines, one.rulings[0], one.rulings[1], one.rulings[2],
                         one.compared, one.unanimous, FormatEstimate(one.alpha, {}));
  }
  return table;
}

}  // namespace mores::guidelines
