#include "stats/significance.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace mores::stats {

McNemarResult McNemar(int64_t only_first, int64_t only_second) {
  const int64_t discordant = only_first + only_second;
  if (discordant == 0) return {};
  const auto fewer = static_cast<double>(std::min(only_first, only_second));
  const boost::math::binomial_distribution<double> null(static_cast<double>(discordant), 0.5);
  const double tail = boost::math::cdf(null, fewer);
  const double point = boost::math::pdf(null, fewer);
  // Mid-p counts the observed point once over both tails. With equal counts the tails share that
  // point: the exact p is 1, and the mid-p 1 less half of it.
  McNemarResult result;
  result.exact_p = std::min(1.0, 2 * tail);
  result.mid_p = only_first == only_second ? 1 - 0.5 * point : std::min(1.0, 2 * tail - point);
  return result;
}

double SignFlipTest(std::span<const double> cluster_differences, int permutations, uint64_t seed) {
  std::vector<double> differences;
  double observed = 0;
  for (const double difference : cluster_differences) {
    observed += difference;
    if (difference != 0) differences.push_back(difference);
  }
  if (differences.empty()) return 1;
  // Sums of small integers are exact; the slack only covers rounding of fractional differences.
  const double at_least = std::abs(observed) * (1 - 1e-12);
  const Random random(seed, differences.size());
  const uint64_t words = (differences.size() + 63) / 64;
  int64_t extreme = 0;
  for (int permutation = 0; permutation < permutations; ++permutation) {
    double sum = 0;
    for (uint64_t w = 0; w < words; ++w) {
      uint64_t bits = random.At(static_cast<uint64_t>(permutation) * words + w);
      const size_t end = std::min(differences.size(), static_cast<size_t>(w + 1) * 64);
      for (size_t i = static_cast<size_t>(w) * 64; i < end; ++i, bits >>= 1) {
        sum += (bits & 1) != 0 ? differences[i] : -differences[i];
      }
    }
    if (std::abs(sum) >= at_least) ++extreme;
  }
  return static_cast<double>(1 + extreme) / static_cast<double>(1 + permutations);
}

}  // namespace mores::stats
