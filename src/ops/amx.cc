#include "ops/amx.h"

#include <algorithm>
#include <cstring>

#include "ops/amx_tiles.h"

namespace mores::ops::amx {
namespace {

// A tile of pairs from [depth][16 lanes]: row p holds depths 2p and 2p + 1.
MORES_AMX inline void LoadPairTile(const float* x, int64_t step, int64_t lanes, int64_t depth,
                                   __m512i rows[16]) {
  const __mmask16 mask = FirstLanes(lanes);
  for (int64_t p = 0; p < 16; ++p) {
    const float* row0 = 2 * p < depth ? x + 2 * p * step : nullptr;
    const float* row1 = 2 * p + 1 < depth ? x + (2 * p + 1) * step : nullptr;
    rows[p] = NarrowPairs(row0, row1, mask);
  }
}

MORES_AMX inline void StoreTile(const __m512i rows[16], uint16_t* out) {
  for (int64_t i = 0; i < 16; ++i) _mm512_store_si512(out + i * kTileDepth, rows[i]);
}

int64_t DepthBlocks(int64_t depth) { return (depth + kTileDepth - 1) / kTileDepth; }

// Copies the real part of a 16 x 16 tile of sums into C.
MORES_AMX void StorePart(const float* tile, int64_t rows, int64_t columns, float* c,
                         int64_t c_row) {
  const __mmask16 mask = FirstLanes(columns);
  for (int64_t r = 0; r < rows; ++r) {
    _mm512_mask_storeu_ps(c + r * c_row, mask, _mm512_load_ps(tile + r * 16));
  }
}

MORES_AMX void LoadPart(const float* c, int64_t c_row, int64_t rows, int64_t columns, float* tile) {
  const __mmask16 mask = FirstLanes(columns);
  for (int64_t r = 0; r < 16; ++r) {
    _mm512_store_ps(tile + r * 16,
                    r < rows ? _mm512_maskz_loadu_ps(mask, c + r * c_row) : _mm512_setzero_ps());
  }
}

// 32 x 32 of C at (row, column); the blocks at its edges may be partly or wholly outside.
MORES_AMX inline void Tile2x2(const Block& g, int64_t row, int64_t column) {
  const uint16_t* a0 = g.a + row / kTileRows * g.a_step;
  const uint16_t* a1 = a0 + g.a_step;
  const uint16_t* b0 = g.b + column / kTileRows * g.b_step;
  const uint16_t* b1 = b0 + g.b_step;
  const int64_t rows = g.row_end - row;
  const int64_t columns = g.column_end - column;
  const bool whole = rows >= 32 && columns >= 32;
  float* c = g.c + row * g.c_row + column;
  const int64_t stride = g.c_row * static_cast<int64_t>(sizeof(float));
  alignas(64) float part[4][256];
  if (g.accumulate == Accumulate::kNo) {
    ZeroSums();
  } else if (whole) {
    _tile_loadd(0, c, stride);
    _tile_loadd(1, c + 16, stride);
    _tile_loadd(2, c + 16 * g.c_row, stride);
    _tile_loadd(3, c + 16 * g.c_row + 16, stride);
  } else {
    for (int64_t i = 0; i < 4; ++i) {
      const int64_t r = i / 2 * 16, n = i % 2 * 16;
      LoadPart(c + r * g.c_row + n, g.c_row, std::min<int64_t>(rows - r, 16),
               std::min<int64_t>(columns - n, 16), part[i]);
    }
    _tile_loadd(0, part[0], 64);
    _tile_loadd(1, part[1], 64);
    _tile_loadd(2, part[2], 64);
    _tile_loadd(3, part[3], 64);
  }
  AddProducts(a0, a1, b0, b1, kTileElements, g.depth_blocks, rows > 16, [] {});
  if (whole) {
    _tile_stored(0, c, stride);
    _tile_stored(1, c + 16, stride);
    _tile_stored(2, c + 16 * g.c_row, stride);
    _tile_stored(3, c + 16 * g.c_row + 16, stride);
    return;
  }
  _tile_stored(0, part[0], 64);
  _tile_stored(1, part[1], 64);
  _tile_stored(2, part[2], 64);
  _tile_stored(3, part[3], 64);
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t r = i / 2 * 16, n = i % 2 * 16;
    if (r >= rows || n >= columns) continue;
    StorePart(part[i], std::min<int64_t>(rows - r, 16), std::min<int64_t>(columns - n, 16),
              c + r * g.c_row + n, g.c_row);
  }
}

// 32 rows by 16 columns of H whose sums are known: gated slice by slice while tiles compute the
// next ones, then rounded into the left or right half of two tiles of A.
class Gating {
 public:
  explicit Gating(int64_t depth_blocks) {
    while (slice_ * depth_blocks < 2 * kSums && slice_ < kSums) slice_ *= 2;
  }

  // Takes the sums from tiles 0 and 1, and 2 and 3 if both_rows.
  MORES_AMX void Take(uint16_t* tile, int64_t tile_step, int64_t half, bool both_rows) {
    _tile_stored(0, gate_, 64);
    _tile_stored(1, up_, 64);
    if (both_rows) {
      _tile_stored(2, gate_ + kSums, 64);
      _tile_stored(3, up_ + kSums, 64);
    }
    tile_ = tile + half * kTileRows;
    tile_step_ = tile_step;
    count_ = both_rows ? 2 * kSums : kSums;
    done_ = 0;
  }

  void Slice() {
    if (done_ >= count_) return;
    swiglu_(gate_ + done_, up_ + done_, gate_ + done_, slice_);
    done_ += slice_;
  }

  MORES_AMX void Finish() {
    while (done_ < count_) Slice();
    for (int64_t i = 0; i < count_; i += kTileRows) {
      const int64_t row = i / kTileRows;
      uint16_t* to = tile_ + row / kTileRows * tile_step_ + row % kTileRows * kTileDepth;
      _mm256_store_si256(reinterpret_cast<__m256i*>(to),
                         reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_load_ps(gate_ + i))));
    }
    count_ = 0;
  }

 private:
  static constexpr int64_t kSums = kTileRows * kTileRows;
  decltype(VectorKernels::swiglu) swiglu_ = Kernels().swiglu;
  int64_t slice_ = 16;
  int64_t count_ = 0, done_ = 0;
  uint16_t* tile_ = nullptr;
  int64_t tile_step_ = 0;
  alignas(64) float gate_[2 * kSums];
  alignas(64) float up_[2 * kSums];
};

}  // namespace

MORES_AMX void PackRows(const float* a, int64_t a_row, int64_t rows, int64_t depth, uint16_t* out) {
  for (int64_t kb = 0; kb < DepthBlocks(depth); ++kb) {
    uint16_t* tile = out + kb * kTileElements;
    for (int64_t r = 0; r < kTileRows; ++r) {
      const __m512i v = r < rows ? Narrow(a + r * a_row + kb * kTileDepth, depth - kb * kTileDepth)
                                 : _mm512_setzero_si512();
      _mm512_store_si512(tile + r * kTileDepth, v);
    }
  }
}

MORES_AMX void PackRowTileTransposed(const float* a, int64_t a_step, int64_t rows, int64_t depth,
                                     uint16_t* tile) {
  __m512i pairs[16];
  LoadPairTile(a, a_step, rows, depth, pairs);
  Transpose(pairs);
  StoreTile(pairs, tile);
}

MORES_AMX void PackColumnTile(const float* b, int64_t b_row, int64_t columns, int64_t depth,
                              uint16_t* tile) {
  __m512i pairs[16];
  LoadPairTile(b, b_row, columns, depth, pairs);
  StoreTile(pairs, tile);
}

MORES_AMX void PackColumnsTransposed(const float* b, int64_t b_column, int64_t columns,
                                     int64_t depth, uint16_t* out) {
  __m512i tile[16];
  for (int64_t kb = 0; kb < DepthBlocks(depth); ++kb) {
    for (int64_t n = 0; n < 16; ++n) {
      tile[n] = n < columns ? Narrow(b + n * b_column + kb * kTileDepth, depth - kb * kTileDepth)
                            : _mm512_setzero_si512();
    }
    Transpose(tile);
    StoreTile(tile, out + kb * kTileElements);
  }
}

MORES_AMX void PackColumnsTransposedBf16(const char* b, int64_t b_column, int64_t columns,
                                         int64_t depth, uint16_t* out) {
  __m512i tile[16];
  for (int64_t kb = 0; kb < DepthBlocks(depth); ++kb) {
    const __mmask32 mask = FirstHalves(depth - kb * kTileDepth);
    for (int64_t n = 0; n < 16; ++n) {
      tile[n] = n < columns
                    ? _mm512_maskz_loadu_epi16(mask, b + 2 * (n * b_column + kb * kTileDepth))
                    : _mm512_setzero_si512();
    }
    Transpose(tile);
    StoreTile(tile, out + kb * kTileElements);
  }
}

MORES_AMX void PackColumnTilesBf16(const char* b, int64_t b_row, int64_t columns, int64_t depth,
                                   uint16_t* first, uint16_t* second) {
  // Lane 2 i takes element i of one row, lane 2 i + 1 element i of the next.
  alignas(64) uint16_t lanes[32];
  for (int i = 0; i < 32; ++i) lanes[i] = static_cast<uint16_t>(i / 2 + i % 2 * 32);
  const __m512i low = _mm512_load_si512(lanes);
  const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
  const __mmask32 mask = FirstHalves(columns);
  for (int64_t p = 0; p < 16; ++p) {
    const char* row = b + 4 * p * b_row;
    const __m512i even =
        2 * p < depth ? _mm512_maskz_loadu_epi16(mask, row) : _mm512_setzero_si512();
    const __m512i odd = 2 * p + 1 < depth ? _mm512_maskz_loadu_epi16(mask, row + 2 * b_row)
                                          : _mm512_setzero_si512();
    _mm512_store_si512(first + p * kTileDepth, _mm512_permutex2var_epi16(even, low, odd));
    _mm512_store_si512(second + p * kTileDepth, _mm512_permutex2var_epi16(even, high, odd));
  }
}

MORES_AMX void MatMul(const Block& block) {
  ConfigureTiles();
  if (block.depth_blocks <= kShallowDepth / kTileDepth) {
    // Along rows of C: its lines are then written side by side, which is what shallow products
    // wait for.
    for (int64_t row = block.row_begin; row < block.row_end; row += 32) {
      for (int64_t column = block.column_begin; column < block.column_end; column += 32) {
        Tile2x2(block, row, column);
      }
    }
  } else {
    for (int64_t column = block.column_begin; column < block.column_end; column += 32) {
      for (int64_t row = block.row_begin; row < block.row_end; row += 32) {
        Tile2x2(block, row, column);
      }
    }
  }
  _tile_release();
}

MORES_AMX void MatMulSwiGlu(const GatedBlock& g) {
  ConfigureTiles();
  const int64_t tile_step = g.depth_blocks * kTileElements;
  const int64_t h_step = g.h_depth_blocks * kTileElements;
  Gating gating(g.depth_blocks);
  for (int64_t row = g.row_begin; row < g.row_end; row += 2 * kTileRows) {
    const uint16_t* a = g.a + row / kTileRows * tile_step;
    uint16_t* h = g.h + row / kTileRows * h_step;
    const bool both_rows = g.row_end - row > kTileRows;
    for (int64_t column = g.column_begin; column < g.column_end; column += kTileRows) {
      const int64_t block = column / kTileRows;
      ZeroSums();
      AddProducts(a, a + tile_step, g.gate + block * tile_step, g.up + block * tile_step,
                  kTileElements, g.depth_blocks, both_rows, [&] { gating.Slice(); });
      gating.Finish();
      gating.Take(h + column / kTileDepth * kTileElements, h_step, block % 2, both_rows);
    }
  }
  gating.Finish();
  _tile_release();
}

}  // namespace mores::ops::amx
