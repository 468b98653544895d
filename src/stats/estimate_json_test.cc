#include "stats/estimate_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mores::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Estimate kWhole = {0.676, {0.66, 0.693}};
constexpr Estimate kPoint = {0.676, {kNan, kNan}};
constexpr Estimate kNone = {kNan, {kNan, kNan}};

TEST(EstimateJson, WritesAndReads) {
  EXPECT_EQ(DumpJson(ToJson(kWhole)), R"({"value":0.676,"low":0.66,"high":0.693})");
  EXPECT_EQ(DumpJson(ToJson(kNone)), R"({"value":null,"low":null,"high":null})");
  const Estimate read = EstimateOf(ToJson(kWhole));
  EXPECT_EQ(read.value, kWhole.value);
  EXPECT_EQ(read.interval.high, kWhole.interval.high);
  EXPECT_TRUE(std::isnan(EstimateOf(ToJson(kPoint)).interval.low));
  EXPECT_TRUE(std::isnan(EstimateOf(ToJson(kNone)).value));
}

TEST(EstimateJson, FormatsForPeople) {
  EXPECT_EQ(FormatEstimate(kWhole, {}), "0.676 [0.660, 0.693]");
  EXPECT_EQ(FormatEstimate(kPoint, {}), "0.676");
  EXPECT_EQ(FormatEstimate(kNone, {}), "undefined");
  EXPECT_EQ(FormatEstimate({0, {0, 0}}, {}), "0.000") << "no width is no certainty";
  EXPECT_EQ(FormatEstimate(kWhole, kPercentStyle), "67.6 [66.0, 69.3]");
  EXPECT_EQ(FormatEstimate(kNone, kPercentStyle), "-");
  EXPECT_EQ(FormatEstimate(kWhole, {.scale = 100, .digits = 0, .width = 4, .unit = " %"}),
            "  68 % [66, 69]");
  EXPECT_EQ(FormatEstimate(kWhole, {.digits = 1, .sign = EstimateStyle::Sign::kAlways}),
            "+0.7 [+0.7, +0.7]");
  EXPECT_EQ(FormatEstimate({-0.0001, {-0.0002, 0.3}}, kPercentStyle), "0.0 [0.0, 30.0]")
      << "zero has no sign";
}

}  // namespace
}  // namespace mores::stats
