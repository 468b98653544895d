// Anybody's JSON array, JSON lines or CSV, by a field map.
#include <algorithm>
#include <utility>

#include "base/json.h"
#include "data/readers/csv.h"
#include "data/readers/reader_support.h"

namespace mores::data {
namespace {

// The member at a dotted path, or null.
const Json* Find(const Json& value, std::string_view path) {
  const Json* current = &value;
  while (current->is_object()) {
    // A key that itself holds dots is found first as a whole.
    if (const auto whole = current->find(std::string(path)); whole != current->end()) {
      return whole->is_null() ? nullptr : &*whole;
    }
    const size_t dot = path.find('.');
    if (dot == std::string_view::npos) return nullptr;
    const auto member = current->find(std::string(path.substr(0, dot)));
    if (member == current->end()) return nullptr;
    current = &*member;
    path.remove_prefix(dot + 1);
  }
  return nullptr;
}

Expected<std::string> Text(const JsonFields& json, const std::string& field) {
  const Json* found = Find(json.object(), field);
  if (found == nullptr) return json.Wrong(field, "missing");
  if (found->is_string()) return found->get<std::string>();
  if (found->is_boolean() || found->is_number_integer()) return found->dump();
  return json.Wrong(field, WrongType("a string", *found));
}

bool Contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Expected<format::Label> MappedLabel(const SourceRecipe& source, const std::string& word,
                                    const JsonFields& json) {
  if (Contains(source.safe_labels, word)) return format::Label::kSafe;
  if (Contains(source.unsafe_labels, word)) return format::Label::kUnsafe;
  const bool mapped = !source.safe_labels.empty() || !source.unsafe_labels.empty();
  const std::optional<format::Label> label = mapped ? std::nullopt : format::ParseLabel(word);
  if (!label) {
    return json.Wrong(source.fields.label, fmt::format("unknown label {}", Quoted(word)));
  }
  return *label;
}

Expected<std::vector<format::Turn>> Turns(const SourceRecipe& source, const JsonFields& json) {
  const FieldMap& fields = source.fields;
  if (fields.messages.empty()) {
    std::string query;
    if (!fields.query.empty()) {
      MORES_ASSIGN_OR_RETURN(query, Text(json, fields.query));
    }
    MORES_ASSIGN_OR_RETURN(std::string response, Text(json, fields.response));
    return PairTurns(std::move(query), std::move(response));
  }
  const Json* messages = Find(json.object(), fields.messages);
  if (messages == nullptr) return json.Wrong(fields.messages, "missing");
  Json object;
  object["messages"] = *messages;
  MORES_ASSIGN_OR_RETURN(format::Dialogue dialogue, format::ParseDialogue(object, json.where(), 1));
  while (dialogue.turns.back().role != format::Role::kAssistant) dialogue.turns.pop_back();
  return std::move(dialogue.turns);
}

Expected<Record> ToRecord(const SourceRecipe& source, const JsonFields& json) {
  const FieldMap& fields = source.fields;
  Record record;
  MORES_ASSIGN_OR_RETURN(record.turns, Turns(source, json));
  MORES_ASSIGN_OR_RETURN(const std::string word, Text(json, fields.label));
  MORES_ASSIGN_OR_RETURN(record.label, MappedLabel(source, word, json));
  record.response_model = source.response_model.empty() ? "unknown" : source.response_model;
  record.label_source = source.label_source.empty() ? "unknown" : source.label_source;
  record.licence = "unknown";
  if (!fields.response_model.empty()) {
    MORES_ASSIGN_OR_RETURN(record.response_model, Text(json, fields.response_model));
  }
  if (!fields.label_source.empty()) {
    MORES_ASSIGN_OR_RETURN(record.label_source, Text(json, fields.label_source));
  }
  if (!fields.category.empty()) {
    MORES_ASSIGN_OR_RETURN(const std::string category, Text(json, fields.category));
    record.category = ParseCategory(category).value_or(Category::kOther);
  }
  for (const std::string& note : fields.notes) {
    MORES_ASSIGN_OR_RETURN(record.notes[note], Text(json, note));
  }
  return record;
}

Status CheckFields(const SourceRecipe& source) {
  const FieldMap& fields = source.fields;
  if (fields.label.empty() || (fields.messages.empty() && fields.response.empty())) {
    return MakeError(ErrorKind::kInput,
                     "source '{}': reader '{}' needs 'fields' with 'label', and 'response' or "
                     "'messages'",
                     source.name, source.reader);
  }
  return {};
}

Status ForEachCsvRow(Inputs& inputs, const std::string& path, const RecordVisitor& visit) {
  MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(path));
  const std::string full = inputs.FullPath(path);
  MORES_ASSIGN_OR_RETURN(const CsvTable table, ParseCsv(bytes, full));
  for (const CsvRow& row : table.rows) {
    Json object = Json::object();
    for (size_t i = 0; i < row.fields.size(); ++i) object[table.header[i]] = row.fields[i];
    MORES_RETURN_IF_ERROR(visit(JsonFields(object, fmt::format("{}:{}", full, row.line))));
  }
  return {};
}

Status ForEachInFile(const SourceRecipe& source, Inputs& inputs, const std::string& path,
                     const RecordVisitor& visit) {
  if (source.reader == "csv") return ForEachCsvRow(inputs, path, visit);
  if (source.reader == "jsonl") return ForEachLine(inputs, path, visit);
  MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(path));
  const std::string full = inputs.FullPath(path);
  MORES_ASSIGN_OR_RETURN(const Json array, ParseJson(bytes, full));
  return ForEachItem(array, full, visit);
}

}  // namespace

Expected<std::vector<Record>> ReadGeneric(const SourceRecipe& source, Inputs& inputs) {
  MORES_RETURN_IF_ERROR(CheckFields(source));
  std::vector<Record> records;
  for (const std::string& path : source.paths) {
    MORES_RETURN_IF_ERROR(
        ForEachInFile(source, inputs, path, [&](const JsonFields& json) -> Status {
          MORES_ASSIGN_OR_RETURN(Record record, ToRecord(source, json));
          records.push_back(std::move(record));
          return {};
        }));
  }
  return records;
}

}  // namespace mores::data
