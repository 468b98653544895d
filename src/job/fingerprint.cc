#include "job/fingerprint.h"

#include <fmt/format.h>

#include <set>

namespace mores::job {
namespace {

std::string Shown(const Json& value) {
  std::string text = DumpJson(value);
  constexpr size_t kLongest = 24;
  return text.size() <= kLongest ? text : std::string();
}

void FindDifferences(const Json& before, const Json& now, const std::string& path,
                     const FieldNotes& notes, std::vector<std::string>& differences) {
  if (before.is_object() && now.is_object()) {
    std::set<std::string> names;
    for (const auto& [name, value] : before.items()) names.insert(name);
    for (const auto& [name, value] : now.items()) names.insert(name);
    for (const std::string& name : names) {
      FindDifferences(before.value(name, Json()), now.value(name, Json()),
                      path.empty() ? name : path + "." + name, notes, differences);
    }
    return;
  }
  if (DumpJson(before) == DumpJson(now)) return;
  if (const auto note = notes.find(path); note != notes.end()) {
    differences.push_back(fmt::format("{} ({})", path, note->second));
    return;
  }
  const std::string old_text = Shown(before), new_text = Shown(now);
  differences.push_back(old_text.empty() || new_text.empty()
                            ? path
                            : fmt::format("{} ({} before, {} now)", path, old_text, new_text));
}

}  // namespace

std::vector<std::string> FingerprintDifferences(const Json& before, const Json& now,
                                                const FieldNotes& notes) {
  std::vector<std::string> differences;
  FindDifferences(before, now, "", notes, differences);
  return differences;
}

}  // namespace mores::job
