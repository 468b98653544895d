// What a model in training is made of: parameters, or frozen weights with an adapter beside them.
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "model/train/adapted_linear.h"
#include "model/train/full_linear.h"
#include "model/train/trainable_impl.h"
#include "model/weights.h"

namespace mores::model {

void TrainableModel::Impl::MakeFull() {
  for (WeightShape& weight : WeightShapes(config)) {
    Parameter parameter;
    int64_t elements = 1;
    for (const int64_t dim : weight.shape) elements *= dim;
    parameter.decay = weight.shape.size() > 1;
    parameter.name = std::move(weight.name);
    parameter.shape = std::move(weight.shape);
    parameter.value.resize(static_cast<size_t>(elements));
    parameter.gradient.resize(static_cast<size_t>(elements));
    parameter_of[parameter.name] = parameters.size();
    parameters.push_back(std::move(parameter));
  }
  const auto find = [&](const std::string& name) -> Parameter* {
    const auto it = parameter_of.find(name);
    return it == parameter_of.end() ? nullptr : &parameters[it->second];
  };
  const auto product = [&](const std::vector<std::string>& stems) {
    std::vector<FullLinear::Part> parts;
    for (const std::string& stem : stems) {
      parts.push_back({find(stem + ".weight"), find(stem + ".bias")});
    }
    return std::make_unique<FullLinear>(std::move(parts));
  };
  for (int layer = 0; layer < config.layers; ++layer) {
    const LayerNames names = NamesOfLayer(config, layer);
    BlockParts parts{.attention_norm = TrainNorm::Of(find(names.attention_norm)),
                     .ffn_norm = TrainNorm::Of(find(names.ffn_norm)),
                     .query_norm = TrainNorm::Of(find(names.query_norm)),
                     .key_norm = TrainNorm::Of(find(names.key_norm)),
                     .qkv = product(names.qkv),
                     .output = product({names.output}),
                     .gate_up = product({names.gate, names.up}),
                     .down = product({names.down}),
                     .order = HeadPlaces::OrderOf(names)};
    blocks.emplace_back(std::move(parts), layer);
  }
  const ModelNames names = NamesOf(config);
  embedding.parameter = find(names.embedding);
  final_norm = TrainNorm::Of(find(names.final_norm));
  head = MakeTrainedHead(product({names.head}));
  kept.resize(blocks.size());
  inputs.resize(blocks.size());
}

Expected<TrainNorm> TrainableModel::Impl::FrozenNorm(const std::string& name) {
  const int64_t width = config.hidden_dim, head_width = config.head_dim;
  for (const WeightShape& weight : WeightShapes(config)) {
    if (weight.name != name) continue;
    MORES_CHECK(weight.shape[0] == width || weight.shape[0] == head_width);
    MORES_ASSIGN_OR_RETURN(std::vector<float> values, base->Read(weight));
    frozen_norms.push_back(std::make_unique<std::vector<float>>(std::move(values)));
    return TrainNorm{.value = frozen_norms.back().get()};
  }
  return TrainNorm{};
}

Expected<std::unique_ptr<TrainLinear>> TrainableModel::Impl::AdaptedProduct(
    const std::vector<std::string>& modules, const Adapter& adapter_of_base) {
  std::vector<AdaptedLinear::Part> parts;
  for (const std::string& module : modules) {
    AdaptedLinear::Part part;
    for (const WeightShape& weight : WeightShapes(config)) {
      if (weight.name == module + ".weight") {
        MORES_ASSIGN_OR_RETURN(part.weight, base->Find(weight));
      } else if (weight.name == module + ".bias") {
        MORES_ASSIGN_OR_RETURN(part.bias, base->Read(weight));
      }
    }
    if (const AdapterPart* found = adapter_of_base.Find(module)) {
      part.a = &parameters[parameter_of.at(module + ".lora_A.weight")];
      part.b = &parameters[parameter_of.at(module + ".lora_B.weight")];
      if (!found->magnitude.empty()) {
        part.magnitude = &parameters[parameter_of.at(module + ".lora_magnitude_vector")];
      }
      part.scale = static_cast<float>(found->place.scale);
    }
    parts.push_back(std::move(part));
  }
  return std::make_unique<AdaptedLinear>(std::move(parts),
                                         static_cast<float>(adapter_of_base.config.dropout),
                                         HashBytes(modules.front()));
}

Status TrainableModel::Impl::MakeAdapted(std::shared_ptr<const ModelSource> source,
                                         const Adapter& start) {
  base = std::move(source);
  adapter = start;
  if (start.config.dora && start.config.dropout > 0) {
    return MakeError(ErrorKind::kUnsupported, "an adapter with DoRA is trained without dropout");
  }
  const auto add = [&](const std::string& name, std::vector<int64_t> shape,
                       const std::vector<float>& values) {
    parameter_of[name] = parameters.size();
    const bool matrix = shape.size() > 1;
    parameters.push_back({.name = name,
                          .shape = std::move(shape),
                          .value = values,
                          .gradient = std::vector<float>(values.size()),
                          .decay = matrix});
  };
  for (const auto& [module, part] : start.parts) {
    const AdapterPlace& place = part.place;
    add(module + ".lora_A.weight", {place.rank, place.in}, part.a);
    add(module + ".lora_B.weight", {place.out, place.rank}, part.b);
    if (!part.magnitude.empty()) {
      add(module + ".lora_magnitude_vector", {place.out}, part.magnitude);
    }
  }
  for (int layer = 0; layer < config.layers; ++layer) {
    const LayerNames names = NamesOfLayer(config, layer);
    BlockParts parts;
    MORES_ASSIGN_OR_RETURN(parts.attention_norm, FrozenNorm(names.attention_norm));
    MORES_ASSIGN_OR_RETURN(parts.ffn_norm, FrozenNorm(names.ffn_norm));
    MORES_ASSIGN_OR_RETURN(parts.query_norm, FrozenNorm(names.query_norm));
    MORES_ASSIGN_OR_RETURN(parts.key_norm, FrozenNorm(names.key_norm));
    MORES_ASSIGN_OR_RETURN(parts.qkv, AdaptedProduct(names.qkv, start));
    MORES_ASSIGN_OR_RETURN(parts.output, AdaptedProduct({names.output}, start));
    MORES_ASSIGN_OR_RETURN(parts.gate_up, AdaptedProduct({names.gate, names.up}, start));
    MORES_ASSIGN_OR_RETURN(parts.down, AdaptedProduct({names.down}, start));
    parts.order = HeadPlaces::OrderOf(names);
    blocks.emplace_back(std::move(parts), layer);
  }
  const ModelNames names = NamesOf(config);
  const WeightShape rows{names.embedding, {config.vocab_size, config.hidden_dim}};
  MORES_ASSIGN_OR_RETURN(embedding.view, base->Find(rows));
  MORES_ASSIGN_OR_RETURN(final_norm, FrozenNorm(names.final_norm));
  if (start.Find(names.head) != nullptr) {
    MORES_ASSIGN_OR_RETURN(auto product, AdaptedProduct({names.head}, start));
    head = MakeTrainedHead(std::move(product));
  } else if (config.tied_head) {
    head = MakeFrozenHead(embedding.view);
  } else {
    MORES_ASSIGN_OR_RETURN(tensor::TensorView weight,
                           base->Find({names.head + ".weight", rows.shape}));
    head = MakeFrozenHead(std::move(weight));
  }
  kept.resize(blocks.size());
  inputs.resize(blocks.size());
  FindLowestTrained();
  return {};
}

void TrainableModel::Impl::FindLowestTrained() {
  lowest_trained = config.layers;
  for (size_t layer = blocks.size(); layer-- > 0;) {
    if (blocks[layer].trains()) lowest_trained = static_cast<int64_t>(layer);
  }
}

}  // namespace mores::model
