#include "stats/bootstrap.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <vector>

#include "stats/probability.h"

namespace mores::stats {
namespace {

struct Cluster {
  double correct = 0;
  double items = 0;
};

void Accuracy(const std::vector<Cluster>& clusters, std::span<const double> weights,
              std::span<double> values) {
  double correct = 0, items = 0;
  for (size_t c = 0; c < clusters.size(); ++c) {
    correct += weights[c] * clusters[c].correct;
    items += weights[c] * clusters[c].items;
  }
  values[0] = correct / items;
}

Estimate BootstrapAccuracy(const std::vector<Cluster>& clusters, const BootstrapOptions& options) {
  const auto statistic = [&](std::span<const double> weights, std::span<double> values) {
    Accuracy(clusters, weights, values);
  };
  return ClusterBootstrap(clusters.size(), 1, statistic, options)[0];
}

// The same 300 clusters, of 1 to 3 items, resampled 200,000 times by numpy 2.4.6's default_rng
// gave the quantiles 0.66501 and 0.73473. With 2,000 resamples the ends move by about 0.001.
TEST(ClusterBootstrapTest, AgreesWithNumpy) {
  std::vector<Cluster> clusters;
  for (int i = 0; i < 300; ++i) {
    const int size = 1 + (i * 7) % 3;
    Cluster cluster{.items = static_cast<double>(size)};
    for (int j = 0; j < size; ++j) cluster.correct += (i * 13 + j * 5) % 10 < 7 ? 1 : 0;
    clusters.push_back(cluster);
  }
  const Estimate estimate = BootstrapAccuracy(clusters, {.resamples = 20000});
  EXPECT_NEAR(estimate.value, 0.7, 1e-12);
  EXPECT_NEAR(estimate.interval.low, 0.66501, 0.001);
  EXPECT_NEAR(estimate.interval.high, 0.73473, 0.001);
}

// 100 clusters of 9 items that stand or fall together carry as much as 100 items, so the interval
// must be that of 100 items (normal approximation), three times that of 900.
TEST(ClusterBootstrapTest, ItemsOfAClusterAreNotIndependent) {
  std::vector<Cluster> clusters;
  for (int i = 0; i < 100; ++i) clusters.push_back({.correct = i < 80 ? 9.0 : 0.0, .items = 9});
  const Estimate estimate = BootstrapAccuracy(clusters, {.resamples = 20000});
  const double half_width = 1.96 * std::sqrt(0.8 * 0.2 / 100);
  EXPECT_NEAR(estimate.interval.low, 0.8 - half_width, 0.008);
  EXPECT_NEAR(estimate.interval.high, 0.8 + half_width, 0.008);
}

TEST(ClusterBootstrapTest, IsAFunctionOfTheSeed) {
  std::vector<Cluster> clusters;
  for (int i = 0; i < 37; ++i) clusters.push_back({.correct = i % 3 == 0 ? 1.0 : 0.0, .items = 1});
  const Estimate a = BootstrapAccuracy(clusters, {.seed = 5});
  const Estimate b = BootstrapAccuracy(clusters, {.seed = 5});
  const Estimate c = BootstrapAccuracy(clusters, {.resamples = 1999, .seed = 6});
  EXPECT_EQ(a.interval.low, b.interval.low);
  EXPECT_EQ(a.interval.high, b.interval.high);
  EXPECT_NE(a.interval.low, c.interval.low);
}

TEST(ClusterBootstrapTest, EachResampleDrawsAsManyClustersAsThereAre) {
  const auto statistic = [](std::span<const double> weights, std::span<double> values) {
    double sum = 0;
    for (const double weight : weights) sum += weight;
    values[0] = sum;
    values[1] = weights[0];
  };
  const auto estimates = ClusterBootstrap(7, 2, statistic);
  EXPECT_EQ(estimates[0].interval.low, 7);
  EXPECT_EQ(estimates[0].interval.high, 7);
  EXPECT_EQ(estimates[1].interval.low, 0);
  EXPECT_GE(estimates[1].interval.high, 2);
}

TEST(ClusterBootstrapTest, UndefinedStatistics) {
  EXPECT_TRUE(std::isnan(BootstrapAccuracy({}, {}).value));
  // Defined for the sample, undefined in the resamples that miss cluster 0: about 0.9^10 of them.
  const auto mostly = [](std::span<const double> weights, std::span<double> values) {
    values[0] = weights[0] > 0 ? 1.0 : std::nan("");
    values[1] = weights[0] > 2 || weights[0] == 1 ? std::nan("") : 1.0;
  };
  const auto estimates = ClusterBootstrap(10, 2, mostly);
  EXPECT_EQ(estimates[0].interval.low, 1);
  EXPECT_TRUE(std::isnan(estimates[1].value));
  EXPECT_TRUE(std::isnan(estimates[1].interval.low));
}

TEST(ClusterBootstrapTest, HundredThousandItemsInSeconds) {
  constexpr size_t kItems = 100000;
  std::vector<ScoredOutcome> outcomes;
  std::vector<Cluster> clusters;
  for (size_t i = 0; i < kItems; ++i) {
    outcomes.push_back({static_cast<double>((i * 7919) % 10007) / 10007, i % 3 == 0});
    clusters.push_back({.correct = i % 4 == 0 ? 0.0 : 1.0, .items = 1});
  }
  const RankedOutcomes ranked(outcomes);
  const auto begin = std::chrono::steady_clock::now();
  const auto statistic = [&](std::span<const double> weights, std::span<double> values) {
    Accuracy(clusters, weights, values);
    values[1] = ranked.Auroc(weights);
  };
  const auto estimates = ClusterBootstrap(kItems, 2, statistic, {.resamples = 200});
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  EXPECT_NEAR(estimates[1].value, 0.5, 0.02);
  RecordProperty("seconds_for_200_resamples", std::to_string(seconds));
  EXPECT_LT(seconds, 10) << "loose, so that a loaded or instrumented machine passes";
}

// numpy 2.4.6: quantile([3, 1, 4, 1, 5, 9, 2, 6], 0.3).
TEST(QuantileTest, InterpolatesLikeNumpy) {
  std::vector<double> values = {3, 1, 4, 1, 5, 9, 2, 6};
  EXPECT_DOUBLE_EQ(Quantile(values, 0.3), 2.1);
  EXPECT_DOUBLE_EQ(Quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(Quantile(values, 1), 9);
  std::vector<double> one = {4};
  EXPECT_DOUBLE_EQ(Quantile(one, 0.975), 4);
}

TEST(DenseClustersTest, NumbersByFirstAppearance) {
  const std::vector<uint64_t> keys = {90, 7, 90, 3, 7};
  size_t count = 0;
  EXPECT_EQ(DenseClusters(keys, &count), (std::vector<uint32_t>{0, 1, 0, 2, 1}));
  EXPECT_EQ(count, 3u);
}

}  // namespace
}  // namespace mores::stats
