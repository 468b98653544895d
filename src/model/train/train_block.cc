#include "model/train/train_block.h"

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

float* GradientOrNull(const TrainNorm& norm) {
  return norm.trains() ? norm.gradient->data() : nullptr;
}

}  // namespace

uint32_t TrainBlock::DropoutKey(const BlockContext& context, int site) const {
  const uint64_t stream = static_cast<uint64_t>(layer_ + 1) * 4 + static_cast<uint64_t>(site);
  return static_cast<uint32_t>(Random(context.options.dropout_seed, stream).At(0));
}

SegmentPlaces::SegmentPlaces(const TrainBatch& batch) : layout_{batch.offsets, batch.parents} {
  for (int64_t i = 0; i < batch.segments(); ++i) {
    const int32_t parent = batch.parent(i);
    const auto at = static_cast<size_t>(i);
    const Segment segment{
        .begin = batch.offsets[at],
        .rows = batch.offsets[at + 1] - batch.offsets[at],
        .first_position = parent < 0 ? 0 : segments_[static_cast<size_t>(parent)].positions()};
    longest_ = std::max(longest_, segment.positions());
    segments_.push_back(segment);
  }
}

bool TrainBlock::AttentionTrains() const {
  return parts_.attention_norm.trains() || parts_.query_norm.trains() || parts_.key_norm.trains() ||
         parts_.qkv->trains() || parts_.output->trains();
}

bool TrainBlock::FeedForwardTrains() const {
  return parts_.ffn_norm.trains() || parts_.gate_up->trains() || parts_.down->trains();
}

void TrainBlock::Prepare(tensor::DType precision, TrainLinear::Use use, ThreadPool& pool) {
  for (TrainLinear* linear :
       {parts_.qkv.get(), parts_.output.get(), parts_.gate_up.get(), parts_.down.get()}) {
    linear->Prepare(precision, use, pool);
  }
}

int64_t TrainBlock::KeptBytesPerRow(const ModelConfig& c, tensor::DType precision) const {
  const bool heads_normed = parts_.query_norm.present();
  int64_t floats = 2 * (c.hidden_dim + 1) + parts_.qkv->out() + c.query_dim() + c.query_heads +
                   (heads_normed ? (c.query_heads + c.kv_heads) * (c.head_dim + 1) : 0);
  for (const TrainLinear* linear :
       {parts_.qkv.get(), parts_.output.get(), parts_.gate_up.get(), parts_.down.get()}) {
    floats += linear->KeptPerRow();
  }
  return floats * static_cast<int64_t>(sizeof(float)) +
         parts_.gate_up->out() * KeptRows::BytesOf(precision);
}

void TrainBlock::NormHeads(const BlockContext& context, BlockActivations& keep) const {
  if (!parts_.query_norm.present()) return;
  const ModelConfig& c = context.config;
  const int64_t heads = c.query_heads + c.kv_heads, dim = c.head_dim, width = parts_.qkv->out();
  const HeadPlaces places = Places(context);
  keep.heads_in.Resize(context.rows * heads * dim);
  keep.rstd_heads.Resize(context.rows * heads);
  ParallelRows(context.pool, context.rows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t head = 0; head < heads; ++head) {
        const int64_t at = row * heads + head;
        const TrainNorm& norm = head < c.query_heads ? parts_.query_norm : parts_.key_norm;
        float* normed = keep.qkv.data() + row * width + places.QueryOrKey(head);
        float* came = keep.heads_in.data() + at * dim;
        std::memcpy(came, normed, static_cast<size_t>(dim) * 4);
        keep.rstd_heads[at] =
            Kernels().rms_norm(came, norm.value->data(), normed, dim, c.layer(layer_).norm.epsilon);
      }
    }
  });
}

void TrainBlock::NormHeadsBackward(const BlockContext& context, const BlockActivations& kept,
                                   float* qkv_gradient) const {
  if (!parts_.query_norm.present()) return;
  const ModelConfig& c = context.config;
  const int64_t heads = c.query_heads + c.kv_heads, dim = c.head_dim, width = parts_.qkv->out();
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
        Kernels().rms_norm_backward(kept.heads_in.data() + at * dim,
                                    (query ? parts_.query_norm : parts_.key_norm).value->data(),
                                    gradient, kept.rstd_heads[at], by_input.data(),
                                    query ? sums : sums + dim, dim);
        std::memcpy(gradient, by_input.data(), static_cast<size_t>(dim) * 4);
      }
    }
  });
  if (!parts_.query_norm.trains()) return;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const float* sums = partial.data() + chunk * 2 * dim;
    Kernels().add(sums, parts_.query_norm.gradient->data(), dim);
    Kernels().add(sums + dim, parts_.key_norm.gradient->data(), dim);
  }
}

void TrainBlock::RotateRows(const BlockContext& context, float* qkv, float sign) const {
  const ModelConfig& c = context.config;
  const HeadPlaces places = Places(context);
  const int64_t width = parts_.qkv->out();
  const auto& segments = context.places.segments();
  context.pool.ParallelFor(static_cast<int64_t>(segments.size()), [&](int64_t i) {
    const SegmentPlaces::Segment& segment = segments[static_cast<size_t>(i)];
    for (int64_t row = 0; row < segment.rows; ++row) {
      const float* cos = context.rope.cos(segment.first_position + row);
      const float* sin = context.rope.sin(segment.first_position + row);
      float* heads = qkv + (segment.begin + row) * width;
      for (int64_t head = 0; head < c.query_heads + c.kv_heads; ++head) {
        Kernels().rotate(heads + places.QueryOrKey(head), cos, sin, c.head_dim, sign);
      }
    }
  });
}

ops::HeadLayout TrainBlock::LayoutOf(const BlockContext& context) const {
  const HeadPlaces places = Places(context);
  ops::HeadLayout layout{.head_dim = context.config.head_dim, .width = parts_.qkv->out()};
  for (int64_t head = 0; head < context.config.query_heads; ++head) {
    layout.queries.push_back(places.Query(head));
  }
  for (int64_t head = 0; head < context.config.kv_heads; ++head) {
    layout.keys.push_back(places.Key(head));
    layout.values.push_back(places.Value(head));
  }
  return layout;
}

void TrainBlock::Forward(const BlockContext& context, float* x, BlockActivations& keep,
                         BlockScratch& scratch) {
  const ModelConfig& c = context.config;
  const int64_t rows = context.rows, hidden = c.hidden_dim, ffn = c.ffn_dim;
  ThreadPool& pool = context.pool;
  const float dropout = context.options.dropout;
  const ops::RmsNormShape norm{rows, hidden, c.layer(layer_).norm.epsilon};
  const auto add_residual = [&](const float* y, const uint32_t key) {
    ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * hidden, count = (end - begin) * hidden;
      if (dropout > 0) {
        Kernels().dropout_add(y + first, x + first, count, dropout, key,
                              static_cast<uint32_t>(first));
      } else {
        Kernels().add(y + first, x + first, count);
      }
    });
  };

  std::memcpy(keep.x_in.Resize(rows * hidden), x, static_cast<size_t>(rows * hidden) * 4);
  float* normed = scratch.normed.Resize(rows * hidden);
  float* branch = scratch.branch.Resize(rows * hidden);
  ops::RmsNorm(norm, x, parts_.attention_norm.value->data(), normed, keep.rstd_in.Resize(rows),
               pool);
  parts_.qkv->Forward(normed, rows, keep.qkv.Resize(rows * parts_.qkv->out()), keep.of_qkv,
                      context.Linear());
  NormHeads(context, keep);
  RotateRows(context, keep.qkv.data(), 1.0f);
  const ops::HeadLayout heads = LayoutOf(context);
  scratch.attend.Forward({.heads = heads,
                          .segments = context.places.layout(),
                          .numbers = {context.options.precision, kTrainingSums},
                          .rows = keep.qkv.data(),
                          .out = keep.attended.Resize(rows * c.query_dim()),
                          .log_sums = keep.log_sums.Resize(rows * c.query_heads)},
                         pool);
  parts_.output->Forward(keep.attended.data(), rows, branch, keep.of_output, context.Linear());
  add_residual(branch, DropoutKey(context, kAttentionOutput));

  std::memcpy(keep.x_mid.Resize(rows * hidden), x, static_cast<size_t>(rows * hidden) * 4);
  ops::RmsNorm(norm, x, parts_.ffn_norm.value->data(), normed, keep.rstd_mid.Resize(rows), pool);
  float* gate_up = scratch.wide.Resize(rows * 2 * ffn);
  parts_.gate_up->Forward(normed, rows, gate_up, keep.of_gate_up, context.Linear());
  keep.gate_up.Resize(rows, 2 * ffn, context.options.precision);
  float* units = scratch.ffn.Resize(rows * ffn);
  ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* gate = gate_up + r * 2 * ffn;
      Kernels().swiglu(gate, gate + ffn, units + r * ffn, ffn);
      keep.gate_up.Put(r, gate);
    }
  });
  parts_.down->Forward(units, rows, branch, keep.of_down, context.Linear());
  add_residual(branch, DropoutKey(context, kFfnOutput));
}

const float* TrainBlock::BranchGradient(const BlockContext& context, int site, const float* dx,
                                        BlockScratch& scratch) const {
  const float dropout = context.options.dropout;
  if (dropout <= 0) return dx;
  const int64_t hidden = context.config.hidden_dim;
  const uint32_t key = DropoutKey(context, site);
  float* out = scratch.dropped.Resize(context.rows * hidden);
  ParallelRows(context.pool, context.rows, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * hidden;
    Kernels().dropout(dx + first, out + first, (end - begin) * hidden, dropout, key,
                      static_cast<uint32_t>(first));
  });
  return out;
}

void TrainBlock::BackwardFeedForward(const BlockContext& context, float* dx,
                                     const BlockActivations& kept, BlockScratch& scratch) {
  const ModelConfig& c = context.config;
  const int64_t rows = context.rows, hidden = c.hidden_dim, ffn = c.ffn_dim;
  ThreadPool& pool = context.pool;
  const ops::RmsNormShape norm{rows, hidden, c.layer(layer_).norm.epsilon};
  const float* dy = BranchGradient(context, kFfnOutput, dx, scratch);
  // What the forward pass had on its way, again.
  float* units = scratch.ffn.Resize(rows * ffn);
  float* dgate_up = scratch.wide.Resize(rows * 2 * ffn);
  ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    std::vector<float> decoded(static_cast<size_t>(2 * ffn));
    for (int64_t r = begin; r < end; ++r) {
      const float* gate = kept.gate_up.Row(r, decoded.data());
      Kernels().swiglu(gate, gate + ffn, units + r * ffn, ffn);
    }
  });
  float* dunits = scratch.hidden_units.Resize(rows * ffn);
  parts_.down->Backward(units, dy, rows, dunits, kept.of_down, context.Linear());
  ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    std::vector<float> decoded(static_cast<size_t>(2 * ffn));
    for (int64_t r = begin; r < end; ++r) {
      const float* gate = kept.gate_up.Row(r, decoded.data());
      float* dgate = dgate_up + r * 2 * ffn;
      Kernels().swiglu_backward(gate, gate + ffn, dunits + r * ffn, dgate, dgate + ffn, ffn);
    }
  });
  float* normed = scratch.normed.Resize(rows * hidden);
  ops::RmsNorm(norm, kept.x_mid.data(), parts_.ffn_norm.value->data(), normed, nullptr, pool);
  float* dnorm = scratch.norm.Resize(rows * hidden);
  parts_.gate_up->Backward(normed, dgate_up, rows, dnorm, kept.of_gate_up, context.Linear());
  ops::RmsNormBackward(norm, kept.x_mid.data(), parts_.ffn_norm.value->data(), dnorm,
                       kept.rstd_mid.data(), dx, GradientOrNull(parts_.ffn_norm), pool);
}

void TrainBlock::Backward(const BlockContext& context, float* dx, const BlockActivations& kept,
                          BlockScratch& scratch, InputGradient wanted) {
  const ModelConfig& c = context.config;
  const int64_t rows = context.rows, hidden = c.hidden_dim;
  ThreadPool& pool = context.pool;
  const ops::RmsNormShape norm{rows, hidden, c.layer(layer_).norm.epsilon};
  const bool wants_input = wanted == InputGradient::kWanted;
  BackwardFeedForward(context, dx, kept, scratch);
  if (!wants_input && !AttentionTrains()) return;

  const float* dy = BranchGradient(context, kAttentionOutput, dx, scratch);
  const bool below_output = wants_input || parts_.attention_norm.trains() ||
                            parts_.query_norm.trains() || parts_.qkv->trains();
  float* dattended = below_output ? scratch.attention.Resize(rows * c.query_dim()) : nullptr;
  parts_.output->Backward(kept.attended.data(), dy, rows, dattended, kept.of_output,
                          context.Linear());
  if (!below_output) return;
  float* dqkv = scratch.qkv.Resize(rows * parts_.qkv->out());
  const ops::HeadLayout heads = LayoutOf(context);
  scratch.attend.Backward({.heads = heads,
                           .segments = context.places.layout(),
                           .numbers = {context.options.precision, kTrainingSums},
                           .rows = kept.qkv.data(),
                           .out = kept.attended.data(),
                           .log_sums = kept.log_sums.data()},
                          {.out = dattended, .rows = dqkv}, pool);
  RotateRows(context, dqkv, -1.0f);
  NormHeadsBackward(context, kept, dqkv);
  const bool below_qkv = wants_input || parts_.attention_norm.trains();
  float* normed = scratch.normed.Resize(rows * hidden);
  ops::RmsNorm(norm, kept.x_in.data(), parts_.attention_norm.value->data(), normed, nullptr, pool);
  float* dnorm = below_qkv ? scratch.norm.Resize(rows * hidden) : nullptr;
  parts_.qkv->Backward(normed, dqkv, rows, dnorm, kept.of_qkv, context.Linear());
  if (!below_qkv) return;
  ops::RmsNormBackward(norm, kept.x_in.data(), parts_.attention_norm.value->data(), dnorm,
                       kept.rstd_in.data(), dx, GradientOrNull(parts_.attention_norm), pool);
}

}  // namespace mores::model
