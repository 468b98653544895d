// Codes of weights (tensor/block_codes.h) in as many bits as they need: what lies in memory, and is
// made bytes for the inner loops panel by panel.
#ifndef MORES_OPS_PACKED_CODES_H_
#define MORES_OPS_PACKED_CODES_H_

#include <cstdint>

namespace mores::ops::int8 {

// A block: 32 depths of 16 columns. As bytes, codes lie [8 quads of depths][16 columns][4 depths].
// Packed, two quads share 64 bytes, the second in the upper four bits; behind them what a code has
// above four bits: of 5 bits, quad i's in bit i of 64 bytes; of 6 bits, quad i's in bits 2 (i % 4)
// of 64 bytes for each four quads. Codes of 8 bits stay bytes.
constexpr int64_t kBlockCodes = 512;
constexpr int kQuads = 8, kQuadBytes = 64;
constexpr int64_t kUpperPart = kQuads / 2 * kQuadBytes;  // where what is above four bits lies

// 4, 5, 6 or 8, for codes up to `largest`.
int BitsOfCodes(int largest);
constexpr int64_t PackedBlockBytes(int bits) { return kBlockCodes * bits / 8; }

// Writes a column's 32 codes of a block.
void PackCodes(int bits, const uint8_t* codes, int64_t column, uint8_t* block);

// Writes `blocks` packed blocks as bytes; both aligned to 64. REQUIRES: not 8 bits.
void UnpackCodes(int bits, const uint8_t* packed, int64_t blocks, uint8_t* codes);

}  // namespace mores::ops::int8

#endif  // MORES_OPS_PACKED_CODES_H_
