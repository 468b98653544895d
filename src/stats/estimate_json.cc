#include "stats/estimate_json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace mores::stats {
namespace {

double NumberOrNan(const Json& json, const char* name) {
  const Json& value = json.at(name);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

}  // namespace

Json NumberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json ToJson(const Interval& interval) {
  return {{"low", NumberOrNull(interval.low)}, {"high", NumberOrNull(interval.high)}};
}

Json ToJson(const Estimate& estimate) {
  Json json = {{"value", NumberOrNull(estimate.value)}};
  json.update(ToJson(estimate.interval));
  return json;
}

Estimate EstimateOf(const Json& json) {
  return {NumberOrNan(json, "value"), {NumberOrNan(json, "low"), NumberOrNan(json, "high")}};
}

std::string FormatEstimate(const Estimate& estimate, const EstimateStyle& style) {
  if (!std::isfinite(estimate.value)) return std::string(style.undefined);
  const auto number = [&](double value, int width) {
    // What rounds to zero has no sign: no "-0.0".
    if (std::abs(style.scale * value) < 0.5 * std::pow(10.0, -style.digits)) value = 0;
    return style.sign == EstimateStyle::Sign::kAlways
               ? fmt::format("{:+{}.{}f}", style.scale * value, width, style.digits)
               : fmt::format("{:{}.{}f}", style.scale * value, width, style.digits);
  };
  const std::string value = number(estimate.value, style.width) + std::string(style.unit);
  // An interval without width is what resampling makes of items that are all alike: no certainty.
  if (!std::isfinite(estimate.interval.low) || estimate.interval.low == estimate.interval.high) {
    return value;
  }
  return fmt::format("{} [{}, {}]", value, number(estimate.interval.low, 0),
                     number(estimate.interval.high, 0));
}

}  // namespace mores::stats
