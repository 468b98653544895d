#include "chat/task.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/hash.h"
#include "chat/shipped_tasks.h"

namespace mores::chat {
namespace {

Expected<std::string> Lines(const Json& task, const char* language, std::string_view where) {
  const auto instructions = task.find("instructions");
  if (instructions == task.end() || !instructions->is_object() ||
      !instructions->contains(language) || !(*instructions)[language].is_array()) {
    return MakeError(ErrorKind::kCorrupt, "{}: field 'instructions.{}': must be a list of lines",
                     where, language);
  }
  std::string text;
  for (const Json& line : (*instructions)[language]) {
    if (!line.is_string()) {
      return MakeError(ErrorKind::kCorrupt, "{}: field 'instructions.{}': a line is no string",
                       where, language);
    }
    if (!text.empty()) text += "\n";
    text += line.get<std::string>();
  }
  return text;
}

std::vector<Task> ParseShippedTasks() {
  std::vector<Task> tasks;
  for (const std::string_view json :
       {kAiuExtraction, kAiuPrecision, kAiuRecall, kCritique, kGuidelineGeneration,
        kGuidelineValidation, kGuidelineVariation, kJudge, kJudgePlace, kQueryAugmentation,
        kRevision}) {
    Expected<Task> task = ParseTask(json, "tasks");
    MORES_CHECK(task);
    tasks.push_back(std::move(*task));
  }
  return tasks;
}

}  // namespace

Expected<Task> ParseTask(std::string_view json, std::string_view where) {
  MORES_ASSIGN_OR_RETURN(const Json value, ParseJson(json, where));
  Task task;
  MORES_ASSIGN_OR_RETURN(task.name, RequiredString(value, "name", where));
  MORES_ASSIGN_OR_RETURN(task.instructions_en, Lines(value, "en", where));
  MORES_ASSIGN_OR_RETURN(task.instructions_zh, Lines(value, "zh", where));
  if (!value.contains("schema") || !value["schema"].is_object()) {
    return MakeError(ErrorKind::kCorrupt, "{}: field 'schema': must be an object", where);
  }
  task.schema = value["schema"];
  task.hash = Sha256Hex(DumpJson(value));
  return task;
}

std::span<const Task> Tasks() {
  static const std::vector<Task> tasks = ParseShippedTasks();
  return tasks;
}

const Task& FindTask(std::string_view name) {
  const std::span<const Task> tasks = Tasks();
  const auto found =
      std::find_if(tasks.begin(), tasks.end(), [&](const Task& task) { return task.name == name; });
  MORES_CHECK(found != tasks.end());
  return *found;
}

const Task& CritiqueFirstJudgeTask() {
  static const Task task = [] {
    Expected<Task> parsed = ParseTask(kJudgeCritiqueFirst, "tasks");
    MORES_CHECK(parsed);
    return std::move(*parsed);
  }();
  return task;
}

}  // namespace mores::chat
