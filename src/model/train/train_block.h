// One decoder block in training, whatever of it is trained.
#ifndef MORES_MODEL_TRAIN_TRAIN_BLOCK_H_
#define MORES_MODEL_TRAIN_TRAIN_BLOCK_H_

#include <memory>
#include <utility>
#include <vector>

#include "model/config.h"
#include "model/train/kept_rows.h"
#include "model/train/parameter.h"
#include "model/train/train_batch.h"
#include "model/train/train_linear.h"
#include "model/weights.h"
#include "ops/rope.h"
#include "ops/segment_attention.h"
#include "tensor/buffer.h"

namespace mores::model {

// Where a batch's segments stand in their sequences.
class SegmentPlaces {
 public:
  // The batch must outlive it.
  explicit SegmentPlaces(const TrainBatch& batch);

  struct Segment {
    int64_t begin, rows;     // among the batch's rows
    int64_t first_position;  // of its first row
    int64_t positions() const { return first_position + rows; }
  };
  const std::vector<Segment>& segments() const { return segments_; }
  const ops::SegmentLayout& layout() const { return layout_; }
  int64_t longest() const { return longest_; }

 private:
  std::vector<Segment> segments_;
  ops::SegmentLayout layout_;
  int64_t longest_ = 0;
};

// What the blocks of one forward or backward pass share.
struct BlockContext {
  const ModelConfig& config;
  const ops::RopeTable& rope;
  const SegmentPlaces& places;
  int64_t rows;
  TrainStepOptions options;
  ThreadPool& pool;
  LinearScratch& linear_scratch;

  LinearPass Linear() const {
    return {.precision = options.precision,
            .scratch = linear_scratch,
            .pool = pool,
            .dropout_seed = options.dropout_seed};
  }
};

// What a block's backward pass needs of its forward one.
struct BlockActivations {
  tensor::AlignedBuffer<float> x_in, rstd_in, qkv, attended, log_sums, x_mid, rstd_mid;
  KeptRows gate_up;
  // Where queries and keys are normed, as they came: [rows][query_heads + kv_heads][head_dim], and
  // [rows][query_heads + kv_heads].
  tensor::AlignedBuffer<float> heads_in, rstd_heads;
  LinearActivations of_qkv, of_output, of_gate_up, of_down;
};

// Scratch of a pass, shared by all blocks.
struct BlockScratch {
  tensor::AlignedBuffer<float> normed, ffn, wide, branch;                    // of both
  tensor::AlignedBuffer<float> dropped, hidden_units, norm, attention, qkv;  // backward
  ops::SegmentAttention attend;
};

// Where heads begin in a row of queries, keys and values, which stand as the checkpoint's rows do:
// all queries, all keys, all values; or fused, for each key/value head the queries of its group,
// then its key, then its value (InternLM2, arXiv:2403.17297).
class HeadPlaces {
 public:
  enum class Order { kApart, kFused };
  static Order OrderOf(const LayerNames& names) {
    return names.qkv.size() == 1 ? Order::kFused : Order::kApart;
  }
  HeadPlaces(const ModelConfig& config, Order order)
      : order_(order),
        dim_(config.head_dim),
        group_(config.query_heads / config.kv_heads),
        query_heads_(config.query_heads),
        kv_heads_(config.kv_heads) {}

  int64_t Query(int64_t head) const {
    return dim_ * (order_ == Order::kApart ? head : head / group_ * (group_ + 2) + head % group_);
  }
  int64_t Key(int64_t kv_head) const {
    return dim_ *
           (order_ == Order::kApart ? query_heads_ + kv_head : kv_head * (group_ + 2) + group_);
  }
  int64_t Value(int64_t kv_head) const {
    return Key(kv_head) + dim_ * (order_ == Order::kApart ? kv_heads_ : 1);
  }
  // Of queries, then keys: what is normed and rotated.
  int64_t QueryOrKey(int64_t head) const {
    return head < query_heads_ ? Query(head) : Key(head - query_heads_);
  }

 private:
  Order order_;
  int64_t dim_, group_, query_heads_, kv_heads_;
};

// A norm's weights, trained or not.
struct TrainNorm {
  const std::vector<float>* value = nullptr;
  std::vector<float>* gradient = nullptr;  // null: not trained

  static TrainNorm Of(Parameter* parameter) {
    if (parameter == nullptr) return {};
    return {&parameter->value, &parameter->gradient};
  }
  bool present() const { return value != nullptr; }
  bool trains() const { return gradient != nullptr; }
};

// What a block is made of; query and key norms may be absent. What norms point at must outlive it.
struct BlockParts {
  TrainNorm attention_norm, ffn_norm, query_norm, key_norm;
  std::unique_ptr<TrainLinear> qkv, output, gate_up, down;
  HeadPlaces::Order order = HeadPlaces::Order::kApart;
};

class TrainBlock {
 public:
  TrainBlock(BlockParts parts, int layer) : parts_(std::move(parts)), layer_(layer) {}

  bool trains() const { return AttentionTrains() || FeedForwardTrains(); }
  void Prepare(tensor::DType precision, TrainLinear::Use use, ThreadPool& pool);
  // Bytes that Forward keeps of a row.
  int64_t KeptBytesPerRow(const ModelConfig& config, tensor::DType precision) const;
  // x [rows][hidden], in place.
  void Forward(const BlockContext& context, float* x, BlockActivations& keep,
               BlockScratch& scratch);
  // dx [rows][hidden]: gradient by the block's output, turned into that by its input, or, where
  // nobody wants that, left as something else. `kept` is of the last Forward of the same rows.
  enum class InputGradient { kWanted, kNotWanted };
  void Backward(const BlockContext& context, float* dx, const BlockActivations& kept,
                BlockScratch& scratch, InputGradient wanted);

 private:
  bool AttentionTrains() const;
  bool FeedForwardTrains() const;
  ops::HeadLayout LayoutOf(const BlockContext& context) const;
  void BackwardFeedForward(const BlockContext& context, float* dx, const BlockActivations& kept,
                           BlockScratch& scratch);
  HeadPlaces Places(const BlockContext& context) const { return {context.config, parts_.order}; }
  // RMSNorm of each query and key (Qwen3), keeping what the backward pass needs of them.
  void NormHeads(const BlockContext& context, BlockActivations& keep) const;
  // `qkv_gradient` by the normed heads, turned into that by the heads as they came.
  void NormHeadsBackward(const BlockContext& context, const BlockActivations& kept,
                         float* qkv_gradient) const;
  // Rotates queries and keys of `qkv` rows by their positions; sign -1 turns back.
  void RotateRows(const BlockContext& context, float* qkv, float sign) const;
  // y += dropout(x), or its gradient, by this block's mask of `site`.
  uint32_t DropoutKey(const BlockContext& context, int site) const;
  // The gradient by a branch's output: dx, or dx under the branch's dropout mask.
  const float* BranchGradient(const BlockContext& context, int site, const float* dx,
                              BlockScratch& scratch) const;

  BlockParts parts_;
  int layer_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_TRAIN_BLOCK_H_
