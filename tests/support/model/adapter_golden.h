// For tests: reads the cases that tools/goldens/make_adapters.py wrote into tests/golden/adapters.
#ifndef MORES_SUPPORT_MODEL_ADAPTER_GOLDEN_H_
#define MORES_SUPPORT_MODEL_ADAPTER_GOLDEN_H_

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "model/train/train_batch.h"
#include "support/model/golden_case.h"

namespace mores::model {

inline const std::vector<std::string>& AdapterGoldenNames() {
  static const std::vector<std::string> names = {"lora_qv",
                                                 "lora_all_linear",
                                                 "rslora",
                                                 "dora_bias",
                                                 "dora",
                                                 "dora_rslora",
                                                 "lora_head",
                                                 "dora_head",
                                                 "patterns",
                                                 "bf16_file",
                                                 "internlm2",
                                                 "internlm2_dora",
                                                 "pattern_of_targets",
                                                 "upper_layer"};
  return names;
}

struct AdapterGolden {
  std::string name;
  std::string base_directory;     // the model's folder
  std::string adapter_directory;  // as PEFT wrote it
  TrainBatch batch;               // predictions of weight 0 are left out
  double loss = 0;                // weighted mean
  double total_weight = 0;
  struct {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    int steps;
  } adamw;
  std::vector<double> adamw_losses;
  // "logits" and "base_logits" [tokens, vocab]; "grad.NAME" and "adamw.NAME" of every tensor.
  std::map<std::string, std::vector<float>> tensors;
};

// `root` is tests/golden.
inline Expected<AdapterGolden> ReadAdapterGolden(const std::string& root, const std::string& name) {
  const std::string directory = root + "/adapters/" + name;
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(directory + "/golden.json"));
  MORES_ASSIGN_OR_RETURN(const Json json, ParseJson(text, directory + "/golden.json"));
  AdapterGolden golden;
  golden.name = name;
  golden.base_directory = root + "/" + json["base"].get<std::string>() + "/model";
  golden.adapter_directory = directory + "/adapter";
  golden.batch.tokens = json["tokens"].get<std::vector<int32_t>>();
  golden.batch.offsets = json["offsets"].get<std::vector<int32_t>>();
  golden.batch.predictions = GoldenPredictions(json);
  for (const Prediction& prediction : golden.batch.predictions) {
    golden.total_weight += double{prediction.weight};
  }
  golden.loss = json["loss"].get<double>();
  const Json& adamw = json["adamw"];
  golden.adamw = {adamw["lr"].get<double>(),           adamw["beta1"].get<double>(),
                  adamw["beta2"].get<double>(),        adamw["eps"].get<double>(),
                  adamw["weight_decay"].get<double>(), adamw["steps"].get<int>()};
  golden.adamw_losses = json["adamw_losses"].get<std::vector<double>>();
  MORES_ASSIGN_OR_RETURN(golden.tensors, ReadGoldenTensors(directory + "/golden.safetensors"));
  return golden;
}

}  // namespace mores::model

#endif  // MORES_SUPPORT_MODEL_ADAPTER_GOLDEN_H_
