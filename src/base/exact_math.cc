#include "base/exact_math.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace mores {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// log(2) in two parts, the first of 32 significant bits, so that products with exponents are
// exact.
constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kLog2E = 0x1.71547652b82fep+0;
// pi / 2 in three parts.
constexpr double kHalfPi1 = 0x1.921fb54442d18p+0, kHalfPi2 = 0x1.1a62633145c07p-54,
                 kHalfPi3 = -0x1.f1976b7ed8fbcp-110;
constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;

// sum of coefficients[i] * x^i, by Horner's rule.
template <int kCount>
double Polynomial(const double (&coefficients)[kCount], double x) {
  double sum = coefficients[kCount - 1];
  for (int i = kCount - 2; i >= 0; --i) sum = std::fma(sum, x, coefficients[i]);
  return sum;
}

// x * 2^n, rounded once, for x near 1 and n in [-1100, 1100].
double Scale(double x, int n) {
  const auto power = [](int e) {
    return std::bit_cast<double>(static_cast<uint64_t>(e + 1023) << 52);
  };
  constexpr int kFar = 1000;  // where x * 2^n is normal, and so exact
  if (n > kFar) return x * power(kFar) * power(n - kFar);
  if (n < -kFar) return x * power(-kFar) * power(n + kFar);
  return x * power(n);
}

// A turn's quarter and what is left of the angle, in [-pi/4, pi/4].
struct Quarter {
  int64_t index;
  double rest;
};
Quarter Reduce(double x) {
  const double n = std::nearbyint(x * kTwoOverPi);
  double rest = std::fma(-n, kHalfPi1, x);
  rest = std::fma(-n, kHalfPi2, rest);
  rest = std::fma(-n, kHalfPi3, rest);
  return {static_cast<int64_t>(n), rest};
}

// Taylor's series on [-pi/4, pi/4], their next terms below 2^-60.
double SinOfRest(double r) {
  static constexpr double kTerms[] = {
      -1.0 / 6,          1.0 / 120,         -1.0 / 5040,          1.0 / 362880,
      -1.0 / 39916800.0, 1.0 / 6227020800., -1.0 / 1307674368000, 1.0 / 355687428096000};
  const double square = r * r;
  return std::fma(r * square, Polynomial(kTerms, square), r);
}
double CosOfRest(double r) {
  static constexpr double kTerms[] = {
      1.0 / 24,        -1.0 / 720,         1.0 / 40320,          -1.0 / 3628800,
      1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000, -1.0 / 6402373705728000};
  const double square = r * r;
  const double half = 0.5 * square;
  const double head = 1.0 - half;
  // What 1 - half lost comes back with the small terms.
  return head + std::fma(square * square, Polynomial(kTerms, square), (1.0 - head) - half);
}

double SinOfQuarter(const Quarter& quarter) {
  const double value = (quarter.index & 1) == 0 ? SinOfRest(quarter.rest) : CosOfRest(quarter.rest);
  return (quarter.index & 2) == 0 ? value : -value;
}

bool CanReduce(double x) { return std::fabs(x) <= 0x1p30; }

}  // namespace

double ExactExp(double x) {
  if (std::isnan(x)) return x;
  if (x > 709.8) return kInfinity;
  if (x < -745.2) return 0;
  const double n = std::nearbyint(x * kLog2E);
  const double high = std::fma(-n, kLn2High, x);
  const double low = n * kLn2Low;
  const double r = high - low;
  const double lost = (high - r) - low;
  // exp(r) on [-log(2)/2, log(2)/2] by Taylor's series; the next term is below 2^-57.
  static constexpr double kTerms[] = {
      1.0 / 2,     1.0 / 6,      1.0 / 24,      1.0 / 120,      1.0 / 720,       1.0 / 5040,
      1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  const double above = std::fma(r * r, Polynomial(kTerms, r), lost) + r;
  return Scale(1.0 + above, static_cast<int>(n));
}

double ExactLog(double x) {
  if (std::isnan(x) || x == kInfinity) return x;
  if (x < 0) return kNan;
  if (x == 0) return -kInfinity;
  int exponent = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= 0x1p54;
    exponent = -54;
  }
  // x = m 2^exponent with m in [sqrt(1/2), sqrt(2)).
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  exponent += static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
  if (m > 0x1.6a09e667f3bcdp+0) {
    m *= 0.5;
    ++exponent;
  }
  // log(1 + f) = 2 atanh(s) with s = f / (2 + f), written so that f itself is not rounded:
  // f - f^2/2 + s (f^2/2 + R), R = 2 (s^2/3 + s^4/5 + ...). The next term is below 2^-60.
  static constexpr double kTerms[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11, 2.0 / 13,
                                      2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23};
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double square = s * s;
  const double half = 0.5 * f * f;
  const double rest = square * Polynomial(kTerms, square);
  const double e = exponent;
  const double small = std::fma(s, half + rest, e * kLn2Low);
  return e * kLn2High - ((half - small) - f);
}

double ExactSin(double x) { return CanReduce(x) ? SinOfQuarter(Reduce(x)) : kNan; }

double ExactCos(double x) {
  if (!CanReduce(x)) return kNan;
  Quarter quarter = Reduce(x);
  ++quarter.index;
  return SinOfQuarter(quarter);
}

double ExactPow(double base, double exponent) {
  if (base == 0 && exponent >= 0) return exponent == 0 ? 1 : 0;
  if (!(base > 0)) return kNan;
  const double log = ExactLog(base);
  const double product = exponent * log;
  const double lost = std::fma(exponent, log, -product);
  const double value = ExactExp(product);
  // Infinite or zero results have no part to add.
  return std::isfinite(lost) && std::isfinite(value) ? std::fma(value, lost, value) : value;
}

}  // namespace mores
