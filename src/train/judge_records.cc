#include "train/judge_records.h"

#include <filesystem>
#include <optional>

#include "base/json_lines.h"
#include "train/held_out.h"

namespace mores::train {
namespace {

// "mine.jsonl.gz" is "mine".
std::string SourceName(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return name.substr(0, name.find('.', 1));
}

Expected<bool> HoldsOurForm(const std::string& path) {
  std::optional<bool> ours;
  // A file of another layout, such as one array, is read as dialogues, which tells what is wrong.
  const auto look = [&](const JsonLine& line) -> Status {
    ours = line.value.is_object() && line.value.contains("completion") &&
           line.value.contains("lang") && line.value.contains("messages");
    return MakeError(ErrorKind::kCancelled, "seen enough");
  };
  const auto read = ForEachJsonLine(path, {.when_empty = "holds no examples"}, look);
  if (ours) return *ours;
  if (!read && read.error().kind != ErrorKind::kInput) return tl::unexpected<Error>(read.error());
  return false;
}

// A text of what a dialogue carries beside its turns; "" where there is none.
Expected<std::string> CarriedText(const format::Dialogue& dialogue, const char* field,
                                  const std::string& where) {
  if (!dialogue.input.is_object()) return std::string();
  const auto found = dialogue.input.find(field);
  if (found == dialogue.input.end() || found->is_null()) return std::string();
  if (!found->is_string()) {
    return MakeError(ErrorKind::kInput, "{}: field '{}': must be a string", where, field);
  }
  return found->get<std::string>();
}

Expected<double> CarriedWeight(const format::Dialogue& dialogue, const std::string& where) {
  if (!dialogue.input.is_object() || !dialogue.input.contains("weight")) return 1.0;
  const Json number = NumberValue(dialogue.input["weight"]);
  const double weight = number.is_number() ? number.get<double>() : 0;
  if (!(weight > 0 && weight <= 1000)) {
    return MakeError(ErrorKind::kInput, "{}: field 'weight': must be above 0 and at most 1000",
                     where);
  }
  return weight;
}

Expected<format::SftRecord> RecordOf(format::Dialogue dialogue, const std::string& path) {
  const std::string where = fmt::format("{}: dialogue '{}'", path, dialogue.id);
  if (!dialogue.unjudgeable.empty()) {
    return MakeError(ErrorKind::kInput, "{}: {}", where, dialogue.unjudgeable);
  }
  if (!dialogue.expected) {
    return MakeError(ErrorKind::kInput,
                     "{}: field 'label': missing; a judge learns from labelled dialogues", where);
  }
  format::SftRecord record;
  MORES_ASSIGN_OR_RETURN(record.critique, CarriedText(dialogue, "critique", where));
  record.label_only = record.critique.empty();
  MORES_ASSIGN_OR_RETURN(record.source, CarriedText(dialogue, "source", where));
  if (record.source.empty()) record.source = SourceName(path);
  MORES_ASSIGN_OR_RETURN(record.weight, CarriedWeight(dialogue, where));
  const JsonFields fields(dialogue.input, where);
  MORES_ASSIGN_OR_RETURN(record.parts, format::ParsePartWeights(fields));
  record.category = format::CategoryField(fields, record.critique);
  const Json* by = fields.Find("label_by");
  // Others write who it was, by name.
  if (by != nullptr && by->is_string() && by->get<std::string>() == Name(format::LabelBy::kModel)) {
    record.label_by = format::LabelBy::kModel;
  }
  record.lang = format::LanguageOf(dialogue);
  dialogue.input = Json();
  record.dialogue = std::move(dialogue);
  return record;
}

}  // namespace

Expected<std::vector<format::SftRecord>> ReadJudgeRecords(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const bool ours, HoldsOurForm(path));
  if (ours) {
    MORES_ASSIGN_OR_RETURN(const auto profile,
                           format::FindJudgeProfile(format::JudgeConfig().profile));
    return format::ReadSftRecords(path, *profile);
  }
  MORES_ASSIGN_OR_RETURN(std::vector<format::Dialogue> dialogues, format::ReadDialogues(path));
  std::vector<format::SftRecord> records;
  records.reserve(dialogues.size());
  for (format::Dialogue& dialogue : dialogues) {
    MORES_ASSIGN_OR_RETURN(format::SftRecord record, RecordOf(std::move(dialogue), path));
    records.push_back(std::move(record));
  }
  return records;
}

SplitRecords HoldOut(std::vector<format::SftRecord> records, double share, uint64_t seed) {
  std::vector<std::string> groups;
  for (const format::SftRecord& record : records) {
    const std::string_view query = format::QueryOf(record.dialogue);
    groups.push_back(query.empty() ? "id " + record.dialogue.id : fmt::format("query {}", query));
  }
  const std::vector<char> held = ChooseHeldOut(groups, share, seed);
  SplitRecords split;
  for (size_t i = 0; i < records.size(); ++i) {
    (held[i] != 0 ? split.valid : split.train).push_back(std::move(records[i]));
  }
  return split;
}

}  // namespace mores::train
