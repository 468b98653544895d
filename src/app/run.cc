#include "app/run.h"

#include <filesystem>
#include <system_error>

#include "base/files.h"
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
  for (const std::string& input : inputs) MORES_RETURN_IF_ERROR(CheckOutput(input, output));
  return {};
}

}  // namespace mores::app
