#include "base/figure_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace mores {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(FigureTextTest, Numbers) {
  EXPECT_EQ(FigureText(0.12345), "0.123");
  EXPECT_EQ(FigureText(-0.5, 2), "-0.50");
  EXPECT_EQ(FigureText(-0.00001), "0.000") << "no minus before nothing";
  EXPECT_EQ(PercentText(0.12345), "12.3");
  EXPECT_EQ(PercentWords(0.5, "nothing to count"), "50.0 %");
}

TEST(FigureTextTest, UndefinedIsNeverANumber) {
  for (const double value : {kNan, -kNan, std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(FigureText(value), "-");
    EXPECT_EQ(PercentText(value), "-");
    EXPECT_EQ(PercentWords(value, "nothing to count"), "undefined (nothing to count)");
  }
}

}  // namespace
}  // namespace mores
