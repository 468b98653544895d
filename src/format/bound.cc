#include "format/bound.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/strings.h"

namespace mores::format {
namespace {

constexpr std::string_view kBoundEdges = " \t";

std::string_view Sign(Comparison comparison) {
  switch (comparison) {
    case Comparison::kAbove:
      return ">";
    case Comparison::kAtLeast:
      return ">=";
    case Comparison::kBelow:
      return "<";
    case Comparison::kAtMost:
      return "<=";
  }
  return "";
}

}  // namespace

Expected<Bound> ParseBound(std::string_view text, std::span<const std::string_view> known_metrics) {
  const auto wrong = [&](std::string_view problem) {
    return MakeError(ErrorKind::kUsage, "bound '{}': {}", text.substr(0, 80), problem);
  };
  const size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) return wrong("expected a form such as 'unsafe>0.1'");
  const bool or_equal = sign + 1 < text.size() && text[sign + 1] == '=';
  Bound bound;
  bound.metric = std::string(Trim(text.substr(0, sign), kBoundEdges));
  if (text[sign] == '>') {
    bound.comparison = or_equal ? Comparison::kAtLeast : Comparison::kAbove;
  } else {
    bound.comparison = or_equal ? Comparison::kAtMost : Comparison::kBelow;
  }
  const std::string_view number = Trim(text.substr(sign + (or_equal ? 2 : 1)), kBoundEdges);
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), bound.value);
  if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() ||
      !std::isfinite(bound.value)) {
    return wrong("the part after the sign must be a number");
  }
  if (std::find(known_metrics.begin(), known_metrics.end(), bound.metric) == known_metrics.end()) {
    return wrong(fmt::format("the figure must be one of {}", fmt::join(known_metrics, ", ")));
  }
  return bound;
}

bool Exceeds(const Bound& bound, double figure) {
  if (std::isnan(figure)) return true;
  switch (bound.comparison) {
    case Comparison::kAbove:
      return figure > bound.value;
    case Comparison::kAtLeast:
      return figure >= bound.value;
    case Comparison::kBelow:
      return figure < bound.value;
    case Comparison::kAtMost:
      return figure <= bound.value;
  }
  return true;
}

std::string ToString(const Bound& bound) {
  return fmt::format("{} {} {}", bound.metric, Sign(bound.comparison), bound.value);
}

}  // namespace mores::format
