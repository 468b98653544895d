// JailbreakBench's attack artifacts and the completions of the refusal-direction study, which ask
// JailbreakBench's goals: records of one goal share a group.
#include <utility>

#include "base/json.h"
#include "data/readers/reader_support.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

std::string GoalKey(const std::string& goal) { return "goal/" + text::NormalizeForMatch(goal); }

// "agree", "differ", or "one" where only one judge's flag is there.
Expected<std::string> JudgesOf(const JsonFields& fields, bool jailbroken) {
  if (!fields.Has("jailbroken_llama_guard1")) return std::string("one");
  MORES_ASSIGN_OR_RETURN(const bool flag, RequiredFlag(fields, "jailbroken_llama_guard1"));
  return std::string(flag == jailbroken ? "agree" : "differ");
}

// nullopt for an attempt that was never made (no prompt or no response).
Expected<std::optional<Record>> ArtifactRecord(const JsonFields& fields) {
  MORES_ASSIGN_OR_RETURN(std::string prompt, fields.OptionalString("prompt"));
  MORES_ASSIGN_OR_RETURN(std::string response, fields.OptionalString("response"));
  if (prompt.empty() || response.empty()) return std::optional<Record>();
  Record record;
  record.annotation = Annotation::kJailbreak;
  MORES_ASSIGN_OR_RETURN(const bool jailbroken, RequiredFlag(fields, "jailbroken"));
  MORES_ASSIGN_OR_RETURN(record.notes["judges"], JudgesOf(fields, jailbroken));
  MORES_ASSIGN_OR_RETURN(const std::string goal, fields.RequiredString("goal"));
  MORES_ASSIGN_OR_RETURN(const std::string category, fields.RequiredString("category"));
  MORES_ASSIGN_OR_RETURN(record.notes["behavior"], fields.RequiredString("behavior"));
  const std::optional<Topic> topic = JailbreakBenchTopic(category);
  if (!topic) {
    return fields.Wrong("category", fmt::format("unknown value {}", Quoted(category)));
  }
  record.turns = PairTurns(std::move(prompt), std::move(response));
  record.label = LabelOf(jailbroken);
  record.licence = "MIT";
  record.label_source = "Llama-3-70B judge";
  record.label_by = LabelBy::kModel;
  record.groups = {GoalKey(goal)};
  SetTopic(*topic, record);
  return std::optional<Record>(std::move(record));
}

Status AddArtifacts(const std::string& file, Inputs& inputs, std::vector<Record>& records) {
  MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(file));
  const std::string path = inputs.FullPath(file);
  MORES_ASSIGN_OR_RETURN(const Json root, ParseJson(bytes, path));
  MORES_RETURN_IF_ERROR(RequireObject(root, path));
  // attack-info.json, and the raw evaluation.json and submission.json of one method, which repeat
  // what its artifacts hold, have neither.
  const JsonFields file_fields(root, path);
  const Json* jailbreaks = file_fields.Find("jailbreaks");
  if (!file_fields.Has("parameters") || jailbreaks == nullptr) return {};
  MORES_ASSIGN_OR_RETURN(const auto parameters, file_fields.Object("parameters"));
  MORES_ASSIGN_OR_RETURN(const std::string model, parameters->RequiredString("model"));
  MORES_ASSIGN_OR_RETURN(const std::string method, parameters->RequiredString("method"));
  return ForEachItem(*jailbreaks, path, [&](const JsonFields& fields) -> Status {
    MORES_ASSIGN_OR_RETURN(std::optional<Record> record, ArtifactRecord(fields));
    if (!record) return {};
    record->response_model = model;
    record->notes["method"] = method;
    records.push_back(*std::move(record));
    return {};
  });
}

Expected<Record> CompletionRecord(const JsonFields& fields, bool harmless) {
  Record record;
  MORES_ASSIGN_OR_RETURN(std::string prompt, fields.RequiredString("prompt"));
  MORES_ASSIGN_OR_RETURN(std::string response, fields.RequiredString("response"));
  record.groups = {GoalKey(prompt)};
  record.turns = PairTurns(std::move(prompt), std::move(response));
  record.licence = "Apache-2.0";
  if (harmless) {
    record.annotation = Annotation::kHarmlessRequest;
    record.label = format::Label::kSafe;
    record.label_source = "harmless prompt set";
    record.label_by = LabelBy::kRule;
    return record;
  }
  record.annotation = Annotation::kJailbreak;
  MORES_ASSIGN_OR_RETURN(const bool unsafe, RequiredFlag(fields, "is_jailbreak_llamaguard2"));
  MORES_ASSIGN_OR_RETURN(const std::string category, fields.RequiredString("category"));
  const std::optional<Topic> topic = JailbreakBenchTopic(category);
  if (!topic) {
    return fields.Wrong("category", fmt::format("unknown value {}", Quoted(category)));
  }
  record.label = LabelOf(unsafe);
  record.label_source = "LlamaGuard-2";
  record.label_by = LabelBy::kModel;
  SetTopic(*topic, record);
  return record;
}

// RUNS/MODEL/completions/{harmless,jailbreakbench}_INTERVENTION_evaluations.json
Status AddCompletions(const std::string& file, Inputs& inputs, std::vector<Record>& records) {
  const std::string name = FileName(file);
  const bool harmless = name.starts_with("harmless_");
  MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(file));
  const std::string path = inputs.FullPath(file);
  MORES_ASSIGN_OR_RETURN(const Json root, ParseJson(bytes, path));
  MORES_RETURN_IF_ERROR(RequireObject(root, path));
  MORES_ASSIGN_OR_RETURN(const Json* completions, JsonFields(root, path).Required("completions"));
  const size_t first = name.find('_') + 1;
  return ForEachItem(*completions, path, [&](const JsonFields& fields) -> Status {
    MORES_ASSIGN_OR_RETURN(Record record, CompletionRecord(fields, harmless));
    record.response_model = FileName(Parent(Parent(file)));
    record.notes["prompts"] = harmless ? "harmless" : "harmful";
    record.notes["intervention"] = name.substr(first, name.find('_', first) - first);
    records.push_back(std::move(record));
    return {};
  });
}

bool IsCompletions(const std::string& file) {
  const std::string name = FileName(file);
  return name.ends_with("_evaluations.json") && FileName(Parent(file)) == "completions" &&
         (name.starts_with("harmless_") || name.starts_with("jailbreakbench_"));
}

bool IsArtifact(const std::string& file) {
  return file.ends_with(".json") && file.find("/test-artifact/") == std::string::npos;
}

using AddFile = Status (*)(const std::string&, Inputs&, std::vector<Record>&);

Expected<std::vector<Record>> ReadTree(const SourceRecipe& source, Inputs& inputs,
                                       bool (*wanted)(const std::string&), AddFile add) {
  std::vector<Record> records;
  for (const std::string& path : source.paths) {
    MORES_ASSIGN_OR_RETURN(const std::vector<std::string> files, inputs.List(path));
    for (const std::string& file : files) {
      if (wanted(file)) MORES_RETURN_IF_ERROR(add(file, inputs, records));
    }
  }
  return records;
}

}  // namespace

Expected<std::vector<Record>> ReadJailbreakBench(const SourceRecipe& source, Inputs& inputs) {
  return ReadTree(source, inputs, IsArtifact, AddArtifacts);
}

Expected<std::vector<Record>> ReadRefusalDirection(const SourceRecipe& source, Inputs& inputs) {
  return ReadTree(source, inputs, IsCompletions, AddCompletions);
}

}  // namespace mores::data
