// What an adapter is made of: which products of a model it changes, by how much (LoRA, Hu et al.
// 2021, arXiv:2106.09685; rank-stabilised, Kalajdzievski 2023, arXiv:2312.03732; DoRA, Liu et al.
// 2024, arXiv:2402.09353). Read from and written to PEFT's adapter_config.json
// (docs/formats/adapter.md).
#ifndef MORES_MODEL_ADAPTER_ADAPTER_CONFIG_H_
#define MORES_MODEL_ADAPTER_ADAPTER_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "model/config.h"

namespace mores::model {

struct AdapterConfig {
  int64_t rank = 8;
  double alpha = 8;
  bool rank_stabilized = false;  // s = alpha / sqrt(rank), else alpha / rank
  bool dora = false;
  double dropout = 0;  // of the adapter's input, while training
  // Modules by the last parts of their names ("q_proj", "mlp.down_proj"), or a regular expression
  // over whole names, or all products of all layers. Exactly one.
  std::vector<std::string> targets;
  std::string target_pattern;
  bool all_linear = false;
  // Not changed, though named: likewise a list or a pattern.
  std::vector<std::string> exclude;
  std::string exclude_pattern;
  std::vector<int> layers_to_transform;  // empty: all
  // Of modules that a regular expression finds at the end of their names: the first that does.
  std::vector<std::pair<std::string, int64_t>> rank_pattern;
  std::vector<std::pair<std::string, double>> alpha_pattern;
  std::string base;           // base_model_name_or_path; may be empty
  std::string base_revision;  // may be empty
  // SHA-256 by file of the base that it was trained on, as BaseFilesOf has them; null where it
  // isn't said. No field of adapter_config.json: it lies beside it, in base_files.json.
  Json base_files;
};

// A product that an adapter changes.
struct AdapterPlace {
  std::string module;  // the weight's name in the checkpoint without ".weight"
  int64_t in = 0, out = 0;
  int64_t rank = 0;
  double scale = 0;  // s
};

// adapter_config.json. Refuses by name what would change numbers and isn't computed here
// (kUnsupported): other kinds than LoRA, modules_to_save, trained biases, lora_bias, bases that
// initialisation changed or may have (PiSSA, LoftQ, OLoRA, CorDA, EVA), layer_replication, trained
// tokens, target_parameters, activated LoRA, QA-LoRA. kCorrupt, the field named, for what makes no
// sense.
Expected<AdapterConfig> ParseAdapterConfig(const Json& json, std::string_view where);
// What PEFT reads, and nothing that older ones stumble over.
Json ToJson(const AdapterConfig& config);

// What becomes of a target, or a layer, that the model doesn't have: in what people ask for it is
// a mistake, while trainers that write one list for all families leave some behind.
enum class UnusedTargets { kRefused, kAllowed };

// kUnsupported for a layer of `config` that `model` doesn't have.
Status CheckLayers(const AdapterConfig& config, const ModelConfig& model, std::string_view where);

// The products of `model` that `config` names, in the order of WeightShapes. kUnsupported, the
// names that there are told, where a target names none or something that is no product (an
// embedding, a norm); the head is one where it isn't the embedding.
Expected<std::vector<AdapterPlace>> PlacesOf(const AdapterConfig& config, const ModelConfig& model,
                                             std::string_view where,
                                             UnusedTargets unused = UnusedTargets::kRefused);

// What of `config` beside its targets names nothing: excluded modules that the model doesn't have,
// patterns that fit none of the places. A mistake in what a person asks for; adapters of others
// may carry such.
struct UnusedName {
  std::string field;  // as recipes have it: "exclude"
  std::string problem;
};
// REQUIRES: PlacesOf finds places.
Expected<std::optional<UnusedName>> FindUnusedName(const AdapterConfig& config,
                                                   const ModelConfig& model);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_ADAPTER_CONFIG_H_
