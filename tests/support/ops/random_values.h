// For tests: numbers of operands.
#ifndef MORES_SUPPORT_OPS_RANDOM_VALUES_H_
#define MORES_SUPPORT_OPS_RANDOM_VALUES_H_

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace mores::ops {

// Of the standard normal distribution, the same for a seed.
inline std::vector<float> RandomValues(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(random.Normal());
  return values;
}

}  // namespace mores::ops

#endif  // MORES_SUPPORT_OPS_RANDOM_VALUES_H_
