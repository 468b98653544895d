// Rows that a forward pass keeps for the backward one.
#ifndef MORES_MODEL_TRAIN_KEPT_ROWS_H_
#define MORES_MODEL_TRAIN_KEPT_ROWS_H_

#include <cstdint>

#include "tensor/buffer.h"
#include "tensor/dtype.h"

namespace mores::model {

// As they are, or, where products are in bf16, rounded to it, in half the memory. Rows may be put
// and read by several threads at once.
class KeptRows {
 public:
  void Resize(int64_t rows, int64_t width, tensor::DType precision);
  void Put(int64_t row, const float* values);
  // Width values: where they lie, or in `decoded`, which has room for them.
  const float* Row(int64_t row, float* decoded) const;
  static int64_t BytesOf(tensor::DType precision) {
    return precision == tensor::DType::kBf16 ? 2 : 4;
  }

 private:
  int64_t width_ = 0;
  bool rounded_ = false;
  tensor::AlignedBuffer<float> whole_;
  tensor::AlignedBuffer<uint16_t> halves_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_KEPT_ROWS_H_
