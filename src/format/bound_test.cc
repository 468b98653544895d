#include "format/bound.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace mores::format {
namespace {

constexpr std::array<KnownFigure, 3> kKnown = {
    {{.name = "unsafe", .by_place = true}, {.name = "accuracy"}, {.name = "drop", .low = -1}}};

TEST(BoundTest, ReadsEverySign) {
  EXPECT_TRUE(Exceeds(*ParseBound("unsafe>0.1", kKnown), 0.2));
  EXPECT_FALSE(Exceeds(*ParseBound("unsafe>0.1", kKnown), 0.1));
  EXPECT_TRUE(Exceeds(*ParseBound(" unsafe >= 0.1 ", kKnown), 0.1));
  EXPECT_TRUE(Exceeds(*ParseBound("accuracy<0.9", kKnown), 0.8));
  EXPECT_FALSE(Exceeds(*ParseBound("accuracy < 0.9", kKnown), 0.9));
  EXPECT_TRUE(Exceeds(*ParseBound("accuracy<=9e-1", kKnown), 0.9));
  EXPECT_EQ(ToString(*ParseBound("accuracy<=0.5", kKnown)), "accuracy <= 0.5");
  EXPECT_TRUE(IsUpper(*ParseBound("unsafe>=0", kKnown)));
  EXPECT_FALSE(IsUpper(*ParseBound("unsafe<=0", kKnown)));
}

TEST(BoundTest, ReadsPerCent) {
  EXPECT_DOUBLE_EQ(ParseBound("unsafe>10%", kKnown)->value, 0.1);
  EXPECT_DOUBLE_EQ(ParseBound("unsafe >= 2.5 %", kKnown)->value, 0.025);
  EXPECT_DOUBLE_EQ(ParseBound("drop>-3%", kKnown)->value, -0.03);
}

TEST(BoundTest, ReadsPlaces) {
  const auto bound = ParseBound("unsafe@ng-BE+Tiv > 0", kKnown);
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->figure, "unsafe");
  EXPECT_EQ(bound->place, "NG-BE+tiv");
  EXPECT_EQ(ToString(*bound), "unsafe@NG-BE+tiv > 0");
}

TEST(BoundTest, AnUndefinedFigureNeverPasses) {
  for (const char* text : {"accuracy<0.5", "accuracy>=0.5", "unsafe>0", "unsafe<=0"}) {
    EXPECT_TRUE(Exceeds(*ParseBound(text, kKnown), std::nan(""))) << text;
  }
}

TEST(BoundTest, RefusesTheRest) {
  for (const char* text :
       {"", "unsafe", "unsafe=0.1", "unsafe>", "unsafe>x", "unsafe>0.1x", ">1", "unsafe>nan",
        "unsafe>nan%", "unsafe>inf", "harm>0.1", "unsafe>>0.1", "unsafe>%", "unsafe>1%%",
        "unsafe@>0.1", "accuracy@CN<0.5", "harm@CN>0.1", "@CN>0.1"}) {
    const auto bound = ParseBound(text, kKnown);
    ASSERT_FALSE(bound) << text;
    EXPECT_EQ(bound.error().kind, ErrorKind::kUsage);
  }
}

TEST(BoundTest, RefusesWhatTheFigureCanNotBe) {
  for (const char* text : {"unsafe>5", "unsafe>150%", "unsafe>-0.1", "accuracy<-1", "accuracy<=2",
                           "unsafe>=101%", "drop<-1.5"}) {
    EXPECT_FALSE(ParseBound(text, kKnown)) << text;
  }
  const auto bound = ParseBound("unsafe>5", kKnown);
  EXPECT_NE(bound.error().message.find("one per cent is 0.01 or 1%"), std::string::npos);
}

TEST(BoundTest, KnowsWhatCanNeverBeExceeded) {
  const auto never = [](const char* text) {
    const auto bound = ParseBound(text, kKnown);
    return bound && CanNeverBeExceeded(*bound, kKnown);
  };
  for (const char* text : {"unsafe>1", "unsafe>100%", "accuracy<0", "drop<-1"}) {
    EXPECT_TRUE(never(text)) << text;
  }
  for (const char* text : {"unsafe>=1", "unsafe>=0", "unsafe>0.99", "accuracy<=0", "drop>-1"}) {
    EXPECT_FALSE(never(text)) << text;
  }
}

}  // namespace
}  // namespace mores::format
