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
Expected<std::string> JudgesOf(const Json& value, bool jailbroken, const std::string& where) {
  const auto second = value.find("jailbroken_llama_guard1");
  if (second == value.end() || second->is_null()) return std::string("one");
  MORES_ASSIGN_OR_RETURN(const bool flag, RequiredFlag(value, "jailbroken_llama_guard1", where));
  return std::string(flag == jailbroken ? "agree" : "differ");
}

// nullopt for an attempt that was never made (no prompt or no response).
Expected<std::optional<Record>> ArtifactRecord(const Json& value, const std::string& where) {
  MORES_ASSIGN_OR_RETURN(std::string prompt, OptionalString(value, "prompt", where));
  MORES_ASSIGN_OR_RETURN(std::string response, OptionalString(value, "response", where));
  if (prompt.empty() || response.empty()) return std::optional<Record>();
  Record record;
  record.annotation = Annotation::kJailbreak;
  MORES_ASSIGN_OR_RETURN(const bool jailbroken, RequiredFlag(value, "jailbroken", where));
  MORES_ASSIGN_OR_RETURN(record.notes["judges"], JudgesOf(value, jailbroken, where));
  MORES_ASSIGN_OR_RETURN(const std::string goal, RequiredString(value, "goal", where));
  MORES_ASSIGN_OR_RETURN(const std::string category, RequiredString(value, "category", where));
  MORES_ASSIGN_OR_RETURN(record.notes["behavior"], RequiredString(value, "behavior", where));
  const std::optional<Topic> topic = JailbreakBenchTopic(category);
  if (!topic) {
    return FieldError(where, "category", fmt::format("unknown value {}", Quoted(category)));
  }
  record.turns = PairTurns(std::move(prompt), std::move(response));
  record.label = LabelOf(jailbroken);
  record.licence = "MIT";
  record.label_source = "Llama-3-70B judge";
  record.groups = {GoalKey(goal)};
  SetTopic(*topic, record);
  return std::optional<Record>(std::move(record));
}

Status AddArtifacts(const std::string& file, Inputs& inputs, std::vector<Record>& records) {
  MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(file));
  const std::string path = inputs.FullPath(file);
  MORES_ASSIGN_OR_RETURN(const Json root, ParseJson(bytes, path));
  if (!root.is_object()) return MakeError(ErrorKind::kInput, "{}: must be an object", path);
  // attack-info.json, and the raw evaluation.json and submission.json of one method, which repeat
  // what its artifacts hold, have neither.
  const auto parameters = root.find("parameters");
  const auto jailbreaks = root.find("jailbreaks");
  if (parameters == root.end() || jailbreaks == root.end()) return {};
  if (!parameters->is_object()) return FieldError(path, "parameters", "must be an object");
  MORES_ASSIGN_OR_RETURN(const std::string model, RequiredString(*parameters, "model", path));
  MORES_ASSIGN_OR_RETURN(const std::string method, RequiredString(*parameters, "method", path));
  return ForEachArrayItem(
      *jailbreaks, path, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(std::optional<Record> record, ArtifactRecord(value, where));
        if (!record) return {};
        record->response_model = model;
        record->notes["method"] = method;
        records.push_back(*std::move(record));
        return {};
      });
}

Expected<Record> CompletionRecord(const Json& value, bool harmless, const std::string& where) {
  Record record;
  MORES_ASSIGN_OR_RETURN(std::string prompt, RequiredString(value, "prompt", where));
  MORES_ASSIGN_OR_RETURN(std::string response, RequiredString(value, "response", where));
  record.groups = {GoalKey(prompt)};
  record.turns = PairTurns(std::move(prompt), std::move(response));
  record.licence = "Apache-2.0";
  if (harmless) {
    record.annotation = Annotation::kHarmlessRequest;
    record.label = format::Label::kSafe;
    record.label_source = "harmless prompt set";
    return record;
  }
  record.annotation = Annotation::kJailbreak;
  MORES_ASSIGN_OR_RETURN(const bool unsafe, RequiredFlag(value, "is_jailbreak_llamaguard2", where));
  MORES_ASSIGN_OR_RETURN(const std::string category, RequiredString(value, "category", where));
  const std::optional<Topic> topic = JailbreakBenchTopic(category);
  if (!topic) {
    return FieldError(where, "category", fmt::format("unknown value {}", Quoted(category)));
  }
  record.label = LabelOf(unsafe);
  record.label_source = "LlamaGuard-2";
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
  if (!root.is_object()) return MakeError(ErrorKind::kInput, "{}: must be an object", path);
  MORES_ASSIGN_OR_RETURN(const Json* completions, RequiredMember(root, "completions", path));
  const size_t first = name.find('_') + 1;
  return ForEachArrayItem(
      *completions, path, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(Record record, CompletionRecord(value, harmless, where));
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
