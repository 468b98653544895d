// What a model directory is, and proof that its numbers are exact.
#ifndef MORES_APP_INSPECT_H_
#define MORES_APP_INSPECT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "app/model.h"
#include "base/error.h"
#include "base/json.h"
#include "chat/language_model.h"
#include "engine/verify.h"

namespace mores::app {

// Without loading it; every tensor is looked up and its shape checked. With an adapter, or where
// the model is one, "adapter" is DescribeAdapter's, and all there is where its base isn't here.
Expected<Json> DescribeModel(const ModelOptions& model);

struct VerifyOptions {
  ModelOptions model;
  int items = 64, tokens = 64;  // random prompts, and tokens of the longest
  uint64_t seed = 0;
};

struct VerifyRun {
  std::string directory;
  chat::Precision precision = chat::Precision::kBf16;
  size_t items = 0;
  int tokens = 0;  // of the longest prompt, within the model's context
};

// Scores random prompts in every way there is (engine/verify.h). `on_start` is told what is done,
// `on_result` of each way as it is through.
Expected<engine::VerifyReport> VerifyModel(
    const VerifyOptions& options, const std::function<void(const VerifyRun&)>& on_start,
    const std::function<void(const engine::VerifyResult&)>& on_result);

}  // namespace mores::app

#endif  // MORES_APP_INSPECT_H_
