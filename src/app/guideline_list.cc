#include "app/guideline_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "app/database.h"
#include "base/csv.h"
#include "text/unicode.h"

namespace mores::app {
namespace {

constexpr std::array<std::string_view, 5> kOrderNames = {"place", "id", "topic", "status",
                                                         "changed"};

template <class Value>
bool IsAmong(const std::vector<Value>& list, const Value& one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

// What the options ask for, looked up.
struct ListFilter {
  std::vector<guidelines::PlaceScope> scopes;
  std::vector<std::string> topics;  // normalized
  std::vector<std::string> groups;  // ids
};

bool FitsPlace(const guidelines::Guideline& guideline, const guidelines::PlaceScope& scope,
               const guidelines::PlaceCatalogue& places) {
  if (!scope.group.empty() && !IsAmong(guideline.groups, scope.group)) return false;
  return std::any_of(guideline.places.begin(), guideline.places.end(), [&](const auto& place) {
    return IsAmong(places.WithAncestors(place), scope.place);
  });
}

bool FitsList(const guidelines::Guideline& guideline, const ListJob& options,
              const ListFilter& filter, const guidelines::PlaceCatalogue& places) {
  const auto any = [](const auto& wanted, const auto& fits) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), fits);
  };
  const std::string topic = text::NormalizeForMatch(guideline.topic);
  return any(filter.scopes,
             [&](const auto& scope) { return FitsPlace(guideline, scope, places); }) &&
         any(filter.topics,
             [&](const auto& words) { return topic.find(words) != std::string::npos; }) &&
         any(options.kinds, [&](auto kind) { return kind == guideline.kind; }) &&
         any(options.statuses, [&](auto status) { return status == guideline.status; }) &&
         any(filter.groups, [&](const auto& group) { return IsAmong(guideline.groups, group); });
}

Expected<std::string> FindGroupId(const std::string& name, guidelines::Database& database) {
  MORES_ASSIGN_OR_RETURN(const std::vector<guidelines::Group> groups, database.Groups());
  const std::string id = guidelines::GroupId(name);
  for (const guidelines::Group& group : groups) {
    if (group.id == name || group.id == id || group.name_zh == name) return group.id;
  }
  return MakeError(ErrorKind::kUsage, "the database has no group '{}'", name);
}

Expected<ListFilter> ReadFilter(const ListJob& options, guidelines::Database& database) {
  ListFilter filter;
  for (const std::string& place : options.places) {
    MORES_ASSIGN_OR_RETURN(guidelines::PlaceScope scope,
                           guidelines::ParsePlaceScope(place, database));
    filter.scopes.push_back(std::move(scope));
  }
  for (const std::string& topic : options.topics) {
    filter.topics.push_back(text::NormalizeForMatch(topic));
  }
  for (const std::string& group : options.groups) {
    MORES_ASSIGN_OR_RETURN(std::string id, FindGroupId(group, database));
    filter.groups.push_back(std::move(id));
  }
  return filter;
}

void SortList(ListOrder order, std::vector<ListedGuideline>& rows) {
  const auto usual = [](const ListedGuideline& row) {
    const guidelines::Guideline& guideline = row.version.guideline;
    return std::tie(guideline.places, guideline.groups, guideline.topic, guideline.id);
  };
  std::sort(rows.begin(), rows.end(), [&](const ListedGuideline& a, const ListedGuideline& b) {
    const guidelines::Guideline &one = a.version.guideline, &other = b.version.guideline;
    int compared = 0;
    switch (order) {
      case ListOrder::kPlace:
        break;
      case ListOrder::kId:
        compared = one.id.compare(other.id);
        break;
      case ListOrder::kTopic:
        compared = one.topic.compare(other.topic);
        break;
      case ListOrder::kStatus:
        compared = static_cast<int>(one.status) - static_cast<int>(other.status);
        break;
      case ListOrder::kChanged:
        compared = b.version.change.at.compare(a.version.change.at);
        break;
    }
    return compared != 0 ? compared < 0 : usual(a) < usual(b);
  });
}

// "NG-BE (Benue, Nigeria)".
std::string PlacesInWords(const ListedGuideline& row) {
  std::string words;
  const auto& codes = row.version.guideline.places;
  for (size_t i = 0; i < codes.size(); ++i) {
    words += fmt::format("{}{} ({})", words.empty() ? "" : ", ", codes[i], row.place_names[i]);
  }
  for (const std::string& group : row.version.guideline.groups) words += " +" + group;
  return words;
}

std::string JoinedBy(std::string_view between, const std::vector<std::string>& list) {
  return fmt::format("{}", fmt::join(list, between));
}

}  // namespace

std::optional<ListOrder> ParseListOrder(std::string_view name) {
  const auto found = std::find(kOrderNames.begin(), kOrderNames.end(), name);
  if (found == kOrderNames.end()) return std::nullopt;
  return static_cast<ListOrder>(found - kOrderNames.begin());
}

Expected<GuidelineList> ListGuidelines(const ListJob& options) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, GuidelineAccess::kRead));
  MORES_ASSIGN_OR_RETURN(const ListFilter filter, ReadFilter(options, *database));
  const guidelines::PlaceCatalogue& places = database->places();
  GuidelineList list;
  const auto take = [&](const guidelines::Version& version) -> Status {
    if (!FitsList(version.guideline, options, filter, places)) return {};
    ListedGuideline row{.version = version};
    for (const std::string& code : version.guideline.places) {
      const guidelines::Place* const place = places.Find(code);
      const guidelines::Place* const country = places.Find(std::string_view(code).substr(0, 2));
      std::string name = place ? place->name_en : code;
      if (country && country != place) name += ", " + country->name_en;
      row.place_names.push_back(std::move(name));
    }
    list.rows.push_back(std::move(row));
    return {};
  };
  MORES_RETURN_IF_ERROR(database->ForEachGuideline(take));
  SortList(options.order, list.rows);
  list.fitting = list.rows.size();
  if (options.limit > 0 && list.rows.size() > options.limit) list.rows.resize(options.limit);
  return list;
}

std::string ListAsTable(std::span<const ListedGuideline> rows) {
  constexpr std::array<std::string_view, 7> kHeads = {"id",     "version", "place", "kind",
                                                      "status", "topic",   "text"};
  constexpr std::array<size_t, 7> kWidest = {20, 7, 32, 6, 17, 24, 64};
  std::vector<std::array<std::string, 7>> lines = {{}};
  for (size_t i = 0; i < kHeads.size(); ++i) lines[0][i] = kHeads[i];
  for (const ListedGuideline& row : rows) {
    const guidelines::Guideline& one = row.version.guideline;
    const std::string status =
        fmt::format("{}{}", guidelines::Name(one.status), one.trusted ? ", trusted" : "");
    lines.push_back({one.id, std::to_string(one.version), PlacesInWords(row),
                     std::string(guidelines::Name(one.kind)), status, one.topic, one.text});
  }
  std::array<size_t, 7> widths{};
  for (auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      line[i] = text::FitColumns(line[i], kWidest[i]);
      widths[i] = std::max(widths[i], text::CountColumns(line[i]));
    }
  }
  std::string table;
  for (const auto& line : lines) {
    std::string written;
    for (size_t i = 0; i < line.size(); ++i) {
      written += line[i];
      if (i + 1 < line.size()) {
        written.append(widths[i] - text::CountColumns(line[i]) + 2, ' ');
      }
    }
    table += written + "\n";
  }
  return table;
}

std::string ListAsCsv(std::span<const ListedGuideline> rows) {
  CsvTable csv({"id", "version", "places", "place_names", "groups", "kind", "topic", "text", "lang",
                "polarity", "status", "trusted", "valid_from", "valid_to", "sources", "passages",
                "changed_by", "changed_at", "reason"});
  for (const ListedGuideline& row : rows) {
    const guidelines::Guideline& one = row.version.guideline;
    const guidelines::Change& change = row.version.change;
    std::vector<std::string> sources;
    for (const guidelines::Source& source : one.sources) sources.push_back(source.title);
    csv.Text(one.id).Count(static_cast<size_t>(one.version)).Text(JoinedBy("; ", one.places));
    csv.Text(JoinedBy("; ", row.place_names)).Text(JoinedBy("; ", one.groups));
    csv.Text(guidelines::Name(one.kind)).Text(one.topic).Text(one.text).Text(one.lang);
    csv.Text(guidelines::Name(one.polarity)).Text(guidelines::Name(one.status));
    csv.Text(one.trusted ? "true" : "false").Text(one.valid_from).Text(one.valid_to);
    csv.Text(JoinedBy("; ", sources)).Text(JoinedBy("; ", one.passages));
    csv.Text(change.by).Text(change.at).Text(change.reason);
    csv.EndRow();
  }
  return csv.text();
}

Json ListedToJson(const ListedGuideline& row) {
  Json json = guidelines::ToJson(row.version.guideline);
  json["place_names"] = row.place_names;
  json["changed_by"] = row.version.change.by;
  json["changed_at"] = row.version.change.at;
  json["reason"] = row.version.change.reason;
  return json;
}

}  // namespace mores::app
