#include "train/toml_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/files.h"

namespace mores::train {
namespace {

std::string Describe(const Range& range) {
  const bool low = std::isfinite(range.low);
  const bool high = std::isfinite(range.high);
  const char* from = range.low_end == Range::Low::kExcluded ? "above" : "at least";
  if (low && high) return fmt::format("must be {} {} and at most {}", from, range.low, range.high);
  if (low) return fmt::format("must be {} {}", from, range.low);
  if (high) return fmt::format("must be at most {}", range.high);
  return "must be a finite number";
}

bool Contains(const Range& range, double value) {
  if (!std::isfinite(value) || value > range.high) return false;
  return range.low_end == Range::Low::kExcluded ? value > range.low : value >= range.low;
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

}  // namespace

Expected<toml::table> ReadToml(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  try {
    return toml::parse(std::string_view(text), std::string_view(path));
  } catch (const toml::parse_error& error) {
    return MakeError(ErrorKind::kInput, "{}:{}: not TOML: {}", path, error.source().begin.line,
                     OneLine(std::string(error.description())));
  }
}

TomlFields::TomlFields(const toml::table& table, std::string prefix, std::string file,
                       std::optional<Error>& error)
    : table_(table), prefix_(std::move(prefix)), file_(std::move(file)), error_(error) {}

std::string TomlFields::Name(std::string_view key) const {
  return prefix_.empty() ? std::string(key) : fmt::format("{}.{}", prefix_, key);
}

void TomlFields::Keep(const toml::node& node, std::string_view key, std::string_view problem) {
  if (error_) return;
  error_ =
      Error{ErrorKind::kInput, fmt::format("{}:{}: field '{}': {}", file_, node.source().begin.line,
                                           OneLine(Name(key)), problem)};
}

const toml::node* TomlFields::Take(const char* key) {
  taken_.emplace(key);
  return table_.get(key);
}

void TomlFields::Text(const char* key, std::string& out) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto* value = node->as_string();
  if (value == nullptr || value->get().empty()) {
    return Keep(*node, key, "must be a string, not empty");
  }
  if (value->get().find('\0') != std::string::npos) {
    return Keep(*node, key, "must not hold a NUL character");
  }
  out = value->get();
}

std::optional<double> TomlFields::TakeNumber(const char* key, const toml::node& node, Range range) {
  const auto value = node.value<double>();
  if (!node.is_number() || !value || !Contains(range, *value)) {
    Keep(node, key, Describe(range));
    return std::nullopt;
  }
  return value;
}

void TomlFields::Integer(const char* key, int64_t& out, Range range) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto* value = node->as_integer();
  if (value == nullptr) return Keep(*node, key, "must be a whole number");
  if (!Contains(range, static_cast<double>(value->get()))) {
    return Keep(*node, key, Describe(range));
  }
  out = value->get();
}

void TomlFields::Integer(const char* key, int& out, Range range) {
  constexpr double kMost = std::numeric_limits<int>::max();
  range.high = std::min(range.high, kMost);
  int64_t wide = out;
  Integer(key, wide, range);
  out = static_cast<int>(wide);
}

void TomlFields::Number(const char* key, double& out, Range range) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  if (const auto value = TakeNumber(key, *node, range)) out = *value;
}

void TomlFields::Number(const char* key, float& out, Range range) {
  double wide = static_cast<double>(out);
  Number(key, wide, range);
  out = static_cast<float>(wide);
}

void TomlFields::Flag(const char* key, bool& out) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto* value = node->as_boolean();
  if (value == nullptr) return Keep(*node, key, "must be true or false");
  out = value->get();
}

void TomlFields::Pair(const char* key, double& first, double& second, Range range) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr || array->size() != 2) return Keep(*node, key, "must be two numbers");
  if (const auto value = TakeNumber(key, (*array)[0], range)) first = *value;
  if (const auto value = TakeNumber(key, (*array)[1], range)) second = *value;
}

void TomlFields::Choice(const char* key, const std::vector<std::string_view>& choices, int& out) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto* value = node->as_string();
  for (size_t i = 0; value != nullptr && i < choices.size(); ++i) {
    if (value->get() == choices[i]) {
      out = static_cast<int>(i);
      return;
    }
  }
  Keep(*node, key, fmt::format("must be one of '{}'", fmt::join(choices, "', '")));
}

bool TomlFields::IsTable(const char* key) const {
  const toml::node* node = table_.get(key);
  return node != nullptr && node->is_table();
}

TomlFields TomlFields::Table(const char* key) {
  const toml::node* node = Take(key);
  const toml::table* table = node == nullptr ? nullptr : node->as_table();
  if (node != nullptr && table == nullptr) Keep(*node, key, "must be a table");
  return TomlFields(table == nullptr ? EmptyTable() : *table, Name(key), file_, error_);
}

void TomlFields::Require(const char* key) {
  if (error_ || Has(key)) return;
  const auto line = table_.source().begin.line;
  error_ = Error{ErrorKind::kInput,
                 line > 0 ? fmt::format("{}:{}: field '{}': missing", file_, line, Name(key))
                          : fmt::format("{}: field '{}': missing", file_, Name(key))};
}

void TomlFields::Exclusive(const char* key, const char* other) {
  if (Has(key) && Has(other)) {
    Keep(*table_.get(key), key, fmt::format("stands beside '{}'; give one or the other", other));
  }
}

void TomlFields::Refuse(const char* key, std::string_view problem) {
  if (const toml::node* node = table_.get(key)) return Keep(*node, key, problem);
  Keep(table_, key, problem);
}

void TomlFields::Finish() {
  for (const auto& [key, node] : table_) {
    if (taken_.find(key.str()) == taken_.end()) Keep(node, key.str(), "unknown field");
  }
}

}  // namespace mores::train
