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

LayerNames NamesOfLayer(const ModelConfig& config, int layer) {
  const std::string at = fmt::format("model.layers.{}.", layer);
  LayerNames names;
  if (config.family == Family::kInternLm2) {
    names.attention_norm = at + "attention_norm.weight";
    names.ffn_norm = at + "ffn_norm.weight";
    names.qkv = {at + std::string(kFusedQkv)};
    names.output = at + "attention.wo";
    names.gate = at + "feed_forward.w1";
    names.up = at + "feed_forward.w3";
    names.down = at + "feed_forward.w2";
    return names;
  }
  names.attention_norm = at + "input_layernorm.weight";
  names.ffn_norm = at + "post_attention_layernorm.weight";
  names.query_norm = at + "self_attn.q_norm.weight";
  names.key_norm = at + "self_attn.k_norm.weight";
  names.qkv = {at + "self_attn.q_proj", at + "self_attn.k_proj", at + "self_attn.v_proj"};
  names.output = at + "self_attn.o_proj";
  names.gate = at + "mlp.gate_proj";
  names.up = at + "mlp.up_proj";
  names.down = at + "mlp.down_proj";
  return names;
}

std::vector<RowRun> FusedQkvRows(const ModelConfig& config) {
  const int64_t dim = config.head_dim, group = config.query_heads / config.kv_heads;
  std::vector<RowRun> rows;
  const auto each_head = [&](int64_t offset, int64_t count) {
    for (int64_t head = 0; head < config.kv_heads; ++head) {
      rows.push_back({(head * (group + 2) + offset) * dim, count * dim});
    }
  };
  each_head(0, group);
  each_head(group, 1);
  each_head(group + 1, 1);
  return rows;
}

ModelNames NamesOf(const ModelConfig& config) {
  const bool internlm2 = config.family == Family::kInternLm2;
  const std::string embedding = internlm2 ? "model.tok_embeddings" : "model.embed_tokens";
  const std::string head = internlm2 ? "output" : "lm_head";
  return {.embedding = embedding + ".weight",
          .final_norm = "model.norm.weight",
          .head = config.tied_head ? embedding : head};
}

std::vector<WeightShape> WeightShapes(const ModelConfig& c) {
  const ModelNames ends = NamesOf(c);
  std::vector<WeightShape> weights;
  weights.push_back({ends.embedding, {c.vocab_size, c.hidden_dim}});
  for (int layer = 0; layer < c.layers; ++layer) {
    const LayerNames names = NamesOfLayer(c, layer);
    const LayerConfig& l = c.layer(layer);
    const auto linear = [&](const std::string& stem, int out, int in, bool bias) {
      weights.push_back({stem + ".weight", {out, in}});
      if (bias) weights.push_back({stem + ".bias", {out}});
    };
    weights.push_back({names.attention_norm, {c.hidden_dim}});
    if (names.qkv.size() == 1) {
      linear(names.qkv[0], c.query_dim() + 2 * c.kv_dim(), c.hidden_dim, l.qkv_bias);
    } else {
      linear(names.qkv[0], c.query_dim(), c.hidden_dim, l.qkv_bias);
      linear(names.qkv[1], c.kv_dim(), c.hidden_dim, l.qkv_bias);
      linear(names.qkv[2], c.kv_dim(), c.hidden_dim, l.qkv_bias);
    }
    linear(names.output, c.hidden_dim, c.query_dim(), l.output_bias);
    if (l.query_key_norm) {
      weights.push_back({names.query_norm, {c.head_dim}});
      weights.push_back({names.key_norm, {c.head_dim}});
    }
    weights.push_back({names.ffn_norm, {c.hidden_dim}});
    linear(names.gate, c.ffn_dim, c.hidden_dim, l.ffn_bias);
    linear(names.up, c.ffn_dim, c.hidden_dim, l.ffn_bias);
    linear(names.down, c.hidden_dim, c.ffn_dim, l.ffn_bias);
  }
  weights.push_back({ends.final_norm, {c.hidden_dim}});
  if (!c.tied_head) weights.push_back({ends.head + ".weight", {c.vocab_size, c.hidden_dim}});
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
    for (const auto& [name, view] : file->tensors()) {
      if (!weights.file_of_.emplace(name, file.get()).second) {
        return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' is in more than one file",
                         model_directory, name);
      }
    }
    weights.files_.push_back(std::move(file));
  }
  return weights;
}

Expected<tensor::TensorView> WeightFiles::Find(const WeightShape& weight) const {
  const auto it = file_of_.find(weight.name);
  if (it == file_of_.end()) {
    return MakeError(ErrorKind::kCorrupt, "{}: no tensor '{}'", directory_, weight.name);
  }
  return it->second->Find(weight.name, weight.shape);
}

Expected<tensor::TensorView> WeightFiles::FindAny(const std::string& name) const {
  const auto it = file_of_.find(name);
  if (it == file_of_.end()) {
    return MakeError(ErrorKind::kCorrupt, "{}: no tensor '{}'", directory_, name);
  }
  return it->second->tensors().at(name);
}

std::vector<std::string> WeightFiles::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : file_of_) names.push_back(entry.first);
  return names;
}

void WeightFiles::Release(const std::string& name) const {
  const auto it = file_of_.find(name);
  if (it != file_of_.end()) it->second->Release(it->second->tensors().at(name));
}

}  // namespace mores::model
