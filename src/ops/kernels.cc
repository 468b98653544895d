#include "ops/kernels.h"

#include <cmath>

#include "base/cpu.h"
#include "base/exact_math.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/kernels.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
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
// ---- Sums over a row ----
// Element i goes to lane i % 16 whatever a vector holds, and the lanes are added in one tree, so
// that a sum has the same bits at every level.

constexpr int64_t kSumLanes = 16;
constexpr int kParts = kSumLanes / kLanes;
struct Lanes {
  V part[kParts];
};
HWY_INLINE Lanes Fill(V v) {
  Lanes lanes;
  for (V& part : lanes.part) part = v;
  return lanes;
}

// sum = f(sum, first element, how many) for each vector of a row, by lanes. f leaves a lane beyond
// the row as it is.
template <class F>
HWY_INLINE void Gather(int64_t count, Lanes& sum, const F& f) {
  int64_t i = 0;
  for (; i + kSumLanes <= count; i += kSumLanes) {
    for (int p = 0; p < kParts; ++p) sum.part[p] = f(sum.part[p], i + p * kLanes, kLanes);
  }
  for (int p = 0; p < kParts && i < count; ++p, i += kLanes) {
    sum.part[p] = f(sum.part[p], i, HWY_MIN(kLanes, count - i));
  }
}

// Lanes l and l + 8, then l + 4, l + 2 and l + 1.
template <class F>
HWY_INLINE float Fold(const Lanes& lanes, const F& f) {
  const hn::FixedTag<float, 4> d4;
#if HWY_TARGET == HWY_AVX2
  const auto eight = f(lanes.part[0], lanes.part[kParts - 1]);
#else
  const hn::FixedTag<float, 8> d8;
  const auto eight = f(hn::LowerHalf(d8, lanes.part[0]), hn::UpperHalf(d8, lanes.part[0]));
#endif
  alignas(16) float four[4];
  hn::Store(f(hn::LowerHalf(d4, eight), hn::UpperHalf(d4, eight)), d4, four);
  const hn::FixedTag<float, 1> d1;
  const auto at = [&](int i) { return hn::Set(d1, four[i]); };
  return hn::GetLane(f(f(at(0), at(2)), f(at(1), at(3))));
}
HWY_INLINE float Sum(const Lanes& lanes) {
  return Fold(lanes, [](auto a, auto b) HWY_ATTR { return hn::Add(a, b); });
}
HWY_INLINE float Largest(const Lanes& lanes) {
  return Fold(lanes, [](auto a, auto b) HWY_ATTR { return hn::Max(a, b); });
}

float RmsNorm(const float* x, const float* w, float* y, int64_t dim, float epsilon) {
  Lanes squares = Fill(hn::Zero(d));
  Gather(dim, squares, [&](V sum, int64_t i, int64_t n) HWY_ATTR {
    const V v = Load(x + i, n);
    return hn::MulAdd(v, v, sum);
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
  Lanes dot = Fill(hn::Zero(d));
  Gather(dim, dot, [&](V sum, int64_t i, int64_t n) HWY_ATTR {
    return hn::MulAdd(hn::Mul(Load(w + i, n), Load(dy + i, n)), Load(x + i, n), sum);
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

// exp(x) for x at most 88, ours and not a library's, so that its bits never move: x = n log(2) + r,
// Taylor's series of r to the seventh power. Within 2 units in the last place; 0 below -87.33, so
// that no result is subnormal.
HWY_INLINE V Exp(V x) {
  const hn::RebindToSigned<D> di;
  const V lowest = hn::Set(d, -87.33f);
  const V n = hn::Round(
      hn::Mul(hn::Min(hn::Max(x, lowest), hn::Set(d, 88.02f)), hn::Set(d, 0x1.715476p+0f)));
  V r = hn::NegMulAdd(n, hn::Set(d, 0x1.62e4p-1f), x);
  r = hn::NegMulAdd(n, hn::Set(d, 0x1.7f7d1cp-20f), r);
  V p = hn::Set(d, 1.0f / 5040);
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 720));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 120));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 24));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 6));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
  p = hn::Add(hn::MulAdd(hn::Mul(r, r), p, r), hn::Set(d, 1.0f));
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  // A NaN is not below anything, and stays.
  return hn::IfThenZeroElse(hn::Lt(x, lowest), hn::Mul(p, hn::BitCast(d, exponent)));
}

HWY_INLINE V Sigmoid(V x) {
  const V one = hn::Set(d, 1.0f);
  // exp(-x) is finite for x >= -80, below which the sigmoid times anything is lost anyway.
  const V e = Exp(hn::Neg(hn::Max(x, hn::Set(d, -80.0f))));
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

// The largest of scale * row[i].
HWY_INLINE float LargestScaled(const float* row, int64_t count, float scale) {
  const V lowest = hn::Set(d, -INFINITY);
  const V s = hn::Set(d, scale);
  Lanes largest = Fill(lowest);
  Gather(count, largest, [&](V most, int64_t i, int64_t n) HWY_ATTR {
    const V v = hn::Mul(Load(row + i, n), s);
    return hn::Max(most, hn::IfThenElse(hn::FirstN(d, static_cast<size_t>(n)), v, lowest));
  });
  return Largest(largest);
}

float SoftmaxNumerators(float* row, int64_t valid, int64_t padded, float scale, float* max) {
  const V s = hn::Set(d, scale);
  *max = LargestScaled(row, valid, scale);
  const V m = hn::Set(d, *max);
  Lanes sums = Fill(hn::Zero(d));
  Gather(valid, sums, [&](V sum, int64_t i, int64_t n) HWY_ATTR {
    const V e = Exp(hn::Sub(hn::Mul(Load(row + i, n), s), m));
    const V p = hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(n)), e);
    Store(p, row + i, n);
    return hn::Add(sum, p);
  });
  for (int64_t j = valid; j < padded; ++j) row[j] = 0;
  return Sum(sums);
}

void SoftmaxFromLogSum(float* row, int64_t valid, int64_t padded, float scale, float log_sum) {
  const V s = hn::Set(d, scale);
  const V l = hn::Set(d, log_sum);
  ForEachVector(valid, [&](int64_t i, int64_t n) {
    Store(Exp(hn::Sub(hn::Mul(Load(row + i, n), s), l)), row + i, n);
  });
  for (int64_t j = valid; j < padded; ++j) row[j] = 0;
}

float LargestOf(const float* row, int64_t count) { return LargestScaled(row, count, 1.0f); }

void Exponentials(float* row, int64_t count, float max, double* sums) {
  const V m = hn::Set(d, max);
  Lanes values = Fill(hn::Zero(d)), ones = values, squares = values, weighted = values;
  Gather(count, values, [&](V sum, int64_t i, int64_t n) HWY_ATTR {
    const V below = hn::Sub(Load(row + i, n), m);
    const auto real = hn::FirstN(d, static_cast<size_t>(n));
    const V e = hn::IfThenElseZero(real, Exp(below));
    const int part = static_cast<int>(i / kLanes % kParts);
    ones.part[part] = hn::Add(ones.part[part], e);
    squares.part[part] = hn::MulAdd(e, e, squares.part[part]);
    weighted.part[part] = hn::MulAdd(e, below, weighted.part[part]);
    Store(e, row + i, n);
    return hn::Add(sum, hn::IfThenElseZero(real, below));
  });
  for (const Lanes* lanes : {&ones, &squares, &weighted, &values}) *sums++ = double{Sum(*lanes)};
}

float LogSumExp(const float* row, int64_t count) {
  const float largest = LargestScaled(row, count, 1.0f);
  const V m = hn::Set(d, largest);
  Lanes sums = Fill(hn::Zero(d));
  Gather(count, sums, [&](V sum, int64_t i, int64_t n) HWY_ATTR {
    const V e = Exp(hn::Sub(Load(row + i, n), m));
    return hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(n)), e));
  });
  return largest + static_cast<float>(ExactLog(double{Sum(sums)}));
}

void ScaledSoftmax(float* row, int64_t count, float log_sum, float scale) {
  const V l = hn::Set(d, log_sum);
  const V s = hn::Set(d, scale);
  ForEachVector(count, [&](int64_t i, int64_t n) {
    Store(hn::Mul(s, Exp(hn::Sub(Load(row + i, n), l))), row + i, n);
  });
}

float Dot(const float* a, const float* b, int64_t count) {
  Lanes sums = Fill(hn::Zero(d));
  Gather(count, sums, [&](V sum, int64_t i, int64_t n) HWY_ATTR {
    return hn::MulAdd(Load(a + i, n), Load(b + i, n), sum);
  });
  return Sum(sums);
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
          .largest = LargestOf,
          .exponentials = Exponentials,
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
  // Each table by code of its own level: none of a level that the machine lacks is ever made.
  if (CurrentIsaLevel() == IsaLevel::kAvx2) {
    static const VectorKernels avx2 = N_AVX2::MakeKernels();
    return avx2;
  }
  static const VectorKernels avx512 = N_AVX3::MakeKernels();
  return avx512;
}

}  // namespace mores::ops
#endif
