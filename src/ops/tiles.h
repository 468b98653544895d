// How operands of products are packed, and products of bf16 tiles (ops/amx.h) by what the level in
// force has for them.
#ifndef MORES_OPS_TILES_H_
#define MORES_OPS_TILES_H_

#include <cstdint>
#include <string_view>

#include "base/cpu.h"
#include "ops/amx.h"
#include "ops/bf16_pairs.h"
#include "ops/matmul.h"
#include "ops/rows.h"

namespace mores::ops {

// How a level packs the operands of bf16 products; `features` are those that belong to it.
constexpr Packing Bf16Packing(IsaLevel level, const CpuFeatures& features, Bf16Sums sums) {
  if (level == IsaLevel::kAmx) return Packing::kTiles;
  if (sums == Bf16Sums::kOneByOne) return Packing::kPanels;
  if (features.avx512_bf16) return Packing::kTiles;
  return level == IsaLevel::kAvx2 || features.avx512_vnni ? Packing::kInt16 : Packing::kPanels;
}
// What FastestSums() is then.
constexpr std::string_view FastestSumsOf(IsaLevel level, const CpuFeatures& features) {
  const bool avx512 = level == IsaLevel::kAvx512;
  switch (Bf16Packing(level, features, Bf16Sums::kPairs)) {
    case Packing::kTiles:
      return avx512 ? "avx512_bf16" : "amx";
    case Packing::kInt16:
      return avx512 ? "avx512_int16" : "avx2_int16";
    case Packing::kPanels:
      break;
  }
  return "avx512";
}

// By what is in force.
inline Packing PackingOf(DType precision, Bf16Sums sums) {
  return precision == DType::kBf16 ? Bf16Packing(CurrentIsaLevel(), CurrentCpuFeatures(), sums)
                                   : Packing::kPanels;
}
// Whether operands are packed as tiles, those of attention too.
inline bool UseTiles(DType precision, Bf16Sums sums) {
  return PackingOf(precision, sums) == Packing::kTiles;
}

// Tiles along rows or columns, whole pairs.
inline int64_t TileBlocks(int64_t count) { return CeilDiv(count, 2 * amx::kTileRows) * 2; }

inline void MatMulTiles(const amx::Block& block) {
  if (CurrentIsaLevel() == IsaLevel::kAmx) {
    amx::MatMul(block);
  } else {
    pairs::MatMul(block);
  }
}

}  // namespace mores::ops

#endif  // MORES_OPS_TILES_H_
