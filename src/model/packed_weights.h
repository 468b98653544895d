// The weights of a decoder, packed once for its products and immutable afterwards.
#ifndef MORES_MODEL_PACKED_WEIGHTS_H_
#define MORES_MODEL_PACKED_WEIGHTS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "model/block_products.h"
#include "model/linear_layer.h"
#include "model/model_source.h"
#include "tensor/buffer.h"
#include "tensor/dtype.h"
#include "tensor/tensor_view.h"

namespace mores::model {

using tensor::DType;

struct PackedBlock {
  std::vector<float> attention_norm, ffn_norm;
  std::vector<float> query_norm, key_norm;    // [head_dim], or empty
  std::unique_ptr<const Linear> qkv, output;  // queries, keys and values side by side
  std::unique_ptr<const FeedForward> feed_forward;

  int64_t bytes() const { return qkv->bytes() + output->bytes() + feed_forward->bytes(); }
};

// The embedding in the element type of its file.
class EmbeddingTable {
 public:
  // Takes over what the file holds, [vocab][hidden].
  void Copy(const tensor::TensorView& view);
  // Rows [first, first + count) as float32.
  void Read(int64_t first, int64_t count, float* out) const {
    view_.Copy(first * hidden_, count * hidden_, out);
  }
  int64_t bytes() const { return bytes_.size(); }

 private:
  tensor::AlignedBuffer<char> bytes_;
  tensor::TensorView view_;  // of bytes_
  int64_t hidden_ = 0;
};

struct PackedWeights {
  EmbeddingTable embedding;
  std::vector<PackedBlock> blocks;
  std::vector<float> final_norm;
  std::unique_ptr<const Linear> lm_head;

  int64_t bytes() const;
};

// Reads part by part: beside the packed weights, at most one tensor of the source and a few rows a
// thread are in memory. kMissing, kCorrupt or kUnsupported, with file and tensor named.
// Of the first `blocks` of its blocks.
Expected<PackedWeights> LoadPacked(const ModelSource& source, int blocks, DType precision,
                                   BlockProducts products, ThreadPool& pool);

}  // namespace mores::model

#endif  // MORES_MODEL_PACKED_WEIGHTS_H_
