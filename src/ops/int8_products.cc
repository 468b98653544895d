#include "ops/int8_products.h"

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/check.h"
#include "base/cpu.h"
#include "ops/int8_kernels.h"
#include "ops/rows.h"

namespace mores::ops::int8 {
namespace {

constexpr float kLargestValue = 127.0f;
constexpr float kLeastMagnitude = 0x1p-100f;
constexpr int32_t kBitsOfInfinity = 0x7f800000;

int32_t LargestOfLanes(__m256i x) {
  __m128i m = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4E));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0xB1));
  return _mm_cvtsi128_si32(m);
}

int16_t SumOf16(const int8_t* values) {
  int sum = 0;
  for (int i = 0; i < 16; ++i) sum += values[i];
  return static_cast<int16_t>(sum);
}

// Returns the scale of 32 values.
float RoundTo8Bits(const float* x, int8_t* values) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256 parts[4];
  __m256i largest = _mm256_setzero_si256();
  for (int i = 0; i < 4; ++i) {
    parts[i] = _mm256_loadu_ps(x + 8 * i);
    largest = _mm256_max_epi32(largest, _mm256_and_si256(_mm256_castps_si256(parts[i]), magnitude));
  }
  const int32_t bits = LargestOfLanes(largest);
  const auto absolute = std::bit_cast<float>(bits);
  const bool finite = bits < kBitsOfInfinity;
  if (!finite || absolute < kLeastMagnitude) {
    std::memset(values, 0, kDepth);
    return finite ? 0.0f : std::numeric_limits<float>::quiet_NaN();
  }
  const __m256 to_whole = _mm256_set1_ps(kLargestValue / absolute);
  __m256i whole[4];
  for (int i = 0; i < 4; ++i) whole[i] = _mm256_cvtps_epi32(_mm256_mul_ps(parts[i], to_whole));
  const __m256i low = _mm256_packs_epi32(whole[0], whole[1]);
  const __m256i high = _mm256_packs_epi32(whole[2], whole[3]);
  // Packing goes by halves of registers; this puts their quarters in order.
  const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high),
                                                    _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), bytes);
  return absolute / kLargestValue;
}

// Of a half's value exactly.
uint16_t ToHalf(float value) {
  const auto half = static_cast<uint16_t>(_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT));
  MORES_CHECK(std::isnan(value) || _cvtsh_ss(half) == value);
  return half;
}

}  // namespace

void LeftRows::Pack(MatrixView a, ThreadPool& pool) {
  MORES_CHECK(a.columns % kDepth == 0);
  rows_ = a.rows;
  depth_ = a.columns;
  const int64_t blocks = depth_ / kDepth;
  values_.Resize(rows_ * depth_);
  scales_.Resize(rows_ * blocks);
  sums_.Resize(rows_ * blocks * 2);
  ParallelRows(pool, rows_, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t block = 0; block < blocks; ++block) {
        int8_t* values = values_.data() + row * depth_ + block * kDepth;
        scales_[row * blocks + block] =
            RoundTo8Bits(a.data + row * a.stride + block * kDepth, values);
        int16_t* sums = sums_.data() + (row * blocks + block) * 2;
        sums[0] = SumOf16(values);
        sums[1] = SumOf16(values + 16);
      }
    }
  });
}

void RightColumns::Resize(int64_t depth, int64_t columns, const tensor::CodeFormat& format) {
  MORES_CHECK(depth % format.scale_depth == 0);
  depth_ = depth;
  columns_ = columns;
  format_ = format;
  bits_ = BitsOfCodes(format.largest);
  const int64_t padded = panels();
  codes_.Resize(padded * code_bytes_of_panel());
  scales_.Resize(padded * scales_of_panel());
  least_scales_.Resize(has_least() ? scales_.size() : 0);
  parts_.Resize(padded * parts_of_panel());
  leasts_.Resize(has_least() ? parts_.size() : 0);
  // Of columns past the end nothing else is ever written.
  scales_.FillZero();
  if (has_least()) least_scales_.FillZero();
  if (columns_ % kColumns == 0) return;
  std::memset(codes_.data() + (padded - 1) * code_bytes_of_panel(), 0,
              static_cast<size_t>(code_bytes_of_panel()));
  if (parts_.size() > 0) parts_.FillZero();
  if (has_least()) leasts_.FillZero();
}

void RightColumns::SetColumn(int64_t column, tensor::DType dtype, const char* bytes) {
  const int64_t panel = column / kColumns, lane = column % kColumns;
  const int64_t scales = depth_ / format_.scale_depth;
  const int64_t parts = format_.part_depth == 0 ? 0 : depth_ / format_.part_depth;
  thread_local std::vector<uint8_t> codes;
  thread_local std::vector<float> scale_values, least_scale_values;
  thread_local std::vector<int8_t> part_values, least_values;
  codes.resize(static_cast<size_t>(depth_));
  scale_values.resize(static_cast<size_t>(scales));
  least_scale_values.resize(static_cast<size_t>(scales));
  part_values.resize(static_cast<size_t>(parts));
  least_values.resize(static_cast<size_t>(parts));
  tensor::ReadBlockCodes(dtype, bytes, depth_ / tensor::BlockElements(dtype),
                         {codes.data(), scale_values.data(), part_values.data(),
                          least_scale_values.data(), least_values.data()});
  for (int64_t block = 0; block < depth_ / kDepth; ++block) {
    PackCodes(bits_, codes.data() + block * kDepth, lane,
              codes_.data() + panel * code_bytes_of_panel() + block * PackedBlockBytes(bits_));
  }
  for (int64_t i = 0; i < scales; ++i) {
    const int64_t at = panel * scales_of_panel() + i * kColumns + lane;
    scales_[at] = ToHalf(scale_values[static_cast<size_t>(i)]);
    if (has_least()) least_scales_[at] = ToHalf(-least_scale_values[static_cast<size_t>(i)]);
  }
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t at = panel * parts_of_panel() + i * kColumns + lane;
    parts_[at] = part_values[static_cast<size_t>(i)];
    if (has_least()) leasts_[at] = least_values[static_cast<size_t>(i)];
  }
}

int64_t RightColumns::bytes() const {
  return codes_.size() + parts_.size() + leasts_.size() +
         (scales_.size() + least_scales_.size()) * static_cast<int64_t>(sizeof(uint16_t));
}

RightColumns::Panel RightColumns::panel(int64_t index) const {
  const int64_t scale = index * scales_of_panel(), part = index * parts_of_panel();
  return {.bits = bits_,
          .codes = codes_.data() + index * code_bytes_of_panel(),
          .scales = scales_.data() + scale,
          .least_scales = has_least() ? least_scales_.data() + scale : nullptr,
          .parts = parts_of_panel() > 0 ? parts_.data() + part : nullptr,
          .leasts = has_least() ? leasts_.data() + part : nullptr};
}

RightColumns::Panel RightColumns::UnpackedPanel(int64_t index,
                                                tensor::AlignedBuffer<uint8_t>& room) const {
  Panel unpacked = panel(index);
  if (bits_ == 8) return unpacked;
  UnpackCodes(bits_, unpacked.codes, depth_ / kDepth, room.Resize(depth_ * kColumns));
  unpacked.codes = room.data();
  unpacked.bits = 8;
  return unpacked;
}

void MatMul(const LeftRows& a, const RightColumns& w, float* c, int64_t c_row, ThreadPool& pool) {
  MORES_CHECK(a.depth() == w.depth());
  const auto multiply = CurrentIsaLevel() >= IsaLevel::kAvx512 && CurrentCpuFeatures().avx512_vnni
                            ? MultiplyAvx512Vnni
                            : MultiplyAvx2;
  // Tasks of about as much work whatever the rows: a panel stays in the first-level cache while all
  // rows pass.
  constexpr int64_t kLeastRows = 64;
  const bool few = a.rows() <= kFewRows;
  const int64_t at_once = std::clamp<int64_t>(kLeastRows / std::max<int64_t>(1, a.rows()), 1, 8);
  pool.ParallelFor(CeilDiv(w.panels(), at_once), [&](int64_t task) {
    thread_local tensor::AlignedBuffer<uint8_t> room;
    const int64_t end = std::min(w.panels(), (task + 1) * at_once);
    for (int64_t index = task * at_once; index < end; ++index) {
      const int64_t column = index * kColumns;
      multiply({.a = &a,
                .panel = few ? w.panel(index) : w.UnpackedPanel(index, room),
                .format = w.format(),
                .c = c + column,
                .c_row = c_row,
                .columns = std::min(kColumns, w.columns() - column)});
    }
  });
}

}  // namespace mores::ops::int8
