// Do two judges of the same items differ?
#ifndef MORES_STATS_SIGNIFICANCE_H_
#define MORES_STATS_SIGNIFICANCE_H_

#include <cstdint>
#include <span>

namespace mores::stats {

// McNemar's test on the discordant pairs, two-sided: `only_first` items that only the first got
// right, `only_second` only the second. Exact binomial, and its mid-p form, which holds its level
// and has more power (Fagerland, Lydersen, Laake 2013). Both are 1 without discordant pairs.
// Treats items as independent: with repeated queries prefer SignFlipTest.
struct McNemarResult {
  double exact_p = 1;
  double mid_p = 1;
};
McNemarResult McNemar(int64_t only_first, int64_t only_second);

// Permutation test of the sum of per-cluster differences: under the null hypothesis the two judges
// are exchangeable within a cluster, so each cluster's difference keeps or changes its sign with
// equal odds. Two-sided Monte Carlo p-value with the observed arrangement counted,
// (1 + #{|T*| >= |T|}) / (1 + permutations) (Phipson, Smyth 2010). 1 for all-zero differences.
double SignFlipTest(std::span<const double> cluster_differences, int permutations, uint64_t seed);

}  // namespace mores::stats

#endif  // MORES_STATS_SIGNIFICANCE_H_
