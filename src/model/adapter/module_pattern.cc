#include "model/adapter/module_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <utility>

#include "base/check.h"

namespace mores::model {
namespace {

// Far above what names of a hundred bytes need.
constexpr uint32_t kModuleSteps = 1'000'000;

// What PCRE2 would take for something that Python doesn't have; "" where there is none.
std::string_view NotPython(std::string_view pattern) {
  constexpr std::string_view kEscapes = "AbBdDsSwWZafnrtvxuUN";
  bool in_set = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      const char next = i + 1 < pattern.size() ? pattern[++i] : '\0';
      const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
      if (letter && kEscapes.find(next) == std::string_view::npos) return "a bad escape";
    } else if (in_set) {
      // A bracket that stands first in a set is one of its characters.
      in_set = c != ']' || pattern[i - 1] == '[' || pattern.substr(i - 2, 2) == "[^";
    } else if (c == '[') {
      in_set = true;
    } else if (pattern.substr(i, 2) == "(*") {
      return "nothing to repeat";
    } else if (pattern.substr(i, 2) == "(?") {
      constexpr std::string_view kKnown = "PaiLmsux-:=!<#(>";
      if (i + 2 >= pattern.size() || kKnown.find(pattern[i + 2]) == std::string_view::npos ||
          pattern.substr(i + 2, 2) == "P>") {
        return "an unknown extension";
      }
    }
  }
  return "";
}

std::string PcreMessage(int code) {
  std::array<PCRE2_UCHAR, 160> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct ModulePattern::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }
};

ModulePattern::ModulePattern() = default;
ModulePattern::ModulePattern(ModulePattern&&) noexcept = default;
ModulePattern& ModulePattern::operator=(ModulePattern&&) noexcept = default;
ModulePattern::~ModulePattern() = default;

Expected<ModulePattern> ModulePattern::Whole(std::string_view pattern, std::string_view where) {
  return Compile(pattern, fmt::format("\\A(?:{})\\z", pattern), where);
}

Expected<ModulePattern> ModulePattern::End(std::string_view pattern, std::string_view where) {
  return Compile(pattern, fmt::format("\\A(?:.*\\.)?(?:{})\\z", pattern), where);
}

Expected<ModulePattern> ModulePattern::Compile(std::string_view pattern,
                                               const std::string& anchored,
                                               std::string_view where) {
  const auto refuse = [&](std::string_view why) {
    return MakeError(ErrorKind::kCorrupt, "{}: '{}' is no regular expression: {}", where, pattern,
                     why);
  };
  if (const std::string_view why = NotPython(pattern); !why.empty()) return refuse(why);
  int error = 0;
  PCRE2_SIZE offset = 0;
  // By itself first: what it leaves open must not be closed by what is put around it.
  Code alone;
  alone.code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                             PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr);
  if (alone.code == nullptr) return refuse(PcreMessage(error));
  ModulePattern result;
  result.code_ = std::make_unique<Code>();
  result.code_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(anchored.data()), anchored.size(),
                                     PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr);
  if (result.code_->code == nullptr) return refuse(PcreMessage(error));
  result.where_ = where;
  result.pattern_ = pattern;
  return result;
}

Expected<bool> ModulePattern::Matches(std::string_view name) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
      pcre2_match_data_create(1, nullptr), &pcre2_match_data_free);
  const std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context(
      pcre2_match_context_create(nullptr), &pcre2_match_context_free);
  MORES_CHECK(data && context);
  pcre2_set_match_limit(context.get(), kModuleSteps);
  pcre2_set_depth_limit(context.get(), kModuleSteps);
  const int answer = pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(name.data()),
                                 name.size(), 0, 0, data.get(), context.get());
  if (answer >= 0) return true;
  if (answer == PCRE2_ERROR_NOMATCH) return false;
  return MakeError(ErrorKind::kUnsupported, "{}: '{}' backtracks without end", where_, pattern_);
}

}  // namespace mores::model
