// A decoder for inference: weights packed once and immutable after load, state passed in.
//
// Numbers: for one model, precision and instruction set level, hidden states and logits of a
// position are bit-identical whatever else is in the batch, however the prompt was cut into chunks,
// and for any number of threads. Sequences of one call may be computed with different adapters, or
// with none: which one is a matter of their caches.
#ifndef MORES_MODEL_DECODER_H_
#define MORES_MODEL_DECODER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "model/block_products.h"
#include "model/config.h"
#include "model/kv_cache.h"
#include "tensor/dtype.h"

namespace mores::model {

class ModelSource;
class PackedAdapter;

// Tokens of one sequence that follow what its cache holds.
struct Chunk {
  std::span<const int32_t> tokens;
  KvCache* cache;            // with room for the tokens
  int64_t first_wanted = 0;  // hidden states wanted from this token of the chunk on
  // A sequence that begins as another does takes over what the other computed: its cache, empty so
  // far, is given positions [0, shared) of shared_from, layer by layer, once this layer's are
  // stored and before any attention. Same numbers as computing them again. An earlier chunk of the
  // same call computes them, or an earlier call did, to a cache of all layers. Both caches are of
  // one adapter, or of none.
  KvCache* shared_from = nullptr;
  int64_t shared = 0;
};

// Buffers reused from call to call. One thread of control at a time.
struct DecoderScratch {
  DecoderScratch();
  ~DecoderScratch();
  struct Buffers;
  std::unique_ptr<Buffers> buffers;
};

class Decoder {
 public:
  // f32 or bf16 products; with `products`, of weights in blocks those of blocks. kMissing,
  // kCorrupt, kUnsupported with file and field named. The source may go afterwards. `blocks`: the
  // model without those after so many, whose hidden states go to the last norm; 0 for all.
  static Expected<std::unique_ptr<Decoder>> Load(const ModelSource& source, tensor::DType precision,
                                                 ThreadPool& pool, int blocks = 0,
                                                 BlockProducts products = BlockProducts::kDecoded);
  // The same of what OpenModel finds at `path`.
  static Expected<std::unique_ptr<Decoder>> Load(const std::string& path, tensor::DType precision,
                                                 ThreadPool& pool);
  ~Decoder();

  const ModelConfig& config() const;
  // Attention in bf16 on AMX tiles, else in float32.
  bool attends_on_tiles() const;

  // Appends every chunk to its cache. Returns the normed hidden states of the wanted tokens, chunk
  // after chunk, [wanted][hidden_dim], valid until the scratch is used again.
  // REQUIRES: ids within the vocabulary, positions within the context, distinct caches; with caches
  // of one layer, all of them empty.
  std::span<const float> Forward(std::span<const Chunk> chunks, DecoderScratch& scratch,
                                 ThreadPool& pool) const;

  // logits [rows][vocab_size] of normed hidden states [rows][hidden_dim]. `adapters`: what each row
  // was computed with, or empty for none at all.
  void Logits(const float* hidden, int64_t rows, std::span<const PackedAdapter* const> adapters,
              float* logits, DecoderScratch& scratch, ThreadPool& pool) const;

 private:
  struct Impl;
  explicit Decoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_DECODER_H_
