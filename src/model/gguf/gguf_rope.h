// Rotary frequencies divided by numbers of their own, as GGUF files hold them, and the scaling of
// the Llama 3.1 checkpoints that such numbers stand for.
#ifndef MORES_MODEL_GGUF_GGUF_ROPE_H_
#define MORES_MODEL_GGUF_GGUF_ROPE_H_

#include <vector>

#include "model/layer_config.h"

namespace mores::model {

// What divides the frequencies, [head_dim / 2]; empty for a scaling that no divisors say.
std::vector<float> RopeDivisors(const RopeConfig& rope, int head_dim);

// The scaling that divides them so: none where all are 1, kLinear where all are another number
// above it, kLlama3 where its formula gives them with numbers that checkpoints have, else
// kDivisors. REQUIRES: finite and above zero.
ops::RopeScaling ScalingOfDivisors(const std::vector<float>& divisors, double theta);

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_GGUF_ROPE_H_
