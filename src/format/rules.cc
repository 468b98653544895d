#include "format/rules.h"

#include <algorithm>
#include <charconv>

#include "base/files.h"
#include "base/strings.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

constexpr std::string_view kRuleEdges = " \t\r";

Status CheckRule(std::string_view rule, std::string_view where) {
  if (!text::IsValidUtf8(rule)) return MakeError(ErrorKind::kInput, "{}: invalid UTF-8", where);
  if (std::any_of(rule.begin(), rule.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    return MakeError(ErrorKind::kInput, "{}: a rule holds control characters", where);
  }
  if (text::CountCodePoints(rule) > kMaxRuleCodePoints) {
    return MakeError(ErrorKind::kInput, "{}: a rule of more than {} characters", where,
                     kMaxRuleCodePoints);
  }
  return {};
}

Status CheckCount(size_t count, std::string_view where) {
  if (count > kMaxRules) {
    return MakeError(ErrorKind::kInput, "{}: more than {} rules", where, kMaxRules);
  }
  return {};
}

}  // namespace

Expected<std::vector<std::string>> ReadRules(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::vector<std::string> rules;
  std::string line;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    const std::string_view rule = Trim(line, kRuleEdges);
    if (rule.empty() || rule[0] == '#') continue;
    const std::string where = fmt::format("{}:{}", path, reader->line_number());
    MORES_RETURN_IF_ERROR(CheckRule(rule, where));
    rules.emplace_back(rule);
    MORES_RETURN_IF_ERROR(CheckCount(rules.size(), where));
  }
  if (rules.empty()) return MakeError(ErrorKind::kInput, "{}: no rules in it", path);
  return rules;
}

Expected<std::vector<std::string>> ParseRules(const Json& value, std::string_view where) {
  const std::string field = fmt::format("{}: field 'rules'", where);
  if (!value.is_array()) return MakeError(ErrorKind::kInput, "{}: must be a list of texts", field);
  MORES_RETURN_IF_ERROR(CheckCount(value.size(), field));
  std::vector<std::string> rules;
  for (const Json& rule : value) {
    if (!rule.is_string() || Trim(rule.get_ref<const std::string&>(), kRuleEdges).empty()) {
      return MakeError(ErrorKind::kInput, "{}: must be a list of texts, none empty", field);
    }
    rules.emplace_back(Trim(rule.get_ref<const std::string&>(), kRuleEdges));
    MORES_RETURN_IF_ERROR(CheckRule(rules.back(), field));
  }
  return rules;
}

std::string NumberedRules(const std::vector<std::string>& rules) {
  std::string text;
  for (size_t i = 0; i < rules.size(); ++i) {
    if (i > 0) text += '\n';
    text += fmt::format("{}. {}", i + 1, rules[i]);
  }
  return text;
}

std::optional<int> RuleCited(std::string_view critique, size_t count) {
  for (const std::string_view opening : {"[rule ", "[规则 ", "[规则"}) {
    if (!critique.starts_with(opening)) continue;
    const std::string_view rest = critique.substr(opening.size());
    int number = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (read.ec != std::errc() || read.ptr == rest.data() + rest.size() || *read.ptr != ']') {
      continue;
    }
    if (number >= 1 && static_cast<size_t>(number) <= count) return number;
  }
  return std::nullopt;
}

}  // namespace mores::format
