#include "base/figure_text.h"

#include <fmt/format.h>

#include <cmath>

namespace mores {
namespace {

// Without the sign of a zero that comes of rounding.
std::string Rounded(double value, int digits) {
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.starts_with('-') && text.find_first_of("123456789") == std::string::npos)
    text.erase(0, 1);
  return text;
}

}  // namespace

std::string FigureText(double value, int digits) {
  return std::isfinite(value) ? Rounded(value, digits) : "-";
}

std::string PercentText(double share) { return FigureText(100 * share, 1); }

std::string PercentWords(double share, std::string_view why_undefined) {
  return std::isfinite(share) ? PercentText(share) + " %"
                              : fmt::format("undefined ({})", why_undefined);
}

}  // namespace mores
