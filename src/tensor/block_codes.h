// The whole numbers that blocks of elements hold, for products that are computed in them
// (ops/int8_products.h).
#ifndef MORES_TENSOR_BLOCK_CODES_H_
#define MORES_TENSOR_BLOCK_CODES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tensor/dtype.h"

namespace mores::tensor {

// How an element comes of its code, a whole number from 0 to `largest`.
enum class CodeKind {
  // scale (code - offset), with a scale for each 32.
  kPlain,
  // scale part (code - offset), with a scale for each 256 and a whole number `part` for each 16.
  kParts,
  // scale part code - least_scale least, with both scales for each 256 and both whole numbers for
  // each 32.
  kWithLeast,
};
struct CodeFormat {
  CodeKind kind;
  int offset;
  int largest;
  int64_t scale_depth;  // elements of a scale
  int64_t part_depth;   // of a part; 0 for kPlain
};
// Nullopt of elements that aren't made so (bf16, q2_k, ...).
std::optional<CodeFormat> CodeFormatOf(DType dtype);

// Of all that have one, for people: "q4_0, q5_0, ...".
std::string CodeTypeNames();

// What is written for elements in order; of kPlain the first two alone, of kParts three.
struct BlockCodes {
  uint8_t* codes;
  float* scales;
  int8_t* parts;
  float* least_scales;
  int8_t* leasts;
};
// `count` whole blocks that lie one after another, possibly unaligned. REQUIRES: a CodeFormatOf.
void ReadBlockCodes(DType dtype, const char* blocks, int64_t count, BlockCodes out);

}  // namespace mores::tensor

#endif  // MORES_TENSOR_BLOCK_CODES_H_
