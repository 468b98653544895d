#include "meta/critiques.h"

#include <algorithm>
#include <utility>

#include "base/json_fields.h"
#include "format/verdict.h"

namespace mores::meta {
namespace {

// A critique as it stands in its file.
struct Record {
  std::string id, critique, where;
  format::Dialogue dialogue;  // without turns where the record has none
};

// What a dialogue is read from, in the shape that format::ParseDialogue knows.
Json DialogueShape(const Json& record) {
  const auto dialogue = record.find("dialogue");
  if (dialogue == record.end()) return record;
  Json shape = dialogue->is_array() ? Json{{"messages", *dialogue}} : *dialogue;
  if (shape.is_object() && record.contains("id")) shape["id"] = record["id"];
  return shape;
}

Expected<Record> ParseVerdictRecord(const JsonLine& line) {
  MORES_ASSIGN_OR_RETURN(const format::Verdict verdict,
                         format::ParseVerdict(line.value, line.where));
  Record record = {.id = verdict.id, .critique = verdict.critique, .where = line.where};
  if (format::HoldsDialogue(verdict.input)) {
    Json shape = {{"id", verdict.id}};
    for (const char* field : {"messages", "query", "response"}) {
      if (verdict.input.contains(field)) shape[field] = verdict.input[field];
    }
    MORES_ASSIGN_OR_RETURN(record.dialogue,
                           format::ParseDialogue(shape, line.where + ": field 'input'", line.number,
                                                 format::Unjudgeable::kKept));
  }
  return record;
}

Expected<Record> ParseRecord(const JsonLine& line) {
  MORES_RETURN_IF_ERROR(RequireObject(line.value, line.where));
  if (line.value.contains("label") && line.value.contains("threshold")) {
    return ParseVerdictRecord(line);
  }
  const JsonFields fields(line.value, line.where);
  Record record = {.where = line.where};
  MORES_ASSIGN_OR_RETURN(record.critique, fields.RequiredString("critique"));
  const Json shape = DialogueShape(line.value);
  if (format::HoldsDialogue(shape)) {
    MORES_ASSIGN_OR_RETURN(record.dialogue, format::ParseDialogue(shape, line.where, line.number,
                                                                  format::Unjudgeable::kKept));
    record.id = record.dialogue.id;
    return record;
  }
  if (line.value.contains("dialogue")) {
    return fields.Wrong("dialogue", "must be a list of turns, or a dialogue");
  }
  MORES_ASSIGN_OR_RETURN(const std::optional<std::string> id, fields.Id());
  if (!id) return fields.Wrong("id", "missing (and no dialogue either)");
  record.id = *id;
  return record;
}

Expected<std::vector<Record>> ParseFile(const std::string& path, size_t* failed) {
  std::vector<Record> records;
  IdLines ids;
  const auto add = [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(Record record, ParseRecord(line));
    MORES_RETURN_IF_ERROR(ids.PutOnce(record.id, line));
    records.push_back(std::move(record));
    return {};
  };
  MORES_ASSIGN_OR_RETURN(const JsonLinesRead read, ForEachRecord(path, {"label", "critique"}, add));
  *failed = static_cast<size_t>(read.failed);
  return records;
}

// Whether a critique speaks of another dialogue than the reference that its id names.
bool Differs(const format::Dialogue& dialogue, const Reference& reference) {
  return !dialogue.turns.empty() && reference.prompt &&
         (format::QueryOf(dialogue) != *reference.prompt ||
          format::ResponseOf(dialogue) != *reference.response);
}

// Counts what is missing, and keeps the first place.
struct Missing {
  size_t count = 0;
  std::string where;
  void Add(const Record& record) {
    if (count++ == 0) where = record.where;
  }
};

}  // namespace

Expected<Critiques> ReadCritiques(const std::string& path, const References& references) {
  Critiques critiques;
  MORES_ASSIGN_OR_RETURN(std::vector<Record> records, ParseFile(path, &critiques.failed));
  std::vector<bool> used(references.all().size());
  Missing no_reference, no_dialogue;
  for (Record& record : records) {
    const size_t found = references.Find(record.id, record.dialogue);
    if (found == References::kNone) {
      no_reference.Add(record);
      continue;
    }
    used[found] = true;
    const Reference& reference = references.all()[found];
    if (Differs(record.dialogue, reference)) {
      return FieldError(record.where, "id", "is that of a reference for another dialogue");
    }
    if (record.dialogue.turns.empty()) record.dialogue = DialogueOf(reference);
    if (record.dialogue.turns.empty()) no_dialogue.Add(record);
    CritiqueItem item = {.id = std::move(record.id),
                         .dialogue = std::move(record.dialogue),
                         .critique = std::move(record.critique),
                         .reference_aius = reference.aius};
    item.lang = format::LanguageOf(item.dialogue);
    critiques.items.push_back(std::move(item));
  }
  if (no_reference.count > 0) {
    return MakeError(ErrorKind::kInput,
                     "{}: no reference has this critique's id, or its dialogue ({} of {} critiques "
                     "have none)",
                     no_reference.where, no_reference.count, records.size());
  }
  if (no_dialogue.count > 0) {
    return MakeError(ErrorKind::kInput,
                     "{}: neither this critique nor its reference has the dialogue ({} of {} "
                     "critiques)",
                     no_dialogue.where, no_dialogue.count, records.size());
  }
  critiques.references_unused =
      static_cast<size_t>(std::count(used.begin(), used.end(), /*value=*/false));
  if (critiques.items.empty()) {
    return MakeError(ErrorKind::kInput, "{}: no critiques in it, only failed items", path);
  }
  return critiques;
}

}  // namespace mores::meta
