// The parts of one SFT run, shared by sft.cc (what goes in), sft_loop.cc (the steps) and
// sft_output.cc (what comes out).
#ifndef MORES_TRAIN_SFT_RUN_H_
#define MORES_TRAIN_SFT_RUN_H_

#include <memory>
#include <optional>
#include <string>

#include "base/threads.h"
#include "format/profile/judge_profile.h"
#include "model/trainable_model.h"
#include "text/tokenizer/tokenizer.h"
#include "train/checkpoint.h"
#include "train/examples.h"
#include "train/recipe.h"
#include "train/sft.h"

namespace mores::train {

struct SftPaths {
  explicit SftPaths(const std::string& output)
      : model(output),
        work(output + ".train"),
        metrics(output + ".metrics.jsonl"),
        valid_scores(output + ".valid.jsonl"),
        manifest(output + ".manifest.json") {}

  std::string model, work, metrics, valid_scores, manifest;
};

// Everything that the first step needs.
struct SftRun {
  SftRun(const SftOptions& sft_options, const std::string& output)
      : options(sft_options), paths(output), pool(sft_options.threads) {}

  const SftOptions& options;
  SftPaths paths;
  ThreadPool pool;
  Recipe recipe;
  Json fingerprint;
  std::string started;  // of this process, UTC
  std::unique_ptr<CheckpointStore> store;
  std::unique_ptr<format::JudgeProfile> profile;
  format::JudgeConfig judge;
  std::string tokenizer_bytes;  // tokenizer.model
  std::unique_ptr<text::Tokenizer> tokenizer;
  ExampleSet train;
  ExampleSet valid;
  std::unique_ptr<model::TrainableModel> model;
  AdamWState optimizer;
  CheckpointState state;
  int64_t steps_per_epoch = 0;
  int64_t total_steps = 0;

  PackingOptions packing() const;
  Status SaveCheckpoint();  // of `state`, which the caller keeps up to date
};

// Runs the steps from state.step to total_steps, evaluating and saving as the recipe says.
Status RunSteps(SftRun& run);

// Writes the model directory and what stands beside it, and removes the checkpoints. Returns the
// evaluation of the model as written.
Expected<Json> WriteSftOutput(SftRun& run);

// Whether the output is complete and was made from `fingerprint`; then the manifest.
Expected<std::optional<Json>> FinishedManifest(const SftPaths& paths, const Json& fingerprint);

}  // namespace mores::train

#endif  // MORES_TRAIN_SFT_RUN_H_
