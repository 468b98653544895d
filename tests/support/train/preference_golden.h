// For tests: reads what tools/goldens/make_preferences.py wrote into tests/golden/preference.
#ifndef MORES_SUPPORT_TRAIN_PREFERENCE_GOLDEN_H_
#define MORES_SUPPORT_TRAIN_PREFERENCE_GOLDEN_H_

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "support/model/adapter_golden.h"
#include "support/model/completion_batch.h"
#include "train/preference/preference_loss.h"

namespace mores::train {

struct PreferenceGolden {
  struct Kind {
    double value = 0;
    double kl = 0;  // of kto alone
    std::vector<double> adamw_losses;
  };
  struct Case {
    PreferenceLoss loss;
    std::map<std::string, Kind> kinds;  // "full", "lora", "rslora", "dora"
  };
  std::string directory;  // model/, full.safetensors, and an adapter's folder for each other kind
  std::vector<model::PromptAndCompletions> pairs;       // chosen, rejected
  std::vector<model::PromptAndCompletions> singles;     // of kto
  std::vector<model::PromptAndCompletions> mismatched;  // another's completion for each of these
  std::vector<bool> wanted;                             // of singles
  struct {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    int steps;
  } adamw;
  // By kind: names and sizes of parameters in the order of the tensors below.
  std::map<std::string, std::vector<std::pair<std::string, size_t>>> layout;
  std::map<std::string, Case> cases;
  // "reference" and kinds: sums of chosen and of rejected, pair after pair.
  std::map<std::string, std::array<std::vector<double>, 2>> logps;
  std::map<std::string, std::vector<float>> tensors;  // "CASE.KIND.grad", "CASE.KIND.adamw"

  // One parameter's part of tensors["CASE.KIND.what"]; empty where there is none.
  std::vector<float> Part(const std::string& case_name, const std::string& kind, const char* what,
                          const std::string& parameter) const {
    const std::vector<float>& all = tensors.at(case_name + "." + kind + "." + what);
    size_t begin = 0;
    for (const auto& [name, size] : layout.at(kind)) {
      const auto at = all.begin() + static_cast<int64_t>(begin);
      if (name == parameter) return {at, at + static_cast<int64_t>(size)};
      begin += size;
    }
    return {};
  }
};

inline PreferenceLoss LossOfGolden(const Json& json) {
  PreferenceLoss loss;
  loss.terms.clear();
  for (const auto& [name, weight] : json["terms"].items()) {
    for (int kind = 0; kind <= static_cast<int>(PreferenceLossKind::kKto); ++kind) {
      const auto candidate = static_cast<PreferenceLossKind>(kind);
      if (Name(candidate) == name) loss.terms.push_back({candidate, weight.get<double>()});
    }
  }
  loss.beta = json["beta"].get<double>();
  loss.label_smoothing = json["label_smoothing"].get<double>();
  static const std::map<std::string, Divergence> divergences = {
      {"reverse_kl", Divergence::kReverseKl},
      {"forward_kl", Divergence::kForwardKl},
      {"js_divergence", Divergence::kJs},
      {"alpha_divergence", Divergence::kAlpha}};
  loss.divergence = divergences.at(json["divergence"].get<std::string>());
  loss.alpha_divergence = json["alpha_divergence"].get<double>();
  loss.length_desensitised = json["length_desensitised"].get<double>();
  loss.weighted = json["weighted"].get<bool>();
  loss.discopop_tau = json["discopop_tau"].get<double>();
  loss.simpo_gamma = json["simpo_gamma"].get<double>();
  loss.orpo_lambda = json["orpo_lambda"].get<double>();
  loss.desirable_weight = json["desirable_weight"].get<double>();
  loss.undesirable_weight = json["undesirable_weight"].get<double>();
  return loss;
}

inline Expected<PreferenceGolden> ReadPreferenceGolden(const std::string& directory) {
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(directory + "/golden.json"));
  MORES_ASSIGN_OR_RETURN(const Json json, ParseJson(text, directory + "/golden.json"));
  using Tokens = std::vector<int32_t>;
  PreferenceGolden golden;
  golden.directory = directory;
  for (const Json& pair : json["pairs"]) {
    golden.pairs.push_back({pair["prompt"].get<Tokens>(),
                            {pair["chosen"].get<Tokens>(), pair["rejected"].get<Tokens>()}});
  }
  for (const Json& single : json["singles"]) {
    const auto prompt = single["prompt"].get<Tokens>();
    golden.singles.push_back({prompt, {single["completion"].get<Tokens>()}});
    golden.mismatched.push_back({prompt, {single["mismatched"].get<Tokens>()}});
    golden.wanted.push_back(single["wanted"].get<bool>());
  }
  const Json& adamw = json["adamw"];
  golden.adamw = {adamw["lr"].get<double>(),           adamw["beta1"].get<double>(),
                  adamw["beta2"].get<double>(),        adamw["eps"].get<double>(),
                  adamw["weight_decay"].get<double>(), adamw["steps"].get<int>()};
  for (const auto& [kind, entries] : json["layout"].items()) {
    for (const Json& entry : entries) {
      golden.layout[kind].emplace_back(entry[0].get<std::string>(), entry[1].get<size_t>());
    }
  }
  for (const auto& [kind, sums] : json["logps"].items()) {
    golden.logps[kind] = {sums["chosen"].get<std::vector<double>>(),
                          sums["rejected"].get<std::vector<double>>()};
  }
  for (const auto& [name, entry] : json["cases"].items()) {
    PreferenceGolden::Case& made = golden.cases[name];
    made.loss = LossOfGolden(entry["loss"]);
    for (const auto& [kind, figures] : entry["kinds"].items()) {
      made.kinds[kind] = {figures["value"].get<double>(),
                          figures.contains("kl") ? figures["kl"].get<double>() : 0,
                          figures["adamw_losses"].get<std::vector<double>>()};
    }
  }
  MORES_ASSIGN_OR_RETURN(golden.tensors,
                         model::ReadGoldenTensors(directory + "/golden.safetensors"));
  return golden;
}

}  // namespace mores::train

#endif  // MORES_SUPPORT_TRAIN_PREFERENCE_GOLDEN_H_
