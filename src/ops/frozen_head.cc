#include "ops/frozen_head.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/exact_math.h"
#include "ops/frozen_matmul.h"
#include "ops/kernels.h"
#include "ops/rows.h"
#include "ops/tiles.h"

namespace mores::ops {
namespace {

// Rows and tokens at a time: their logits, 16 MB, and what they are packed into.
constexpr int64_t kHeadRows = 512, kHeadTokens = 8192;

// Rows [first, first + count) of a matrix.
tensor::TensorView RowsOf(const tensor::TensorView& w, int64_t first, int64_t count) {
  const int64_t columns = w.shape[1];
  const auto bytes = [&](int64_t rows) {
    return static_cast<size_t>(tensor::BytesOf(w.dtype, rows * columns));
  };
  return {w.dtype, {count, columns}, w.bytes.substr(bytes(first), bytes(count))};
}

}  // namespace

void FrozenHead::TakeLogits(const HeadInput& input, int64_t row, int64_t token, int64_t count,
                            float* logits) {
  RowSums& sums = sums_[static_cast<size_t>(row)];
  const size_t end = static_cast<size_t>(first_target_[static_cast<size_t>(row) + 1]);
  const size_t begin = static_cast<size_t>(first_target_[static_cast<size_t>(row)]);
  for (size_t i = begin; i < end; ++i) {
    const int64_t at = input.targets[i].token - token;
    if (at >= 0 && at < count) target_logits_[i] = logits[at];
  }
  const float largest = Kernels().largest(logits, count);
  if (token == 0) {
    sums = {.largest = largest, .ones = 0, .squares = 0, .weighted = 0, .values = 0};
  } else if (largest > sums.largest) {
    const double shift = double{sums.largest} - double{largest};
    const float factor = static_cast<float>(ExactExp(shift));
    sums.weighted = factor * (sums.weighted + shift * sums.ones);
    sums.ones *= factor;
    sums.squares *= double{factor} * factor;
    sums.values += shift * static_cast<double>(token);
    sums.largest = largest;
    if (input.gradients == HeadInput::Gradients::kYes) {
      const int64_t dim = input.weight.shape[1];
      Kernels().scale(weighted_.data() + row * dim, dim, factor);
    }
  }
  double parts[4];
  Kernels().exponentials(logits, count, sums.largest, parts);
  sums.ones += parts[0];
  sums.squares += parts[1];
  sums.weighted += parts[2];
  sums.values += parts[3];
  // Targets are weighed exactly, by Gradient: of a probability near one its distance to one counts.
  for (size_t i = begin; i < end; ++i) {
    const int64_t at = input.targets[i].token - token;
    if (at >= 0 && at < count) logits[at] = 0;
  }
}

void FrozenHead::RunRows(const HeadInput& input, int64_t first, int64_t count, ThreadPool& pool) {
  const int64_t vocabulary = input.weight.shape[0], dim = input.weight.shape[1];
  const int64_t stride = UnalignedRow(std::min(kHeadTokens, vocabulary));
  float* logits = logits_.Resize(count * stride);
  hidden_.Pack({input.hidden + first * dim, count, dim, dim}, Layout::kPlain, input.precision, pool,
               input.sums);
  for (int64_t token = 0; token < vocabulary; token += kHeadTokens) {
    const int64_t tokens = std::min(kHeadTokens, vocabulary - token);
    const tensor::TensorView weight = RowsOf(input.weight, token, tokens);
    MatMulFrozenTransposed(hidden_, weight, logits, stride, Accumulate::kNo, pool);
    pool.ParallelFor(count, [&](int64_t row) {
      TakeLogits(input, first + row, token, tokens, logits + row * stride);
    });
    if (input.gradients == HeadInput::Gradients::kNo) continue;
    exponentials_.Pack({logits, count, tokens, stride}, Layout::kPlain, input.precision, pool,
                       input.sums);
    MatMulFrozen(exponentials_, weight, weighted_.data() + first * dim, dim,
                 token == 0 ? Accumulate::kNo : Accumulate::kYes, pool);
  }
}

HeadFigures FrozenHead::Run(const HeadInput& input, ThreadPool& pool) {
  const int64_t vocabulary = input.weight.shape[0], dim = input.weight.shape[1];
  const size_t rows = static_cast<size_t>(input.rows), count = input.targets.size();
  first_target_.assign(rows + 1, 0);
  for (size_t i = 0; i < count; ++i) {
    const HeadTarget& target = input.targets[i];
    MORES_CHECK(target.row >= 0 && target.row < input.rows);
    MORES_CHECK(target.token >= 0 && target.token < vocabulary);
    MORES_CHECK(i == 0 || target.row >= input.targets[i - 1].row);
    ++first_target_[static_cast<size_t>(target.row) + 1];
  }
  for (size_t row = 0; row < rows; ++row) first_target_[row + 1] += first_target_[row];
  sums_.resize(rows);
  target_logits_.resize(count);
  if (input.gradients == HeadInput::Gradients::kYes) weighted_.Resize(input.rows * dim);
  for (int64_t first = 0; first < input.rows; first += kHeadRows) {
    RunRows(input, first, std::min(kHeadRows, input.rows - first), pool);
  }

  HeadFigures figures;
  for (size_t i = 0; i < count; ++i) {
    const RowSums& sums = sums_[static_cast<size_t>(input.targets[i].row)];
    const double log_ones = ExactLog(sums.ones);
    const double below = double{sums.largest} - double{target_logits_[i]};
    figures.nll.push_back(static_cast<float>(log_ones + below));
    figures.entropy.push_back(static_cast<float>(log_ones - sums.weighted / sums.ones));
    figures.log_square_sum.push_back(static_cast<float>(ExactLog(sums.squares) - 2 * log_ones));
    figures.mean_logit.push_back(
        static_cast<float>(sums.largest + sums.values / static_cast<double>(vocabulary)));
    figures.likeliest.push_back(target_logits_[i] >= sums.largest ? 1 : 0);
  }
  return figures;
}

void FrozenHead::Gradient(const HeadInput& input, std::span<const float> weights, float* dhidden,
                          ThreadPool& pool) {
  MORES_CHECK(input.gradients == HeadInput::Gradients::kYes);
  MORES_CHECK(weights.size() == input.targets.size());
  const int64_t dim = input.weight.shape[1];
  const bool whole_numbers = PackingOf(input.precision, input.sums) == Packing::kInt16;
  pool.ParallelFor(input.rows, [&](int64_t row) {
    thread_local std::vector<float> target_row;
    target_row.resize(static_cast<size_t>(dim));
    const RowSums& sums = sums_[static_cast<size_t>(row)];
    const size_t begin = static_cast<size_t>(first_target_[static_cast<size_t>(row)]);
    const size_t end = static_cast<size_t>(first_target_[static_cast<size_t>(row) + 1]);
    double weight = 0;
    for (size_t i = begin; i < end; ++i) weight += double{weights[i]};
    float* out = dhidden + row * dim;
    std::copy_n(weighted_.data() + row * dim, dim, out);
    Kernels().scale(out, dim, static_cast<float>(weight / sums.ones));
    for (size_t i = begin; i < end; ++i) {
      const int32_t token = input.targets[i].token;
      const auto same = [&](size_t j) { return input.targets[j].token == token; };
      bool seen = false;
      for (size_t j = begin; j < i; ++j) seen = seen || same(j);
      if (seen) continue;
      // The gradient by its logit, over all predictions of the row.
      const double below = double{target_logits_[i]} - double{sums.largest};
      double slope = weight * (ExactExp(below) / sums.ones);
      for (size_t j = i; j < end; ++j) slope -= same(j) ? double{weights[j]} : 0.0;
      input.weight.Copy(token * dim, dim, target_row.data());
      // As its logit was computed; whole numbers of 16 bits are nearer to the weight as it is.
      if (input.precision == DType::kBf16 && !whole_numbers) {
        Kernels().round_to_bf16(target_row.data(), target_row.data(), dim);
      }
      Kernels().scale(target_row.data(), dim, static_cast<float>(slope));
      Kernels().add(target_row.data(), out, dim);
    }
  });
}

}  // namespace mores::ops
