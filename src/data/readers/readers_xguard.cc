// The curated sample of YuFeng-XGuard's training data: what a user asks, what an assistant answers,
// or both, with a risk code and an explanation that a model wrote.
#include <string>
#include <utility>

#include "base/random.h"
#include "data/readers/reader_support.h"
#include "format/dialogue.h"

namespace mores::data {
namespace {

// A policy adds categories of its own under single letters.
bool IsPolicyLetter(const std::string& code) {
  return code.size() == 1 && code[0] >= 'a' && code[0] <= 'z';
}

Status SetXGuardVerdict(const JsonFields& fields, const std::string& code, bool policy,
                        Record& record) {
  record.label = LabelOf(code != "sec");
  if (code == "sec" || (policy && IsPolicyLetter(code))) return {};
  const std::optional<Topic> topic = XGuardTopic(code);
  if (!topic) return fields.Wrong("label", fmt::format("unknown risk code {}", Quoted(code)));
  SetTopic(*topic, record);
  return {};
}

// Where only the request was judged (stage "q") it stands as a text on its own.
Expected<std::vector<format::Turn>> XGuardTurns(const JsonFields& fields,
                                                const std::string& stage) {
  const bool asked = stage != "r", answered = stage != "q";
  if (asked && answered) {
    MORES_ASSIGN_OR_RETURN(std::string prompt, fields.RequiredString("prompt"));
    MORES_ASSIGN_OR_RETURN(std::string response, fields.RequiredString("response"));
    return PairTurns(std::move(prompt), std::move(response));
  }
  MORES_ASSIGN_OR_RETURN(std::string text, fields.RequiredString(asked ? "prompt" : "response"));
  return PairTurns("", std::move(text));
}

Expected<Record> XGuardRecord(const JsonFields& fields) {
  Record record;
  MORES_ASSIGN_OR_RETURN(const std::string stage, fields.RequiredString("stage"));
  if (stage != "q" && stage != "r" && stage != "qr") {
    return fields.Wrong("stage", fmt::format("must be q, r or qr, not {}", Quoted(stage)));
  }
  MORES_ASSIGN_OR_RETURN(const std::string policy, fields.OptionalString("policy"));
  MORES_ASSIGN_OR_RETURN(const std::string code, fields.RequiredString("label"));
  MORES_RETURN_IF_ERROR(SetXGuardVerdict(fields, code, !policy.empty(), record));
  MORES_ASSIGN_OR_RETURN(record.turns, XGuardTurns(fields, stage));
  MORES_ASSIGN_OR_RETURN(record.critique, fields.RequiredString("explanation"));
  record.critique_lang = text::DetectLanguage(record.critique);
  record.licence = "Apache-2.0";
  record.response_model = "unknown";
  record.label_source = "YuFeng-XGuard's annotation model";
  record.label_by = LabelBy::kModel;
  // By the hash of the judged text, so that a third can be held out, and a text that is judged
  // twice goes with itself.
  const uint64_t hash = HashBytes(record.turns.back().content);
  record.notes["third"] = std::to_string(1 + Random(0, HashBytes("third")).At(hash) % 3);
  record.notes["stage"] = stage;
  record.notes["policy"] = policy.empty() ? "no" : "yes";
  record.notes["code"] = code;
  format::Dialogue dialogue;
  dialogue.turns = record.turns;
  record.notes["lang"] = text::Name(format::LanguageOf(dialogue));
  return record;
}

}  // namespace

Expected<std::vector<Record>> ReadXGuard(const SourceRecipe& source, Inputs& inputs) {
  std::vector<Record> records;
  for (const std::string& path : source.paths) {
    MORES_RETURN_IF_ERROR(ForEachLine(inputs, path, [&](const JsonFields& fields) -> Status {
      MORES_ASSIGN_OR_RETURN(Record record, XGuardRecord(fields));
      records.push_back(std::move(record));
      return {};
    }));
  }
  return records;
}

}  // namespace mores::data
