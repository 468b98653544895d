#include "format/bound.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "base/strings.h"
#include "format/place_tally.h"

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

// A finite number; "10%" is 0.1.
std::optional<double> ParseValue(std::string_view text) {
  text = Trim(text, kBoundEdges);
  const bool percent = text.ends_with('%');
  if (percent) text = Trim(text.substr(0, text.size() - 1), kBoundEdges);
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() ||
      !std::isfinite(value)) {
    return std::nullopt;
  }
  return percent ? value / 100 : value;
}

std::vector<std::string> NamesOf(std::span<const KnownFigure> known) {
  std::vector<std::string> names;
  for (const KnownFigure& figure : known) {
    names.emplace_back(figure.name);
    if (figure.by_place) names.push_back(fmt::format("{}@PLACE", figure.name));
  }
  return names;
}

const KnownFigure* FindFigure(std::string_view name, std::span<const KnownFigure> known) {
  for (const KnownFigure& figure : known) {
    if (figure.name == name) return &figure;
  }
  return nullptr;
}

}  // namespace

Expected<Bound> ParseBound(std::string_view text, std::span<const KnownFigure> known) {
  const auto wrong = [&](std::string_view problem) {
    return MakeError(ErrorKind::kUsage, "bound '{}': {}", text.substr(0, 80), problem);
  };
  const size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) return wrong("expected a form such as 'unsafe>0.1'");
  const bool or_equal = sign + 1 < text.size() && text[sign + 1] == '=';
  Bound bound;
  if (text[sign] == '>') {
    bound.comparison = or_equal ? Comparison::kAtLeast : Comparison::kAbove;
  } else {
    bound.comparison = or_equal ? Comparison::kAtMost : Comparison::kBelow;
  }
  const auto value = ParseValue(text.substr(sign + (or_equal ? 2 : 1)));
  if (!value) return wrong("the part after the sign must be a number, or one with %");
  bound.value = *value;

  const std::string_view name = Trim(text.substr(0, sign), kBoundEdges);
  const size_t at = std::min(name.find('@'), name.size());
  bound.figure = std::string(name.substr(0, at));
  const auto figure = std::find_if(
      known.begin(), known.end(), [&](const KnownFigure& one) { return one.name == bound.figure; });
  if (figure == known.end()) {
    return wrong(fmt::format("the figure must be one of {}", fmt::join(NamesOf(known), ", ")));
  }
  if (at < name.size()) {
    bound.place = PlaceSpelling(name.substr(at + 1));
    if (bound.place.empty()) return wrong("a place must follow the @, as in 'unsafe@CN>0.1'");
    if (!figure->by_place) return wrong(fmt::format("{} isn't told by place", bound.figure));
  }
  if (bound.value < figure->low || bound.value > figure->high) {
    return wrong(fmt::format("{} lies between {} and {}; one per cent is 0.01 or 1%", figure->name,
                             figure->low, figure->high));
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

bool CanNeverBeExceeded(const Bound& bound, std::span<const KnownFigure> known) {
  const KnownFigure* figure = FindFigure(bound.figure, known);
  return figure != nullptr &&
         ((bound.comparison == Comparison::kAbove && bound.value >= figure->high) ||
          (bound.comparison == Comparison::kBelow && bound.value <= figure->low));
}

bool IsUpper(const Bound& bound) {
  return bound.comparison == Comparison::kAbove || bound.comparison == Comparison::kAtLeast;
}

std::string ToString(const Bound& bound) {
  return fmt::format("{}{}{} {} {}", bound.figure, bound.place.empty() ? "" : "@", bound.place,
                     Sign(bound.comparison), bound.value);
}

}  // namespace mores::format
