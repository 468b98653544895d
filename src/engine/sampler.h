// The next token from logits.
#ifndef MORES_ENGINE_SAMPLER_H_
#define MORES_ENGINE_SAMPLER_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace mores::engine {

struct Sampling {
  int max_new_tokens = 128;
  float temperature = 0;  // 0: greedy
  float top_p = 1;
  uint64_t seed = 0;
};

// Greedy takes the largest logit, the lowest id among equals. Sampling draws from the smallest set
// of most probable tokens whose mass reaches top_p, with a draw keyed by (seed, id, step).
int32_t NextToken(std::span<const float> logits, const Sampling& sampling, std::string_view id,
                  int64_t step);

}  // namespace mores::engine

#endif  // MORES_ENGINE_SAMPLER_H_
