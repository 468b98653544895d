// Attention over segments against its formula in double, its gradients against finite differences
// of that, and against itself without segments; at each level that the machine has.
#include "ops/segment_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "ops/reference.h"

namespace mores::ops {
namespace {

using reference::Row;
using reference::Rows;

constexpr AttentionNumbers kFloat{DType::kF32, Bf16Sums::kOneByOne};
constexpr AttentionNumbers kOneByOne{DType::kBf16, Bf16Sums::kOneByOne};
constexpr AttentionNumbers kPairs{DType::kBf16, Bf16Sums::kPairs};

// Heads in an order of their own, with room between them.
HeadLayout Layout(int64_t query_heads, int64_t kv_heads, int64_t dim) {
  HeadLayout heads{.head_dim = dim, .width = (query_heads + 2 * kv_heads) * dim + 5};
  for (int64_t i = 0; i < kv_heads; ++i) heads.values.push_back(i * dim);
  for (int64_t i = 0; i < query_heads; ++i) heads.queries.push_back((kv_heads + i) * dim + 5);
  for (int64_t i = 0; i < kv_heads; ++i) {
    heads.keys.push_back((query_heads + kv_heads + i) * dim + 5);
  }
  return heads;
}

std::vector<float> RandomNumbers(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    value = tensor::ToFloat(tensor::ToBFloat16(static_cast<float>(random.Normal())));
  }
  return values;
}

// Two roots, of which the first has two children and one of those a child.
struct Sequences {
  std::vector<int32_t> offsets = {0, 37, 50, 251, 255, 295};
  std::vector<int32_t> parents = {-1, 0, 0, 2, -1};
  int64_t rows() const { return offsets.back(); }
};

// The rows that row `row` sees, itself the last.
std::vector<int64_t> SeenRows(const Sequences& s, int64_t row) {
  size_t segment = 0;
  while (s.offsets[segment + 1] <= row) ++segment;
  std::vector<int64_t> seen;
  for (int64_t r = row; r >= s.offsets[segment]; --r) seen.push_back(r);
  for (int32_t parent = s.parents[segment]; parent >= 0;
       parent = s.parents[static_cast<size_t>(parent)]) {
    const size_t p = static_cast<size_t>(parent);
    for (int64_t r = s.offsets[p + 1] - 1; r >= s.offsets[p]; --r) seen.push_back(r);
  }
  std::reverse(seen.begin(), seen.end());
  return seen;
}

Row HeadOf(const std::vector<double>& rows, int64_t width, int64_t row, int64_t at, int64_t dim) {
  const auto first = rows.begin() + row * width + at;
  return Row(first, first + dim);
}

// Of one row and head.
Row Expected(const Sequences& s, const HeadLayout& h, const std::vector<double>& rows, int64_t row,
             size_t head) {
  const size_t kv_head = head / static_cast<size_t>(h.group());
  Rows keys, values;
  for (const int64_t r : SeenRows(s, row)) {
    keys.push_back(HeadOf(rows, h.width, r, h.keys[kv_head], h.head_dim));
    values.push_back(HeadOf(rows, h.width, r, h.values[kv_head], h.head_dim));
  }
  const Row query = HeadOf(rows, h.width, row, h.queries[head], h.head_dim);
  return reference::Attention({query}, keys, values, keys.size() - 1)[0];
}

// What no number depends on.
struct Means {
  int threads;
  int64_t partial_bytes = int64_t{1} << 24;  // all that these tests have, at once
};

struct Result {
  std::vector<float> out, log_sums, gradient;
};

Result Attend(const Sequences& s, const HeadLayout& h, AttentionNumbers numbers,
              const std::vector<float>& rows, const std::vector<float>& dout, Means means) {
  ThreadPool pool(means.threads);
  SegmentAttention attention(means.partial_bytes);
  Result r{std::vector<float>(static_cast<size_t>(s.rows() * h.query_heads() * h.head_dim)),
           std::vector<float>(static_cast<size_t>(s.rows() * h.query_heads())),
           std::vector<float>(rows.size(), 99.0f)};
  const SegmentAttention::Pass pass{.heads = h,
                                    .segments = {s.offsets, s.parents},
                                    .numbers = numbers,
                                    .rows = rows.data(),
                                    .out = r.out.data(),
                                    .log_sums = r.log_sums.data()};
  attention.Forward(pass, pool);
  attention.Backward({.heads = h,
                      .segments = pass.segments,
                      .numbers = numbers,
                      .rows = rows.data(),
                      .out = r.out.data(),
                      .log_sums = r.log_sums.data()},
                     {.out = dout.data(), .rows = r.gradient.data()}, pool);
  return r;
}

double NormOfDifference(const std::vector<float>& x, const std::vector<float>& y) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    difference += (double{x[i]} - double{y[i]}) * (double{x[i]} - double{y[i]});
    norm += double{y[i]} * double{y[i]};
  }
  return std::sqrt(difference / norm);
}

class SegmentAttentionTest : public testing::TestWithParam<IsaLevel> {
 protected:
  void SetUp() override {
    if (!SetIsaLevel(GetParam())) GTEST_SKIP() << "this machine lacks " << Name(GetParam());
  }
  void TearDown() override { (void)SetIsaLevel(DetectedIsaLevel()); }
};

TEST_P(SegmentAttentionTest, AgreesWithItsFormula) {
  const Sequences s;
  for (const int64_t dim : {8, 33, 64, 80}) {
    const HeadLayout h = Layout(4, 2, dim);
    const auto rows = RandomNumbers(s.rows() * h.width, 1);
    const std::vector<double> exact(rows.begin(), rows.end());
    const auto dout = RandomNumbers(s.rows() * 4 * dim, 2);
    for (const AttentionNumbers& n : {kFloat, kOneByOne, kPairs}) {
      // In bf16 tiles weights are rounded to 2^-9 of themselves.
      const double tolerance = n.precision == DType::kF32 ? 2e-5 : 8e-3;
      const Result r = Attend(s, h, n, rows, dout, {2});
      for (int64_t row = 0; row < s.rows(); row += 7) {
        for (size_t head = 0; head < 4; ++head) {
          const Row expected = Expected(s, h, exact, row, head);
          for (size_t i = 0; i < expected.size(); ++i) {
            const size_t at = (static_cast<size_t>(row) * 4 + head) * static_cast<size_t>(dim) + i;
            ASSERT_NEAR(r.out[at], expected[i], tolerance) << row << " " << head << " " << i;
          }
        }
      }
    }
  }
}

TEST_P(SegmentAttentionTest, GradientsAgreeWithDifferences) {
  const Sequences s{{0, 21, 42, 76, 79}, {-1, 0, 0, -1}};
  const HeadLayout h = Layout(4, 2, 6);
  const auto rows = RandomNumbers(s.rows() * h.width, 3);
  const auto dout = RandomNumbers(s.rows() * 4 * h.head_dim, 4);
  const auto value = [&](const std::vector<double>& x) {
    double sum = 0;
    for (int64_t row = 0; row < s.rows(); ++row) {
      for (size_t head = 0; head < 4; ++head) {
        const Row out = Expected(s, h, x, row, head);
        for (size_t i = 0; i < out.size(); ++i) {
          sum += out[i] * double{dout[(static_cast<size_t>(row) * 4 + head) * out.size() + i]};
        }
      }
    }
    return sum;
  };
  const Result exact = Attend(s, h, kFloat, rows, dout, {2});
  const Result rounded = Attend(s, h, kPairs, rows, dout, {2});
  for (int64_t row = 0; row < s.rows(); row += 5) {
    for (const std::vector<int64_t>* places : {&h.queries, &h.keys, &h.values}) {
      for (const int64_t at : *places) {
        const size_t i = static_cast<size_t>(row * h.width + at + row % h.head_dim);
        std::vector<double> x(rows.begin(), rows.end());
        x[i] += 1e-4;
        const double above = value(x);
        x[i] -= 2e-4;
        const double expected = (above - value(x)) / 2e-4;
        EXPECT_NEAR(exact.gradient[i], expected, 3e-5 * (1 + std::abs(expected))) << i;
        EXPECT_NEAR(rounded.gradient[i], expected, 3e-2 * (1 + std::abs(expected))) << i;
      }
    }
  }
}

// With more positions than the backward pass takes at a time, and the rest of a row left alone.
TEST_P(SegmentAttentionTest, RoundingMovesGradientsLittle) {
  const Sequences s{{0, 401, 551, 700}, {-1, 0, 0}};
  const HeadLayout h = Layout(2, 1, 64);
  const auto rows = RandomNumbers(s.rows() * h.width, 5);
  const auto dout = RandomNumbers(s.rows() * 2 * h.head_dim, 6);
  const Result exact = Attend(s, h, kFloat, rows, dout, {2});
  const Result rounded = Attend(s, h, kPairs, rows, dout, {2});
  EXPECT_LT(NormOfDifference(rounded.gradient, exact.gradient), 8e-3);
  EXPECT_EQ(exact.gradient[64], 99.0f);
  EXPECT_EQ(rounded.gradient[66], 99.0f);
}

TEST_P(SegmentAttentionTest, SharingKeepsResultsAndGradients) {
  const Sequences shared{{0, 203, 263, 340}, {-1, 0, 0}};
  const Sequences apart{{0, 263, 543}, {-1, -1}};
  const HeadLayout h = Layout(6, 2, 64);
  const auto rows = RandomNumbers(shared.rows() * h.width, 7);
  // Row of `shared` that a row of `apart` is.
  std::vector<int64_t> same(static_cast<size_t>(apart.rows()));
  std::iota(same.begin(), same.begin() + 263, 0);
  std::iota(same.begin() + 263, same.begin() + 466, 0);
  std::iota(same.begin() + 466, same.end(), 263);
  const int64_t out_row = 6 * 64;
  const auto dout = RandomNumbers(shared.rows() * out_row, 8);
  std::vector<float> rows_apart, dout_apart;
  for (size_t i = 0; i < same.size(); ++i) {
    rows_apart.insert(rows_apart.end(), rows.begin() + same[i] * h.width,
                      rows.begin() + (same[i] + 1) * h.width);
    // The shared rows' gradient comes through the first sequence alone.
    for (int64_t j = 0; j < out_row; ++j) {
      const bool again = i >= 263 && same[i] < 203;
      dout_apart.push_back(again ? 0.0f : dout[static_cast<size_t>(same[i] * out_row + j)]);
    }
  }
  for (const AttentionNumbers& n : {kFloat, kOneByOne, kPairs}) {
    const Result a = Attend(shared, h, n, rows, dout, {2});
    const Result b = Attend(apart, h, n, rows_apart, dout_apart, {2});
    std::vector<float> sum(a.gradient.size(), 0.0f);
    for (size_t i = 0; i < same.size(); ++i) {
      for (int64_t j = 0; j < out_row; ++j) {
        ASSERT_EQ(b.out[i * static_cast<size_t>(out_row) + static_cast<size_t>(j)],
                  a.out[static_cast<size_t>(same[i] * out_row + j)]);
      }
      for (const std::vector<int64_t>* places : {&h.queries, &h.keys, &h.values}) {
        for (const int64_t at : *places) {
          for (int64_t j = 0; j < h.head_dim; ++j) {
            sum[static_cast<size_t>(same[i] * h.width + at + j)] +=
                b.gradient[i * static_cast<size_t>(h.width) + static_cast<size_t>(at + j)];
          }
        }
      }
    }
    std::vector<float> actual = a.gradient;
    for (float& v : actual) v = v == 99.0f ? 0.0f : v;
    EXPECT_LT(NormOfDifference(actual, sum), n.precision == DType::kF32 ? 1e-6 : 1e-5);
  }
}

TEST_P(SegmentAttentionTest, NothingDependsOnThreads) {
  const Sequences s;
  const HeadLayout h = Layout(4, 2, 64);
  const auto rows = RandomNumbers(s.rows() * h.width, 9);
  const auto dout = RandomNumbers(s.rows() * 4 * h.head_dim, 10);
  for (const AttentionNumbers& n : {kFloat, kOneByOne, kPairs}) {
    const Result one = Attend(s, h, n, rows, dout, {1});
    for (const int threads : {2, 3}) {
      const Result r = Attend(s, h, n, rows, dout, {threads});
      EXPECT_EQ(r.out, one.out);
      EXPECT_EQ(r.log_sums, one.log_sums);
      EXPECT_EQ(r.gradient, one.gradient);
    }
  }
}

TEST_P(SegmentAttentionTest, NothingDependsOnTheBoundOfPartialGradients) {
  const Sequences s;
  const HeadLayout h = Layout(4, 2, 64);
  const auto rows = RandomNumbers(s.rows() * h.width, 11);
  const auto dout = RandomNumbers(s.rows() * 4 * h.head_dim, 12);
  for (const AttentionNumbers& n : {kFloat, kOneByOne, kPairs}) {
    const Result all = Attend(s, h, n, rows, dout, {2});
    for (const int64_t bytes : {1, 300'000}) {
      EXPECT_EQ(Attend(s, h, n, rows, dout, {2, bytes}).gradient, all.gradient) << bytes;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, SegmentAttentionTest,
                         testing::Values(IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx),
                         [](const auto& param) { return std::string(Name(param.param)); });

}  // namespace
}  // namespace mores::ops
