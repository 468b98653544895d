// A caller's own policy: rules that change what counts as unsafe, numbered from 1.
#ifndef MORES_FORMAT_RULES_H_
#define MORES_FORMAT_RULES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace mores::format {

inline constexpr size_t kMaxRules = 200;
inline constexpr size_t kMaxRuleCodePoints = 4000;

// One rule a line; blank lines and lines that begin with '#' are none. kInput names file and line:
// for invalid UTF-8, control characters, a rule that is too long, too many, or none at all.
Expected<std::vector<std::string>> ReadRules(const std::string& path);

// The `rules` of an item: a list of texts, held to the same.
Expected<std::vector<std::string>> ParseRules(const Json& value, std::string_view where);

// "1. First rule\n2. Second rule": as judges are shown them.
std::string NumberedRules(const std::vector<std::string>& rules);

// The rule that a critique opens with, "[rule 3] ..." or "[规则 3] ...", of `count`.
std::optional<int> RuleCited(std::string_view critique, size_t count);

}  // namespace mores::format

#endif  // MORES_FORMAT_RULES_H_
