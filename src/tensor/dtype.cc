#include "tensor/dtype.h"

#include <immintrin.h>

namespace mores::tensor {

// The baseline has the instruction (F16C), which is exact; a signalling NaN becomes a quiet one.
float ToFloat(Float16 x) { return _cvtsh_ss(x.bits); }

}  // namespace mores::tensor
