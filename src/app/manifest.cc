#include "app/manifest.h"

#include <utility>

#include "app/opened_model.h"
#include "base/cpu.h"
#include "base/version.h"
#include "job/job.h"

namespace mores::app {

Expected<Json> DescribeInputs(std::span<const std::string> paths) {
  Json inputs = Json::array();
  for (const std::string& path : paths) {
    MORES_ASSIGN_OR_RETURN(Json input, job::DescribeInput(path));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

Expected<Json> RunManifest(const std::string& command, const std::string& input) {
  MORES_ASSIGN_OR_RETURN(const Json source, job::DescribeInput(input));
  return Json{{"command", command}, {"version", Version()}, {"input", source}};
}

Expected<Json> ModelManifest(const std::string& command, const std::string& input,
                             const ModelOptions& options, const std::string& model_name) {
  MORES_ASSIGN_OR_RETURN(Json manifest, RunManifest(command, input));
  manifest["model"] = model_name;
  if (!IsRemoteModel(options.model)) {
    MORES_ASSIGN_OR_RETURN(const ModelPaths paths,
                           FindModelAndAdapters(options, AdapterChoice::kByItem));
    manifest["model_directory"] = paths.base;
    for (const NamedPath& adapter : paths.adapters) {
      if (adapter.name.empty()) {
        manifest["adapter"] = adapter.path;
      } else {
        manifest["adapters"][adapter.name] = adapter.path;
      }
    }
  }
  manifest["precision"] = chat::Name(options.precision_or_default());
  manifest["isa"] = Name(CurrentIsaLevel());
  manifest["threads"] = options.threads;
  return manifest;
}

}  // namespace mores::app
