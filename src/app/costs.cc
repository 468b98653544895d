#include "app/costs.h"

#include <string>
#include <utility>
#include <vector>

#include "app/run.h"
#include "base/files.h"
#include "job/document.h"

namespace mores::app {

Expected<std::vector<report::StageCost>> TellCosts(const CostsJob& options) {
  std::vector<std::string> manifests;
  for (const std::string& path : options.manifests) {
    const std::string beside = path + ".manifest.json";
    manifests.push_back(FileExists(beside) ? beside : path);
  }
  MORES_RETURN_IF_ERROR(CheckWritten(options.manifests, WrittenFile{options.output}));
  MORES_RETURN_IF_ERROR(CheckWritten(manifests, WrittenFile{options.output}));
  MORES_RETURN_IF_ERROR(job::CheckDocument(options.output, "mores-costs"));
  std::vector<report::StageCost> stages;
  for (const std::string& path : manifests) {
    MORES_ASSIGN_OR_RETURN(report::StageCost stage, report::ReadStageCost(path));
    stages.push_back(std::move(stage));
  }
  if (!options.output.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(options.output, DumpJson(report::ToJson(stages)) + "\n"));
  }
  return stages;
}

}  // namespace mores::app
