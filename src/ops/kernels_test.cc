// Every kernel against its reference, and every backward against finite differences of the
// reference, at each level that the machine has.
#include "ops/kernels.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/cpu.h"
#include "base/random.h"
#include "ops/attention.h"
#include "ops/reference.h"

namespace mores::ops {
namespace {

using reference::Row;
using reference::Rows;

Row RandomRow(size_t count, uint64_t seed) {
  Random random(seed);
  Row row(count);
  for (double& v : row) v = static_cast<double>(static_cast<float>(random.Normal()));
  return row;
}
Rows RandomRows(size_t rows, size_t columns, uint64_t seed) {
  Rows result;
  for (size_t i = 0; i < rows; ++i) result.push_back(RandomRow(columns, seed * 1000 + i));
  return result;
}
std::vector<float> ToFloats(const Row& row) { return {row.begin(), row.end()}; }
std::vector<float> ToFloats(const Rows& rows) {
  std::vector<float> flat;
  for (const Row& row : rows) flat.insert(flat.end(), row.begin(), row.end());
  return flat;
}

void ExpectNear(const std::vector<float>& actual, const Row& expected, double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << "at " << i;
  }
}

// Central differences of a function of `x`.
Row Differences(Row x, const std::function<double(const Row&)>& f) {
  constexpr double kStep = 1e-5;
  Row gradient(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const double value = x[i];
    x[i] = value + kStep;
    const double above = f(x);
    x[i] = value - kStep;
    gradient[i] = (above - f(x)) / (2 * kStep);
    x[i] = value;
  }
  return gradient;
}
double Dot(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Sizes below, at and above the vector widths.
const std::vector<size_t> kSizes = {1, 7, 8, 16, 17, 64, 100};
constexpr double kTolerance = 2e-5;

class KernelsTest : public testing::TestWithParam<IsaLevel> {
 protected:
  void SetUp() override {
    if (!SetIsaLevel(GetParam())) GTEST_SKIP() << "this machine lacks " << Name(GetParam());
  }
  void TearDown() override { (void)SetIsaLevel(DetectedIsaLevel()); }
};

TEST_P(KernelsTest, RmsNormAndItsGradient) {
  for (const size_t n : kSizes) {
    const Row x = RandomRow(n, 1), w = RandomRow(n, 2), dy = RandomRow(n, 3);
    std::vector<float> y(n);
    const float rstd = Kernels().rms_norm(ToFloats(x).data(), ToFloats(w).data(), y.data(),
                                          static_cast<int64_t>(n), 1e-5f);
    ExpectNear(y, reference::RmsNorm(x, w, 1e-5), kTolerance);
    std::vector<float> dx(n, 0.5f), dw(n, -0.25f);
    Kernels().rms_norm_backward(ToFloats(x).data(), ToFloats(w).data(), ToFloats(dy).data(), rstd,
                                dx.data(), dw.data(), static_cast<int64_t>(n));
    Row by_x =
        Differences(x, [&](const Row& v) { return Dot(reference::RmsNorm(v, w, 1e-5), dy); });
    Row by_w =
        Differences(w, [&](const Row& v) { return Dot(reference::RmsNorm(x, v, 1e-5), dy); });
    for (double& v : by_x) v += 0.5;
    for (double& v : by_w) v -= 0.25;
    ExpectNear(dx, by_x, kTolerance);
    ExpectNear(dw, by_w, kTolerance);
  }
}

TEST_P(KernelsTest, SwiGluAndItsGradient) {
  for (const size_t n : kSizes) {
    Row gate = RandomRow(n, 4);
    gate[0] = -120;  // where exp would overflow
    const Row up = RandomRow(n, 5), dh = RandomRow(n, 6);
    std::vector<float> h(n), dgate(n), dup(n);
    const int64_t count = static_cast<int64_t>(n);
    Kernels().swiglu(ToFloats(gate).data(), ToFloats(up).data(), h.data(), count);
    ExpectNear(h, reference::SwiGlu(gate, up), kTolerance);
    Kernels().swiglu_backward(ToFloats(gate).data(), ToFloats(up).data(), ToFloats(dh).data(),
                              dgate.data(), dup.data(), count);
    ExpectNear(dgate,
               Differences(gate, [&](const Row& v) { return Dot(reference::SwiGlu(v, up), dh); }),
               kTolerance);
    ExpectNear(dup,
               Differences(up, [&](const Row& v) { return Dot(reference::SwiGlu(gate, v), dh); }),
               kTolerance);
  }
}

TEST_P(KernelsTest, RotationTurnsAndTurnsBack) {
  for (const size_t half : {size_t{1}, size_t{4}, size_t{9}, size_t{32}}) {
    const Row x = RandomRow(2 * half, 7), angles = RandomRow(half, 8);
    Row cos(half), sin(half);
    for (size_t i = 0; i < half; ++i) {
      cos[i] = std::cos(angles[i]);
      sin[i] = std::sin(angles[i]);
    }
    std::vector<float> y = ToFloats(x);
    const int64_t head_dim = static_cast<int64_t>(2 * half);
    Kernels().rotate(y.data(), ToFloats(cos).data(), ToFloats(sin).data(), head_dim, 1.0f);
    ExpectNear(y, reference::Rotate(x, angles), kTolerance);
    // A rotation's gradient is the rotation back.
    Kernels().rotate(y.data(), ToFloats(cos).data(), ToFloats(sin).data(), head_dim, -1.0f);
    ExpectNear(y, x, kTolerance);
  }
}

TEST_P(KernelsTest, CrossEntropyAndItsGradient) {
  for (const size_t n : kSizes) {
    Row x = RandomRow(n, 9);
    for (double& v : x) v *= 10;
    const size_t target = n / 2;
    std::vector<float> row = ToFloats(x);
    const int64_t count = static_cast<int64_t>(n);
    const float log_sum = Kernels().log_sum_exp(row.data(), count);
    EXPECT_NEAR(log_sum - row[target], reference::CrossEntropy(x, target), 2e-5);
    Kernels().scaled_softmax(row.data(), count, log_sum, 0.75f);
    row[target] -= 0.75f;
    ExpectNear(
        row,
        Differences(x, [&](const Row& v) { return 0.75 * reference::CrossEntropy(v, target); }),
        kTolerance);
  }
}

TEST_P(KernelsTest, SumsDotsAndRounding) {
  for (const size_t n : kSizes) {
    const Row a = RandomRow(n, 10), b = RandomRow(n, 11);
    const int64_t count = static_cast<int64_t>(n);
    EXPECT_NEAR(Kernels().dot(ToFloats(a).data(), ToFloats(b).data(), count), Dot(a, b), 1e-4);
    std::vector<float> y = ToFloats(b);
    Kernels().add(ToFloats(a).data(), y.data(), count);
    Kernels().scale(y.data(), count, 3.0f);
    for (size_t i = 0; i < n; ++i) EXPECT_NEAR(y[i], 3 * (a[i] + b[i]), 1e-5);
    std::vector<float> rounded(n);
    Kernels().round_to_bf16(ToFloats(a).data(), rounded.data(), count);
    for (size_t i = 0; i < n; ++i) {
      EXPECT_EQ(rounded[i], tensor::ToFloat(tensor::ToBFloat16(static_cast<float>(a[i]))));
    }
  }
}

TEST_P(KernelsTest, DropoutKeepsTheMeanAndDependsOnTheElementAlone) {
  constexpr int64_t kCount = 40000;
  const std::vector<float> ones(kCount, 1.0f);
  std::vector<float> whole(kCount), parts(kCount), added(kCount, 2.0f);
  Kernels().dropout(ones.data(), whole.data(), kCount, 0.25f, 77, 5);
  double sum = 0;
  for (const float v : whole) {
    EXPECT_TRUE(v == 0 || v == 1 / 0.75f);
    sum += v;
  }
  EXPECT_NEAR(sum / kCount, 1.0, 0.02);
  Kernels().dropout(ones.data(), parts.data(), 13, 0.25f, 77, 5);
  Kernels().dropout(ones.data(), parts.data() + 13, kCount - 13, 0.25f, 77, 18);
  EXPECT_EQ(parts, whole);
  Kernels().dropout_add(ones.data(), added.data(), kCount, 0.25f, 77, 5);
  for (size_t i = 0; i < added.size(); ++i) EXPECT_FLOAT_EQ(added[i], 2.0f + whole[i]);
  Kernels().dropout(ones.data(), parts.data(), kCount, 0.25f, 78, 5);
  EXPECT_NE(parts, whole);
}

class AttentionTest : public KernelsTest {
 protected:
  static constexpr size_t kPositions = 77, kHeadDim = 24;
  const Rows query_ = RandomRows(kPositions, kHeadDim, 21);
  const Rows key_ = RandomRows(kPositions, kHeadDim, 22);
  const Rows value_ = RandomRows(kPositions, kHeadDim, 23);

  struct Result {
    std::vector<float> out, log_sums;
  };
  // Rows [begin, end) attended as one call.
  static Result Run(const Rows& query, const Rows& key, const Rows& value, size_t begin,
                    size_t end) {
    const std::vector<float> q = ToFloats(query), k = ToFloats(key), v = ToFloats(value);
    AttentionScratch scratch;
    std::vector<float> panels(
        static_cast<size_t>(KeyPanelElements(static_cast<int64_t>(key.size()), kHeadDim)));
    PackKeys(k.data(), kHeadDim, static_cast<int64_t>(key.size()), kHeadDim, panels.data());
    Result result;
    result.out.resize((end - begin) * kHeadDim);
    result.log_sums.resize(end - begin);
    Attend({.query = q.data() + begin * kHeadDim,
            .query_row = kHeadDim,
            .rows = static_cast<int64_t>(end - begin),
            .first_position = static_cast<int64_t>(begin),
            .key_panels = panels.data(),
            .values = v.data(),
            .value_row = kHeadDim,
            .head_dim = kHeadDim,
            .out = result.out.data(),
            .out_row = kHeadDim,
            .log_sums = result.log_sums.data(),
            .log_sum_step = 1},
           scratch);
    return result;
  }
};

TEST_P(AttentionTest, AgreesWithReferenceAndDoesNotDependOnChunks) {
  const Result whole = Run(query_, key_, value_, 0, kPositions);
  Row expected;
  for (const Row& row : reference::Attention(query_, key_, value_, 0)) {
    expected.insert(expected.end(), row.begin(), row.end());
  }
  ExpectNear(whole.out, expected, kTolerance);
  std::vector<float> pieces;
  for (size_t begin = 0; begin < kPositions; begin += begin % 5 + 1) {
    const size_t end = std::min(kPositions, begin + begin % 5 + 1);
    const Result piece = Run(query_, key_, value_, begin, end);
    pieces.insert(pieces.end(), piece.out.begin(), piece.out.end());
  }
  EXPECT_EQ(pieces, whole.out);
}

std::string LevelName(const testing::TestParamInfo<IsaLevel>& info) {
  return std::string(Name(info.param));
}
INSTANTIATE_TEST_SUITE_P(Levels, KernelsTest,
                         testing::Values(IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx),
                         LevelName);
INSTANTIATE_TEST_SUITE_P(Levels, AttentionTest,
                         testing::Values(IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx),
                         LevelName);

}  // namespace
}  // namespace mores::ops
