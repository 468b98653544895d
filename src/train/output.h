// Where a training run writes, and how its output comes into place: whole, or not at all.
#ifndef MORES_TRAIN_OUTPUT_H_
#define MORES_TRAIN_OUTPUT_H_

#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "base/json.h"

namespace mores::train {

enum class StartMode {
  kResume,  // go on from the last checkpoint, if there is one
  kFresh,   // drop checkpoints and replace the output
};

struct OutputPaths {
  // Of the model directory `output`, with or without slashes behind it.
  explicit OutputPaths(std::string output);

  std::string model;
  std::string work;          // checkpoints, while training lasts
  std::string metrics;       // a line a step
  std::string valid_scores;  // a line a validation example
  std::string manifest;
};

// kUsage unless the model directory may be written: it isn't there, or a checkpoint of this run is,
// or it is to be replaced and looks like a directory of a model or of an adapter.
enum class Found { kNothing, kCheckpoint };
Status CheckOutput(const OutputPaths& paths, StartMode start, Found found);

// What a run reads: where the recipe says it, and the path; empty ones are none.
struct RunInput {
  std::string field;
  std::string path;
};
// kUsage where what the run writes would be one of `inputs`, or replace a folder that holds it.
Status CheckInputsKept(const OutputPaths& paths, std::span<const RunInput> inputs);

// Whether the output is complete and was made from `fingerprint`; then the manifest.
Expected<std::optional<Json>> FinishedManifest(const OutputPaths& paths, const Json& fingerprint);

// Puts the model directory that was written at `directory` into its place, and the manifest beside
// it, which gets the hashes of the files.
Status PublishModel(const OutputPaths& paths, const std::string& directory, Json manifest);

Status WriteJsonFile(const std::string& path, const Json& json);

}  // namespace mores::train

#endif  // MORES_TRAIN_OUTPUT_H_
