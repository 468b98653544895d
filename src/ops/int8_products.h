// Products of weights in the whole numbers that their blocks hold (tensor/block_codes.h) with rows
// rounded to 8 bits: each 32 values of a row, times float(127 / their largest magnitude), to the
// nearest whole number, ties to even; their scale is float(that magnitude / 127).
//
// Order of summation of an output element: within 32 depths exactly, in whole numbers, parts of K
// blocks included; then, 32 depths by 32, sum = fma(float(whole) * scale of the weight, scale of
// the row, sum), and for blocks with a least value sum = fma(float(whole) * -least scale, scale of
// the row, sum) behind it. It depends on nothing else, so that every processor gives the same bits,
// for any number of rows or threads. 32 values with an infinity or a NaN make NaNs; where the
// largest magnitude is under 2^-100 they are zeros.
#ifndef MORES_OPS_INT8_PRODUCTS_H_
#define MORES_OPS_INT8_PRODUCTS_H_

#include <cstdint>

#include "base/threads.h"
#include "ops/matmul.h"
#include "ops/packed_codes.h"
#include "tensor/block_codes.h"
#include "tensor/buffer.h"

namespace mores::ops::int8 {

constexpr int64_t kDepth = 32;    // of a row, that share a scale
constexpr int64_t kColumns = 16;  // of a panel of weights

// Rows [rows][depth] with a scale for each 32.
class LeftRows {
 public:
  // REQUIRES: a.columns a multiple of 32.
  void Pack(MatrixView a, ThreadPool& pool);
  int64_t rows() const { return rows_; }
  int64_t depth() const { return depth_; }

  const int8_t* values(int64_t row) const { return values_.data() + row * depth_; }
  const float* scales(int64_t row) const { return scales_.data() + row * (depth_ / kDepth); }
  // Sums of each 16 values.
  const int16_t* sums(int64_t row) const { return sums_.data() + row * (depth_ / kDepth * 2); }

 private:
  int64_t rows_ = 0, depth_ = 0;
  tensor::AlignedBuffer<int8_t> values_;
  tensor::AlignedBuffer<float> scales_;
  tensor::AlignedBuffer<int16_t> sums_;
};

// A weight [columns][depth] in panels of 16 columns, in about the bytes of its file: codes have the
// bits that they need (ops/packed_codes.h), scales are halves. Columns past the end are zeros.
class RightColumns {
 public:
  // REQUIRES: depth a multiple of the format's blocks.
  void Resize(int64_t depth, int64_t columns, const tensor::CodeFormat& format);
  // A column: depth elements in whole blocks of the format's type. Columns in any order, on any
  // thread.
  void SetColumn(int64_t column, tensor::DType dtype, const char* blocks);
  int64_t depth() const { return depth_; }
  int64_t columns() const { return columns_; }
  int64_t bytes() const;
  const tensor::CodeFormat& format() const { return format_; }

  // What a panel has for each 32 depths: codes [8][16][4] of so many bits, parts [1 or 2][16],
  // leasts [16]; and for each scale's depth scales [16] and least scales [16], halves, the latter
  // negative.
  struct Panel {
    int bits;
    const uint8_t* codes;
    const uint16_t *scales, *least_scales;
    const int8_t *parts, *leasts;
  };
  Panel panel(int64_t index) const;
  // The same with its codes as bytes, in `room` where they aren't yet.
  Panel UnpackedPanel(int64_t index, tensor::AlignedBuffer<uint8_t>& room) const;
  int64_t panels() const { return (columns_ + kColumns - 1) / kColumns; }

 private:
  int64_t scales_of_panel() const { return depth_ / format_.scale_depth * kColumns; }
  int64_t parts_of_panel() const {
    return format_.part_depth == 0 ? 0 : depth_ / format_.part_depth * kColumns;
  }
  int64_t code_bytes_of_panel() const { return depth_ / kDepth * PackedBlockBytes(bits_); }
  bool has_least() const { return format_.kind == tensor::CodeKind::kWithLeast; }

  int64_t depth_ = 0, columns_ = 0;
  tensor::CodeFormat format_{};
  int bits_ = 8;  // of a code
  tensor::AlignedBuffer<uint8_t> codes_;
  tensor::AlignedBuffer<uint16_t> scales_, least_scales_;  // halves
  tensor::AlignedBuffer<int8_t> parts_, leasts_;
};

// C [rows][columns] = A W^T, from one row of C to the next `c_row`.
void MatMul(const LeftRows& a, const RightColumns& w, float* c, int64_t c_row, ThreadPool& pool);

}  // namespace mores::ops::int8

#endif  // MORES_OPS_INT8_PRODUCTS_H_
