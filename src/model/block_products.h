#ifndef MORES_MODEL_BLOCK_PRODUCTS_H_
#define MORES_MODEL_BLOCK_PRODUCTS_H_

namespace mores::model {

// What products with weights in whole-number blocks (tensor/block_codes.h) are made of: their
// elements as floating-point numbers, or the blocks as they are.
enum class BlockProducts { kDecoded, kInBlocks };

}  // namespace mores::model

#endif  // MORES_MODEL_BLOCK_PRODUCTS_H_
