// Which examples make up each optimizer step: whole sequences, packed into micro-batches without
// padding. A pure function of (lengths, options, epoch), so a place in the
// data is a step number and nothing else.
#ifndef MORES_TRAIN_PACKING_H_
#define MORES_TRAIN_PACKING_H_

#include <cstdint>
#include <span>
#include <vector>

namespace mores::train {

struct PackingOptions {
  int64_t micro_batch_tokens = 2048;  // REQUIRES: at least the longest sequence
  int64_t tokens_per_step = 16384;    // about; a step may be one micro-batch that isn't full
  uint64_t seed = 0;
};

// Indices of examples.
using MicroBatch = std::vector<int32_t>;

// About sum(lengths) / tokens_per_step, at least 1 and at most one an example; the same for every
// epoch. REQUIRES: an example.
int64_t StepsPerEpoch(std::span<const int32_t> lengths, const PackingOptions& options);

// Every example once: [StepsPerEpoch][micro-batches of the step]. Examples are shuffled and cut
// into steps of as many tokens as whole examples allow. So a step is a random draw: examples of
// like length are often of one source and label, and steps of such would pull to and fro. Within a
// step they are packed by length.
std::vector<std::vector<MicroBatch>> PlanEpoch(std::span<const int32_t> lengths,
                                               const PackingOptions& options, int64_t epoch);

// Every example once, longest first, for evaluation.
std::vector<MicroBatch> PackByLength(std::span<const int32_t> lengths, int64_t micro_batch_tokens);

}  // namespace mores::train

#endif  // MORES_TRAIN_PACKING_H_
