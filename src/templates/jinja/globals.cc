#include "templates/jinja/globals.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "text/unicode.h"

namespace mores::templates::jinja {
namespace {

constexpr std::string_view kGlobals[] = {"dict", "namespace", "raise_exception", "range",
                                         "strftime_now"};

Expected<Value> Range(const Arguments& arguments, Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const auto bound,
                         BoundArguments::Bind("range", arguments, {"start", "stop", "step"}, 1));
  int64_t numbers[3] = {0, 0, 1};
  for (size_t i = 0; i < 3; ++i) {
    if (bound.has(i) && !bound[i].is_integral()) {
      return MakeError(ErrorKind::kInput, "range: '{}' is not an integer", TypeName(bound[i]));
    }
    if (bound.has(i)) numbers[i] = bound[i].integer();
  }
  auto [start, stop, step] = numbers;
  if (!bound.has(1)) {
    stop = start;
    start = 0;
  }
  if (step == 0) return MakeError(ErrorKind::kInput, "range: the step is 0");
  const auto distance = static_cast<long double>(stop) - static_cast<long double>(start);
  if (distance / static_cast<long double>(step) > kMaxRange) {
    return MakeError(ErrorKind::kUnsupported, "range: more than {} items", kMaxRange);
  }
  std::vector<Value> items;
  for (int64_t at = start; step > 0 ? at < stop : at > stop;) {
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  MORES_RETURN_IF_ERROR(meter.Steps(1 + items.size()));
  return MakeSequence(Sequence::Kind::kRange, std::move(items));
}

// dict(mapping, name=value...)
Expected<Value> MakeDict(std::string_view name, const Arguments& arguments, Meter& meter) {
  std::vector<std::pair<Value, Value>> entries;
  if (arguments.positional.size() > 1) {
    return MakeError(ErrorKind::kInput, "{}: more than one argument without a name", name);
  }
  for (const Value& mapping : arguments.positional) {
    if (mapping.kind() != Value::Kind::kDictionary) {
      return MakeError(ErrorKind::kUnsupported, "{} of a '{}' is not supported", name,
                       TypeName(mapping));
    }
    entries = mapping.dictionary().entries;
  }
  for (const auto& [key, value] : arguments.named) entries.emplace_back(Value(key), value);
  return MakeDictionary(std::move(entries), meter);
}

Expected<Value> MakeNamespace(const Arguments& arguments, Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const Value dictionary, MakeDict("namespace", arguments, meter));
  auto made = std::make_shared<Namespace>();
  for (const auto& [key, value] : dictionary.dictionary().entries) {
    if (key.is_string()) made->attributes.emplace(key.string().utf8, value);
  }
  return Value(std::move(made));
}

std::tm ReadUtc(std::string_view utc) {
  std::tm time = {};
  const auto read = [&](size_t begin, size_t size) {
    int number = 0;
    if (begin + size <= utc.size()) {
      std::from_chars(utc.data() + begin, utc.data() + begin + size, number);
    }
    return number;
  };
  time.tm_year = read(0, 4) - 1900;
  time.tm_mon = read(5, 2) - 1;
  time.tm_mday = read(8, 2);
  time.tm_hour = read(11, 2);
  time.tm_min = read(14, 2);
  time.tm_sec = read(17, 2);
  timegm(&time);  // finds the day of the week and of the year
  return time;
}

Expected<Value> FormatTime(const Arguments& arguments, std::string_view utc) {
  constexpr std::string_view kDirectives = "aAbBdeHIjmMpSyYFT%";
  MORES_ASSIGN_OR_RETURN(const auto bound,
                         BoundArguments::Bind("strftime_now", arguments, {"format"}, 1));
  MORES_ASSIGN_OR_RETURN(const String* format, bound.Text(0));
  if (format == nullptr || format->utf8.size() > 200) {
    return MakeError(ErrorKind::kUnsupported,
                     "strftime_now: a format of up to 200 bytes is needed");
  }
  const std::tm time = ReadUtc(utc);
  std::string text;
  const std::string& pattern = format->utf8;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      text += pattern[i];
      continue;
    }
    std::string directive = "%";
    if (i + 1 < pattern.size() && pattern[i + 1] == '-') directive += pattern[++i];
    const char letter = i + 1 < pattern.size() ? pattern[++i] : '\0';
    if (letter == '\0' || kDirectives.find(letter) == std::string_view::npos) {
      return MakeError(ErrorKind::kUnsupported, "strftime_now: a directive is not supported");
    }
    directive += letter;
    char buffer[100];
    text.append(buffer, std::strftime(buffer, sizeof(buffer), directive.c_str(), &time));
  }
  TextBuilder out;
  out.Append(text, OriginOf(*format, {0, pattern.size()}));
  return Value(out.Take());
}

}  // namespace

std::optional<Value> FindGlobal(std::string_view name) {
  const auto* found = std::find(std::begin(kGlobals), std::end(kGlobals), name);
  if (found == std::end(kGlobals)) return std::nullopt;
  return Value(std::make_shared<const Callable>(Callable{.name = *found}));
}

Expected<Value> CallGlobal(std::string_view name, const Arguments& arguments, std::string_view utc,
                           Meter& meter) {
  if (name == "range") return Range(arguments, meter);
  if (name == "dict") return MakeDict(name, arguments, meter);
  if (name == "namespace") return MakeNamespace(arguments, meter);
  if (name == "strftime_now") return FormatTime(arguments, utc);
  constexpr size_t kShown = 400;  // columns of the message
  MORES_ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind(name, arguments, {"message"}, 1));
  MORES_ASSIGN_OR_RETURN(const MarkedText message, ToText(bound[0], meter));
  return MakeError(ErrorKind::kInput, "the template refuses: {}",
                   text::FitColumns(message.utf8, kShown));
}

}  // namespace mores::templates::jinja
