// What row kernels promise at the edges: the exponential's error and range, numbers that are none,
// masked tails, and the same bits at every level for rows of any length.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "ops/kernels.h"

namespace mores::ops {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr size_t kLongest = 67;  // past two of the widest vectors and four of the sums' 16 lanes

std::vector<float> NormalRow(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> row(count);
  for (float& value : row) value = static_cast<float>(3 * random.Normal());
  return row;
}

class RowKernelsTest : public testing::TestWithParam<IsaLevel> {
 protected:
  void SetUp() override {
    if (!SetIsaLevel(GetParam())) GTEST_SKIP() << "this machine lacks " << Name(GetParam());
  }
  void TearDown() override { (void)SetIsaLevel(DetectedIsaLevel()); }

  static std::vector<float> Exp(std::vector<float> x) {
    Kernels().scaled_softmax(x.data(), static_cast<int64_t>(x.size()), 0.0f, 1.0f);
    return x;
  }
};

TEST_P(RowKernelsTest, ExpIsWithinTwoUnitsInTheLastPlace) {
  std::vector<float> x = {-87.33f, -0.0f, 0.0f, 88.0f};
  for (int i = -87000; i <= 88000; ++i) x.push_back(static_cast<float>(i) * 0.001f);
  // Where the power of two changes: next to the odd halves of log(2).
  for (int n = -125; n <= 125; ++n) {
    const auto half = static_cast<float>((n + 0.5) * 0.693147180559945309);
    x.insert(x.end(), {std::nextafter(half, -100.0f), half, std::nextafter(half, 100.0f)});
  }
  const std::vector<float> y = Exp(x);
  for (size_t i = 0; i < x.size(); ++i) {
    const double exact = std::exp(static_cast<double>(x[i]));
    const double unit = std::ldexp(1.0, std::ilogb(exact) - 23);
    ASSERT_LE(std::abs(static_cast<double>(y[i]) - exact), 2 * unit) << x[i];
    ASSERT_TRUE(std::isnormal(y[i])) << x[i];
  }
}

TEST_P(RowKernelsTest, ExpIsZeroFarBelowAndNeverSubnormal) {
  const float below = std::nextafter(-87.33f, -100.0f);
  for (const float y : Exp({below, -88.0f, -103.0f, -1e30f, -kInfinity})) EXPECT_EQ(y, 0.0f);
  EXPECT_GE(Exp({-87.33f})[0], std::numeric_limits<float>::min());
}

TEST_P(RowKernelsTest, NaNStaysWhereverItStands) {
  for (size_t count = 1; count <= kLongest; count += 3) {
    const int64_t length = static_cast<int64_t>(count);
    for (size_t at = 0; at < count; ++at) {
      std::vector<float> row = NormalRow(count, count);
      row[at] = kNan;
      EXPECT_TRUE(std::isnan(Kernels().log_sum_exp(row.data(), length))) << at << " of " << count;
      const std::vector<float> y = Exp(row);
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(std::isnan(y[i]), i == at);
      float max = 0;
      EXPECT_TRUE(std::isnan(Kernels().softmax_numerators(row.data(), length, length, 1.0f, &max)));
      EXPECT_TRUE(std::isnan(row[at]));
    }
  }
}

TEST_P(RowKernelsTest, MinusInfinityHasNoShareAndInfinityIsNoNumber) {
  for (size_t count = 2; count <= kLongest; count += 3) {
    const int64_t length = static_cast<int64_t>(count);
    std::vector<float> row = NormalRow(count, count);
    std::vector<float> rest(row.begin() + 1, row.end());
    row[0] = -kInfinity;
    const float log_sum = Kernels().log_sum_exp(row.data(), length);
    EXPECT_NEAR(log_sum, Kernels().log_sum_exp(rest.data(), length - 1), 1e-5);
    std::vector<float> numerators = row;
    float max = 0;
    const float sum = Kernels().softmax_numerators(numerators.data(), length, length, 1.0f, &max);
    EXPECT_EQ(numerators[0], 0.0f);
    EXPECT_NEAR(max + std::log(sum), log_sum, 1e-5);
    row[0] = kInfinity;
    EXPECT_FALSE(std::isfinite(Kernels().log_sum_exp(row.data(), length)));
  }
}

// What stands past the valid elements neither counts nor, past the padding, changes.
TEST_P(RowKernelsTest, TailsAreMasked) {
  for (size_t valid = 1; valid <= kLongest; ++valid) {
    const std::vector<float> plain = NormalRow(valid, valid);
    const int64_t length = static_cast<int64_t>(valid);
    for (const size_t padding : {0, 1, 5, 16, 21}) {
      const int64_t padded = static_cast<int64_t>(valid + padding);
      std::vector<float> row = plain, alone = plain;
      row.resize(valid + padding, kNan);
      row.push_back(7.0f);
      EXPECT_EQ(Kernels().log_sum_exp(row.data(), length),
                Kernels().log_sum_exp(alone.data(), length));
      std::vector<float> shares = row;
      float max = 0, alone_max = 0;
      EXPECT_EQ(Kernels().softmax_numerators(row.data(), length, padded, 0.5f, &max),
                Kernels().softmax_numerators(alone.data(), length, length, 0.5f, &alone_max));
      EXPECT_EQ(max, alone_max);
      Kernels().softmax_from_log_sum(shares.data(), length, padded, 0.5f, 2.0f);
      for (size_t i = 0; i < valid; ++i) EXPECT_EQ(row[i], alone[i]);
      for (size_t i = valid; i < valid + padding; ++i) {
        EXPECT_EQ(row[i], 0.0f);
        EXPECT_EQ(shares[i], 0.0f);
      }
      EXPECT_EQ(row.back(), 7.0f);
      EXPECT_EQ(shares.back(), 7.0f);
    }
  }
}

// The results of every row kernel for rows of `count`, one after another.
std::vector<uint32_t> BitsOfRowKernels(size_t count) {
  const VectorKernels& kernels = Kernels();
  const int64_t n = static_cast<int64_t>(count);
  const std::vector<float> a = NormalRow(count, 1), b = NormalRow(count, 2),
                           c = NormalRow(count, 3);
  std::vector<uint32_t> bits;
  const auto add = [&](float x) { bits.push_back(std::bit_cast<uint32_t>(x)); };
  const auto add_row = [&](const std::vector<float>& row) {
    for (const float x : row) add(x);
  };
  std::vector<float> y = a, z = b;
  const float rstd = kernels.rms_norm(a.data(), b.data(), y.data(), n, 1e-5f);
  add(rstd);
  add_row(y);
  kernels.rms_norm_backward(a.data(), b.data(), c.data(), rstd, y.data(), z.data(), n);
  add_row(y);
  add_row(z);
  std::vector<float> pair = NormalRow(2 * count, 4);
  kernels.rotate(pair.data(), a.data(), b.data(), 2 * n, 1.0f);
  add_row(pair);
  kernels.swiglu(a.data(), b.data(), y.data(), n);
  add_row(y);
  kernels.swiglu_backward(a.data(), b.data(), c.data(), y.data(), z.data(), n);
  add_row(y);
  add_row(z);
  float max = 0;
  y = a;
  add(kernels.softmax_numerators(y.data(), n, n, 0.3f, &max));
  add(max);
  add_row(y);
  y = a;
  kernels.softmax_from_log_sum(y.data(), n, n, 0.3f, 1.5f);
  add_row(y);
  kernels.softmax_backward(a.data(), y.data(), n, 0.7f, 0.3f);
  add_row(y);
  const float log_sum = kernels.log_sum_exp(a.data(), n);
  add(log_sum);
  y = a;
  kernels.scaled_softmax(y.data(), n, log_sum, 0.75f);
  add_row(y);
  add(kernels.dot(a.data(), b.data(), n));
  kernels.add(b.data(), y.data(), n);
  kernels.scale(y.data(), n, 1.1f);
  add_row(y);
  kernels.round_to_bf16(a.data(), y.data(), n);
  add_row(y);
  kernels.dropout(a.data(), y.data(), n, 0.25f, 77, 5);
  kernels.dropout_add(b.data(), y.data(), n, 0.25f, 78, 5);
  add_row(y);
  return bits;
}

TEST_P(RowKernelsTest, BitsAreThoseOfEveryLevel) {
  for (size_t count = 1; count <= kLongest; ++count) {
    ASSERT_TRUE(SetIsaLevel(GetParam()));
    const std::vector<uint32_t> bits = BitsOfRowKernels(count);
    ASSERT_TRUE(SetIsaLevel(IsaLevel::kAvx2));
    EXPECT_EQ(bits, BitsOfRowKernels(count)) << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, RowKernelsTest,
                         testing::Values(IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx),
                         [](const auto& level) { return std::string(Name(level.param)); });

}  // namespace
}  // namespace mores::ops
