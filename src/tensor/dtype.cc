#include "tensor/dtype.h"

#include <immintrin.h>

namespace mores::tensor {

// The baseline has the instructions (F16C); a signalling NaN becomes a quiet one.
float ToFloat(Float16 x) { return _cvtsh_ss(x.bits); }
Float16 ToFloat16(float x) { return {_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT)}; }

}  // namespace mores::tensor
