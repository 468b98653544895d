// Methods of strings, dictionaries, lists and loops.
#include <algorithm>
#include <iterator>

#include "templates/jinja/call.h"

namespace mores::templates::jinja {
namespace {

// All that Python has, so that what we lack is refused by name and not taken for undefined.
constexpr std::string_view kTextMethods[] = {
    "capitalize",   "casefold",    "center",    "count",      "encode",       "endswith",
    "expandtabs",   "find",        "format",    "format_map", "index",        "isalnum",
    "isalpha",      "isascii",     "isdecimal", "isdigit",    "isidentifier", "islower",
    "isnumeric",    "isprintable", "isspace",   "istitle",    "isupper",      "join",
    "ljust",        "lower",       "lstrip",    "maketrans",  "partition",    "removeprefix",
    "removesuffix", "replace",     "rfind",     "rindex",     "rjust",        "rpartition",
    "rsplit",       "rstrip",      "split",     "splitlines", "startswith",   "strip",
    "swapcase",     "title",       "translate", "upper",      "zfill"};
constexpr std::string_view kTextUnsupported[] = {
    "casefold",   "center",       "encode",    "expandtabs", "format",
    "format_map", "isidentifier", "istitle",   "ljust",      "maketrans",
    "rjust",      "swapcase",     "translate", "zfill",      "isprintable"};
constexpr std::string_view kDictionaryMethods[] = {"clear",      "copy",   "fromkeys", "get",
                                                   "items",      "keys",   "pop",      "popitem",
                                                   "setdefault", "update", "values"};
constexpr std::string_view kDictionaryUnsupported[] = {"clear",   "fromkeys",   "pop",
                                                       "popitem", "setdefault", "update"};
constexpr std::string_view kListMethods[] = {"append", "clear",   "copy",   "count",
                                             "extend", "index",   "insert", "pop",
                                             "remove", "reverse", "sort"};
constexpr std::string_view kListUnsupported[] = {"append", "clear",  "extend",  "insert",
                                                 "pop",    "remove", "reverse", "sort"};
constexpr std::string_view kTupleMethods[] = {"count", "index"};
constexpr std::string_view kLoopMethods[] = {"cycle", "changed"};
constexpr std::string_view kLoopUnsupported[] = {"changed"};

struct Methods {
  const std::string_view* begin;
  const std::string_view* end;
  const std::string_view* unsupported_begin;
  const std::string_view* unsupported_end;
};

Methods MethodsOf(const Value& self) {
  if (self.is_string()) {
    return {std::begin(kTextMethods), std::end(kTextMethods), std::begin(kTextUnsupported),
            std::end(kTextUnsupported)};
  }
  if (self.kind() == Value::Kind::kDictionary) {
    return {std::begin(kDictionaryMethods), std::end(kDictionaryMethods),
            std::begin(kDictionaryUnsupported), std::end(kDictionaryUnsupported)};
  }
  if (self.kind() == Value::Kind::kLoop) {
    return {std::begin(kLoopMethods), std::end(kLoopMethods), std::begin(kLoopUnsupported),
            std::end(kLoopUnsupported)};
  }
  if (self.kind() == Value::Kind::kSequence) {
    if (self.sequence().kind == Sequence::Kind::kList) {
      return {std::begin(kListMethods), std::end(kListMethods), std::begin(kListUnsupported),
              std::end(kListUnsupported)};
    }
    if (self.sequence().kind <= Sequence::Kind::kRange) {
      return {std::begin(kTupleMethods), std::end(kTupleMethods), nullptr, nullptr};
    }
  }
  return {nullptr, nullptr, nullptr, nullptr};
}

}  // namespace

Expected<std::string_view> FindMethod(const Value& self, std::string_view name) {
  const Methods methods = MethodsOf(self);
  const auto* found = std::find(methods.begin, methods.end, name);
  if (found == methods.end) return std::string_view();
  if (std::find(methods.unsupported_begin, methods.unsupported_end, name) !=
      methods.unsupported_end) {
    const bool changes = !self.is_string() && self.kind() != Value::Kind::kLoop;
    return MakeError(ErrorKind::kUnsupported, "method '{}' of '{}' is not {}", name, TypeName(self),
                     changes ? "allowed: values can't be changed" : "supported");
  }
  return *found;
}

namespace {

Value TextPart(const MarkedText& text, TextRange part) { return Value(Part(text, part)); }

Expected<Value> TextParts(const MarkedText& text, const std::vector<TextRange>& parts, Meter& meter,
                          Sequence::Kind kind = Sequence::Kind::kList) {
  MORES_RETURN_IF_ERROR(meter.Steps(kStepsPerText * parts.size() + text.plain.size()));
  std::vector<Value> items;
  items.reserve(parts.size());
  for (const TextRange part : parts) items.push_back(TextPart(text, part));
  return MakeSequence(kind, std::move(items));
}

Expected<Value> StripText(std::string_view name, const String& text, const Arguments& arguments,
                          Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind(name, arguments, {"chars"}, 0));
  MORES_ASSIGN_OR_RETURN(const String* characters, bound.Text(0));
  MORES_RETURN_IF_ERROR(
      meter.Compare(text.utf8.size(), characters == nullptr ? 0 : characters->utf8.size()));
  MORES_RETURN_IF_ERROR(meter.Text(text.utf8.size() + text.plain.size()));
  const Side side = name == "strip" ? Side::kBoth : name == "lstrip" ? Side::kLeft : Side::kRight;
  std::optional<std::string_view> wanted;
  if (characters != nullptr) wanted = characters->utf8;
  return TextPart(text, Strip(text.utf8, wanted, side));
}

Expected<Value> SplitText(std::string_view name, const String& text, const Arguments& arguments,
                          Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const auto bound,
                         BoundArguments::Bind(name, arguments, {"sep", "maxsplit"}, 0));
  MORES_ASSIGN_OR_RETURN(const String* separator, bound.Text(0));
  MORES_ASSIGN_OR_RETURN(int64_t max_splits, bound.Integer(1, -1));
  // More parts than there are steps are never asked for.
  constexpr auto kMaxParts = static_cast<int64_t>(kMaxSteps);
  if (max_splits < 0 || max_splits > kMaxParts) max_splits = kMaxParts;
  std::optional<std::string_view> at;
  if (separator != nullptr) {
    if (separator->utf8.empty()) return MakeError(ErrorKind::kInput, "{}: empty separator", name);
    at = separator->utf8;
  }
  MORES_RETURN_IF_ERROR(meter.Text(text.utf8.size()));
  MORES_RETURN_IF_ERROR(meter.Search(text.utf8.size(), at ? at->size() : 1));
  return TextParts(text,
                   name == "split" ? Split(text.utf8, at, max_splits)
                                   : SplitFromRight(text.utf8, at, max_splits),
                   meter);
}

// str.partition and str.rpartition.
Expected<Value> PartitionText(std::string_view name, const String& text, const Arguments& arguments,
                              Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind(name, arguments, {"sep"}, 1));
  MORES_ASSIGN_OR_RETURN(const String* separator, bound.Text(0));
  if (separator == nullptr || separator->utf8.empty()) {
    return MakeError(ErrorKind::kInput, "{}: empty separator", name);
  }
  const size_t size = text.utf8.size();
  MORES_RETURN_IF_ERROR(meter.Text(size));
  MORES_RETURN_IF_ERROR(meter.Search(size, separator->utf8.size()));
  const bool first = name == "partition";
  const size_t at = first ? text.utf8.find(separator->utf8) : text.utf8.rfind(separator->utf8);
  std::vector<TextRange> parts = {{0, at}, {at, at + separator->utf8.size()}, {0, size}};
  parts[2].begin = parts[1].end;
  if (at == std::string::npos) {
    const TextRange all = {0, size}, none = {0, 0};
    parts = {first ? all : none, none, first ? none : all};
  }
  return TextParts(text, parts, meter, Sequence::Kind::kTuple);
}

// The text between two indexes, for methods that take a start and an end.
Expected<TextRange> Window(const String& text, const BoundArguments& bound, Meter& meter) {
  TextRange window = {0, text.utf8.size()};
  if (!bound.has(1) && !bound.has(2)) return window;
  MORES_ASSIGN_OR_RETURN(const size_t length, Length(Value(text), meter));
  const auto size = static_cast<int64_t>(length);
  MORES_ASSIGN_OR_RETURN(int64_t start, bound.Integer(1, 0));
  MORES_ASSIGN_OR_RETURN(int64_t end, bound.Integer(2, size));
  start = std::clamp<int64_t>(start < 0 ? start + size : start, 0, size);
  end = std::clamp<int64_t>(end < 0 ? end + size : end, 0, size);
  window.begin = OffsetOf(text.utf8, static_cast<size_t>(start));
  window.end = std::max(window.begin, OffsetOf(text.utf8, static_cast<size_t>(end)));
  return window;
}

Expected<Value> HasAffix(std::string_view name, const String& text, const Arguments& arguments,
                         Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const auto bound,
                         BoundArguments::Bind(name, arguments, {"affix", "start", "end"}, 1));
  MORES_ASSIGN_OR_RETURN(const TextRange window, Window(text, bound, meter));
  const auto part = std::string_view(text.utf8).substr(window.begin, window.end - window.begin);
  std::vector<Value> affixes = {bound[0]};
  if (bound[0].kind() == Value::Kind::kSequence &&
      bound[0].sequence().kind == Sequence::Kind::kTuple) {
    affixes = bound[0].sequence().items;
  }
  for (const Value& affix : affixes) {
    if (!affix.is_string()) {
      return MakeError(ErrorKind::kInput, "{}: a '{}' where a string belongs", name,
                       TypeName(affix));
    }
    const std::string& utf8 = affix.string().utf8;
    MORES_RETURN_IF_ERROR(meter.Text(utf8.size()));
    if (name == "startswith" ? part.starts_with(utf8) : part.ends_with(utf8)) return Value(true);
  }
  return Value(false);
}

// find, rfind, index, rindex and count.
Expected<Value> SearchText(std::string_view name, const String& text, const Arguments& arguments,
                           Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const auto bound,
                         BoundArguments::Bind(name, arguments, {"sub", "start", "end"}, 1));
  MORES_ASSIGN_OR_RETURN(const String* wanted, bound.Text(0));
  if (wanted == nullptr) return MakeError(ErrorKind::kInput, "{}: None is not a string", name);
  MORES_ASSIGN_OR_RETURN(const TextRange window, Window(text, bound, meter));
  const auto part = std::string_view(text.utf8).substr(window.begin, window.end - window.begin);
  MORES_RETURN_IF_ERROR(meter.Text(text.utf8.size()));
  MORES_RETURN_IF_ERROR(meter.Search(part.size(), wanted->utf8.size()));
  const auto count = [](std::string_view utf8) {
    return std::count_if(utf8.begin(), utf8.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  };
  if (name == "count") {
    if (wanted->utf8.empty()) return Value(int64_t{count(part) + 1});
    int64_t found = 0;
    for (size_t at = part.find(wanted->utf8); at != std::string_view::npos; ++found) {
      at = part.find(wanted->utf8, at + wanted->utf8.size());
    }
    return Value(found);
  }
  const size_t at = name.starts_with('r') ? part.rfind(wanted->utf8) : part.find(wanted->utf8);
  if (at != std::string_view::npos) {
    return Value(int64_t{count(std::string_view(text.utf8).substr(0, window.begin + at))});
  }
  if (name.ends_with("find")) return Value(int64_t{-1});
  return MakeError(ErrorKind::kInput, "{}: not found", name);
}

Expected<Value> JoinTexts(const String& separator, const Arguments& arguments, Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind("join", arguments, {"items"}, 1));
  MORES_ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(bound[0], meter));
  TextBuilder out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_string()) {
      return MakeError(ErrorKind::kInput, "join: a '{}' where a string belongs",
                       TypeName(items[i]));
    }
    MORES_RETURN_IF_ERROR(meter.Text(items[i].string().utf8.size() + separator.utf8.size()));
    if (i > 0) out.Append(separator);
    out.Append(items[i].string());
    if (out.size() > kMaxTextBytes) return tl::unexpected(meter.Text(out.size()).error());
  }
  return Value(out.Take());
}

Expected<Value> ReplaceText(const String& text, const Arguments& arguments, Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const auto bound,
                         BoundArguments::Bind("replace", arguments, {"old", "new", "count"}, 2));
  MORES_ASSIGN_OR_RETURN(const String* old, bound.Text(0));
  MORES_ASSIGN_OR_RETURN(const String* replacement, bound.Text(1));
  MORES_ASSIGN_OR_RETURN(const int64_t count, bound.Integer(2, -1));
  if (old == nullptr || replacement == nullptr) {
    return MakeError(ErrorKind::kInput, "replace: None is not a string");
  }
  MORES_RETURN_IF_ERROR(meter.Search(text.utf8.size(), old->utf8.size()));
  const size_t places = text.utf8.size() / std::max<size_t>(old->utf8.size(), 1) + 1;
  MORES_RETURN_IF_ERROR(meter.Text(text.utf8.size()));
  size_t found = places;
  if (!old->utf8.empty()) {
    constexpr auto kMaxParts = static_cast<int64_t>(kMaxSteps);
    const int64_t most = count < 0 ? kMaxParts : std::min(count, kMaxParts);
    found = Split(text.utf8, old->utf8, most).size();
  }
  if (replacement->utf8.size() > kMaxTextBytes / found) {
    return tl::unexpected(meter.Text(kMaxTextBytes + 1).error());
  }
  MORES_RETURN_IF_ERROR(meter.Text(found * replacement->utf8.size()));
  MORES_RETURN_IF_ERROR(meter.Steps(found * (1 + replacement->plain.size())));
  return Value(Replace(text, old->utf8, *replacement, count));
}

Expected<Value> CallTextMethod(std::string_view name, const String& text,
                               const Arguments& arguments, Meter& meter) {
  if (text.markup) {
    return MakeError(ErrorKind::kUnsupported, "'{}' of a safe or escaped text", name);
  }
  if (name.ends_with("strip")) return StripText(name, text, arguments, meter);
  if (name == "split" || name == "rsplit") return SplitText(name, text, arguments, meter);
  if (name.ends_with("partition")) return PartitionText(name, text, arguments, meter);
  if (name.ends_with("swith")) return HasAffix(name, text, arguments, meter);
  if (name.ends_with("find") || name.ends_with("index") || name == "count") {
    return SearchText(name, text, arguments, meter);
  }
  if (name == "join") return JoinTexts(text, arguments, meter);
  if (name == "replace") return ReplaceText(text, arguments, meter);
  if (name == "splitlines") {
    MORES_ASSIGN_OR_RETURN(const auto bound,
                           BoundArguments::Bind(name, arguments, {"keepends"}, 0));
    MORES_RETURN_IF_ERROR(meter.Steps(1 + CountLineEnds(text.utf8)));
    MORES_RETURN_IF_ERROR(meter.Text(text.utf8.size()));
    return TextParts(text, SplitLines(text.utf8, bound.IsTrueOr(0, false)), meter);
  }
  if (name.starts_with("remove")) {
    MORES_ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind(name, arguments, {"affix"}, 1));
    MORES_ASSIGN_OR_RETURN(
        const Value has,
        HasAffix(name == "removeprefix" ? "startswith" : "endswith", text, arguments, meter));
    const size_t size = has.boolean() ? bound[0].string().utf8.size() : 0;
    MORES_RETURN_IF_ERROR(meter.Text(text.utf8.size()));
    if (name == "removeprefix") return TextPart(text, {size, text.utf8.size()});
    return TextPart(text, {0, text.utf8.size() - size});
  }
  MORES_RETURN_IF_ERROR(BoundArguments::Bind(name, arguments, {}, 0));
  MORES_RETURN_IF_ERROR(meter.Steps(text.utf8.size()));  // each character by itself
  if (IsCharacterTest(name)) return Value(TestCharacters(name, text.utf8));
  const Case wanted = name == "upper"   ? Case::kUpper
                      : name == "lower" ? Case::kLower
                      : name == "title" ? Case::kTitle
                                        : Case::kCapitalize;
  return Value(MapCase(text, wanted));
}

Expected<Value> CallDictionaryMethod(std::string_view name, const Value& self,
                                     const Arguments& arguments, Meter& meter) {
  const Dictionary& dictionary = self.dictionary();
  if (name == "get") {
    MORES_ASSIGN_OR_RETURN(const auto bound,
                           BoundArguments::Bind(name, arguments, {"key", "default"}, 1));
    MORES_ASSIGN_OR_RETURN(const Value* found, Find(dictionary, bound[0], meter));
    return found != nullptr ? *found : bound.Or(1, Value());
  }
  MORES_RETURN_IF_ERROR(BoundArguments::Bind(name, arguments, {}, 0));
  if (name == "copy") return self;
  MORES_RETURN_IF_ERROR(meter.Steps(1 + dictionary.entries.size()));
  std::vector<Value> items;
  for (const auto& [key, value] : dictionary.entries) {
    if (name == "items") {
      MORES_ASSIGN_OR_RETURN(Value pair, MakeSequence(Sequence::Kind::kTuple, {key, value}));
      items.push_back(std::move(pair));
    } else {
      items.push_back(name == "keys" ? key : value);
    }
  }
  return MakeSequence(Sequence::Kind::kView, std::move(items));
}

Expected<Value> CallListMethod(std::string_view name, const Value& self, const Arguments& arguments,
                               Meter& meter) {
  if (name == "copy") {
    MORES_RETURN_IF_ERROR(BoundArguments::Bind(name, arguments, {}, 0));
    return self;
  }
  MORES_ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind(name, arguments, {"value"}, 1));
  int64_t count = 0, index = 0;
  for (const Value& item : self.sequence().items) {
    MORES_ASSIGN_OR_RETURN(const bool equal, Equal(item, bound[0], meter));
    if (equal && name == "index") return Value(index);
    count += equal ? 1 : 0;
    ++index;
  }
  if (name == "index") return MakeError(ErrorKind::kInput, "index: not found");
  return Value(count);
}

}  // namespace

Expected<Value> CallMethod(const Value& self, std::string_view name, const Arguments& arguments,
                           Meter& meter) {
  MORES_RETURN_IF_ERROR(meter.Steps(1));
  if (self.is_string()) return CallTextMethod(name, self.string(), arguments, meter);
  if (self.kind() == Value::Kind::kDictionary) {
    return CallDictionaryMethod(name, self, arguments, meter);
  }
  if (self.kind() == Value::Kind::kSequence) return CallListMethod(name, self, arguments, meter);
  // loop.cycle
  if (arguments.positional.empty()) {
    return MakeError(ErrorKind::kInput, "cycle: no items for cycling given");
  }
  return arguments.positional[self.loop().index % arguments.positional.size()];
}

}  // namespace mores::templates::jinja
