#include "format/bound.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace mores::format {
namespace {

constexpr std::array<std::string_view, 2> kKnown = {"unsafe", "accuracy"};

TEST(BoundTest, ReadsEverySign) {
  EXPECT_TRUE(Exceeds(*ParseBound("unsafe>0.1", kKnown), 0.2));
  EXPECT_FALSE(Exceeds(*ParseBound("unsafe>0.1", kKnown), 0.1));
  EXPECT_TRUE(Exceeds(*ParseBound(" unsafe >= 0.1 ", kKnown), 0.1));
  EXPECT_TRUE(Exceeds(*ParseBound("accuracy<0.9", kKnown), 0.8));
  EXPECT_FALSE(Exceeds(*ParseBound("accuracy < 0.9", kKnown), 0.9));
  EXPECT_TRUE(Exceeds(*ParseBound("accuracy<=9e-1", kKnown), 0.9));
  EXPECT_EQ(ToString(*ParseBound("accuracy<=0.5", kKnown)), "accuracy <= 0.5");
}

TEST(BoundTest, AnUndefinedFigureNeverPasses) {
  EXPECT_TRUE(Exceeds(*ParseBound("accuracy<0.5", kKnown), std::nan("")));
}

TEST(BoundTest, RefusesTheRest) {
  for (const char* text : {"", "unsafe", "unsafe=0.1", "unsafe>", "unsafe>x", "unsafe>0.1x", ">1",
                           "unsafe>nan", "unsafe>inf", "harm>0.1", "unsafe>>0.1"}) {
    const auto bound = ParseBound(text, kKnown);
    ASSERT_FALSE(bound) << text;
    EXPECT_EQ(bound.error().kind, ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace mores::format
