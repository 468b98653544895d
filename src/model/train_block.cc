#include "model/train_block.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/random.h"
#include "ops/kernels.h"
#include "ops/rows.h"

namespace mores::model {

using ops::Kernels;
using ops::ParallelRows;

namespace {

enum DropoutSite { kAttentionOutput = 0, kFfnOutput = 1 };

}  // namespace

uint32_t TrainBlock::DropoutKey(const BlockContext& context, int site) const {
  const uint64_t stream = static_cast<uint64_t>(layer_ + 1) * 4 + static_cast<uint64_t>(site);
  return static_cast<uint32_t>(Random(context.options.dropout_seed, stream).At(0));
}

void TrainBlock::Pack(tensor::DType precision, TrainableLinear::Use use, ThreadPool& pool) {
  qkv_.Pack(precision, use, pool);
  output_.Pack(precision, use, pool);
  gate_up_.Pack(precision, use, pool);
  down_.Pack(precision, use, pool);
}

void TrainBlock::NormHeads(const BlockContext& context) {
  if (query_norm_ == nullptr) return;
  const ModelConfig& c = context.config;
  const int64_t heads = c.query_heads + c.kv_heads, dim = c.head_dim, width = qkv_.out();
  const HeadPlaces places = Places(context);
  heads_in_.Resize(context.rows * heads * dim);
  rstd_heads_.Resize(context.rows * heads);
  ParallelRows(context.pool, context.rows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t head = 0; head < heads; ++head) {
        const int64_t at = row * heads + head;
        const Parameter& norm = head < c.query_heads ? *query_norm_ : *key_norm_;
        float* normed = qkv_rows_.data() + row * width + places.QueryOrKey(head);
        std::memcpy(heads_in_.data() + at * dim, normed, static_cast<size_t>(dim) * 4);
        rstd_heads_.data()[at] = Kernels().rms_norm(heads_in_.data() + at * dim, norm.value.data(),
                                                    normed, dim, c.rms_norm_epsilon);
      }
    }
  });
}

void TrainBlock::NormHeadsBackward(const BlockContext& context, float* qkv_gradient) {
  if (query_norm_ == nullptr) return;
  const ModelConfig& c = context.config;
  const int64_t heads = c.query_heads + c.kv_heads, dim = c.head_dim, width = qkv_.out();
  const HeadPlaces places = Places(context);
  const int64_t chunks = ops::CeilDiv(context.rows, ops::kRowChunk);
  // Sums of a chunk's rows: by the query norm, then by the key norm.
  std::vector<float> partial(static_cast<size_t>(chunks * 2 * dim), 0.0f);
  ParallelRows(context.pool, context.rows, [&](int64_t begin, int64_t end) {
    std::vector<float> by_input(static_cast<size_t>(dim));
    float* sums = partial.data() + begin / ops::kRowChunk * 2 * dim;
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t head = 0; head < heads; ++head) {
        const int64_t at = row * heads + head;
        const bool query = head < c.query_heads;
        float* gradient = qkv_gradient + row * width + places.QueryOrKey(head);
        std::fill(by_input.begin(), by_input.end(), 0.0f);
        Kernels().rms_norm_backward(
            heads_in_.data() + at * dim, (query ? query_norm_ : key_norm_)->value.data(), gradient,
            rstd_heads_.data()[at], by_input.data(), query ? sums : sums + dim, dim);
        std::memcpy(gradient, by_input.data(), static_cast<size_t>(dim) * 4);
      }
    }
  });
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const float* sums = partial.data() + chunk * 2 * dim;
    Kernels().add(sums, query_norm_->gradient.data(), dim);
    Kernels().add(sums + dim, key_norm_->gradient.data(), dim);
  }
}

void TrainBlock::RotateRows(const BlockContext& context, float* qkv, float sign) const {
  const ModelConfig& c = context.config;
  const HeadPlaces places = Places(context);
  const int64_t width = qkv_.out();
  context.pool.ParallelFor(static_cast<int64_t>(context.offsets.size()) - 1, [&](int64_t sequence) {
    const int64_t begin = context.offsets[static_cast<size_t>(sequence)];
    const int64_t end = context.offsets[static_cast<size_t>(sequence) + 1];
    for (int64_t row = begin; row < end; ++row) {
      const float* cos = context.rope.cos(row - begin);
      const float* sin = context.rope.sin(row - begin);
      for (int64_t head = 0; head < c.query_heads + c.kv_heads; ++head) {
        Kernels().rotate(qkv + row * width + places.QueryOrKey(head), cos, sin, c.head_dim, sign);
      }
    }
  });
}

void TrainBlock::ForwardAttention(const BlockContext& context) {
  const ModelConfig& c = context.config;
  const int64_t width = qkv_.out(), query_dim = c.query_dim(), group = c.query_heads / c.kv_heads;
  const HeadPlaces places = Places(context);
  const int64_t sequences = static_cast<int64_t>(context.offsets.size()) - 1;
  context.pool.ParallelFor(sequences * c.kv_heads, [&](int64_t task) {
    thread_local ops::AttentionScratch scratch;
    const int64_t begin = context.offsets[static_cast<size_t>(task / c.kv_heads)];
    const int64_t length = context.offsets[static_cast<size_t>(task / c.kv_heads) + 1] - begin;
    const int64_t kv_head = task % c.kv_heads;
    const float* rows = qkv_rows_.data() + begin * width;
    ops::PackKeys(rows + places.Key(kv_head), width, length, c.head_dim,
                  scratch.key_panels.Resize(ops::KeyPanelElements(length, c.head_dim)));
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      ops::Attend({.query = rows + places.Query(head),
                   .query_row = width,
                   .rows = length,
                   .first_position = 0,
                   .key_panels = scratch.key_panels.data(),
                   .values = rows + places.Value(kv_head),
                   .value_row = width,
                   .head_dim = c.head_dim,
                   .out = attended_.data() + begin * query_dim + head * c.head_dim,
                   .out_row = query_dim,
                   .log_sums = log_sums_.data() + begin * c.query_heads + head,
                   .log_sum_step = c.query_heads},
                  scratch);
    }
  });
}

void TrainBlock::Forward(const BlockContext& context, float* x) {
  const ModelConfig& c = context.config;
  const int64_t rows = context.rows, hidden = c.hidden_dim, ffn = c.ffn_dim;
  ThreadPool& pool = context.pool;
  const tensor::DType precision = context.options.precision;
  const float dropout = context.options.dropout;
  const ops::RmsNormShape norm{rows, hidden, c.rms_norm_epsilon};
  const auto add_residual = [&](const float* y, const uint32_t key, float* keep) {
    ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * hidden, count = (end - begin) * hidden;
      if (dropout > 0) {
        Kernels().dropout_add(y + first, x + first, count, dropout, key,
                              static_cast<uint32_t>(first));
      } else {
        Kernels().add(y + first, x + first, count);
      }
      if (keep != nullptr) std::memcpy(keep + first, x + first, static_cast<size_t>(count) * 4);
    });
  };

  std::memcpy(x_in_.Resize(rows * hidden), x, static_cast<size_t>(rows * hidden) * 4);
  ops::RmsNorm(norm, x, attention_norm_->value.data(), normed_in_.Resize(rows * hidden),
               rstd_in_.Resize(rows), pool);
  qkv_.Forward(normed_in_.data(), rows, qkv_rows_.Resize(rows * qkv_.out()), precision,
               context.linear_scratch, pool);
  NormHeads(context);
  RotateRows(context, qkv_rows_.data(), 1.0f);
  attended_.Resize(rows * c.query_dim());
  log_sums_.Resize(rows * c.query_heads);
  ForwardAttention(context);
  output_.Forward(attended_.data(), rows, out_rows_.Resize(rows * hidden), precision,
                  context.linear_scratch, pool);
  add_residual(out_rows_.data(), DropoutKey(context, kAttentionOutput),
               x_mid_.Resize(rows * hidden));

  ops::RmsNorm(norm, x, ffn_norm_->value.data(), normed_mid_.Resize(rows * hidden),
               rstd_mid_.Resize(rows), pool);
  gate_up_.Forward(normed_mid_.data(), rows, gate_up_rows_.Resize(rows * 2 * ffn), precision,
                   context.linear_scratch, pool);
  ffn_rows_.Resize(rows * ffn);
  ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* gate = gate_up_rows_.data() + r * 2 * ffn;
      Kernels().swiglu(gate, gate + ffn, ffn_rows_.data() + r * ffn, ffn);
    }
  });
  down_.Forward(ffn_rows_.data(), rows, out_rows_.data(), precision, context.linear_scratch, pool);
  add_residual(out_rows_.data(), DropoutKey(context, kFfnOutput), nullptr);
}

void TrainBlock::BackwardAttention(const BlockContext& context, const float* out_gradient,
                                   float* qkv_gradient) {
  const ModelConfig& c = context.config;
  const int64_t width = qkv_.out(), query_dim = c.query_dim(), group = c.query_heads / c.kv_heads;
  const HeadPlaces places = Places(context);
  const int64_t sequences = static_cast<int64_t>(context.offsets.size()) - 1;
  context.pool.ParallelFor(sequences * c.kv_heads, [&](int64_t task) {
    thread_local ops::AttentionScratch scratch;
    const int64_t begin = context.offsets[static_cast<size_t>(task / c.kv_heads)];
    const int64_t length = context.offsets[static_cast<size_t>(task / c.kv_heads) + 1] - begin;
    const int64_t kv_head = task % c.kv_heads;
    const int64_t key_at = begin * width + places.Key(kv_head);
    const int64_t value_at = begin * width + places.Value(kv_head);
    const float* key = qkv_rows_.data() + key_at;
    const float* value = qkv_rows_.data() + value_at;
    const int64_t panel_elements = ops::KeyPanelElements(length, c.head_dim);
    ops::PackKeys(key, width, length, c.head_dim, scratch.key_panels.Resize(panel_elements));
    ops::PackKeys(value, width, length, c.head_dim, scratch.value_panels.Resize(panel_elements));
    for (int64_t row = 0; row < length; ++row) {
      const size_t bytes = static_cast<size_t>(c.head_dim) * 4;
      std::memset(qkv_gradient + key_at + row * width, 0, bytes);
      std::memset(qkv_gradient + value_at + row * width, 0, bytes);
    }
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      const int64_t query_at = begin * width + places.Query(head);
      const int64_t out_at = begin * query_dim + head * c.head_dim;
      ops::AttendBackward({.positions = length,
                           .head_dim = c.head_dim,
                           .query = qkv_rows_.data() + query_at,
                           .key = key,
                           .value = value,
                           .row = width,
                           .out = attended_.data() + out_at,
                           .out_gradient = out_gradient + out_at,
                           .out_row = query_dim,
                           .log_sums = log_sums_.data() + begin * c.query_heads + head,
                           .log_sum_step = c.query_heads,
                           .query_gradient = qkv_gradient + query_at,
                           .key_gradient = qkv_gradient + key_at,
                           .value_gradient = qkv_gradient + value_at},
                          scratch);
    }
  });
}

void TrainBlock::Backward(const BlockContext& context, float* dx, BlockGradients& scratch) {
  const ModelConfig& c = context.config;
  const int64_t rows = context.rows, hidden = c.hidden_dim, ffn = c.ffn_dim;
  ThreadPool& pool = context.pool;
  const tensor::DType precision = context.options.precision;
  const float dropout = context.options.dropout;
  const ops::RmsNormShape norm{rows, hidden, c.rms_norm_epsilon};
  // The gradient by a branch's output: dx, or dx under the branch's dropout mask.
  const auto branch_gradient = [&](uint32_t key) -> const float* {
    if (dropout <= 0) return dx;
    float* out = scratch.dropped.Resize(rows * hidden);
    ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * hidden;
      Kernels().dropout(dx + first, out + first, (end - begin) * hidden, dropout, key,
                        static_cast<uint32_t>(first));
    });
    return out;
  };

  const float* dy = branch_gradient(DropoutKey(context, kFfnOutput));
  float* dffn = scratch.ffn.Resize(rows * ffn);
  down_.Backward(ffn_rows_.data(), dy, rows, dffn, precision, context.linear_scratch, pool);
  float* dgate_up = scratch.wide.Resize(rows * 2 * ffn);
  ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* gate = gate_up_rows_.data() + r * 2 * ffn;
      float* dgate = dgate_up + r * 2 * ffn;
      Kernels().swiglu_backward(gate, gate + ffn, dffn + r * ffn, dgate, dgate + ffn, ffn);
    }
  });
  float* dnorm = scratch.norm.Resize(rows * hidden);
  gate_up_.Backward(normed_mid_.data(), dgate_up, rows, dnorm, precision, context.linear_scratch,
                    pool);
  ops::RmsNormBackward(norm, x_mid_.data(), ffn_norm_->value.data(), dnorm, rstd_mid_.data(), dx,
                       ffn_norm_->gradient.data(), pool);

  dy = branch_gradient(DropoutKey(context, kAttentionOutput));
  float* dattended = scratch.attention.Resize(rows * c.query_dim());
  output_.Backward(attended_.data(), dy, rows, dattended, precision, context.linear_scratch, pool);
  float* dqkv = scratch.qkv.Resize(rows * qkv_.out());
  BackwardAttention(context, dattended, dqkv);
  RotateRows(context, dqkv, -1.0f);
  NormHeadsBackward(context, dqkv);
  qkv_.Backward(normed_in_.data(), dqkv, rows, dnorm, precision, context.linear_scratch, pool);
  ops::RmsNormBackward(norm, x_in_.data(), attention_norm_->value.data(), dnorm, rstd_in_.data(),
                       dx, attention_norm_->gradient.data(), pool);
}

}  // namespace mores::model
