// How far a computed tensor may lie from its golden one: the single place that tolerances come
// from.
//
// The measure is the relative norm error of a whole tensor, |ours - golden| / |golden|, since an
// element near zero has no meaningful relative error of its own.
//
// Two things make an error, and both add like random walks, not like worst cases:
//   Operands. A product whose operands are rounded to a significand of p bits is off by a relative
//   rms of sqrt(2) * 0.41 * 2^-p: rounding is uniform within half a unit in the last place, which
//   is 0.58 of the bound 2^-p, and 0.41 of it once averaged over significands between 1 and 2. In a
//   sum of products of random signs, errors and sum grow alike, so the length K drops out. For
//   bf16, p is 8; f32 operands are exact.
//   Accumulation. Adding K terms in f32 rounds K times; relative to the sum that is about
//   2^-24 * sqrt(K), in both precisions.
// A value that has passed n products in sequence has collected n such errors: sqrt(n).
//
// Margin 4 covers what that leaves out: norms, softmax and SiLU amplify errors by their condition,
// and the golden value has errors of its own. PyTorch's own bf16 autocast, measured against its f32
// and stored with each golden case, lies at 1 to 3.6 times the rms figure.
//
// Cancellation: softmax does not see a constant added to all scores of a query, so the gradient of
// a key bias is what survives of terms that cancel but for the rotation of positions. Its norm is a
// fraction of theirs, and the error relative to it larger by kKeyBiasCancellation. Where attention's
// backward pass rounds the gradients of scores to bf16 (ops/segment_attention.h), each of the terms
// that cancel brings an error of its own: measured, it comes to 4.2 of what was 4 before, so 6.
#ifndef MORES_SUPPORT_MODEL_TOLERANCE_H_
#define MORES_SUPPORT_MODEL_TOLERANCE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tensor/dtype.h"

namespace mores::model {

inline constexpr double kToleranceMargin = 4;
inline constexpr double kKeyBiasCancellation = 6;
inline constexpr double kLargestF32Tolerance = 1e-4;

struct ToleranceInput {
  tensor::DType precision = tensor::DType::kF32;  // of the products' operands
  int64_t reduction = 1;                          // K, the longest sum of a product
  int products = 1;                               // in sequence, up to the value compared
  double cancellation = 1;
};

// Largest acceptable |ours - golden| / |golden|.
inline double RelativeTolerance(const ToleranceInput& input) {
  const double operands =
      input.precision == tensor::DType::kF32 ? 0.0 : std::sqrt(2.0) * 0.41 * std::ldexp(1.0, -8);
  const double accumulation =
      std::ldexp(1.0, -24) * std::sqrt(static_cast<double>(input.reduction));
  const double once = std::hypot(operands, accumulation);
  const double tolerance =
      kToleranceMargin * input.cancellation * once * std::sqrt(static_cast<double>(input.products));
  return input.precision == tensor::DType::kF32 ? std::min(tolerance, kLargestF32Tolerance)
                                                : tolerance;
}

// Products in sequence from tokens to logits: query/key/value, scores, values, output, gate/up and
// down in each layer, and the head.
constexpr int ForwardProducts(int layers) { return 6 * layers + 1; }
// A gradient has passed the forward pass and its mirror image.
constexpr int BackwardProducts(int layers) { return 2 * ForwardProducts(layers); }

// Largest acceptable relative error of a tensor's change over a few Adam steps, given the relative
// error of its gradients. Adam divides each element by its own size, so an element whose gradient
// is smaller than the gradient's error moves in either direction by a full step. Of normally
// distributed elements a fraction of 0.8 * error is that small, and each is off by at most twice
// its step: sqrt(0.8 * 4 * error) in the norm.
inline double AdamUpdateTolerance(double gradient_tolerance) {
  return std::min(1.0, std::sqrt(3.2 * gradient_tolerance));
}

}  // namespace mores::model

#endif  // MORES_SUPPORT_MODEL_TOLERANCE_H_
