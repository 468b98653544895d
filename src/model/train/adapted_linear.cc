#include "model/train/adapted_linear.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "model/adapter/merge_rows.h"
#include "ops/frozen_matmul.h"
#include "ops/kernels.h"
#include "ops/rows.h"

namespace mores::model {

using ops::Accumulate;
using ops::Kernels;
using ops::Layout;

namespace {

// Buffers that a pass of one product fills and forgets.
struct AdapterScratch {
  ops::LeftOperand rows, part, down;
  ops::RightOperand right;
  tensor::AlignedBuffer<float> input, gradient, down_gradient, scaled;
};

// One for each thread that trains; products of one model take turns.
AdapterScratch& Scratch() {
  thread_local AdapterScratch scratch;
  return scratch;
}

}  // namespace

AdaptedLinear::AdaptedLinear(std::vector<Part> parts, float dropout, uint64_t stream)
    : parts_(std::move(parts)), packed_(parts_.size()), dropout_(dropout), stream_(stream) {
  in_ = parts_.front().weight.shape[1];
  for (const Part& part : parts_) {
    MORES_CHECK(part.weight.shape[1] == in_);
    out_ += part.out();
    rank_ += part.rank();
    dora_ = dora_ || part.magnitude != nullptr;
  }
}

void AdaptedLinear::FindFactors(const Part& part, Packed& packed, ThreadPool& pool) const {
  packed.factors.resize(static_cast<size_t>(part.out()));
  packed.norms.resize(static_cast<size_t>(part.out()));
  const LowRankChange change{part.a->value.data(), part.b->value.data(), part.rank(), part.scale};
  ops::ParallelRows(pool, part.out(), [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(in_)), scratch(row.size());
    for (int64_t o = begin; o < end; ++o) {
      part.weight.Copy(o * in_, in_, row.data());
      AddChange(change, o, row, scratch);
      const auto at = static_cast<size_t>(o);
      packed.norms[at] = RowNorm(row);
      packed.factors[at] = DoraFactor(part.magnitude->value[at], packed.norms[at]);
    }
  });
}

void AdaptedLinear::Prepare(tensor::DType precision, Use use, ThreadPool& pool) {
  if (rank_ == 0) return;
  const bool training = use == Use::kTraining;
  stacked_.clear();
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    const int64_t rank = part.rank();
    if (rank == 0) continue;
    stacked_.insert(stacked_.end(), part.a->value.begin(), part.a->value.end());
    const ops::MatrixView b{part.b->value.data(), part.out(), rank, rank};
    packed_[i].up_forward.Pack(b, Layout::kTransposed, precision, pool, kTrainingSums);
    if (training) packed_[i].up_backward.Pack(b, Layout::kPlain, precision, pool, kTrainingSums);
    if (part.magnitude != nullptr) FindFactors(part, packed_[i], pool);
  }
  const ops::MatrixView a{stacked_.data(), rank_, in_, in_};
  down_forward_.Pack(a, Layout::kTransposed, precision, pool, kTrainingSums);
  if (training) down_backward_.Pack(a, Layout::kPlain, precision, pool, kTrainingSums);
}

uint32_t AdaptedLinear::DropoutKey(const LinearPass& pass) const {
  return static_cast<uint32_t>(Random(pass.dropout_seed, stream_).At(0));
}

const float* AdaptedLinear::AdapterInput(const float* x, int64_t rows, const LinearPass& pass) {
  if (pass.dropout_seed == 0 || dropout_ == 0) return x;
  float* dropped = Scratch().input.Resize(rows * in_);
  const uint32_t key = DropoutKey(pass);
  ops::ParallelRows(pass.pool, rows, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * in_;
    Kernels().dropout(x + first, dropped + first, (end - begin) * in_, dropout_, key,
                      static_cast<uint32_t>(pass.first_row * in_ + first));
  });
  return dropped;
}

void AdaptedLinear::Forward(const float* x, int64_t rows, float* y, LinearActivations& keep,
                            const LinearPass& pass) {
  AdapterScratch& s = Scratch();
  ThreadPool& pool = pass.pool;
  s.rows.Pack({x, rows, in_, in_}, Layout::kPlain, pass.precision, pool, kTrainingSums);
  if (rank_ > 0) {
    const float* input = AdapterInput(x, rows, pass);
    if (input != x)
      s.part.Pack({input, rows, in_, in_}, Layout::kPlain, pass.precision, pool, kTrainingSums);
    ops::MatMul(input == x ? s.rows : s.part, down_forward_, keep.down_rows.Resize(rows * rank_),
                rank_, Accumulate::kNo, pool);
  }
  float* products = dora_ ? keep.products.Resize(rows * out_) : nullptr;
  int64_t first = 0, rank_first = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    const int64_t rank = part.rank(), out = part.out();
    float* to = part.magnitude != nullptr ? products : y;
    ops::MatMulFrozenTransposed(s.rows, part.weight, to + first, out_, Accumulate::kNo, pool);
    if (rank > 0) {
      float* down = keep.down_rows.data() + rank_first;
      ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) Kernels().scale(down + r * rank_, rank, part.scale);
      });
      s.down.Pack({down, rows, rank, rank_}, Layout::kPlain, pass.precision, pool, kTrainingSums);
      ops::MatMul(s.down, packed_[i].up_forward, to + first, out_, Accumulate::kYes, pool);
    }
    if (part.magnitude != nullptr) {
      const float* factors = packed_[i].factors.data();
      ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
          const float* from = to + r * out_ + first;
          float* scaled = y + r * out_ + first;
          for (int64_t o = 0; o < out; ++o) scaled[o] = factors[o] * from[o];
        }
      });
    }
    ops::AddBias(part.bias.empty() ? nullptr : part.bias.data(), y + first, out_, rows, out, pool);
    first += out;
    rank_first += rank;
  }
}

const float* AdaptedLinear::MagnitudeBackward(const Part& part, const Packed& packed,
                                              const float* dy, const float* products, int64_t rows,
                                              ThreadPool& pool) const {
  const int64_t out = part.out();
  float* scaled = Scratch().scaled.Resize(rows * out);
  // d(magnitude) = sum over rows of dy * products / norm, by columns so that rows go in order.
  constexpr int64_t kColumns = 64;
  pool.ParallelFor(ops::CeilDiv(out, kColumns), [&](int64_t task) {
    const int64_t begin = task * kColumns, end = std::min(out, begin + kColumns);
    for (int64_t o = begin; o < end; ++o) {
      const auto at = static_cast<size_t>(o);
      double sum = 0;
      for (int64_t r = 0; r < rows; ++r) {
        sum += double{dy[r * out_ + o]} * double{products[r * out_ + o]};
        scaled[r * out + o] = packed.factors[at] * dy[r * out_ + o];
      }
      // A row of zeros: its factor is 0 whatever the magnitude is.
      if (packed.norms[at] == 0) continue;
      part.magnitude->gradient[at] += static_cast<float>(sum / double{packed.norms[at]});
    }
  });
  return scaled;
}

void AdaptedLinear::Backward(const float* x, const float* dy, int64_t rows, float* dx,
                             const LinearActivations& kept, const LinearPass& pass) {
  AdapterScratch& s = Scratch();
  ThreadPool& pool = pass.pool;
  float* down_gradient = s.down_gradient.Resize(rows * std::max<int64_t>(1, rank_));
  int64_t first = 0, rank_first = 0;
  Accumulate accumulate = Accumulate::kNo;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    const int64_t rank = part.rank(), out = part.out();
    const bool dora = part.magnitude != nullptr;
    const float* by_product = dora ? MagnitudeBackward(part, packed_[i], dy + first,
                                                       kept.products.data() + first, rows, pool)
                                   : dy + first;
    const int64_t row = dora ? out : out_;
    if (dx != nullptr || rank > 0) {
      s.rows.Pack({by_product, rows, out, row}, Layout::kPlain, pass.precision, pool,
                  kTrainingSums);
    }
    if (dx != nullptr) {
      ops::MatMulFrozen(s.rows, part.weight, dx, in_, accumulate, pool);
      accumulate = Accumulate::kYes;
    }
    if (rank > 0) {
      float* down = down_gradient + rank_first;
      ops::MatMul(s.rows, packed_[i].up_backward, down, rank_, Accumulate::kNo, pool);
      ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) Kernels().scale(down + r * rank_, rank, part.scale);
      });
      // down_rows has the scale in it.
      s.right.Pack({kept.down_rows.data() + rank_first, rows, rank, rank_}, Layout::kPlain,
                   pass.precision, pool, kTrainingSums);
      s.part.Pack({by_product, rows, out, row}, Layout::kTransposed, pass.precision, pool,
                  kTrainingSums);
      ops::MatMul(s.part, s.right, part.b->gradient.data(), rank, Accumulate::kYes, pool);
    }
    first += out;
    rank_first += rank;
  }
  if (rank_ == 0) return;
  const float* input = AdapterInput(x, rows, pass);
  s.right.Pack({input, rows, in_, in_}, Layout::kPlain, pass.precision, pool, kTrainingSums);
  rank_first = 0;
  for (const Part& part : parts_) {
    if (part.rank() == 0) continue;
    s.down.Pack({down_gradient + rank_first, rows, part.rank(), rank_}, Layout::kTransposed,
                pass.precision, pool, kTrainingSums);
    ops::MatMul(s.down, s.right, part.a->gradient.data(), in_, Accumulate::kYes, pool);
    rank_first += part.rank();
  }
  if (dx == nullptr) return;
  s.down.Pack({down_gradient, rows, rank_, rank_}, Layout::kPlain, pass.precision, pool,
              kTrainingSums);
  if (input == x) {
    ops::MatMul(s.down, down_backward_, dx, in_, Accumulate::kYes, pool);
    return;
  }
  float* by_input = s.gradient.Resize(rows * in_);
  ops::MatMul(s.down, down_backward_, by_input, in_, Accumulate::kNo, pool);
  const uint32_t key = DropoutKey(pass);
  ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    const int64_t at = begin * in_;
    Kernels().dropout_add(by_input + at, dx + at, (end - begin) * in_, dropout_, key,
                          static_cast<uint32_t>(pass.first_row * in_ + at));
  });
}

}  // namespace mores::model
