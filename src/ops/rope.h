// Rotary positions (Su et al. 2021), in the half-split form of the Llama checkpoints.
#ifndef MORES_OPS_ROPE_H_
#define MORES_OPS_ROPE_H_

#include <cstdint>
#include <vector>

namespace mores::ops {

// cos and sin of position * theta^(-2i / head_dim), each [positions][head_dim / 2].
class RopeTable {
 public:
  RopeTable(int64_t positions, int64_t head_dim, double theta);
  const float* cos(int64_t position) const { return cos_.data() + position * half_; }
  const float* sin(int64_t position) const { return sin_.data() + position * half_; }

 private:
  int64_t half_;
  std::vector<float> cos_, sin_;
};

}  // namespace mores::ops

#endif  // MORES_OPS_ROPE_H_
