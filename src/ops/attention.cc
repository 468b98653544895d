#include "ops/attention.h"

#include <algorithm>
#include <cmath>

#include "base/exact_math.h"
#include "ops/kernels.h"

namespace mores::ops {
namespace {

// Queries at a time: fewer compute less of what causality hides; more read keys fewer times.
constexpr int64_t kForwardTile = 24;

int64_t RoundUp(int64_t x) { return (x + kKeyPanel - 1) / kKeyPanel * kKeyPanel; }

// scores [rows][stride]: row products with every key panel up to `keys`.
void PanelProducts(const float* rows_data, int64_t row, int64_t rows, const float* panels,
                   int64_t keys, int64_t head_dim, float* scores, int64_t stride) {
  for (int64_t panel = 0; panel * kKeyPanel < keys; ++panel) {
    Kernels().matmul_f32({.rows = rows,
                          .columns = kKeyPanel,
                          .depth = head_dim,
                          .a = rows_data,
                          .a_row = row,
                          .a_step = 1,
                          .b = panels + panel * kKeyPanel * head_dim,
                          .b_row = kKeyPanel,
                          .c = scores + panel * kKeyPanel,
                          .c_row = stride,
                          .accumulate = Accumulate::kNo});
  }
}

void AttendTile(const AttentionForward& a, int64_t begin, int64_t end, AttentionScratch& scratch) {
  const int64_t rows = end - begin;
  // Keys before the first one's panel are beyond every row's window.
  const int64_t from = a.first_key(begin) / kKeyPanel * kKeyPanel;
  const int64_t keys = a.end_key(end - 1) - from;
  const int64_t stride = RoundUp(keys);
  float* scores = scratch.scores.Resize(rows * stride);
  PanelProducts(a.query + begin * a.query_row, a.query_row, rows, a.key_panels + from * a.head_dim,
                keys, a.head_dim, scores, stride);
  const float scale = 1.0f / std::sqrt(static_cast<float>(a.head_dim));
  float sums[kForwardTile];
  for (int64_t r = 0; r < rows; ++r) {
    float* row = scores + r * stride;
    const int64_t first = a.first_key(begin + r) - from;
    const int64_t valid = a.end_key(begin + r) - from - first;
    float max = 0;
    std::fill(row, row + first, 0.0f);
    sums[r] = Kernels().softmax_numerators(row + first, valid, stride - first, scale, &max);
    if (a.log_sums != nullptr)
      a.log_sums[(begin + r) * a.log_sum_step] =
          max + static_cast<float>(ExactLog(double{sums[r]}));
  }
  float* out = a.out + begin * a.out_row;
  Kernels().matmul_f32({.rows = rows,
                        .columns = a.head_dim,
                        .depth = keys,
                        .a = scores,
                        .a_row = stride,
                        .a_step = 1,
                        .b = a.values + from * a.value_row,
                        .b_row = a.value_row,
                        .c = out,
                        .c_row = a.out_row,
                        .accumulate = Accumulate::kNo});
  for (int64_t r = 0; r < rows; ++r) {
    Kernels().scale(out + r * a.out_row, a.head_dim, 1.0f / sums[r]);
  }
}

}  // namespace

void StoreKeys(const float* keys, int64_t row, int64_t first, int64_t count, int64_t head_dim,
               float* panels) {
  for (int64_t done = 0; done < count;) {
    const int64_t position = first + done;
    const int64_t lane = position % kKeyPanel;
    const int64_t lanes = std::min(kKeyPanel - lane, count - done);
    Kernels().transpose(keys + done * row, row, lanes, head_dim,
                        panels + (position - lane) * head_dim + lane, kKeyPanel);
    done += lanes;
  }
}

void CopyKeys(const float* from, int64_t count, int64_t head_dim, float* to) {
  const int64_t lanes = count % kKeyPanel;
  const int64_t whole = (count - lanes) * head_dim;
  std::copy(from, from + whole, to);
  if (lanes == 0) return;
  for (int64_t i = 0; i < head_dim; ++i) {
    const int64_t row = whole + i * kKeyPanel;
    std::copy(from + row, from + row + lanes, to + row);
  }
}

void ClearKeysAfter(int64_t positions, int64_t head_dim, float* panels) {
  const int64_t lane = positions % kKeyPanel;
  if (lane == 0) return;
  float* to = panels + (positions - lane) * head_dim;
  for (int64_t i = 0; i < head_dim; ++i) {
    std::fill(to + i * kKeyPanel + lane, to + (i + 1) * kKeyPanel, 0.0f);
  }
}

void PackKeys(const float* keys, int64_t row, int64_t positions, int64_t head_dim, float* panels) {
  StoreKeys(keys, row, 0, positions, head_dim, panels);
  ClearKeysAfter(positions, head_dim, panels);
}

void Attend(const AttentionForward& args, AttentionScratch& scratch) {
  for (int64_t begin = 0; begin < args.rows; begin += kForwardTile) {
    AttendTile(args, begin, std::min(args.rows, begin + kForwardTile), scratch);
  }
}

}  // namespace mores::ops
