#include "train/adamw.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/exact_math.h"

namespace mores::train {
namespace {

constexpr size_t kChunk = size_t{1} << 15;
constexpr size_t kLanes = 8;  // partial sums, so that the compiler can use vectors

struct Chunk {
  size_t parameter;
  size_t begin;
  size_t end;
};

std::vector<Chunk> ChunksOf(std::span<const model::Parameter> parameters) {
  std::vector<Chunk> chunks;
  for (size_t p = 0; p < parameters.size(); ++p) {
    const size_t size = parameters[p].value.size();
    for (size_t begin = 0; begin < size; begin += kChunk) {
      chunks.push_back({p, begin, std::min(size, begin + kChunk)});
    }
  }
  return chunks;
}

double SumOfSquares(const float* x, size_t size) {
  double lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double value = x[i + lane];
      lanes[lane] += value * value;
    }
  }
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  for (; i < size; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum;
}

// Scalars of one update, rounded to float where torch rounds them.
struct Scalars {
  float gradient_factor;
  float keep;  // 1 - learning_rate * weight_decay
  float one_minus_beta1;
  float beta2;
  float one_minus_beta2;
  float root_correction2;
  float epsilon;
  float negative_step_size;
};

void UpdateChunk(const Scalars& s, size_t size, const float* __restrict gradient,
                 float* __restrict value, float* __restrict first, float* __restrict second) {
  for (size_t i = 0; i < size; ++i) {
    const float g = gradient[i] * s.gradient_factor;
    const float m = first[i] + s.one_minus_beta1 * (g - first[i]);
    const float v = second[i] * s.beta2 + s.one_minus_beta2 * (g * g);
    const float denominator = std::sqrt(v) / s.root_correction2 + s.epsilon;
    first[i] = m;
    second[i] = v;
    value[i] = value[i] * s.keep + s.negative_step_size * (m / denominator);
  }
}

}  // namespace

AdamWState ZeroAdamWState(std::span<const model::Parameter> parameters) {
  AdamWState state;
  for (const model::Parameter& parameter : parameters) {
    state.first.emplace_back(parameter.value.size(), 0.0f);
    state.second.emplace_back(parameter.value.size(), 0.0f);
  }
  return state;
}

double GradientNorm(std::span<const model::Parameter> parameters, ThreadPool& pool) {
  const std::vector<Chunk> chunks = ChunksOf(parameters);
  std::vector<double> sums(chunks.size());
  pool.ParallelFor(static_cast<int64_t>(chunks.size()), [&](int64_t i) {
    const Chunk& chunk = chunks[static_cast<size_t>(i)];
    sums[static_cast<size_t>(i)] = SumOfSquares(
        parameters[chunk.parameter].gradient.data() + chunk.begin, chunk.end - chunk.begin);
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return std::sqrt(sum);
}

double ClipFactor(double norm, double clip_norm) {
  if (clip_norm <= 0) return 1;
  return std::min(1.0, clip_norm / (norm + 1e-6));
}

void AdamWStep(const AdamWOptions& options, const AdamWUpdate& update,
               std::span<model::Parameter> parameters, AdamWState& state, ThreadPool& pool) {
  MORES_CHECK(state.first.size() == parameters.size());
  ++state.step;
  const double correction1 = 1 - ExactPow(options.beta1, static_cast<double>(state.step));
  const double correction2 = 1 - ExactPow(options.beta2, static_cast<double>(state.step));
  const Scalars scalars{
      .gradient_factor = static_cast<float>(update.gradient_factor),
      .keep = 1,
      .one_minus_beta1 = static_cast<float>(1 - options.beta1),
      .beta2 = static_cast<float>(options.beta2),
      .one_minus_beta2 = static_cast<float>(1 - options.beta2),
      .root_correction2 = static_cast<float>(std::sqrt(correction2)),
      .epsilon = static_cast<float>(options.epsilon),
      .negative_step_size = static_cast<float>(-update.learning_rate / correction1),
  };
  const std::vector<Chunk> chunks = ChunksOf(parameters);
  pool.ParallelFor(static_cast<int64_t>(chunks.size()), [&](int64_t i) {
    const Chunk& chunk = chunks[static_cast<size_t>(i)];
    model::Parameter& parameter = parameters[chunk.parameter];
    Scalars own = scalars;
    if (parameter.decay) {
      own.keep = static_cast<float>(1 - update.learning_rate * options.weight_decay);
    }
    UpdateChunk(own, chunk.end - chunk.begin, parameter.gradient.data() + chunk.begin,
                parameter.value.data() + chunk.begin,
                state.first[chunk.parameter].data() + chunk.begin,
                state.second[chunk.parameter].data() + chunk.begin);
  });
}

}  // namespace mores::train
