#include "engine/sampler.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/exact_math.h"
#include "base/random.h"

namespace mores::engine {

int32_t NextToken(std::span<const float> logits, const Sampling& sampling, std::string_view id,
                  int64_t step) {
  const auto largest = std::max_element(logits.begin(), logits.end());
  if (!(sampling.temperature > 0)) return static_cast<int32_t>(largest - logits.begin());
  std::vector<double> weights(logits.size());
  double total = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    weights[i] = ExactExp((double{logits[i]} - double{*largest}) / double{sampling.temperature});
    total += weights[i];
  }
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const double x = weights[static_cast<size_t>(a)], y = weights[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  const double wanted = std::clamp(double{sampling.top_p}, 0.0, 1.0) * total;
  double kept = 0;
  size_t count = 0;
  do {
    kept += weights[static_cast<size_t>(order[count++])];
  } while (count < order.size() && kept < wanted);
  const double draw =
      Random(sampling.seed, HashBytes(id)).UniformAt(static_cast<uint64_t>(step)) * kept;
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    sum += weights[static_cast<size_t>(order[i])];
    if (draw < sum) return order[i];
  }
  return order[count - 1];
}

}  // namespace mores::engine
