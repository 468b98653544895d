#include "stats/significance.h"

#include <gtest/gtest.h>

#include <vector>

namespace mores::stats {
namespace {

// scipy 1.17.1: binomtest(b, b + c, 0.5).pvalue for the exact p; that less binom.pmf for the mid-p.
TEST(McNemarTest, AgreesWithScipy) {
  EXPECT_NEAR(McNemar(10, 3).exact_p, 0.09228515625, 1e-12);
  EXPECT_NEAR(McNemar(10, 3).mid_p, 0.05737304687500002, 1e-12);
  EXPECT_NEAR(McNemar(25, 40).exact_p, 0.08168153394154003, 1e-12);
  EXPECT_NEAR(McNemar(25, 40).mid_p, 0.06401750413722561, 1e-12);
  EXPECT_NEAR(McNemar(0, 5).exact_p, 0.0625, 1e-12);
  EXPECT_NEAR(McNemar(0, 5).mid_p, 0.03125, 1e-12);
  EXPECT_NEAR(McNemar(120, 90).exact_p, 0.045114087864840696, 1e-12);
  EXPECT_NEAR(McNemar(120, 90).mid_p, 0.0386433487822089, 1e-12);
  EXPECT_NEAR(McNemar(7, 7).exact_p, 1, 1e-12);
  EXPECT_NEAR(McNemar(7, 7).mid_p, 0.895263671875, 1e-12);
}

TEST(McNemarTest, Edges) {
  EXPECT_EQ(McNemar(0, 0).exact_p, 1);
  EXPECT_EQ(McNemar(0, 0).mid_p, 1);
  EXPECT_EQ(McNemar(3, 10).exact_p, McNemar(10, 3).exact_p);
  EXPECT_LT(McNemar(0, 100000).mid_p, 1e-300);
}

// Enumerating all sign patterns of the differences gives 0.17578125.
TEST(SignFlipTest, AgreesWithEnumeration) {
  const std::vector<double> differences = {2, -1, 1, 1, 3, -2, 1, 0, 1, 2};
  EXPECT_NEAR(SignFlipTest(differences, 200000, 3), 0.17578125, 0.004);
}

TEST(SignFlipTest, Edges) {
  EXPECT_EQ(SignFlipTest({}, 1000, 1), 1);
  const std::vector<double> zeros(50, 0.0);
  EXPECT_EQ(SignFlipTest(zeros, 1000, 1), 1);
  const std::vector<double> ones(200, 1.0);
  EXPECT_DOUBLE_EQ(SignFlipTest(ones, 999, 1), 0.001) << "never below 1 / (1 + permutations)";
}

}  // namespace
}  // namespace mores::stats
