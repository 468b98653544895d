// Rotary positions (Su et al. 2021), in the half-split form of the Llama checkpoints, and the ways
// in which checkpoints stretch them beyond the context that they were trained on.
#ifndef MORES_OPS_ROPE_H_
#define MORES_OPS_ROPE_H_

#include <cstdint>
#include <utility>
#include <vector>

namespace mores::ops {

struct RopeScaling {
  enum class Kind {
    kNone,
    kLinear,    // positions divided by `factor` (Chen et al. 2023, arXiv:2306.15595)
    kLlama3,    // low frequencies divided by `factor`, high ones kept, those between blended
    kDynamic,   // the base grows with a request's length (NTK-aware, as InternLM2 has it)
    kDivisors,  // each frequency divided by a number of its own
  };
  Kind kind = Kind::kNone;
  double factor = 1.0;
  double low_frequency_factor = 1.0, high_frequency_factor = 4.0;  // kLlama3
  int64_t trained_context = 0;  // kLlama3, kDynamic: positions before any stretching
  std::vector<float> divisors;  // kDivisors: [head_dim / 2]

  bool operator==(const RopeScaling&) const = default;
};

// theta^(-2i / head_dim), scaled, for i < head_dim / 2. `bound`: positions that the request may
// come to use; only kDynamic looks at it, and only beyond its trained context.
std::vector<float> RopeFrequencies(int64_t head_dim, double theta, const RopeScaling& scaling,
                                   int64_t bound);

// cos and sin of position * frequency, each [positions][head_dim / 2].
class RopeTable {
 public:
  explicit RopeTable(std::vector<float> frequencies) : frequencies_(std::move(frequencies)) {}
  // Makes room for positions [0, positions); what is there stays as it is.
  void Grow(int64_t positions);
  int64_t positions() const { return positions_; }
  const float* cos(int64_t position) const { return cos_.data() + position * half(); }
  const float* sin(int64_t position) const { return sin_.data() + position * half(); }

 private:
  int64_t half() const { return static_cast<int64_t>(frequencies_.size()); }

  std::vector<float> frequencies_;
  int64_t positions_ = 0;
  std::vector<float> cos_, sin_;
};

}  // namespace mores::ops

#endif  // MORES_OPS_ROPE_H_
