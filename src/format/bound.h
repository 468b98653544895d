// Bounds that a caller sets on a command's figures: `--fail-if 'unsafe>0.1'`.
#ifndef MORES_FORMAT_BOUND_H_
#define MORES_FORMAT_BOUND_H_

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mores::format {

enum class Comparison { kAbove, kAtLeast, kBelow, kAtMost };

struct Bound {
  std::string metric;  // such as "unsafe"; one of the names the command knows
  Comparison comparison = Comparison::kAbove;
  double value = 0;
};

// "NAME>NUMBER", with >, >=, < or <=, blanks allowed around each part. kUsage, naming the known
// metrics, for anything else.
Expected<Bound> ParseBound(std::string_view text, std::span<const std::string_view> known_metrics);

// Whether `figure` is where the caller said the command must fail. An undefined figure (NaN) is:
// a gate that can't be checked does not pass.
bool Exceeds(const Bound& bound, double figure);

std::string ToString(const Bound& bound);  // "unsafe > 0.1"

}  // namespace mores::format

#endif  // MORES_FORMAT_BOUND_H_
