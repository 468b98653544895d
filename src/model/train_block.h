// One decoder block for training: forward keeps what backward needs.
#ifndef MORES_MODEL_TRAIN_BLOCK_H_
#define MORES_MODEL_TRAIN_BLOCK_H_

#include <memory>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/linear.h"
#include "model/trainable_model.h"
#include "model/weights.h"
#include "ops/attention.h"
#include "ops/rope.h"
#include "tensor/buffer.h"

namespace mores::model {

// What the blocks of one forward or backward pass share.
struct BlockContext {
  const ModelConfig& config;
  const ops::RopeTable& rope;
  const std::vector<int32_t>& offsets;  // sequences' bounds in the rows
  int64_t rows;
  TrainStepOptions options;
  ThreadPool& pool;
  LinearScratch& linear_scratch;
};

// Scratch of the backward pass, shared by all blocks.
struct BlockGradients {
  tensor::AlignedBuffer<float> dropped, wide, ffn, norm, attention, qkv;
};

// Where heads begin in a row of queries, keys and values, which stand as the checkpoint's rows do:
// all queries, all keys, all values; or fused, for each key/value head the queries of its group,
// then its key, then its value (InternLM2, arXiv:2403.17297).
class HeadPlaces {
 public:
  enum class Order { kApart, kFused };
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

class TrainBlock {
 public:
  // `find` gives the parameter of a name, or null.
  template <class Find>
  TrainBlock(const LayerNames& names, int layer, const Find& find);

  void Pack(tensor::DType precision, TrainableLinear::Use use, ThreadPool& pool);
  // x [rows][hidden], in place.
  void Forward(const BlockContext& context, float* x);
  // dx [rows][hidden]: gradient by the block's output, turned into that by its input.
  void Backward(const BlockContext& context, float* dx, BlockGradients& scratch);

 private:
  template <class Find>
  static std::vector<TrainableLinear::Part> PartsOf(const std::vector<std::string>& stems,
                                                    const Find& find) {
    std::vector<TrainableLinear::Part> parts;
    for (const std::string& stem : stems) {
      parts.push_back({find(stem + ".weight"), find(stem + ".bias")});
    }
    return parts;
  }

  void ForwardAttention(const BlockContext& context);
  void BackwardAttention(const BlockContext& context, const float* out_gradient,
                         float* qkv_gradient);
  HeadPlaces Places(const BlockContext& context) const { return {context.config, order_}; }
  // RMSNorm of each query and key (Qwen3), keeping what the backward pass needs of them.
  void NormHeads(const BlockContext& context);
  // `qkv_gradient` by the normed heads, turned into that by the heads as they came.
  void NormHeadsBackward(const BlockContext& context, float* qkv_gradient);
  // Rotates queries and keys of `qkv` rows by their positions; sign -1 turns back.
  void RotateRows(const BlockContext& context, float* qkv, float sign) const;
  // y += dropout(x), or its gradient, by this block's mask of `site`.
  uint32_t DropoutKey(const BlockContext& context, int site) const;

  int layer_;
  Parameter* attention_norm_;
  Parameter* ffn_norm_;
  Parameter* query_norm_;  // or null, like the keys'
  Parameter* key_norm_;
  HeadPlaces::Order order_;
  TrainableLinear qkv_, output_, gate_up_, down_;

  tensor::AlignedBuffer<float> x_in_, normed_in_, rstd_in_, qkv_rows_, attended_, log_sums_;
  // [rows][query_heads + kv_heads][head_dim] and [rows][query_heads + kv_heads], where normed.
  tensor::AlignedBuffer<float> heads_in_, rstd_heads_;
  tensor::AlignedBuffer<float> x_mid_, normed_mid_, rstd_mid_, gate_up_rows_, ffn_rows_, out_rows_;
};

template <class Find>
TrainBlock::TrainBlock(const LayerNames& names, int layer, const Find& find)
    : layer_(layer),
      attention_norm_(find(names.attention_norm)),
      ffn_norm_(find(names.ffn_norm)),
      query_norm_(find(names.query_norm)),
      key_norm_(find(names.key_norm)),
      order_(names.qkv.size() == 1 ? HeadPlaces::Order::kFused : HeadPlaces::Order::kApart),
      qkv_(PartsOf(names.qkv, find)),
      output_(PartsOf({names.output}, find)),
      gate_up_(PartsOf({names.gate, names.up}, find)),
      down_(PartsOf({names.down}, find)) {}

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_BLOCK_H_
