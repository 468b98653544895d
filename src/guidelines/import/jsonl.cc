#include "guidelines/import/jsonl.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/files.h"

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

// A line that holds one record of another kind than a guideline, under its name.
Status CheckRecord(const Json& line, const char* name, const std::string& where) {
  MORES_RETURN_IF_ERROR(CheckFields(line, {name}, where));
  if (line[name].is_object()) return {};
  return MakeError(ErrorKind::kInput, "{}: field '{}': must be an object", where, name);
}

class Reader {
 public:
  Reader(const std::string& path, const PlaceCatalogue& places, Statuses statuses)
      : path_(path), places_(places), statuses_(statuses) {}

  Expected<Batch> Read() {
    batch_.name = "jsonl";
    MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> lines, LineReader::Open(path_));
    std::string line;
    while (true) {
      MORES_ASSIGN_OR_RETURN(const bool more, lines->Next(line));
      if (!more) break;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const std::string where = fmt::format("{}:{}", path_, lines->line_number());
      MORES_ASSIGN_OR_RETURN(const Json record, ParseJson(line, where));
      MORES_RETURN_IF_ERROR(Take(record, where, lines->line_number()));
    }
    if (batch_.guidelines.empty() && batch_.groups.empty() && batch_.passages.empty()) {
      return MakeError(ErrorKind::kInput, "{}: no guidelines in it", path_);
    }
    return std::move(batch_);
  }

 private:
  Status Take(const Json& record, const std::string& where, int64_t line) {
    if (record.is_object() && record.contains(kGroup)) {
      MORES_RETURN_IF_ERROR(CheckRecord(record, kGroup, where));
      return TakeGroup(record[kGroup], where);
    }
    if (record.is_object() && record.contains(kPassage)) {
      MORES_RETURN_IF_ERROR(CheckRecord(record, kPassage, where));
      return TakePassage(record[kPassage], where);
    }
    MORES_ASSIGN_OR_RETURN(Guideline guideline, ParseGuideline(record, where));
    MORES_RETURN_IF_ERROR(CheckPlaces(guideline.places, where));
    MORES_RETURN_IF_ERROR(CheckStatus(guideline.status, where));
    guideline.version = 0;
    if (guideline.id.empty()) guideline.id = GuidelineId(guideline);
    const auto [seen, added] = lines_.emplace(guideline.id, line);
    if (!added) {
      return MakeError(ErrorKind::kInput, "{}: field 'id': '{}' stands in line {} already", where,
                       guideline.id, seen->second);
    }
    batch_.guidelines.push_back(std::move(guideline));
    return {};
  }

  Status TakeGroup(const Json& value, const std::string& where) {
    MORES_RETURN_IF_ERROR(
        CheckFields(value, {"id", "name_en", "name_zh", "kind", "places"}, where));
    Group group;
    MORES_ASSIGN_OR_RETURN(group.name_en, RequiredString(value, "name_en", where));
    MORES_ASSIGN_OR_RETURN(group.kind, RequiredString(value, "kind", where));
    if (group.kind != "people" && group.kind != "community" && group.kind != "region") {
      return MakeError(ErrorKind::kInput,
                       "{}: field 'kind': must be one of people, community, region", where);
    }
    MORES_ASSIGN_OR_RETURN(group.name_zh, OptionalText(value, "name_zh", where));
    MORES_ASSIGN_OR_RETURN(group.id, OptionalText(value, "id", where));
    if (group.id.empty()) group.id = GroupId(group.name_en);
    MORES_ASSIGN_OR_RETURN(group.places, ReadPlaces(value, where));
    batch_.groups.push_back(std::move(group));
    return {};
  }

  Status TakePassage(const Json& value, const std::string& where) {
    MORES_RETURN_IF_ERROR(
        CheckFields(value, {"id", "places", "topic", "heading", "text", "lang", "source"}, where));
    Passage passage;
    MORES_ASSIGN_OR_RETURN(passage.text, RequiredString(value, "text", where));
    MORES_ASSIGN_OR_RETURN(passage.places, ReadPlaces(value, where));
    MORES_ASSIGN_OR_RETURN(passage.id, OptionalText(value, "id", where));
    MORES_ASSIGN_OR_RETURN(passage.topic, OptionalText(value, "topic", where));
    MORES_ASSIGN_OR_RETURN(passage.heading, OptionalText(value, "heading", where));
    if (value.contains("lang")) {
      MORES_ASSIGN_OR_RETURN(passage.lang, OptionalText(value, "lang", where));
    }
    const auto source = value.find("source");
    if (source == value.end()) {
      return MakeError(ErrorKind::kInput, "{}: field 'source': missing", where);
    }
    MORES_ASSIGN_OR_RETURN(passage.source, ParseSource(*source, where));
    if (passage.id.empty()) passage.id = PassageId(passage);
    batch_.passages.push_back(std::move(passage));
    return {};
  }

  Expected<std::vector<std::string>> ReadPlaces(const Json& value, const std::string& where) const {
    std::vector<std::string> codes;
    const auto found = value.find("places");
    const bool list =
        found != value.end() && found->is_array() && !found->empty() &&
        std::all_of(found->begin(), found->end(), [](const Json& one) { return one.is_string(); });
    if (!list) {
      return MakeError(ErrorKind::kInput, "{}: field 'places': must be a list of codes", where);
    }
    for (const Json& one : *found) {
      std::string code = one.get<std::string>();
      if (std::find(codes.begin(), codes.end(), code) == codes.end()) {
        codes.push_back(std::move(code));
      }
    }
    MORES_RETURN_IF_ERROR(CheckPlaces(codes, where));
    return codes;
  }

  Status CheckPlaces(const std::vector<std::string>& codes, const std::string& where) const {
    for (const std::string& code : codes) {
      if (places_.Find(code)) continue;
      return MakeError(ErrorKind::kInput, "{}: field 'places': there is no place '{}'", where,
                       code);
    }
    return {};
  }

  Status CheckStatus(Standing status, const std::string& where) const {
    if (statuses_ == Statuses::kKept || status == Standing::kImported ||
        status == Standing::kGenerated) {
      return {};
    }
    return MakeError(ErrorKind::kInput,
                     "{}: field 'status': a file can't make a guideline {}; to restore an export, "
                     "give --keep-status",
                     where, Name(status));
  }

  const std::string& path_;
  const PlaceCatalogue& places_;
  const Statuses statuses_;
  Batch batch_;
  std::map<std::string, int64_t> lines_;  // of each id
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
