// Estimates with their intervals in files and in tables.
#ifndef MORES_STATS_ESTIMATE_JSON_H_
#define MORES_STATS_ESTIMATE_JSON_H_

#include <string>
#include <string_view>

#include "base/json.h"
#include "stats/bootstrap.h"

namespace mores::stats {

// Null where it is not a finite number.
Json NumberOrNull(double value);
// {"low":..,"high":..}
Json ToJson(const Interval& interval);
// {"value":..,"low":..,"high":..}
Json ToJson(const Estimate& estimate);
// What ToJson wrote: NaN for null.
Estimate EstimateOf(const Json& json);

struct EstimateStyle {
  double scale = 1;  // 100: percent
  int digits = 3;    // after the point
  int width = 0;     // of the value, at least
  enum class Sign { kMinusOnly, kAlways } sign = Sign::kMinusOnly;
  std::string_view unit;  // after the value
  std::string_view undefined = "undefined";
};

// "67.6 [66.0, 69.3]"; "67.6" where the interval is undefined, or has no width.
std::string FormatEstimate(const Estimate& estimate, const EstimateStyle& style);

// Percent with one digit, "-" where undefined.
inline constexpr EstimateStyle kPercentStyle = {.scale = 100, .digits = 1, .undefined = "-"};

}  // namespace mores::stats

#endif  // MORES_STATS_ESTIMATE_JSON_H_
