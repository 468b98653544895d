#include "curate/record.h"

#include <utility>

#include "base/hash.h"
#include "base/json_fields.h"
#include "base/json_lines.h"
#include "chat/chat_model.h"
#include "format/verdict.h"

namespace mores::curate {
namespace {

Record MakeRecord(format::Dialogue dialogue) {
  Record record;
  Json& fields = record.fields;
  fields = {{"id", dialogue.id}, {"messages", format::TurnsToJson(dialogue.turns)}};
  if (dialogue.expected) fields["label"] = format::Name(*dialogue.expected);
  if (!dialogue.places.empty()) fields["place"] = dialogue.places;
  if (!dialogue.rules.empty()) fields["rules"] = dialogue.rules;
  if (!dialogue.left_out.empty()) fields["left_out"] = dialogue.left_out;
  if (dialogue.input.is_object()) {
    for (auto& [name, value] : dialogue.input.items()) fields[name] = std::move(value);
  }
  dialogue.input = Json();
  record.lang = format::LanguageOf(dialogue);
  record.dialogue = std::move(dialogue);
  return record;
}

// What the verdict says, apart from the dialogue that it is about.
Json VerdictSummary(const format::Verdict& verdict) {
  Json summary = {{"label", format::Name(verdict.label)}};
  summary["p_unsafe"] = verdict.p_unsafe ? Json(*verdict.p_unsafe) : Json();
  summary["critique"] = verdict.critique;
  if (verdict.expected) summary["expected"] = format::Name(*verdict.expected);
  summary["model"] = verdict.model;
  summary["prompt"] = verdict.prompt;
  return summary;
}

Expected<Record> ParseVerdictRecord(const Json& value, std::string_view where, int64_t number) {
  MORES_ASSIGN_OR_RETURN(format::Verdict verdict, format::ParseVerdict(value, where));
  if (!verdict.input.is_object() || !format::HoldsDialogue(verdict.input)) {
    return FieldError(where, "input", "holds no dialogue (judged with --no-content?)");
  }
  Json given = std::move(verdict.input);
  given["id"] = verdict.id;
  given.erase("label");
  MORES_ASSIGN_OR_RETURN(
      format::Dialogue dialogue,
      format::ParseDialogue(given, fmt::format("{}: field 'input'", where), number));
  if (verdict.label != format::Label::kUnparsed) dialogue.expected = verdict.label;
  if (!dialogue.input.is_object()) dialogue.input = Json::object();
  dialogue.input["verdict"] = VerdictSummary(verdict);
  return MakeRecord(std::move(dialogue));
}

}  // namespace

Expected<Record> ParseRecord(const Json& value, std::string_view where, int64_t number) {
  if (value.is_object() && !format::HoldsDialogue(value) && value.contains("input")) {
    return ParseVerdictRecord(value, where, number);
  }
  MORES_ASSIGN_OR_RETURN(format::Dialogue dialogue,
                         format::ParseDialogue(value, where, number, format::Unjudgeable::kKept));
  return MakeRecord(std::move(dialogue));
}

Expected<std::vector<Record>> ReadRecords(const std::string& path, int64_t& failed) {
  std::vector<Record> records;
  IdLines ids;
  int64_t unjudgeable = 0;
  const auto add = [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(Record record, ParseRecord(line.value, line.where, line.number));
    MORES_RETURN_IF_ERROR(ids.PutOnce(record.dialogue.id, line));
    if (!record.dialogue.unjudgeable.empty()) {
      ++unjudgeable;
      return {};
    }
    records.push_back(std::move(record));
    return {};
  };
  const JsonLinesOptions options{
      .arrays = JsonLinesOptions::Arrays::kRead,
      .results = {"input", "messages", "query", "response", "conversations", "conversation",
                  "request", "instruction", "prompt"},
      .json = format::DialogueJson()};
  MORES_ASSIGN_OR_RETURN(const JsonLinesRead read, ForEachJsonLine(path, options, add));
  failed = read.failed + unjudgeable;
  if (records.empty()) {
    return MakeError(ErrorKind::kInput, "{}: no dialogues in it", ShownPath(path));
  }
  return records;
}

std::string ContentHash(std::span<const Record> records) {
  std::string hashes;
  for (const Record& record : records) hashes += Sha256Hex(DumpJson(record.fields));
  return Sha256Hex(hashes);
}

std::string SourceOf(const Record& record) {
  const auto found = record.fields.find("source");
  return found != record.fields.end() && found->is_string() ? found->get<std::string>() : "";
}

Json MaterialOf(const Record& record) {
  const std::vector<format::Turn>& turns = record.dialogue.turns;
  // A record has an assistant turn: ParseDialogue refuses those that don't.
  const size_t judged = format::LastTurn(turns, format::Role::kAssistant, turns.size());
  const auto end = turns.begin() + static_cast<std::ptrdiff_t>(judged + 1);
  Json material = {{"dialogue", format::TurnsToJson({turns.begin(), end})}};
  for (size_t i = 0; i < record.dialogue.rules.size(); ++i) {
    material["rules"].push_back({{"number", i + 1}, {"text", record.dialogue.rules[i]}});
  }
  return material;
}

Json GeneratorOf(std::string_view model, const chat::Task& task) {
  return {{"model", model}, {"task", task.name}, {"task_hash", task.hash}};
}

Json HumanGenerator() { return "human"; }

Json Derive(const Record& record, const std::string& file, const Json& ours) {
  Json line = record.fields;
  Json origin = {{"file", ShownPath(file)}, {"id", record.dialogue.id}};
  const auto keep = [&](const std::string& name, const Json* replacement) {
    const auto earlier = line.find(name);
    if (earlier == line.end() || earlier->is_null()) return;
    if (replacement == nullptr || *earlier != *replacement) origin[name] = std::move(*earlier);
  };
  keep("origin", nullptr);
  line.erase("origin");
  keep("rejected", nullptr);  // by an earlier step: this one decides anew
  line.erase("rejected");
  for (const auto& [name, value] : ours.items()) {
    if (name != "id") keep(name, &value);
    line[name] = value;
  }
  line["origin"] = std::move(origin);
  return line;
}

}  // namespace mores::curate
