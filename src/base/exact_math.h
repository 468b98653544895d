// Elementary functions whose bits are ours: fixed chains of correctly rounded operations (fused
// multiply-add among them), so that a number doesn't change with the C library, the compiler or the
// processor. Results are within 2 units in the last place of the true value, where nothing else is
// said. Whatever a verdict's bits depend on calls these, never those of <cmath>; sqrt, rounding
// and fma are correctly rounded everywhere and stay.
#ifndef MORES_BASE_EXACT_MATH_H_
#define MORES_BASE_EXACT_MATH_H_

namespace mores {

// As their namesakes for infinities and NaN.
double ExactExp(double x);
double ExactLog(double x);
// |x| at most 2^30, beyond which a NaN comes back; absolute error at most 2^-52.
double ExactSin(double x);
double ExactCos(double x);
// base >= 0; relative error at most 2^-50 * (1 + |exponent * log(base)|). NaN for a negative base,
// and for 0 to a negative power.
double ExactPow(double base, double exponent);

}  // namespace mores

#endif  // MORES_BASE_EXACT_MATH_H_
