// How operands of products are packed, and products of bf16 tiles (ops/amx.h) by what the level in
// force has for them.
#ifndef MORES_OPS_TILES_H_
#define MORES_OPS_TILES_H_

#include <cstdint>

#include "base/cpu.h"
#include "ops/amx.h"
#include "ops/bf16_pairs.h"
#include "ops/matmul.h"
#include "ops/rows.h"

namespace mores::ops {

// Whether operands are packed as tiles, those of attention too.
inline bool UseTiles(DType precision, Bf16Sums sums) {
  if (precision != DType::kBf16) return false;
  return CurrentIsaLevel() == IsaLevel::kAmx ||
         (sums == Bf16Sums::kPairs && CurrentCpuFeatures().avx512_bf16);
}

inline Packing PackingOf(DType precision, Bf16Sums sums) {
  if (precision != DType::kBf16) return Packing::kPanels;
  if (UseTiles(precision, sums)) return Packing::kTiles;
  const bool words = CurrentIsaLevel() == IsaLevel::kAvx2 || CurrentCpuFeatures().avx512_vnni;
  return sums == Bf16Sums::kPairs && words ? Packing::kInt16 : Packing::kPanels;
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
