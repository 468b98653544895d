// Filters of one value: texts, numbers, JSON, defaults.
#include "templates/jinja/filters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace mores::templates::jinja {
namespace {

constexpr Filter kFilters[] = {
    {"abs", FilterAbs},         {"capitalize", FilterCase},   {"count", FilterLength},
    {"d", FilterDefault},       {"default", FilterDefault},   {"dictsort", FilterDictsort},
    {"e", FilterEscape},        {"escape", FilterEscape},     {"first", FilterFirst},
    {"float", FilterFloat},     {"indent", FilterIndent},     {"int", FilterInt},
    {"items", FilterItems},     {"join", FilterJoin},         {"last", FilterLast},
    {"length", FilterLength},   {"list", FilterList},         {"lower", FilterCase},
    {"map", FilterMap},         {"max", FilterExtreme},       {"min", FilterExtreme},
    {"reject", FilterSelect},   {"rejectattr", FilterSelect}, {"replace", FilterReplace},
    {"reverse", FilterReverse}, {"round", FilterRound},       {"safe", FilterSafe},
    {"select", FilterSelect},   {"selectattr", FilterSelect}, {"sort", FilterSort},
    {"string", FilterString},   {"sum", FilterSum},           {"title", FilterTitle},
    {"tojson", FilterToJson},   {"trim", FilterTrim},         {"unique", FilterUnique},
    {"upper", FilterCase},
};

const Filter* FindFilter(std::string_view name) {
  const auto* found = std::lower_bound(
      std::begin(kFilters), std::end(kFilters), name,
      [](const Filter& filter, std::string_view wanted) { return filter.name < wanted; });
  return found == std::end(kFilters) || found->name != name ? nullptr : found;
}

// Calls the method of the same effect on str(input).
Expected<Value> CallOnText(std::string_view method, const Value& input, const Arguments& arguments,
                           Meter& meter) {
  if (input.is_string()) return CallMethod(input, method, arguments, meter);
  MORES_ASSIGN_OR_RETURN(MarkedText text, ToText(input, meter));
  return CallMethod(Value(std::move(text)), method, arguments, meter);
}

}  // namespace

bool IsFilter(std::string_view name) { return FindFilter(name) != nullptr; }

Expected<Value> CallFilter(std::string_view name, const Value& input, const Arguments& arguments,
                           Meter& meter) {
  MORES_RETURN_IF_ERROR(meter.Steps(1));
  return FindFilter(name)->call({name, input, arguments, meter});
}

Expected<Value> FilterCase(const FilterCall& call) {
  return CallOnText(call.name, call.input, call.arguments, call.meter);
}

Expected<Value> FilterTrim(const FilterCall& call) {
  return CallOnText("strip", call.input, call.arguments, call.meter);
}

// Words begin behind white space, a hyphen or an opening bracket, unlike str.title's.
Expected<Value> FilterTitle(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  MORES_ASSIGN_OR_RETURN(const MarkedText text, ToText(call.input, call.meter));
  MORES_RETURN_IF_ERROR(call.meter.Steps(text.utf8.size()));
  TextBuilder out;
  size_t word = 0;
  for (size_t at = 0; at <= text.utf8.size();) {
    const size_t end = at;
    bool parts = at == text.utf8.size();
    if (parts) {
      ++at;
    } else {
      const char32_t c = NextCodePoint(text.utf8, at);
      parts = IsSpace(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
    }
    if (!parts) continue;
    if (word < end) {
      size_t first = word;
      NextCodePoint(text.utf8, first);
      out.Append(MapCase(Part(text, {word, first}), Case::kUpper));
      out.Append(MapCase(Part(text, {first, end}), Case::kLower));
    }
    if (end < text.utf8.size()) out.Append(text, {end, at});
    word = at;
  }
  return Value(out.Take());
}

Expected<Value> FilterReplace(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"old", "new", "count"}, 2));
  Arguments arguments;
  for (size_t i = 0; i < 2; ++i) {
    MORES_ASSIGN_OR_RETURN(MarkedText text, ToText(bound[i], call.meter));
    arguments.positional.emplace_back(std::move(text));
  }
  if (bound.has(2)) arguments.positional.push_back(bound[2]);
  return CallOnText("replace", call.input, arguments, call.meter);
}

Expected<Value> FilterIndent(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"width", "first", "blank"}, 0));
  MarkedText indent{std::string(4, ' '), {}};
  if (bound.has(0) && bound[0].is_string()) {
    indent = bound[0].string();
  } else {
    MORES_ASSIGN_OR_RETURN(const int64_t width, bound.Integer(0, 4));
    if (width > 1000) return MakeError(ErrorKind::kUnsupported, "indent: more than 1000 columns");
    indent.utf8.assign(static_cast<size_t>(std::max<int64_t>(width, 0)), ' ');
  }
  MORES_ASSIGN_OR_RETURN(const MarkedText text, ToText(call.input, call.meter));
  TextBuilder lines;
  lines.Append(text);
  lines.Append("\n");  // which keeps the last line from being none
  const MarkedText whole = lines.Take();
  MORES_RETURN_IF_ERROR(call.meter.Steps(CountLineEnds(whole.utf8)));
  const std::vector<TextRange> parts = SplitLines(whole.utf8, /*keep_ends=*/false);
  MORES_RETURN_IF_ERROR(call.meter.Text(text.utf8.size() + parts.size() * indent.utf8.size()));
  MORES_RETURN_IF_ERROR(call.meter.Steps(parts.size()));
  const bool blank = bound.IsTrueOr(2, false);
  TextBuilder out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out.Append("\n");
    const bool wanted = i > 0 ? blank || parts[i].begin < parts[i].end : bound.IsTrueOr(1, false);
    if (wanted) out.Append(indent);
    out.Append(whole, parts[i]);
  }
  return Value(out.Take());
}

Expected<Value> FilterString(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  if (call.input.is_string()) return call.input;
  MORES_ASSIGN_OR_RETURN(MarkedText text, ToText(call.input, call.meter));
  return Value(std::move(text));
}

Expected<Value> FilterSafe(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  MORES_ASSIGN_OR_RETURN(MarkedText text, ToText(call.input, call.meter));
  return Value(String{std::move(text), true});
}

Expected<Value> FilterEscape(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  if (call.input.is_string() && call.input.string().markup) return call.input;
  MORES_ASSIGN_OR_RETURN(const MarkedText text, ToText(call.input, call.meter));
  MORES_RETURN_IF_ERROR(call.meter.Steps(text.utf8.size() / 4));
  constexpr std::pair<char, std::string_view> kEscapes[] = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\'', "&#39;"}, {'"', "&#34;"}};
  TextBuilder out;
  size_t done = 0;
  for (size_t i = 0; i < text.utf8.size(); ++i) {
    for (const auto& [character, escape] : kEscapes) {
      if (text.utf8[i] != character) continue;
      out.Append(text, {done, i});
      out.Append(escape, OriginOf(text, {i, i + 1}));
      done = i + 1;
    }
  }
  out.Append(text, {done, text.utf8.size()});
  return Value(String{out.Take(), true});
}

Expected<Value> FilterToJson(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound,
                         call.Bind({"ensure_ascii", "indent", "separators", "sort_keys"}, 0));
  JsonStyle style = {.ensure_ascii = bound.IsTrueOr(0, false),
                     .sort_keys = bound.IsTrueOr(3, false)};
  if (bound.has(1) && bound[1].is_string()) {
    style.indent = bound[1].string();
  } else if (bound.has(1) && !bound[1].is_none()) {
    MORES_ASSIGN_OR_RETURN(const int64_t width, bound.Integer(1, 0));
    if (width > 1000) return MakeError(ErrorKind::kUnsupported, "tojson: indent above 1000");
    style.indent =
        MarkedText{std::string(static_cast<size_t>(std::max<int64_t>(width, 0)), ' '), {}};
  }
  if (bound.has(2) && !bound[2].is_none()) {
    MORES_ASSIGN_OR_RETURN(const std::vector<Value> pair, Iterate(bound[2], call.meter));
    if (pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      return MakeError(ErrorKind::kInput, "tojson: separators are two strings");
    }
    style.item_separator = pair[0].string();
    style.key_separator = pair[1].string();
  }
  MORES_ASSIGN_OR_RETURN(MarkedText text, ToJsonText(call.input, style, call.meter));
  return Value(std::move(text));
}

Expected<Value> FilterLength(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  MORES_ASSIGN_OR_RETURN(const size_t length, Length(call.input, call.meter));
  return Value(static_cast<int64_t>(length));
}

Expected<Value> FilterDefault(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"default_value", "boolean"}, 0));
  const bool takes = call.input.is_undefined() || (bound.IsTrueOr(1, false) && !IsTrue(call.input));
  return takes ? bound.Or(0, Value(std::string_view())) : call.input;
}

namespace {

// The text of a number as int() and float() take it: white space around and single underscores
// between digits are dropped. Empty if it can't be one.
std::string NumberText(std::string_view text) {
  const TextRange kept = Strip(text, std::nullopt, Side::kBoth);
  text = text.substr(kept.begin, kept.end - kept.begin);
  std::string number;
  const auto ends_in_digit = [&] {
    return !number.empty() && number.back() >= '0' && number.back() <= '9';
  };
  for (size_t at = 0; at < text.size();) {
    const char32_t c = NextCodePoint(text, at);
    if (const int digit = DigitValue(c); digit >= 0) {
      number += static_cast<char>('0' + digit);
    } else if (c == '_' && ends_in_digit() && at < text.size()) {
      size_t next = at;
      if (DigitValue(NextCodePoint(text, next)) < 0) return "";
    } else if (c >= 0x80 || c == '_' || c == 0) {
      return "";
    } else {
      number += static_cast<char>(c);
    }
  }
  if (number.starts_with('+') && number.size() > 1 && number[1] != '-') number.erase(0, 1);
  return number;
}

std::optional<double> ReadFloat(std::string_view text) {
  const std::string number = NumberText(text);
  double value = 0;
  const char* end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, value);
  if (number.empty() || read.ptr != end) return std::nullopt;
  if (number.find('(') != std::string::npos) return std::nullopt;  // "nan(...)"
  if (read.ec == std::errc::result_out_of_range) return std::strtod(number.c_str(), nullptr);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

Expected<Value> Truncate(double number, const Value& otherwise) {
  if (std::isnan(number) || std::isinf(number)) return otherwise;
  if (std::abs(number) >= 9.2e18) {
    return MakeError(ErrorKind::kUnsupported, "an integer of more than 64 bits");
  }
  return Value(static_cast<int64_t>(number));
}

}  // namespace

Expected<Value> FilterInt(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"default", "base"}, 0));
  if (bound.has(1)) return MakeError(ErrorKind::kUnsupported, "int: a base is not supported");
  const Value otherwise = bound.Or(0, Value(int64_t{0}));
  if (call.input.is_undefined()) return MakeError(ErrorKind::kInput, "{}", call.input.reason());
  if (call.input.is_integral()) return Value(call.input.integer());
  if (call.input.kind() == Value::Kind::kFloat) return Truncate(call.input.number(), otherwise);
  if (!call.input.is_string()) return otherwise;
  const std::string number = NumberText(call.input.string().utf8);
  int64_t integer = 0;
  const char* end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, integer);
  if (read.ec == std::errc() && read.ptr == end) return Value(integer);
  if (read.ec == std::errc::result_out_of_range && read.ptr == end) {
    return MakeError(ErrorKind::kUnsupported, "an integer of more than 64 bits");
  }
  const std::optional<double> value = ReadFloat(call.input.string().utf8);
  return value ? Truncate(*value, otherwise) : otherwise;
}

Expected<Value> FilterFloat(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"default"}, 0));
  if (call.input.is_undefined()) return MakeError(ErrorKind::kInput, "{}", call.input.reason());
  if (call.input.is_number()) return Value(call.input.AsDouble());
  if (call.input.is_string()) {
    if (const auto value = ReadFloat(call.input.string().utf8)) return Value(*value);
  }
  return bound.Or(0, Value(0.0));
}

Expected<Value> FilterAbs(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  if (call.input.kind() == Value::Kind::kFloat) return Value(std::abs(call.input.number()));
  if (!call.input.is_integral() || call.input.integer() == INT64_MIN) {
    return MakeError(ErrorKind::kInput, "abs: not of a '{}'", TypeName(call.input));
  }
  return Value(std::abs(call.input.integer()));
}

Expected<Value> FilterRound(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"precision", "method"}, 0));
  MORES_ASSIGN_OR_RETURN(const int64_t precision, bound.Integer(0, 0));
  MORES_ASSIGN_OR_RETURN(const String* method, bound.Text(1));
  const std::string_view name = method == nullptr ? "common" : std::string_view(method->utf8);
  if (!call.input.is_number()) {
    return MakeError(ErrorKind::kInput, "round: not of a '{}'", TypeName(call.input));
  }
  if (precision < 0 || precision > 300) {
    return MakeError(ErrorKind::kUnsupported, "round: precision {} is not supported", precision);
  }
  if (name == "common") {
    if (call.input.is_integral()) return Value(call.input.integer());
    if (!std::isfinite(call.input.number())) return call.input;
    // The exact decimal value is rounded, ties to even, as Python does.
    const std::string text = fmt::format("{:.{}f}", call.input.number(), precision);
    return Value(std::strtod(text.c_str(), nullptr));
  }
  if (name != "ceil" && name != "floor") {
    return MakeError(ErrorKind::kInput, "round: the method is common, ceil or floor");
  }
  const double scale = std::pow(10.0, static_cast<double>(precision));
  const double scaled = call.input.AsDouble() * scale;
  return Value((name == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
}

}  // namespace mores::templates::jinja
