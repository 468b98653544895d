#include "model/weights.h"

#include <set>

#include "base/files.h"
#include "base/json.h"

namespace mores::model {
namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

// The distinct shard names of an index; names that leave the directory are refused.
Expected<std::set<std::string>> ReadIndex(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  auto json = ParseJson(text, path);
  if (!json) return MakeError(ErrorKind::kCorrupt, "{}", json.error().message);
  if (!json->is_object() || !json->contains("weight_map") || !(*json)["weight_map"].is_object()) {
    return MakeError(ErrorKind::kCorrupt, "{}: weight_map: an object is wanted", path);
  }
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : (*json)["weight_map"].items()) {
    if (!shard.is_string() || shard.get<std::string>().find('/') != std::string::npos) {
      return MakeError(ErrorKind::kCorrupt, "{}: weight_map: '{}' is not in a plain file name",
                       path, tensor);
    }
    shards.insert(shard.get<std::string>());
  }
  return shards;
}

}  // namespace

std::string LayerWeightName(int layer, std::string_view rest) {
  return fmt::format("model.layers.{}.{}", layer, rest);
}

std::vector<WeightShape> WeightShapes(const ModelConfig& c) {
  std::vector<WeightShape> weights;
  weights.push_back({"model.embed_tokens.weight", {c.vocab_size, c.hidden_dim}});
  for (int layer = 0; layer < c.layers; ++layer) {
    const auto add = [&](std::string_view rest, std::vector<int64_t> shape) {
      weights.push_back({LayerWeightName(layer, rest), std::move(shape)});
    };
    const auto linear = [&](const std::string& rest, int out, int in, bool bias) {
      add(rest + ".weight", {out, in});
      if (bias) add(rest + ".bias", {out});
    };
    add("input_layernorm.weight", {c.hidden_dim});
    linear("self_attn.q_proj", c.query_dim(), c.hidden_dim, c.qkv_bias);
    linear("self_attn.k_proj", c.kv_dim(), c.hidden_dim, c.qkv_bias);
    linear("self_attn.v_proj", c.kv_dim(), c.hidden_dim, c.qkv_bias);
    linear("self_attn.o_proj", c.hidden_dim, c.query_dim(), c.output_bias);
    add("post_attention_layernorm.weight", {c.hidden_dim});
    linear("mlp.gate_proj", c.ffn_dim, c.hidden_dim, c.ffn_bias);
    linear("mlp.up_proj", c.ffn_dim, c.hidden_dim, c.ffn_bias);
    linear("mlp.down_proj", c.hidden_dim, c.ffn_dim, c.ffn_bias);
  }
  weights.push_back({"model.norm.weight", {c.hidden_dim}});
  if (!c.tied_head) weights.push_back({"lm_head.weight", {c.vocab_size, c.hidden_dim}});
  return weights;
}

Expected<WeightFiles> WeightFiles::Open(const std::string& model_directory) {
  WeightFiles weights;
  weights.directory_ = model_directory;
  std::set<std::string> shards = {kSingleFile};
  const std::string index = model_directory + "/" + kIndexFile;
  if (!FileExists(model_directory + "/" + kSingleFile) && FileExists(index)) {
    MORES_ASSIGN_OR_RETURN(shards, ReadIndex(index));
  }
  for (const std::string& shard : shards) {
    MORES_ASSIGN_OR_RETURN(auto file, tensor::SafetensorsFile::Open(model_directory + "/" + shard));
    for (const auto& [name, view] : file->tensors()) weights.file_of_[name] = file.get();
    weights.files_.push_back(std::move(file));
  }
  return weights;
}

Expected<std::vector<float>> WeightFiles::Read(const WeightShape& weight) const {
  const auto it = file_of_.find(weight.name);
  if (it == file_of_.end()) {
    return MakeError(ErrorKind::kCorrupt, "{}: no tensor '{}'", directory_, weight.name);
  }
  MORES_ASSIGN_OR_RETURN(const tensor::TensorView view,
                         it->second->Find(weight.name, weight.shape));
  std::vector<float> values(static_cast<size_t>(view.elements()));
  view.CopyTo(values.data());
  return values;
}

}  // namespace mores::model
