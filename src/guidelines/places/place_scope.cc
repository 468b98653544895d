// Places as people write them on a command line.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "guidelines/places/place_words.h"
#include "guidelines/search/search.h"

namespace mores::guidelines {
namespace {

constexpr size_t kSuggestions = 3;
constexpr size_t kFarthest = 4;       // edits
constexpr size_t kLongestScope = 64;  // bytes that are compared

// Levenshtein's distance.
size_t Edits(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

struct Known {
  std::string name, shown;
};

// "; did you mean 'NG' (Nigeria)?", or nothing.
std::string Suggest(std::string_view text, const std::vector<Known>& known) {
  const std::string key = NameKey(text.substr(0, kLongestScope));
  std::vector<std::pair<size_t, const Known*>> near;
  for (const Known& one : known) {
    const size_t edits = Edits(key, NameKey(one.name));
    if (edits <= std::min(kFarthest, key.size() / 2)) near.emplace_back(edits, &one);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  if (near.size() > kSuggestions) near.resize(kSuggestions);
  std::vector<std::string> shown;
  for (const auto& [edits, one] : near) shown.push_back(one->shown);
  return shown.empty() ? "" : fmt::format("; did you mean {}?", fmt::join(shown, " or "));
}

Expected<std::string> ParsePlace(std::string_view text, const PlaceCatalogue& places) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  if (const Place* place = places.Find(upper)) return place->code;
  if (const Place* place = places.FindCountry(text)) return place->code;
  std::vector<Known> known;
  for (const Place& place : places.all()) {
    if (place.parent.empty()) {
      known.push_back({place.name_en, fmt::format("{} ({})", place.code, place.name_en)});
    }
  }
  return MakeError(ErrorKind::kUsage,
                   "place '{}': neither a code of ISO 3166 nor a country's name{}", text,
                   Suggest(text, known));
}

// In a country of the group's; a group without places lives anywhere.
Status CheckLivesThere(const Group& group, std::string_view place, std::string_view text) {
  const bool there = group.places.empty() ||
                     std::any_of(group.places.begin(), group.places.end(), [&](const auto& home) {
                       return home.substr(0, 2) == place.substr(0, 2);
                     });
  if (there) return {};
  return MakeError(ErrorKind::kUsage, "place '{}': the group '{}' is of {}", text, group.id,
                   fmt::join(group.places, ", "));
}

}  // namespace

std::string ScopeName(const PlaceScope& scope) {
  return scope.group.empty() ? scope.place : scope.place + "+" + scope.group;
}

PlaceScope ReadScopeName(std::string_view name) {
  const size_t plus = std::min(name.find('+'), name.size());
  return {.place = std::string(name.substr(0, plus)),
          .group = std::string(name.substr(std::min(plus + 1, name.size())))};
}

Expected<PlaceScope> ParsePlaceScope(std::string_view text, Database& database) {
  const size_t plus = text.find('+');
  PlaceScope scope;
  MORES_ASSIGN_OR_RETURN(scope.place, ParsePlace(text.substr(0, plus), database.places()));
  if (plus == text.npos) return scope;
  const std::string_view name = text.substr(plus + 1);
  if (GroupId(name).empty()) {
    return MakeError(ErrorKind::kUsage, "place '{}': no group after '+'", text);
  }
  MORES_ASSIGN_OR_RETURN(const std::optional<Group> group, database.FindGroup(GroupId(name)));
  if (group) {
    MORES_RETURN_IF_ERROR(CheckLivesThere(*group, scope.place, text));
    scope.group = group->id;
    return scope;
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<Group> groups, database.Groups());
  std::vector<Known> known;
  for (const Group& one : groups) {
    if (one.id == name || one.name_zh == name) {
      MORES_RETURN_IF_ERROR(CheckLivesThere(one, scope.place, text));
      scope.group = one.id;
      return scope;
    }
    known.push_back({one.name_en, one.id});
  }
  return MakeError(ErrorKind::kUsage, "place '{}': the database has no group '{}'{}", text, name,
                   Suggest(name, known));
}

}  // namespace mores::guidelines
