// For tests: reads the cases that tools/goldens/make.py wrote into tests/golden, and those of
// make_families.py in its folder `families`, which have logits alone.
#ifndef MORES_SUPPORT_MODEL_GOLDEN_CASE_H_
#define MORES_SUPPORT_MODEL_GOLDEN_CASE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/files.h"
#include "base/json.h"
#include "model/config.h"
#include "support/model/tolerance.h"
#include "model/train/trainable_model.h"
#include "tensor/safetensors.h"

namespace mores::model {

inline const std::vector<std::string>& GoldenCaseNames() {
  static const std::vector<std::string> names = {
      "llama",      "llama_bias_tied", "llama_head_dim", "qwen2_tied",    "qwen2_untied",
      "qwen3_tied", "qwen3_bias",      "internlm2",      "internlm2_bias"};
  return names;
}

inline const std::vector<std::string>& GoldenFamilyNames() {
  static const std::vector<std::string> names = {
      "families/internlm2",     "families/internlm2_bias", "families/llama2_linear_f16_shards",
      "families/llama3_scaled", "families/mistral_all",    "families/mistral_window",
      "families/qwen2_window",  "families/qwen3_bias",     "families/qwen3_tied"};
  return names;
}

// What a golden test runs under.
struct GoldenSetting {
  std::string name;  // of the case
  tensor::DType precision;
  IsaLevel isa;
};

inline std::string NameOf(const testing::TestParamInfo<GoldenSetting>& info) {
  return fmt::format("{}_{}_{}", info.param.name, tensor::Name(info.param.precision),
                     Name(info.param.isa));
}

// Every case in each of `precisions`, at each instruction set level that this machine has.
inline std::vector<GoldenSetting> GoldenSettings(const std::vector<tensor::DType>& precisions) {
  std::vector<GoldenSetting> all;
  for (const std::string& name : GoldenCaseNames()) {
    for (const tensor::DType precision : precisions) {
      for (const IsaLevel isa : SupportedIsaLevels()) all.push_back({name, precision, isa});
    }
  }
  return all;
}

struct GoldenCase {
  std::string name;
  std::string model_directory;
  TrainBatch batch;
  double loss = 0;  // weighted mean
  struct {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    int steps;
  } adamw;
  std::vector<double> adamw_losses;
  // "logits" [tokens, vocab]; "grad.NAME" and "adamw.NAME" for each parameter.
  std::map<std::string, std::vector<float>> tensors;

  double total_weight() const {
    double sum = 0;
    for (const Prediction& prediction : batch.predictions) sum += double{prediction.weight};
    return sum;
  }
};

// Every tensor of a file, in float32.
inline Expected<std::map<std::string, std::vector<float>>> ReadGoldenTensors(
    const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const auto file, tensor::SafetensorsFile::Open(path));
  std::map<std::string, std::vector<float>> tensors;
  for (const auto& [name, view] : file->tensors()) {
    std::vector<float>& values = tensors[name];
    values.resize(static_cast<size_t>(view.elements()));
    view.CopyTo(values.data());
  }
  return tensors;
}

// What the targets of a golden.json ask, those without weight left out.
inline std::vector<Prediction> GoldenPredictions(const Json& json) {
  const auto targets = json["targets"].get<std::vector<int32_t>>();
  const auto weights = json["target_weights"].get<std::vector<float>>();
  std::vector<Prediction> predictions;
  for (size_t row = 0; row < targets.size(); ++row) {
    if (weights[row] == 0) continue;
    predictions.push_back(
        {.row = static_cast<int32_t>(row), .token = targets[row], .weight = weights[row]});
  }
  return predictions;
}

// `root` is the folder of the cases.
inline Expected<GoldenCase> ReadGoldenCase(const std::string& root, const std::string& name) {
  const std::string directory = root + "/" + name;
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(directory + "/golden.json"));
  MORES_ASSIGN_OR_RETURN(const Json json, ParseJson(text, directory + "/golden.json"));
  GoldenCase golden;
  golden.name = name;
  golden.model_directory = directory + "/model";
  golden.batch.tokens = json["tokens"].get<std::vector<int32_t>>();
  golden.batch.offsets = json["offsets"].get<std::vector<int32_t>>();
  MORES_ASSIGN_OR_RETURN(golden.tensors, ReadGoldenTensors(directory + "/golden.safetensors"));
  if (!json.contains("adamw")) return golden;
  golden.batch.predictions = GoldenPredictions(json);
  golden.loss = json["loss"].get<double>();
  const Json& adamw = json["adamw"];
  golden.adamw = {adamw["lr"].get<double>(),           adamw["beta1"].get<double>(),
                  adamw["beta2"].get<double>(),        adamw["eps"].get<double>(),
                  adamw["weight_decay"].get<double>(), adamw["steps"].get<int>()};
  golden.adamw_losses = json["adamw_losses"].get<std::vector<double>>();
  return golden;
}

// |ours - golden| / |golden|; infinite where the sizes differ or ours is not finite.
inline double RelativeNormError(std::span<const float> ours, std::span<const float> golden) {
  if (ours.size() != golden.size() || golden.empty()) return INFINITY;
  double difference = 0, size = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    const double d = double{ours[i]} - double{golden[i]};
    difference += d * d;
    size += double{golden[i]} * double{golden[i]};
  }
  const double error = std::sqrt(difference / size);
  return std::isfinite(error) ? error : INFINITY;
}

// The longest sum in a product of this model or of its gradients over `tokens` tokens.
inline int64_t LongestReduction(const ModelConfig& config, int64_t tokens) {
  return std::max<int64_t>(
      {config.hidden_dim, config.ffn_dim, config.query_dim(), config.vocab_size, tokens});
}

inline double LogitTolerance(const ModelConfig& config, tensor::DType precision) {
  return RelativeTolerance({.precision = precision,
                            .reduction = LongestReduction(config, 1),
                            .products = ForwardProducts(config.layers)});
}

inline double GradientTolerance(const ModelConfig& config, tensor::DType precision, int64_t tokens,
                                const std::string& parameter) {
  const bool key_bias = parameter.ends_with("k_proj.bias");
  return RelativeTolerance({.precision = precision,
                            .reduction = LongestReduction(config, tokens),
                            .products = BackwardProducts(config.layers),
                            .cancellation = key_bias ? kKeyBiasCancellation : 1.0});
}

// Keeps the comparison that uses up most of its tolerance.
class WorstError {
 public:
  void Add(const std::string& name, double error, double tolerance) {
    if (error / tolerance >= share_) {
      share_ = error / tolerance;
      text_ = fmt::format("{}: error {:.3g}, tolerance {:.3g}", name, error, tolerance);
    }
  }
  bool within() const { return share_ <= 1; }
  const std::string& text() const { return text_; }

 private:
  double share_ = 0;
  std::string text_ = "nothing compared";
};

}  // namespace mores::model

#endif  // MORES_SUPPORT_MODEL_GOLDEN_CASE_H_
