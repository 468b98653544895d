// The head against its formulas in double, and its gradient against finite differences of those, at
// each level that the machine has.
#include "ops/frozen_head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "ops/reference.h"
#include "ops/tiles.h"

namespace mores::ops {
namespace {

// Values that bf16 holds, so that every precision multiplies the same numbers.
std::vector<float> RandomHalves(int64_t count, uint64_t seed, double scale) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    value = tensor::ToFloat(tensor::ToBFloat16(static_cast<float>(random.Normal() * scale)));
  }
  return values;
}

struct Case {
  int64_t vocabulary, dim, rows;
  std::vector<HeadTarget> targets;
  std::vector<float> weights, matrix, hidden;

  Case(int64_t tokens, int64_t width, int64_t count, std::vector<HeadTarget> wanted)
      : vocabulary(tokens),
        dim(width),
        rows(count),
        targets(std::move(wanted)),
        matrix(RandomHalves(vocabulary * dim, 1, 0.3)),
        hidden(RandomHalves(rows * dim, 2, 1)) {
    for (size_t i = 0; i < targets.size(); ++i) {
      weights.push_back(0.5f * static_cast<float>(i + 1) * (i % 3 == 1 ? -1.0f : 1.0f));
    }
  }
  tensor::TensorView view() const {
    return {DType::kF32,
            {vocabulary, dim},
            {reinterpret_cast<const char*>(matrix.data()), matrix.size() * sizeof(float)}};
  }
  reference::Row Logits(const float* row) const {
    reference::Row logits(static_cast<size_t>(vocabulary));
    for (int64_t v = 0; v < vocabulary; ++v) {
      for (int64_t i = 0; i < dim; ++i) {
        logits[static_cast<size_t>(v)] +=
            double{row[i]} * double{matrix[static_cast<size_t>(v * dim + i)]};
      }
    }
    return logits;
  }
};

struct Result {
  HeadFigures figures;
  std::vector<float> gradient;
};

Result RunHead(const Case& c, DType precision, Bf16Sums sums, int threads) {
  ThreadPool pool(threads);
  const tensor::TensorView weight = c.view();
  const HeadInput input{.weight = weight,
                        .hidden = c.hidden.data(),
                        .rows = c.rows,
                        .targets = c.targets,
                        .precision = precision,
                        .sums = sums,
                        .gradients = HeadInput::Gradients::kYes};
  FrozenHead head;
  Result result{head.Run(input, pool), std::vector<float>(c.hidden.size())};
  head.Gradient(input, c.weights, result.gradient.data(), pool);
  return result;
}

class FrozenHeadTest : public testing::TestWithParam<IsaLevel> {
 protected:
  void SetUp() override {
    if (!SetIsaLevel(GetParam())) GTEST_SKIP() << "this machine lacks " << Name(GetParam());
  }
  void TearDown() override { (void)SetIsaLevel(DetectedIsaLevel()); }
};

struct Numbers {
  DType precision;
  Bf16Sums sums;
  double tolerance;  // of gradients, relative to their row's norm
  // Of logits, whose operands bf16 holds exactly here, and 16-bit whole numbers nearly: a row of
  // theirs, with outliers for them, is 3e-4 off at worst.
  double rounding() const { return PackingOf(precision, sums) == Packing::kInt16 ? 6e-4 : 0; }
};
// In bf16 the exponentials are rounded, to 2^-9 each.
constexpr Numbers kAllNumbers[] = {{DType::kF32, Bf16Sums::kOneByOne, 1e-5},
                                   {DType::kBf16, Bf16Sums::kOneByOne, 3e-3},
                                   {DType::kBf16, Bf16Sums::kPairs, 3e-3}};

// More tokens than a chunk; a row with none, two and the same target twice; a target in each chunk.
Case Several() {
  return {20011, 33, 4, {{0, 7}, {0, 19000}, {2, 8191}, {3, 8192}, {3, 8192}, {3, 20010}}};
}

TEST_P(FrozenHeadTest, FiguresAreThoseOfTheDistribution) {
  for (const Case& c : {Case{5, 3, 1, {{0, 4}}}, Several()}) {
    for (const Numbers& n : kAllNumbers) {
      const HeadFigures f = RunHead(c, n.precision, n.sums, 2).figures;
      ASSERT_EQ(f.nll.size(), c.targets.size());
      for (size_t i = 0; i < c.targets.size(); ++i) {
        const reference::Row logits = c.Logits(c.hidden.data() + c.targets[i].row * c.dim);
        const reference::Row p = reference::Softmax(logits);
        double entropy = 0, squares = 0, mean = 0, most = 0;
        for (size_t v = 0; v < p.size(); ++v) {
          entropy -= p[v] > 0 ? p[v] * std::log(p[v]) : 0;
          squares += p[v] * p[v];
          mean += logits[v] / static_cast<double>(p.size());
          most = std::max(most, p[v]);
        }
        const size_t token = static_cast<size_t>(c.targets[i].token);
        EXPECT_NEAR(f.nll[i], -std::log(p[token]), 2e-5 * (1 - std::log(p[token])) + n.rounding());
        EXPECT_NEAR(f.entropy[i], entropy, 1e-4 * (1 + entropy) + n.rounding());
        EXPECT_NEAR(f.log_square_sum[i], std::log(squares), 1e-4 + 2 * n.rounding());
        EXPECT_NEAR(f.mean_logit[i], mean, 1e-5 + n.rounding());
        EXPECT_EQ(f.likeliest[i], p[token] == most ? 1 : 0);
      }
    }
  }
}

// Entropies and the like of a row whose target is the likeliest, by far.
TEST_P(FrozenHeadTest, KnowsWhatIsNearlyCertain) {
  Case c{9000, 8, 1, {{0, 8500}}};
  double square = 0;
  for (const float v : c.hidden) square += double{v} * double{v};
  for (int64_t i = 0; i < c.dim; ++i) {
    const float towards = c.hidden[static_cast<size_t>(i)] * static_cast<float>(16 / square);
    c.matrix[static_cast<size_t>(8500 * c.dim + i)] = tensor::ToFloat(tensor::ToBFloat16(towards));
  }
  const reference::Row p = reference::Softmax(c.Logits(c.hidden.data()));
  ASSERT_GT(p[8500], 0.98);
  ASSERT_LT(p[8500], 0.9999);
  for (const Numbers& n : kAllNumbers) {
    const Result r = RunHead(c, n.precision, n.sums, 2);
    EXPECT_EQ(r.figures.likeliest[0], 1);
    // The gradient, (p - 1) of the target and small shares of the others, keeps its precision.
    double worst = 0, norm = 0;
    for (int64_t i = 0; i < c.dim; ++i) {
      double expected = -double{c.matrix[static_cast<size_t>(8500 * c.dim + i)]};
      for (size_t v = 0; v < p.size(); ++v) {
        expected +=
            p[v] * double{c.matrix[v * static_cast<size_t>(c.dim) + static_cast<size_t>(i)]};
      }
      expected *= 0.5;
      worst = std::max(worst, std::abs(expected - double{r.gradient[static_cast<size_t>(i)]}));
      norm += expected * expected;
    }
    EXPECT_LT(worst, 5e-3 * std::sqrt(norm)) << Name(GetParam());
  }
}

TEST_P(FrozenHeadTest, GradientIsThatOfTheWeightedLoss) {
  const Case c = Several();
  const auto loss = [&](const std::vector<double>& hidden) {
    double sum = 0;
    for (size_t i = 0; i < c.targets.size(); ++i) {
      reference::Row logits(static_cast<size_t>(c.vocabulary));
      for (size_t v = 0; v < logits.size(); ++v) {
        for (size_t d = 0; d < static_cast<size_t>(c.dim); ++d) {
          logits[v] += hidden[static_cast<size_t>(c.targets[i].row * c.dim) + d] *
                       double{c.matrix[v * static_cast<size_t>(c.dim) + d]};
        }
      }
      sum += double{c.weights[i]} *
             reference::CrossEntropy(logits, static_cast<size_t>(c.targets[i].token));
    }
    return sum;
  };
  for (const Numbers& n : kAllNumbers) {
    const Result r = RunHead(c, n.precision, n.sums, 2);
    double norm = 0;
    for (const float g : r.gradient) norm += double{g} * double{g};
    for (const size_t at : {size_t{0}, size_t{20}, size_t{40}, size_t{80}, size_t{131}}) {
      std::vector<double> hidden(c.hidden.begin(), c.hidden.end());
      hidden[at] += 1e-4;
      const double above = loss(hidden);
      hidden[at] -= 2e-4;
      EXPECT_NEAR(r.gradient[at], (above - loss(hidden)) / 2e-4, n.tolerance * std::sqrt(norm))
          << at;
    }
  }
}

TEST_P(FrozenHeadTest, RowsDoNotDependOnOthersOrThreads) {
  const Case c = Several();
  Case last{c.vocabulary, c.dim, 1, {{0, 8192}, {0, 8192}, {0, 20010}}};
  last.hidden.assign(c.hidden.end() - c.dim, c.hidden.end());
  last.weights.assign(c.weights.end() - 3, c.weights.end());
  for (const Numbers& n : kAllNumbers) {
    const Result one = RunHead(c, n.precision, n.sums, 1),
                 alone = RunHead(last, n.precision, n.sums, 1);
    for (const int threads : {2, 3}) {
      const Result r = RunHead(c, n.precision, n.sums, threads);
      EXPECT_EQ(r.gradient, one.gradient);
      EXPECT_EQ(r.figures.nll, one.figures.nll);
      EXPECT_EQ(r.figures.entropy, one.figures.entropy);
    }
    EXPECT_EQ(alone.gradient, std::vector<float>(one.gradient.end() - c.dim, one.gradient.end()));
    EXPECT_EQ(alone.figures.nll[2], one.figures.nll[5]);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, FrozenHeadTest,
                         testing::Values(IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx),
                         [](const auto& param) { return std::string(Name(param.param)); });

}  // namespace
}  // namespace mores::ops
