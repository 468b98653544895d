// The guidelines of a database that fit, in order.
#ifndef MORES_APP_GUIDELINE_LIST_H_
#define MORES_APP_GUIDELINE_LIST_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "guidelines/store/database.h"

namespace mores::app {

enum class ListOrder { kPlace, kId, kTopic, kStatus, kChanged };
// "place", "id", "topic", "status", "changed"
std::optional<ListOrder> ParseListOrder(std::string_view name);

// Of each that is given, a guideline has to fit one.
struct ListJob {
  std::string database;
  std::vector<std::string> places;  // names; their parts too, and of "NG+Tiv" that group alone
  std::vector<std::string> topics;  // words of the topic, whatever their case
  std::vector<guidelines::Kind> kinds;
  std::vector<guidelines::Standing> statuses;
  std::vector<std::string> groups;  // ids or names
  // By that, then by place, topic and id; the latest change first.
  ListOrder order = ListOrder::kPlace;
  size_t limit = 0;  // at most so many; 0: all
};

struct ListedGuideline {
  guidelines::Version version;
  std::vector<std::string> place_names;  // in English, one a place
};

struct GuidelineList {
  std::vector<ListedGuideline> rows;
  size_t fitting = 0;  // rows, and those beyond the limit
};
// kUsage for a place or a group that isn't known.
Expected<GuidelineList> ListGuidelines(const ListJob& options);

// A line a guideline for a terminal, with what is wide cut.
std::string ListAsTable(std::span<const ListedGuideline> rows);
// All of it (base/csv.h), lists joined by "; ".
std::string ListAsCsv(std::span<const ListedGuideline> rows);
// The guideline as `export` has it, "place_names", and who changed it, when and why.
Json ListedToJson(const ListedGuideline& row);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_LIST_H_
