#include "ops/kernels.h"

#include <cmath>

#include "base/cpu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/kernels.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mores::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr D d;
constexpr int64_t kLanes = hn::MaxLanes(d);
constexpr int64_t kMaxRows = kLanes == 16 ? 12 : 6;

// ---- Products -----------------------------------------------------------------------------------

HWY_INLINE V LoadB(const float* p) { return hn::LoadU(d, p); }
HWY_INLINE V LoadB(const tensor::BFloat16* p) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> du;
  const auto half = hn::LoadU(d16, reinterpret_cast<const uint16_t*>(p));
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, half)));
}

// `kRows` rows by `kVectors` whole vectors of columns.
template <int kRows, int kVectors, class T>
HWY_INLINE void WholeTile(const MatMulBlock<T>& g, int64_t row, int64_t column) {
  V acc[kRows][kVectors];
  float* c = g.c + row * g.c_row + column;
  const float* a = g.a + row * g.a_row;
  const T* b = g.b + column;
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      acc[r][v] = g.accumulate == Accumulate::kYes ? hn::LoadU(d, c + r * g.c_row + v * kLanes)
                                                   : hn::Zero(d);
    }
  }
  for (int64_t k = 0; k < g.depth; ++k) {
    V bv[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) bv[v] = LoadB(b + k * g.b_row + v * kLanes);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      const V av = hn::Set(d, a[r * g.a_row + k * g.a_step]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) acc[r][v] = hn::MulAdd(av, bv[v], acc[r][v]);
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(acc[r][v], d, c + r * g.c_row + v * kLanes);
    }
  }
}

HWY_INLINE V LoadColumns(const float* p, int64_t count) {
  return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, p);
}
HWY_INLINE V LoadColumns(const tensor::BFloat16* p, int64_t) { return LoadB(p); }

// One row by fewer columns than a vector holds: the same chain, masked.
template <class T>
HWY_INLINE void PartTile(const MatMulBlock<T>& g, int64_t row, int64_t column, int64_t count) {
  const auto mask = hn::FirstN(d, static_cast<size_t>(count));
  float* c = g.c + row * g.c_row + column;
  const float* a = g.a + row * g.a_row;
  V acc = g.accumulate == Accumulate::kYes ? hn::MaskedLoad(mask, d, c) : hn::Zero(d);
  for (int64_t k = 0; k < g.depth; ++k) {
    acc = hn::MulAdd(hn::Set(d, a[k * g.a_step]), LoadColumns(g.b + k * g.b_row + column, count),
                     acc);
  }
  hn::BlendedStore(acc, mask, d, c);
}

template <int kVectors, class T>
HWY_INLINE void ColumnStrip(const MatMulBlock<T>& g, int64_t column) {
  int64_t row = 0;
  for (; row + kMaxRows <= g.rows; row += kMaxRows) WholeTile<kMaxRows, kVectors>(g, row, column);
  for (; row + 4 <= g.rows; row += 4) WholeTile<4, kVectors>(g, row, column);
  for (; row + 2 <= g.rows; row += 2) WholeTile<2, kVectors>(g, row, column);
  for (; row < g.rows; ++row) WholeTile<1, kVectors>(g, row, column);
}

template <class T>
void MatMulImpl(const MatMulBlock<T>& g) {
  int64_t column = 0;
  for (; column + 2 * kLanes <= g.columns; column += 2 * kLanes) ColumnStrip<2>(g, column);
  for (; column + kLanes <= g.columns; column += kLanes) ColumnStrip<1>(g, column);
  if (column == g.columns) return;
  for (int64_t row = 0; row < g.rows; ++row) PartTile(g, row, column, g.columns - column);
}

// ---- Rows ---------------------------------------------------------------------------------------
// Loops over a row by vectors; the tail is loaded masked (zeros) and stored blended, so the chain
// of an element does not depend on where the row lies in memory.

template <class F>
HWY_INLINE void ForEachVector(int64_t count, const F& f) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) f(i, kLanes);
  if (i < count) f(i, count - i);
}

HWY_INLINE V Load(const float* p, int64_t n) {
  return n == kLanes ? hn::LoadU(d, p) : LoadColumns(p, n);
}
HWY_INLINE void Store(V v, float* p, int64_t n) {
  if (n == kLanes) {
    hn::StoreU(v, d, p);
  } else {
    hn::BlendedStore(v, hn::FirstN(d, static_cast<size_t>(n)), d, p);
  }
}
HWY_INLINE float Sum(V v) { return hn::GetLane(hn::SumOfLanes(d, v)); }

float RmsNorm(const float* x, const float* w, float* y, int64_t dim, float epsilon) {
  V squares = hn::Zero(d);
  ForEachVector(dim, [&](int64_t i, int64_t n) {
    const V v = Load(x + i, n);
    squares = hn::MulAdd(v, v, squares);
  });
  const float rstd = 1.0f / std::sqrt(Sum(squares) / static_cast<float>(dim) + epsilon);
  const V scale = hn::Set(d, rstd);
  ForEachVector(dim, [&](int64_t i, int64_t n) {
    Store(hn::Mul(hn::Mul(Load(x + i, n), scale), Load(w + i, n)), y + i, n);
  });
  return rstd;
}

void RmsNormBackward(const float* x, const float* w, const float* dy, float rstd, float* dx,
                     float* dw, int64_t dim) {
  V dot = hn::Zero(d);
  ForEachVector(dim, [&](int64_t i, int64_t n) {
    dot = hn::MulAdd(hn::Mul(Load(w + i, n), Load(dy + i, n)), Load(x + i, n), dot);
  });
  const V r = hn::Set(d, rstd);
  const V shift = hn::Set(d, -Sum(dot) * rstd * rstd * rstd / static_cast<float>(dim));
  ForEachVector(dim, [&](int64_t i, int64_t n) {
    const V xv = Load(x + i, n);
    const V dyv = Load(dy + i, n);
    const V direct = hn::Mul(hn::Mul(Load(w + i, n), dyv), r);
    Store(hn::Add(Load(dx + i, n), hn::MulAdd(xv, shift, direct)), dx + i, n);
    Store(hn::MulAdd(hn::Mul(dyv, xv), r, Load(dw + i, n)), dw + i, n);
  });
}

void Rotate(float* x, const float* cos, const float* sin, int64_t head_dim, float sign) {
  const int64_t half = head_dim / 2;
  const V s = hn::Set(d, sign);
  ForEachVector(half, [&](int64_t i, int64_t n) {
    const V a = Load(x + i, n);
    const V b = Load(x + half + i, n);
    const V c = Load(cos + i, n);
    const V sv = hn::Mul(Load(sin + i, n), s);
    Store(hn::Sub(hn::Mul(a, c), hn::Mul(b, sv)), x + i, n);
    Store(hn::Add(hn::Mul(b, c), hn::Mul(a, sv)), x + half + i, n);
  });
}

// Four rows by four columns.
HWY_INLINE void TransposeTile(const float* from, int64_t from_row, float* to, int64_t to_row) {
  const hn::FixedTag<float, 4> d4;
  const hn::FixedTag<double, 2> pairs;
  const auto row0 = hn::LoadU(d4, from), row1 = hn::LoadU(d4, from + from_row);
  const auto row2 = hn::LoadU(d4, from + 2 * from_row), row3 = hn::LoadU(d4, from + 3 * from_row);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d4, row0, row1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d4, row2, row3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d4, row0, row1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d4, row2, row3));
  hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(pairs, low01, low23)), d4, to);
  hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(pairs, low01, low23)), d4, to + to_row);
  hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(pairs, high01, high23)), d4, to + 2 * to_row);
  hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(pairs, high01, high23)), d4, to + 3 * to_row);
}

void Transpose(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to,
               int64_t to_row) {
  const int64_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (int64_t c = 0; c < whole_columns; c += 4) {
    for (int64_t r = 0; r < whole_rows; r += 4) {
      TransposeTile(from + r * from_row + c, from_row, to + c * to_row + r, to_row);
    }
  }
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = c < whole_columns ? whole_rows : 0; r < rows; ++r) {
      to[c * to_row + r] = from[r * from_row + c];
    }
  }
}

HWY_INLINE V Sigmoid(V x) {
  const V one = hn::Set(d, 1.0f);
  // exp(-x) is finite for x >= -80, below which the sigmoid times anything is lost anyway.
  const V e = hn::Exp(d, hn::Neg(hn::Max(x, hn::Set(d, -80.0f))));
  return hn::Div(one, hn::Add(one, e));
}

void SwiGlu(const float* gate, const float* up, float* h, int64_t count) {
  ForEachVector(count, [&](int64_t i, int64_t n) {
    const V g = Load(gate + i, n);
    Store(hn::Mul(hn::Mul(g, Sigmoid(g)), Load(up + i, n)), h + i, n);
  });
}

void SwiGluBackward(const float* gate, const float* up, const float* dh, float* dgate, float* dup,
                    int64_t count) {
  const V one = hn::Set(d, 1.0f);
  ForEachVector(count, [&](int64_t i, int64_t n) {
    const V g = Load(gate + i, n);
    const V u = Load(up + i, n);
    const V dhv = Load(dh + i, n);
    const V s = Sigmoid(g);
    const V slope = hn::Mul(s, hn::MulAdd(g, hn::Sub(one, s), one));
    Store(hn::Mul(hn::Mul(dhv, u), slope), dgate + i, n);
    Store(hn::Mul(hn::Mul(dhv, g), s), dup + i, n);
  });
}

float SoftmaxNumerators(float* row, int64_t valid, int64_t padded, float scale, float* max) {
  const V lowest = hn::Set(d, -INFINITY);
  const V s = hn::Set(d, scale);
  V largest = lowest;
  ForEachVector(valid, [&](int64_t i, int64_t n) {
    const V v = hn::Mul(Load(row + i, n), s);
    const auto mask = hn::FirstN(d, static_cast<size_t>(n));
    largest = hn::Max(largest, hn::IfThenElse(mask, v, lowest));
  });
  const V m = hn::MaxOfLanes(d, largest);
  V sum = hn::Zero(d);
  ForEachVector(valid, [&](int64_t i, int64_t n) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(n));
    const V e = hn::Exp(d, hn::Sub(hn::Mul(Load(row + i, n), s), m));
    const V p = hn::IfThenElseZero(mask, e);
    sum = hn::Add(sum, p);
    Store(p, row + i, n);
  });
  for (int64_t j = valid; j < padded; ++j) row[j] = 0;
  *max = hn::GetLane(m);
  return Sum(sum);
}

void SoftmaxFromLogSum(float* row, int64_t valid, int64_t padded, float scale, float log_sum) {
  const V s = hn::Set(d, scale);
  const V l = hn::Set(d, log_sum);
  ForEachVector(valid, [&](int64_t i, int64_t n) {
    Store(hn::Exp(d, hn::Sub(hn::Mul(Load(row + i, n), s), l)), row + i, n);
  });
  for (int64_t j = valid; j < padded; ++j) row[j] = 0;
}

float LogSumExp(const float* row, int64_t count) {
  const V lowest = hn::Set(d, -INFINITY);
  V largest = lowest;
  ForEachVector(count, [&](int64_t i, int64_t n) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(n));
    largest = hn::Max(largest, hn::IfThenElse(mask, Load(row + i, n), lowest));
  });
  const V m = hn::MaxOfLanes(d, largest);
  V sum = hn::Zero(d);
  ForEachVector(count, [&](int64_t i, int64_t n) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(n));
    sum = hn::Add(sum, hn::IfThenElseZero(mask, hn::Exp(d, hn::Sub(Load(row + i, n), m))));
  });
  return hn::GetLane(m) + std::log(Sum(sum));
}

void ScaledSoftmax(float* row, int64_t count, float log_sum, float scale) {
  const V l = hn::Set(d, log_sum);
  const V s = hn::Set(d, scale);
  ForEachVector(count, [&](int64_t i, int64_t n) {
    Store(hn::Mul(s, hn::Exp(d, hn::Sub(Load(row + i, n), l))), row + i, n);
  });
}

float Dot(const float* a, const float* b, int64_t count) {
  V sum = hn::Zero(d);
  ForEachVector(
      count, [&](int64_t i, int64_t n) { sum = hn::MulAdd(Load(a + i, n), Load(b + i, n), sum); });
  return Sum(sum);
}

void Add(const float* x, float* y, int64_t count) {
  ForEachVector(count, [&](int64_t i, int64_t n) {
    Store(hn::Add(Load(y + i, n), Load(x + i, n)), y + i, n);
  });
}

void Scale(float* x, int64_t count, float factor) {
  const V f = hn::Set(d, factor);
  ForEachVector(count, [&](int64_t i, int64_t n) { Store(hn::Mul(Load(x + i, n), f), x + i, n); });
}

void SoftmaxBackward(const float* p, float* dp, int64_t count, float delta, float scale) {
  const V dv = hn::Set(d, delta);
  const V s = hn::Set(d, scale);
  ForEachVector(count, [&](int64_t i, int64_t n) {
    Store(hn::Mul(hn::Mul(Load(p + i, n), hn::Sub(Load(dp + i, n), dv)), s), dp + i, n);
  });
}

void RoundToBf16(const float* x, float* y, int64_t count) {
  const hn::RebindToUnsigned<D> du;
  const auto one = hn::Set(du, 1u);
  const auto half = hn::Set(du, 0x7FFFu);
  const auto keep = hn::Set(du, 0xFFFF0000u);
  ForEachVector(count, [&](int64_t i, int64_t n) {
    const V v = Load(x + i, n);
    const auto bits = hn::BitCast(du, v);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), one);
    const V rounded = hn::BitCast(d, hn::And(hn::Add(bits, hn::Add(half, odd)), keep));
    Store(hn::IfThenElse(hn::IsNaN(v), v, rounded), y + i, n);
  });
}

// The 32-bit mixer "lowbias32" (Wellons 2018): multiply and xor-shift.
template <class DU, class VU>
HWY_INLINE VU Hash(DU du, VU x) {
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(du, 0x7FEB352Du));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(du, 0x846CA68Bu));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

// 1 / (1 - rate) where element first + i is kept, else 0.
HWY_INLINE V DropoutFactor(int64_t i, float rate, uint32_t key, uint32_t first) {
  const hn::RebindToUnsigned<D> du;
  const auto index = hn::Iota(du, first + static_cast<uint32_t>(i));
  const auto hash = Hash(du, hn::Xor(hn::Mul(index, hn::Set(du, 0x9E3779B1u)), hn::Set(du, key)));
  // 24 bits compare exactly as floats.
  const hn::RebindToSigned<D> di;
  const V uniform = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(hash)));
  const auto keep = hn::Ge(uniform, hn::Set(d, rate * 16777216.0f));
  return hn::IfThenElseZero(keep, hn::Set(d, 1.0f / (1.0f - rate)));
}

void DropoutAdd(const float* x, float* y, int64_t count, float rate, uint32_t key, uint32_t first) {
  ForEachVector(count, [&](int64_t i, int64_t n) {
    const V factor = DropoutFactor(i, rate, key, first);
    Store(hn::MulAdd(Load(x + i, n), factor, Load(y + i, n)), y + i, n);
  });
}

void Dropout(const float* x, float* y, int64_t count, float rate, uint32_t key, uint32_t first) {
  ForEachVector(count, [&](int64_t i, int64_t n) {
    Store(hn::Mul(Load(x + i, n), DropoutFactor(i, rate, key, first)), y + i, n);
  });
}

}  // namespace

VectorKernels MakeKernels() {
  return {.matmul_f32 = MatMulImpl<float>,
          .matmul_bf16 = MatMulImpl<tensor::BFloat16>,
          .rms_norm = RmsNorm,
          .rms_norm_backward = RmsNormBackward,
          .rotate = Rotate,
          .swiglu = SwiGlu,
          .swiglu_backward = SwiGluBackward,
          .transpose = Transpose,
          .softmax_numerators = SoftmaxNumerators,
          .softmax_from_log_sum = SoftmaxFromLogSum,
          .log_sum_exp = LogSumExp,
          .scaled_softmax = ScaledSoftmax,
          .dot = Dot,
          .add = Add,
          .scale = Scale,
          .softmax_backward = SoftmaxBackward,
          .round_to_bf16 = RoundToBf16,
          .dropout_add = DropoutAdd,
          .dropout = Dropout};
}

}  // namespace mores::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mores::ops {

const VectorKernels& Kernels() {
  static const VectorKernels avx2 = N_AVX2::MakeKernels();
  static const VectorKernels avx512 = N_AVX3::MakeKernels();
  return CurrentIsaLevel() == IsaLevel::kAvx2 ? avx2 : avx512;
}

}  // namespace mores::ops
#endif
