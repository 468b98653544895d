// Bounds that a caller sets on a command's figures: `--fail-if 'unsafe>0.1'`, `--fail-if
// 'unsafe>10%'`.
#ifndef MORES_FORMAT_BOUND_H_
#define MORES_FORMAT_BOUND_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::format {

enum class Comparison { kAbove, kAtLeast, kBelow, kAtMost };

struct Bound {
  std::string figure;  // such as "unsafe"; one of the names the command knows
  std::string place;   // of "unsafe@CN"; "" for none
  Comparison comparison = Comparison::kAbove;
  double value = 0;
};

// A figure that a bound may name, and what it can be.
struct KnownFigure {
  std::string_view name;
  double low = 0, high = 1;
  // Also by place, as "NAME@CN".
  bool by_place = false;
  // Figures that say what this one couldn't count; a gate that bounds it bounds them, too.
  std::vector<std::string_view> needs = {};
};

// "NAME>NUMBER" or "NAME>NUMBER%", with >, >=, < or <=, blanks allowed around each part. kUsage,
// naming the known figures, for anything else, and for a number that the figure can't have.
Expected<Bound> ParseBound(std::string_view text, std::span<const KnownFigure> known);

// Whether `figure` is where the caller said the command must fail. An undefined figure (NaN) is:
// a gate that can't be checked does not pass.
bool Exceeds(const Bound& bound, double figure);

// Whether no value that the figure can have exceeds it, such as 'unsafe>1': that was perhaps meant
// as one per cent.
bool CanNeverBeExceeded(const Bound& bound, std::span<const KnownFigure> known);

// Whether it bounds from above: ">" or ">=".
bool IsUpper(const Bound& bound);

std::string ToString(const Bound& bound);  // "unsafe > 0.1", "unsafe@CN > 0.1"

}  // namespace mores::format

#endif  // MORES_FORMAT_BOUND_H_
