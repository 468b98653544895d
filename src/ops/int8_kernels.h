// The inner loops of ops/int8_products.h.
#ifndef MORES_OPS_INT8_KERNELS_H_
#define MORES_OPS_INT8_KERNELS_H_

#include <cstdint>

#include "ops/int8_products.h"

namespace mores::ops::int8 {

// All rows of A by one panel.
struct PanelProduct {
  const LeftRows* a;
  RightColumns::Panel panel;
  tensor::CodeFormat format;
  float* c;  // of row 0, at the panel's first column
  int64_t c_row;
  int64_t columns;  // of the panel that are there, at most 16
};

// So many rows go through a panel once, with codes in the bits that they have; for more a panel's
// codes are made bytes first.
constexpr int64_t kFewRows = 4;

// The plain contract, and how it is met with AVX2, and with AVX-512's products of bytes.
// REQUIRES: codes of 8 bits, or, but for the plain one, at most kFewRows.
void MultiplyPlainly(const PanelProduct& product);
void MultiplyAvx2(const PanelProduct& product);
void MultiplyAvx512Vnni(const PanelProduct& product);

}  // namespace mores::ops::int8

#endif  // MORES_OPS_INT8_KERNELS_H_
