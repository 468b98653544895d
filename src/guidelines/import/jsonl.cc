#include "guidelines/import/jsonl.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/json_fields.h"
#include "base/json_lines.h"
#include "base/strings.h"
#include "guidelines/search/search.h"

namespace mores::guidelines {
namespace {

constexpr const char kGroup[] = "group_record", kPassage[] = "passage_record";

Json ToJson(const Group& group) {
  return {{"id", group.id},
          {"name_en", group.name_en},
          {"name_zh", group.name_zh},
          {"kind", group.kind},
          {"places", group.places}};
}

// Of a line that holds one record of another kind than a guideline, under its name. Errors name
// the record's own fields.
Expected<JsonFields> RecordIn(const JsonLine& line, const char* name) {
  const JsonFields fields(line.value, line.where);
  MORES_RETURN_IF_ERROR(fields.RefuseOthers({name}));
  MORES_RETURN_IF_ERROR(fields.Required(name));
  MORES_RETURN_IF_ERROR(fields.Object(name));
  return JsonFields(line.value[name], line.where);
}

class Reader {
 public:
  Reader(const std::string& path, const PlaceCatalogue& places, Statuses statuses)
      : path_(path), places_(places), statuses_(statuses) {}

  Expected<Batch> Read() {
    batch_.name = "jsonl";
    MORES_RETURN_IF_ERROR(
        ForEachJsonLine(path_, {}, [&](const JsonLine& line) { return Take(line); }));
    if (batch_.guidelines.empty() && batch_.groups.empty() && batch_.passages.empty()) {
      return MakeError(ErrorKind::kInput, "{}: no guidelines in it", path_);
    }
    return std::move(batch_);
  }

 private:
  Status Take(const JsonLine& line) {
    if (line.value.is_object() && line.value.contains(kGroup)) {
      MORES_ASSIGN_OR_RETURN(const JsonFields group, RecordIn(line, kGroup));
      return TakeGroup(group);
    }
    if (line.value.is_object() && line.value.contains(kPassage)) {
      MORES_ASSIGN_OR_RETURN(const JsonFields passage, RecordIn(line, kPassage));
      return TakePassage(passage);
    }
    const std::string& where = line.where;
    MORES_ASSIGN_OR_RETURN(Guideline guideline, ParseGuideline(line.value, where));
    MORES_RETURN_IF_ERROR(TakePlaces(guideline, where));
    MORES_RETURN_IF_ERROR(CheckStatus(guideline, where));
    guideline.version = 0;
    if (guideline.id.empty()) guideline.id = GuidelineId(guideline);
    if (const std::optional<int64_t> earlier = ids_.Put(guideline.id, line.number)) {
      return FieldError(where, "id",
                        fmt::format("'{}' stands in line {} already", guideline.id, *earlier));
    }
    batch_.guidelines.push_back(std::move(guideline));
    return {};
  }

  Status TakeGroup(const JsonFields& fields) {
    MORES_RETURN_IF_ERROR(fields.RefuseOthers({"id", "name_en", "name_zh", "kind", "places"}));
    Group group;
    MORES_ASSIGN_OR_RETURN(group.name_en, fields.RequiredString("name_en"));
    MORES_ASSIGN_OR_RETURN(group.kind, fields.RequiredString("kind"));
    if (group.kind != "people" && group.kind != "community" && group.kind != "region") {
      return fields.Wrong("kind", "must be one of people, community, region");
    }
    MORES_ASSIGN_OR_RETURN(group.name_zh, OptionalText(fields, "name_zh"));
    MORES_ASSIGN_OR_RETURN(group.id, fields.IdOrNone());
    if (group.id.empty()) group.id = GroupId(group.name_en);
    MORES_ASSIGN_OR_RETURN(group.places, ReadPlaces(fields));
    batch_.groups.push_back(std::move(group));
    return {};
  }

  Status TakePassage(const JsonFields& fields) {
    MORES_RETURN_IF_ERROR(
        fields.RefuseOthers({"id", "places", "topic", "heading", "text", "lang", "source"}));
    Passage passage;
    MORES_ASSIGN_OR_RETURN(passage.text, fields.RequiredString("text"));
    MORES_ASSIGN_OR_RETURN(passage.places, ReadPlaces(fields));
    MORES_ASSIGN_OR_RETURN(passage.id, fields.IdOrNone());
    MORES_ASSIGN_OR_RETURN(passage.topic, OptionalText(fields, "topic"));
    MORES_ASSIGN_OR_RETURN(passage.heading, OptionalText(fields, "heading"));
    if (fields.Has("lang")) {
      MORES_ASSIGN_OR_RETURN(passage.lang, OptionalText(fields, "lang"));
    }
    MORES_ASSIGN_OR_RETURN(const Json* source, fields.Required("source"));
    MORES_ASSIGN_OR_RETURN(passage.source, ParseSource(*source, fields.where()));
    if (passage.id.empty()) passage.id = PassageId(passage);
    batch_.passages.push_back(std::move(passage));
    return {};
  }

  Expected<std::vector<std::string>> ReadPlaces(const JsonFields& fields) const {
    std::vector<std::string> codes;
    MORES_ASSIGN_OR_RETURN(std::vector<std::string> given, fields.Strings("places"));
    if (given.empty()) return fields.Wrong("places", "must be a list of places");
    for (const std::string& name : given) {
      MORES_ASSIGN_OR_RETURN(const std::string code, ReadPlace(name, fields.where()));
      AddOnce(codes, code);
    }
    return codes;
  }

  Expected<std::string> ReadPlace(std::string_view name, const std::string& where) const {
    Expected<std::string> code = ParsePlace(name, places_);
    if (code) return code;
    return FieldError(where, "places", code.error().message);
  }

  // Names as codes; the group of "NG+Tiv" is one of the guideline's.
  Status TakePlaces(Guideline& guideline, const std::string& where) const {
    std::vector<std::string> codes;
    for (const std::string& given : guideline.places) {
      const size_t plus = std::min(given.find('+'), given.size());
      MORES_ASSIGN_OR_RETURN(const std::string code,
                             ReadPlace(std::string_view(given).substr(0, plus), where));
      AddOnce(codes, code);
      if (plus == given.size()) continue;
      const std::string group = GroupIdOf(std::string_view(given).substr(plus + 1));
      if (group.empty()) return FieldError(where, "places", "no group after '+'");
      AddOnce(guideline.groups, group);
    }
    guideline.places = std::move(codes);
    return {};
  }

  // Of a group told before, its id; else the id that such a name has.
  std::string GroupIdOf(std::string_view name) const {
    for (const Group& group : batch_.groups) {
      if (group.id == name || group.name_en == name || group.name_zh == name) return group.id;
    }
    return GroupId(name);
  }

  Status CheckStatus(const Guideline& guideline, const std::string& where) const {
    if (statuses_ == Statuses::kKept) return {};
    if (guideline.trusted) {
      return FieldError(where, "trusted",
                        "a file can't vouch for itself; to vouch for it, give --trusted, and to "
                        "restore an export, --keep-status");
    }
    const Standing status = guideline.status;
    if (status == Standing::kImported || status == Standing::kGenerated ||
        status == Standing::kProposed) {
      return {};
    }
    return FieldError(where, "status",
                      fmt::format("a file can't make a guideline {}; to restore an export, "
                                  "give --keep-status",
                                  Name(status)));
  }

  const std::string& path_;
  const PlaceCatalogue& places_;
  const Statuses statuses_;
  Batch batch_;
  IdLines ids_;
};

bool Free(const Source& source) { return source.redistributable; }

}  // namespace

Json ToJson(const Passage& passage) {
  return {{"id", passage.id},
          {"places", passage.places},
          {"topic", passage.topic},
          {"heading", passage.heading},
          {"text", passage.text},
          {"lang", passage.lang},
          {"source", guidelines::ToJson(passage.source)}};
}

Expected<Batch> ReadGuidelines(const std::string& path, const PlaceCatalogue& places,
                               Statuses statuses) {
  return Reader(path, places, statuses).Read();
}

Expected<Export> ExportGuidelines(Database& database, ExportWhat what) {
  Export result;
  std::string guidelines;
  std::map<std::string, Passage> passages;
  std::set<std::string> groups;
  const auto take = [&](const Version& version) -> Status {
    const Guideline& guideline = version.guideline;
    std::vector<Passage> cited;
    for (const std::string& id : guideline.passages) {
      MORES_ASSIGN_OR_RETURN(std::optional<Passage> passage, database.FindPassage(id));
      if (passage) cited.push_back(std::move(*passage));
    }
    const bool free = !guideline.sources.empty() &&
                      std::all_of(guideline.sources.begin(), guideline.sources.end(), Free) &&
                      std::all_of(cited.begin(), cited.end(),
                                  [](const Passage& one) { return Free(one.source); });
    if (what == ExportWhat::kRedistributable && !free) {
      ++result.left_out;
      return {};
    }
    ++result.guidelines;
    guidelines += DumpJson(guidelines::ToJson(guideline)) + "\n";
    groups.insert(guideline.groups.begin(), guideline.groups.end());
    for (Passage& passage : cited) passages.emplace(passage.id, passage);
    return {};
  };
  MORES_RETURN_IF_ERROR(database.ForEachGuideline(take));
  for (const std::string& id : groups) {
    MORES_ASSIGN_OR_RETURN(const std::optional<Group> group, database.FindGroup(id));
    if (group) result.lines += DumpJson({{kGroup, ToJson(*group)}}) + "\n";
  }
  for (const auto& [id, passage] : passages) {
    result.lines += DumpJson({{kPassage, ToJson(passage)}}) + "\n";
  }
  result.lines += guidelines;
  return result;
}

}  // namespace mores::guidelines
