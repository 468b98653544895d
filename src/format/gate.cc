#include "format/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/figure_text.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

Bound AtMostAllowed(std::string_view figure, std::string_view place) {
  return {.figure = std::string(figure),
          .place = std::string(place),
          .comparison = Comparison::kAbove,
          .value = kUndecidedAllowed};
}

bool BoundsFromAbove(std::span<const GateCheck> checks, std::string_view figure,
                     std::string_view place) {
  return std::any_of(checks.begin(), checks.end(), [&](const GateCheck& check) {
    return check.bound.figure == figure && check.bound.place == place && IsUpper(check.bound);
  });
}

std::vector<std::string_view> NeedsOf(const Bound& bound, std::span<const KnownFigure> known) {
  for (const KnownFigure& figure : known) {
    if (figure.name == bound.figure) return figure.needs;
  }
  return {};
}

// Characters that XML 1.0 can't hold at all, and bytes that are no UTF-8, become U+FFFD.
std::string XmlText(std::string_view text) {
  std::string out;
  const std::string valid = text::ReplaceInvalidUtf8(text);
  for (size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    const std::string_view rest = std::string_view(valid).substr(i);
    if (byte == '&') {
      out += "&amp;";
    } else if (byte == '<') {
      out += "&lt;";
    } else if (byte == '>') {
      out += "&gt;";
    } else if (byte == '"') {
      out += "&quot;";
    } else if (byte == '\t' || byte == '\n' || byte == '\r') {
      out += fmt::format("&#{};", byte);  // an attribute's plain ones are read as spaces
    } else if (byte < 0x20) {
      out += "\uFFFD";
    } else if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
      out += "\uFFFD";
      i += 2;
    } else {
      out += valid[i];
    }
  }
  return out;
}

std::string WhatItIs(const GateFigure& figure) {
  if (!std::isfinite(figure.value)) return PercentWords(figure.value, figure.why_undefined);
  return fmt::format("{} % ({:.6g})", PercentText(figure.value), figure.value);
}

}  // namespace

Expected<Gate> Gate::Parse(std::span<const std::string> texts, const GateFigures& figures,
                           const ReadPlace& read_place) {
  Gate gate;
  std::vector<GateCheck>& checks = gate.checks_;
  for (const std::string& text : texts) {
    MORES_ASSIGN_OR_RETURN(Bound bound, ParseBound(text, figures.known));
    if (read_place && !bound.place.empty()) {
      MORES_ASSIGN_OR_RETURN(bound.place, read_place(bound.place));
    }
    checks.push_back({.bound = std::move(bound)});
  }
  if (checks.empty()) return gate;
  const std::vector<GateCheck> given = checks;
  const auto add = [&](std::string_view figure, std::string_view place) {
    checks.push_back({.bound = AtMostAllowed(figure, place), .given = false});
  };
  if (!BoundsFromAbove(given, figures.undecided, "")) {
    std::vector<std::string_view> open;
    for (const std::string_view part : figures.undecided_parts) {
      if (!BoundsFromAbove(given, part, "")) open.push_back(part);
    }
    if (open.size() == figures.undecided_parts.size()) {
      add(figures.undecided, "");
    } else {
      for (const std::string_view part : open) add(part, "");
    }
  }
  for (const GateCheck& check : given) {
    const std::string& place = check.bound.place;
    if (!place.empty() && !BoundsFromAbove(checks, "unparsed", place)) add("unparsed", place);
    for (const std::string_view needed : NeedsOf(check.bound, figures.known)) {
      if (!BoundsFromAbove(checks, needed, "")) add(needed, "");
    }
  }
  return gate;
}

std::vector<GateCheck> Gate::Check(const std::function<GateFigure(const Bound&)>& figure) const {
  std::vector<GateCheck> checks = checks_;
  for (GateCheck& check : checks) {
    check.figure = figure(check.bound);
    check.exceeded = Exceeds(check.bound, check.figure.value);
  }
  return checks;
}

bool AnyExceeded(std::span<const GateCheck> checks) {
  return std::any_of(checks.begin(), checks.end(),
                     [](const GateCheck& check) { return check.exceeded; });
}

std::string Describe(const GateCheck& check) {
  std::string text = fmt::format("{}: it is {}", ToString(check.bound), WhatItIs(check.figure));
  if (!check.given) {
    text += fmt::format("; what was not judged does not pass ('{}>...' sets how much may)",
                        check.bound.place.empty() ? check.bound.figure
                                                  : check.bound.figure + "@" + check.bound.place);
  }
  return text;
}

std::string RenderJUnit(const JUnitSuite& suite, std::span<const GateCheck> checks) {
  const auto failures = std::count_if(checks.begin(), checks.end(),
                                      [](const GateCheck& check) { return check.exceeded; });
  const std::string name = XmlText(suite.name);
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  const std::string counts = fmt::format("name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\"",
                                         name, checks.size(), failures);
  xml += fmt::format("<testsuites {}>\n  <testsuite {} skipped=\"0\">\n", counts, counts);
  if (!suite.properties.empty()) {
    xml += "    <properties>\n";
    for (const auto& [key, value] : suite.properties) {
      xml +=
          fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", XmlText(key), XmlText(value));
    }
    xml += "    </properties>\n";
  }
  for (const GateCheck& check : checks) {
    xml += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", name,
                       XmlText(ToString(check.bound)));
    if (!check.exceeded) {
      xml += fmt::format(">\n      <system-out>{}</system-out>\n    </testcase>\n",
                         XmlText("it is " + WhatItIs(check.figure)));
      continue;
    }
    const std::string message = XmlText(Describe(check));
    xml +=
        fmt::format(">\n      <failure message=\"{}\" type=\"{}\">{}</failure>\n    </testcase>\n",
                    message, check.given ? "bound" : "undecided", message);
  }
  return xml + "  </testsuite>\n</testsuites>\n";
}

}  // namespace mores::format
