// Places as people write them on a command line.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
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
  // What is farther than one that is near isn't meant.
  const size_t farthest = near.empty()             ? 0
                          : near.front().first > 1 ? near.front().first + 1
                                                   : near.front().first;
  std::vector<std::string> shown;
  for (const auto& [edits, one] : near) {
    if (shown.size() < kSuggestions && edits <= farthest) {
      AddOnce(shown, one->shown);
    }
  }
  return shown.empty() ? "" : fmt::format("; did you mean {}?", fmt::join(shown, " or "));
}

// "IN-PB (Punjab, India)".
std::string Shown(const Place& place, const PlaceCatalogue& places) {
  const Place* const country = places.Find(std::string_view(place.code).substr(0, 2));
  const bool part = country != nullptr && country != &place;
  return fmt::format("{} ({}{})", place.code, place.name_en,
                     part ? ", " + country->name_en : std::string());
}

// Near names of countries, then of what they are divided into.
std::string SuggestPlaces(std::string_view text, const PlaceCatalogue& places) {
  std::vector<Known> known;
  for (const bool country : {true, false}) {
    for (const Place& place : places.all()) {
      if (place.parent.empty() != country) continue;
      const std::string shown = Shown(place, places);
      known.push_back({place.name_en, shown});
      if (place.name_zh != place.name_en) known.push_back({place.name_zh, shown});
    }
  }
  return Suggest(text, known);
}

}  // namespace

Expected<std::string> ParsePlace(std::string_view text, const PlaceCatalogue& places) {
  constexpr size_t kNamed = 6;
  const std::vector<const Place*> meant = places.Meant(text);
  if (meant.size() == 1) return meant.front()->code;
  if (meant.empty()) {
    return MakeError(ErrorKind::kUsage,
                     "place '{}': neither a code of ISO 3166 nor a name of a country or of a part "
                     "of one{}",
                     text, SuggestPlaces(text, places));
  }
  std::vector<std::string> shown;
  for (const Place* place : meant) {
    if (shown.size() < kNamed) shown.push_back(Shown(*place, places));
  }
  if (meant.size() > kNamed) shown.push_back(fmt::format("{} others", meant.size() - kNamed));
  return MakeError(ErrorKind::kUsage, "place '{}': may be {}: give the code", text,
                   fmt::join(shown, " or "));
}

namespace {

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

PlaceScope ReadScopeName(std::string_view name, const PlaceCatalogue& places) {
  const size_t plus = std::min(name.find('+'), name.size());
  const Place* const place = places.Find(name.substr(0, plus));
  return {.place = place ? place->code : std::string(name.substr(0, plus)),
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
