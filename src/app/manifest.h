// What the manifest of every run begins with.
#ifndef MORES_APP_MANIFEST_H_
#define MORES_APP_MANIFEST_H_

#include <span>
#include <string>

#include "app/model.h"
#include "base/error.h"
#include "base/json.h"

namespace mores::app {

// [{"path","bytes","sha256"}...] of files that a run reads.
Expected<Json> DescribeInputs(std::span<const std::string> paths);

// {"command","version","input"}.
Expected<Json> RunManifest(const std::string& command, const std::string& input);

// {"command","version","input","model","model_directory","precision","isa","threads"}; without a
// directory for a remote model.
Expected<Json> ModelManifest(const std::string& command, const std::string& input,
                             const ModelOptions& options, const std::string& model_name);

}  // namespace mores::app

#endif  // MORES_APP_MANIFEST_H_
