#include "base/exact_math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/random.h"

namespace mores {
namespace {

// Units in the last place of `wanted` between it and what came.
double Ulps(double got, long double wanted) {
  const double near = static_cast<double>(wanted);
  const double ulp =
      std::nextafter(std::fabs(near), std::numeric_limits<double>::infinity()) - std::fabs(near);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - wanted)) / ulp;
}

double Uniform(uint64_t i, double low, double high) {
  return low + (high - low) * Random(7).UniformAt(i);
}

TEST(ExactMath, ExpIsNearTheTrueValue) {
  double most = 0;
  for (uint64_t i = 0; i < 200'000; ++i) {
    const double x = i % 2 == 0 ? Uniform(i, -708, 709) : Uniform(i, -2, 2);
    most = std::max(most, Ulps(ExactExp(x), std::exp(static_cast<long double>(x))));
  }
  EXPECT_LT(most, 1.5);
  EXPECT_EQ(ExactExp(0), 1);
  EXPECT_EQ(ExactExp(-1000), 0);
  EXPECT_EQ(ExactExp(1000), INFINITY);
  EXPECT_EQ(ExactExp(-INFINITY), 0);
  EXPECT_GT(ExactExp(-745), 0);  // subnormal
  EXPECT_TRUE(std::isnan(ExactExp(NAN)));
}

TEST(ExactMath, LogIsNearTheTrueValue) {
  double most = 0;
  for (uint64_t i = 0; i < 200'000; ++i) {
    const double x = i % 2 == 0 ? std::exp(Uniform(i, -700, 700)) : Uniform(i, 0.5, 2);
    most = std::max(most, Ulps(ExactLog(x), std::log(static_cast<long double>(x))));
  }
  EXPECT_LT(most, 1.5);
  EXPECT_EQ(ExactLog(1), 0);
  EXPECT_EQ(ExactLog(0), -INFINITY);
  EXPECT_EQ(ExactLog(INFINITY), INFINITY);
  EXPECT_NEAR(ExactLog(5e-324), -744.4400719213812, 1e-12);
  EXPECT_TRUE(std::isnan(ExactLog(-1)));
  EXPECT_TRUE(std::isnan(ExactLog(NAN)));
}

TEST(ExactMath, SinAndCosAreNearTheTrueValue) {
  long double most = 0;
  for (uint64_t i = 0; i < 200'000; ++i) {
    const double x = i % 2 == 0 ? Uniform(i, -10, 10) : Uniform(i, -1e6, 1e6);
    most = std::max(most, std::fabs(ExactSin(x) - std::sin(static_cast<long double>(x))));
    most = std::max(most, std::fabs(ExactCos(x) - std::cos(static_cast<long double>(x))));
  }
  EXPECT_LT(most, 0x1p-52L);
  EXPECT_EQ(ExactSin(0), 0);
  EXPECT_EQ(ExactCos(0), 1);
  EXPECT_TRUE(std::isnan(ExactSin(INFINITY)));
  EXPECT_TRUE(std::isnan(ExactCos(1e300)));
}

TEST(ExactMath, PowIsNearTheTrueValue) {
  long double most = 0;
  for (uint64_t i = 0; i < 200'000; ++i) {
    const double base = std::exp(Uniform(i, -20, 20)), exponent = Uniform(i + 1'000'000, -3, 3);
    const long double wanted = std::pow(static_cast<long double>(base), exponent);
    const long double size = 1 + std::fabs(exponent * std::log(static_cast<long double>(base)));
    most = std::max(most, std::fabs(ExactPow(base, exponent) / wanted - 1) / size);
  }
  EXPECT_LT(most, 0x1p-50L);
  EXPECT_EQ(ExactPow(3, 0), 1);
  EXPECT_TRUE(std::isnan(ExactPow(-1, 2)));
}

// The same on every machine, at every level of optimisation: these bits are part of the contract.
TEST(ExactMath, BitsArePinned) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a over the bits
  const auto add = [&](double value) {
    hash = (hash ^ std::bit_cast<uint64_t>(value)) * 0x100000001b3u;
  };
  for (uint64_t i = 0; i < 10'000; ++i) {
    add(ExactExp(Uniform(i, -30, 30)));
    add(ExactLog(Uniform(i, 1e-6, 1e6)));
    add(ExactSin(Uniform(i, -1e5, 1e5)));
    add(ExactCos(Uniform(i, -1e5, 1e5)));
    add(ExactPow(Uniform(i, 0.1, 1e6), Uniform(i + 1, -1, 1)));
  }
  EXPECT_EQ(hash, 5182769048454483680u);
}

}  // namespace
}  // namespace mores
