#include <algorithm>
#include <cmath>

#include "ops/attention.h"
#include "ops/kernels.h"
#include "ops/rows.h"
#include "ops/segment_parts.h"

namespace mores::ops {
namespace {

// Queries and keys at a time in the backward pass: scores that stay in the cache.
constexpr int64_t kPanelQueries = 48, kPanelKeys = 256;
constexpr int64_t kPanelStride = kPanelKeys + 16;  // an odd number of cache lines

struct PanelScratch {
  tensor::AlignedBuffer<float> scores, slopes;
};

// scores [rows][keys]: products of rows with packed columns, whole panels of them.
void ScorePanels(const float* rows, int64_t row, int64_t count, const float* panels, int64_t keys,
                 int64_t head_dim, float* scores) {
  for (int64_t key = 0; key < keys; key += kKeyPanel) {
    Kernels().matmul_f32({.rows = count,
                          .columns = kKeyPanel,
                          .depth = head_dim,
                          .a = rows,
                          .a_row = row,
                          .a_step = 1,
                          .b = panels + key * head_dim,
                          .b_row = kKeyPanel,
                          .c = scores + key,
                          .c_row = kPanelStride,
                          .accumulate = Accumulate::kNo});
  }
}

// y[j] += sum over rows of weights[row][j] * x[row], for j < keys.
void AddTurned(const float* weights, int64_t rows, int64_t keys, const float* x, int64_t x_row,
               int64_t head_dim, float* y) {
  Kernels().matmul_f32({.rows = keys,
                        .columns = head_dim,
                        .depth = rows,
                        .a = weights,
                        .a_row = 1,
                        .a_step = kPanelStride,
                        .b = x,
                        .b_row = x_row,
                        .c = y,
                        .c_row = head_dim,
                        .accumulate = Accumulate::kYes});
}

void BackwardPanelRows(const QueryPart& part, const QueryGradients& gradients, int64_t begin,
                       int64_t end, PanelScratch& scratch) {
  const int64_t rows = end - begin, dim = part.head_dim;
  const float* query = part.query + begin * part.row;
  const float* dout = gradients.out_gradient + begin * part.out_row;
  float* p = scratch.scores.Resize(kPanelQueries * kPanelStride);
  float* ds = scratch.slopes.Resize(kPanelQueries * kPanelStride);
  float deltas[kPanelQueries];
  for (int64_t r = 0; r < rows; ++r) {
    deltas[r] =
        Kernels().dot(dout + r * part.out_row, gradients.out + (begin + r) * part.out_row, dim);
  }
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
  const int64_t seen = part.first_position + end;
  for (int64_t key = 0; key < seen; key += kPanelKeys) {
    const int64_t keys = std::min(kPanelKeys, seen - key);
    const int64_t padded = CeilDiv(keys, kKeyPanel) * kKeyPanel;
    ScorePanels(query, part.row, rows, part.operands.key_panels + key * dim, padded, dim, p);
    ScorePanels(dout, part.out_row, rows, part.operands.value_panels + key * dim, padded, dim, ds);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t valid =
          std::clamp<int64_t>(part.first_position + begin + r + 1 - key, 0, padded);
      Kernels().softmax_from_log_sum(p + r * kPanelStride, valid, padded, scale,
                                     gradients.log_sums[(begin + r) * part.log_sum_step]);
      Kernels().softmax_backward(p + r * kPanelStride, ds + r * kPanelStride, padded, deltas[r],
                                 scale);
    }
    AddTurned(p, rows, keys, dout, part.out_row, dim, gradients.values + key * dim);
    AddTurned(ds, rows, keys, query, part.row, dim, gradients.keys + key * dim);
    Kernels().matmul_f32({.rows = rows,
                          .columns = dim,
                          .depth = keys,
                          .a = ds,
                          .a_row = kPanelStride,
                          .a_step = 1,
                          .b = part.operands.keys + key * dim,
                          .b_row = dim,
                          .c = gradients.query + begin * part.row,
                          .c_row = part.row,
                          .accumulate = key == 0 ? Accumulate::kNo : Accumulate::kYes});
  }
}

}  // namespace

void AttendPanels(const QueryPart& part, const QueryResults& results) {
  thread_local AttentionScratch scratch;
  Attend({.query = part.query,
          .query_row = part.row,
          .rows = part.queries,
          .first_position = part.first_position,
          .key_panels = part.operands.key_panels,
          .values = part.operands.values,
          .value_row = part.head_dim,
          .head_dim = part.head_dim,
          .out = results.out,
          .out_row = part.out_row,
          .log_sums = results.log_sums,
          .log_sum_step = part.log_sum_step},
         scratch);
}

void AttendPanelsBackward(const QueryPart& part, const QueryGradients& gradients) {
  thread_local PanelScratch scratch;
  for (int64_t begin = 0; begin < part.queries; begin += kPanelQueries) {
    BackwardPanelRows(part, gradients, begin, std::min(part.queries, begin + kPanelQueries),
                      scratch);
  }
}

}  // namespace mores::ops
