#include "base/toml_fields.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <compare>
#include <set>

#include "base/files.h"
#include "base/nearest.h"

namespace mores {
namespace {

// "" where any finite number will do.
std::string RangeText(const NumberRange& range) {
  const bool low = std::isfinite(range.low);
  const bool high = std::isfinite(range.high);
  const char* from = range.low_end == NumberRange::Low::kExcluded ? "above" : "at least";
  if (low && high) return fmt::format("{} {} and at most {}", from, range.low, range.high);
  if (low) return fmt::format("{} {}", from, range.low);
  if (high) return fmt::format("at most {}", range.high);
  return "";
}

std::string OutOfRange(const NumberRange& range) {
  const std::string text = RangeText(range);
  return text.empty() ? "must be a finite number" : fmt::format("must be {}", text);
}

bool SpellsNumber(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end;
}

// ", not a text", and the way out where the value is only spelled in another way.
std::string NotOfType(const toml::node& node) {
  if (const auto* text = node.as_string()) {
    const std::string& value = text->get();
    const bool quoted = SpellsNumber(value) || value == "true" || value == "false";
    return quoted ? ", not a text: leave out the quotes" : ", not a text";
  }
  if (node.is_number()) return ", not a number";
  if (node.is_boolean()) return ", not true or false";
  if (node.is_array()) return ", not a list";
  if (node.is_table()) return ", not a table";
  return ", not a date or a time";
}

bool Contains(const NumberRange& range, double value) {
  if (!std::isfinite(value) || value > range.high) return false;
  return range.low_end == NumberRange::Low::kExcluded ? value > range.low : value >= range.low;
}

// A message stays one line whatever keys the file has.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text;
}

const toml::table& EmptyTable() {
  static const toml::table empty;
  return empty;
}

// What all tables of a file share.
struct TomlFile {
  struct Key {
    std::string prefix, key;
    auto operator<=>(const Key&) const = default;
    std::string Name() const { return prefix.empty() ? key : fmt::format("{}.{}", prefix, key); }
  };

  toml::table root;
  std::string name;
  std::optional<Error> error;
  std::optional<Key> unknown;  // that the error is about, unless a hint has explained it
  std::set<Key> known;         // that somebody asked for
  std::span<const TomlHint> hints;
};

// Shorter keys are near to too many.
constexpr size_t kShortestGuess = 3;

std::string JoinOr(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, " or "));
}

// Which fields may be meant by one that there is not; "" where none is near. What stands in another
// section under the same name comes first, then the nearest name of the same section.
std::string MeantBy(const TomlFile::Key& unknown, const std::set<TomlFile::Key>& known) {
  std::vector<std::string> same, beside, all;
  for (const TomlFile::Key& key : known) {
    if (key.key == unknown.key) same.push_back(key.Name());
    if (key.prefix == unknown.prefix) beside.push_back(key.key);
    all.push_back(key.key);
  }
  if (!same.empty()) return JoinOr(same);
  if (unknown.key.size() < kShortestGuess) return "";
  if (const auto near = Nearest(unknown.key, beside)) {
    return TomlFile::Key{unknown.prefix, *near}.Name();
  }
  const auto near = Nearest(unknown.key, all);
  if (!near) return "";
  for (const TomlFile::Key& key : known) {
    if (key.key == *near) same.push_back(key.Name());
  }
  return JoinOr(same);
}

}  // namespace

struct TomlFields::State {
  std::shared_ptr<TomlFile> file;
  const toml::table& table;
  std::string prefix;  // of the fields' names
  std::set<std::string, std::less<>> taken = {};

  std::string Name(std::string_view key) const {
    return OneLine(prefix.empty() ? std::string(key) : fmt::format("{}.{}", prefix, key));
  }

  void Keep(const toml::node& node, std::string_view key, std::string_view problem) const {
    if (file->error) return;
    // The file's own table has no line where it is empty.
    const auto line = node.source().begin.line;
    const std::string where = line > 0 ? fmt::format("{}:{}", file->name, line) : file->name;
    file->error =
        Error{ErrorKind::kInput, fmt::format("{}: field '{}': {}", where, Name(key), problem)};
  }

  const toml::node* Take(const char* key) {
    taken.emplace(key);
    file->known.insert(TomlFile::Key{prefix, key});
    return table.get(key);
  }

  TomlFields Inner(const toml::table& inner, std::string_view key) const {
    return TomlFields(std::make_shared<State>(State{file, inner, Name(key)}));
  }

  std::optional<double> TakeNumber(std::string_view key, const toml::node& node,
                                   NumberRange range) const {
    const auto value = node.value<double>();
    if (!node.is_number()) {
      const std::string text = RangeText(range);
      Keep(node, key,
           fmt::format("must be a number{}{}{}", text.empty() ? "" : " ", text, NotOfType(node)));
      return std::nullopt;
    }
    if (!value || !Contains(range, *value)) {
      Keep(node, key, OutOfRange(range));
      return std::nullopt;
    }
    return value;
  }

  bool TakeText(std::string_view key, const toml::node& node, EmptyText empty,
                std::string& out) const {
    const auto* value = node.as_string();
    const bool refuses_empty = empty == EmptyText::kRefused;
    if (value == nullptr || (refuses_empty && value->get().empty())) {
      Keep(node, key, refuses_empty ? "must be a string, not empty" : "must be a string");
      return false;
    }
    if (value->get().find('\0') != std::string::npos) {
      Keep(node, key, "must not hold a NUL character");
      return false;
    }
    out = value->get();
    return true;
  }

  void TakeTexts(std::string_view key, const toml::node& node, EmptyText empty,
                 std::vector<std::string>& out) const {
    out.clear();
    if (node.is_string()) return static_cast<void>(TakeText(key, node, empty, out.emplace_back()));
    const toml::array* array = node.as_array();
    if (array == nullptr) return Keep(node, key, "must be a string or an array of strings");
    for (const toml::node& member : *array) {
      if (!TakeText(key, member, empty, out.emplace_back())) return;
    }
  }
};

Expected<TomlFields> TomlFields::Read(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return Parse(text, path);
}

Expected<TomlFields> TomlFields::Parse(std::string_view text, const std::string& name) {
  const auto file = std::make_shared<TomlFile>();
  file->name = name;
  try {
    file->root = toml::parse(text, std::string_view(name));
  } catch (const toml::parse_error& error) {
    return MakeError(ErrorKind::kInput, "{}:{}: not TOML: {}", name, error.source().begin.line,
                     OneLine(std::string(error.description())));
  }
  return TomlFields(std::make_shared<State>(State{file, file->root, ""}));
}

bool TomlFields::Has(const char* key) const { return state_->table.contains(key); }

bool TomlFields::IsText(const char* key) const {
  const toml::node* node = state_->table.get(key);
  return node != nullptr && node->is_string();
}

void TomlFields::Text(const char* key, std::string& out, EmptyText empty) {
  if (const toml::node* node = state_->Take(key)) state_->TakeText(key, *node, empty, out);
}

void TomlFields::Texts(const char* key, std::vector<std::string>& out, EmptyText empty) {
  if (const toml::node* node = state_->Take(key)) state_->TakeTexts(key, *node, empty, out);
}

void TomlFields::TextsByName(const char* key,
                             std::map<std::string, std::vector<std::string>>& out) {
  const toml::node* node = state_->Take(key);
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr) return state_->Keep(*node, key, "must be a table");
  for (const auto& [name, texts] : *table) {
    state_->TakeTexts(fmt::format("{}.{}", key, name.str()), texts, EmptyText::kAllowed,
                      out[std::string(name.str())]);
  }
}

void TomlFields::Integer(const char* key, int64_t& out, NumberRange range) {
  const toml::node* node = state_->Take(key);
  if (node == nullptr) return;
  const auto* value = node->as_integer();
  if (value == nullptr) {
    const std::string other = node->is_number() ? "" : NotOfType(*node);
    return state_->Keep(*node, key, "must be a whole number" + other);
  }
  if (!Contains(range, static_cast<double>(value->get()))) {
    return state_->Keep(*node, key, OutOfRange(range));
  }
  out = value->get();
}

void TomlFields::Integer(const char* key, int& out, NumberRange range) {
  constexpr double kMost = std::numeric_limits<int>::max();
  range.high = std::min(range.high, kMost);
  int64_t wide = out;
  Integer(key, wide, range);
  out = static_cast<int>(wide);
}

void TomlFields::Number(const char* key, double& out, NumberRange range) {
  const toml::node* node = state_->Take(key);
  if (node == nullptr) return;
  if (const auto value = state_->TakeNumber(key, *node, range)) out = *value;
}

void TomlFields::Number(const char* key, float& out, NumberRange range) {
  auto wide = static_cast<double>(out);
  Number(key, wide, range);
  out = static_cast<float>(wide);
}

void TomlFields::Flag(const char* key, bool& out) {
  const toml::node* node = state_->Take(key);
  if (node == nullptr) return;
  const auto* value = node->as_boolean();
  if (value == nullptr) {
    return state_->Keep(*node, key, "must be true or false" + NotOfType(*node));
  }
  out = value->get();
}

void TomlFields::Pair(const char* key, double& first, double& second, NumberRange range) {
  const toml::node* node = state_->Take(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr || array->size() != 2) {
    return state_->Keep(*node, key, "must be two numbers");
  }
  if (const auto value = state_->TakeNumber(key, (*array)[0], range)) first = *value;
  if (const auto value = state_->TakeNumber(key, (*array)[1], range)) second = *value;
}

void TomlFields::Numbers(const char* key, std::vector<double>& out, NumberRange range) {
  const toml::node* node = state_->Take(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) return state_->Keep(*node, key, "must be an array of numbers");
  out.clear();
  for (const toml::node& member : *array) {
    if (const auto value = state_->TakeNumber(key, member, range)) out.push_back(*value);
  }
}

void TomlFields::Integers(const char* key, std::vector<int>& out, NumberRange range) {
  range.high = std::min<double>(range.high, std::numeric_limits<int>::max());
  std::vector<double> numbers;
  Numbers(key, numbers, range);
  if (!Has(key)) return;
  out.clear();
  for (const double number : numbers) {
    if (number != std::floor(number)) return Refuse(key, "must be an array of whole numbers");
    out.push_back(static_cast<int>(number));
  }
}

void TomlFields::NumbersByName(const char* key, std::vector<std::pair<std::string, double>>& out,
                               NumberRange range) {
  const toml::node* node = state_->Take(key);
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr) return state_->Keep(*node, key, "must be a table of numbers");
  std::vector<std::pair<toml::source_position, std::pair<std::string, double>>> placed;
  for (const auto& [name, number] : *table) {
    const std::string field = fmt::format("{}.{}", key, name.str());
    if (const auto value = state_->TakeNumber(field, number, range)) {
      placed.push_back({number.source().begin, {std::string(name.str()), *value}});
    }
  }
  std::sort(placed.begin(), placed.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  out.clear();
  for (auto& [place, entry] : placed) out.push_back(std::move(entry));
}

std::optional<size_t> TomlFields::OneOf(const char* key,
                                        const std::vector<std::string_view>& names) {
  const toml::node* node = state_->Take(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_string();
  for (size_t i = 0; value != nullptr && i < names.size(); ++i) {
    if (value->get() == names[i]) return i;
  }
  state_->Keep(*node, key, fmt::format("must be one of '{}'", fmt::join(names, "', '")));
  return std::nullopt;
}

bool TomlFields::IsTable(const char* key) const {
  const toml::node* node = state_->table.get(key);
  return node != nullptr && node->is_table();
}

TomlFields TomlFields::Table(const char* key) {
  const toml::node* node = state_->Take(key);
  const toml::table* table = node == nullptr ? nullptr : node->as_table();
  if (node != nullptr && table == nullptr) {
    state_->Keep(*node, key, fmt::format("must be a table, as in [{}]", state_->Name(key)));
  }
  return state_->Inner(table == nullptr ? EmptyTable() : *table, key);
}

std::vector<TomlFields> TomlFields::Tables(const char* key) {
  std::vector<TomlFields> tables;
  const toml::node* node = state_->Take(key);
  if (node == nullptr) return tables;
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_array_of_tables()) {
    state_->Keep(*node, key, fmt::format("must be tables, as in [[{}]]", key));
    return tables;
  }
  for (const toml::node& table : *array) tables.push_back(state_->Inner(*table.as_table(), key));
  return tables;
}

void TomlFields::Require(const char* key) {
  if (!Has(key)) state_->Keep(state_->table, key, "missing");
}

void TomlFields::Exclusive(const char* key, const char* other) {
  if (Has(key) && Has(other)) {
    Refuse(key, fmt::format("stands beside '{}'; give one or the other", other));
  }
}

void TomlFields::Refuse(const char* key, std::string_view problem) {
  const toml::node* node = state_->table.get(key);
  state_->Keep(node != nullptr ? *node : state_->table, key, problem);
}

void TomlFields::PassOver(const char* key) { state_->Take(key); }

void TomlFields::Explain(std::span<const TomlHint> hints) { state_->file->hints = hints; }

void TomlFields::Finish() {
  TomlFile& file = *state_->file;
  for (const auto& [key, node] : state_->table) {
    if (state_->taken.contains(key.str()) || file.error) continue;
    const TomlFile::Key unknown{state_->prefix, std::string(key.str())};
    const auto hint =
        std::find_if(file.hints.begin(), file.hints.end(), [&](const TomlHint& candidate) {
          return candidate.key == unknown.key || candidate.key == unknown.Name();
        });
    if (hint != file.hints.end()) {
      state_->Keep(node, key.str(), fmt::format("unknown field; {}", hint->advice));
    } else {
      state_->Keep(node, key.str(), "unknown field");
      file.unknown = unknown;
    }
  }
}

Status TomlFields::status() const {
  const TomlFile& file = *state_->file;
  if (!file.error) return {};
  Error error = *file.error;
  if (file.unknown) {
    const std::string meant = MeantBy(*file.unknown, file.known);
    if (!meant.empty()) error.message += fmt::format("; did you mean {}?", meant);
  }
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace mores
