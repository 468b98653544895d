#include "app/run.h"

#include <filesystem>
#include <system_error>

#include "base/files.h"
#include "job/finished.h"
#include "job/job.h"

namespace mores::app {

Status CheckOutput(const std::string& input, const std::string& output) {
  if (output.empty()) return MakeError(ErrorKind::kUsage, "the output has no name");
  std::error_code error;
  if (output != "-" && std::filesystem::equivalent(input, output, error)) {
    return MakeError(ErrorKind::kUsage, "{}: is the input itself", output);
  }
  for (const std::string& beside :
       {job::BesidePath(output, "summary.json"), job::BesidePath(output, "rejected.jsonl"),
        job::BesidePath(output, "changes.jsonl"), output + ".manifest.json",
        output + ".rulings.jsonl", output + ".part", output + ".replies"}) {
    if (output == "-" || !std::filesystem::equivalent(input, beside, error)) continue;
    return MakeError(ErrorKind::kUsage, "{}: would write over the input {}, beside it", output,
                     beside);
  }
  MORES_RETURN_IF_ERROR(CheckWritableStream(output));
  return CheckWritable(output, {".manifest.json", ".rulings.jsonl", ".rejected.jsonl"});
}

Status CheckOutputs(std::span<const std::string> inputs, const std::string& output) {
  for (const std::string& input : inputs) {
    if (!input.empty()) MORES_RETURN_IF_ERROR(CheckOutput(input, output));
  }
  return {};
}

Status CheckRunOutput(std::span<const std::string> inputs, const std::string& output,
                      job::JournalStart start) {
  MORES_RETURN_IF_ERROR(CheckOutput("-", output));
  MORES_RETURN_IF_ERROR(CheckOutputs(inputs, output));
  MORES_RETURN_IF_ERROR(job::CheckReplaces(output, job::FileKind::kJsonLines));
  if (start == job::JournalStart::kFresh || job::Journal::Replaces(output + ".part")) return {};
  return job::CheckFinished(output);
}

Status CheckWritten(std::span<const std::string> inputs, const WrittenFile& file) {
  return CheckWritten(inputs, {&file, 1});
}

Status CheckWritten(std::span<const std::string> inputs, std::span<const WrittenFile> files) {
  std::error_code error;
  for (const WrittenFile& file : files) {
    if (file.path.empty()) continue;
    MORES_RETURN_IF_ERROR(CheckOutput("-", file.path));
    MORES_RETURN_IF_ERROR(CheckOutputs(inputs, file.path));
    MORES_RETURN_IF_ERROR(job::CheckReplaces(file.path, file.kind));
    for (const WrittenFile& other : files) {
      if (&other == &file || other.path.empty()) continue;
      if (other.path != file.path && !std::filesystem::equivalent(other.path, file.path, error)) {
        continue;
      }
      if (IsStream(file.path) && !IsStandardOutput(file.path)) continue;  // /dev/null
      return MakeError(ErrorKind::kUsage, "{}: is wanted for {} and for {}", file.path,
                       job::Describe(file.kind), job::Describe(other.kind));
    }
  }
  return {};
}

std::string ScriptOf(const std::string& model) {
  constexpr std::string_view kScripted = "scripted:";
  return model.starts_with(kScripted) ? model.substr(kScripted.size()) : "";
}

}  // namespace mores::app
