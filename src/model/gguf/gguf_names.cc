#include "model/gguf/gguf_names.h"

#include <numeric>

#include "model/weights.h"

namespace mores::model {
namespace {

// Their queries and keys rotate in pairs of neighbours in the file.
bool PairsNeighbours(Family family) {
  return family == Family::kLlama || family == Family::kMistral || family == Family::kInternLm2;
}

// Where row `row` of a head of `dim`, paired, stands in the checkpoint.
int64_t UnpairedRow(int64_t row, int64_t dim) { return row % 2 * (dim / 2) + row / 2; }

class TensorList {
 public:
  explicit TensorList(const ModelConfig& config) : config_(config) {}

  void Add(const std::string& name, const std::string& checkpoint, std::vector<int64_t> shape) {
    tensors_.push_back({name, checkpoint, std::move(shape), GgufRows::kAll});
  }
  struct Product {
    std::string name, checkpoint;
    int64_t rows, columns;
    bool bias = false;
    GgufRows order = GgufRows::kAll;
  };
  void Add(const Product& p) {
    tensors_.push_back(
        {p.name + ".weight", p.checkpoint + ".weight", {p.rows, p.columns}, p.order});
    if (p.bias) tensors_.push_back({p.name + ".bias", p.checkpoint + ".bias", {p.rows}, p.order});
  }

  void AddAttention(const LayerNames& names, const std::string& at, const LayerConfig& layer) {
    const ModelConfig& c = config_;
    const bool fused = names.qkv.size() == 1;
    const GgufRows paired = PairsNeighbours(c.family) ? GgufRows::kPaired : GgufRows::kAll;
    const bool bias = layer.qkv_bias;
    Add({at + "attn_q", names.qkv.front(), c.query_dim(), c.hidden_dim, bias,
         fused ? GgufRows::kFusedQueries : paired});
    Add({at + "attn_k", names.qkv[fused ? 0 : 1], c.kv_dim(), c.hidden_dim, bias,
         fused ? GgufRows::kFusedKeys : paired});
    Add({at + "attn_v", names.qkv.back(), c.kv_dim(), c.hidden_dim, bias,
         fused ? GgufRows::kFusedValues : GgufRows::kAll});
    Add({at + "attn_output", names.output, c.hidden_dim, c.query_dim(), layer.output_bias});
    if (!layer.query_key_norm) return;
    Add(at + "attn_q_norm.weight", names.query_norm, {c.head_dim});
    Add(at + "attn_k_norm.weight", names.key_norm, {c.head_dim});
  }

  void AddLayer(int index) {
    const ModelConfig& c = config_;
    const LayerNames names = NamesOfLayer(c, index);
    const LayerConfig& layer = c.layer(index);
    const std::string at = fmt::format("blk.{}.", index);
    Add(at + "attn_norm.weight", names.attention_norm, {c.hidden_dim});
    AddAttention(names, at, layer);
    Add(at + "ffn_norm.weight", names.ffn_norm, {c.hidden_dim});
    Add({at + "ffn_gate", names.gate, c.ffn_dim, c.hidden_dim, layer.ffn_bias});
    Add({at + "ffn_up", names.up, c.ffn_dim, c.hidden_dim, layer.ffn_bias});
    Add({at + "ffn_down", names.down, c.hidden_dim, c.ffn_dim, layer.ffn_bias});
  }

  std::vector<GgufTensor> Take() { return std::move(tensors_); }

 private:
  const ModelConfig& config_;
  std::vector<GgufTensor> tensors_;
};

}  // namespace

std::string_view GgufArchitecture(Family family) {
  switch (family) {
    case Family::kLlama:
    case Family::kMistral:
      return "llama";
    case Family::kQwen2:
      return "qwen2";
    case Family::kQwen3:
      return "qwen3";
    case Family::kInternLm2:
      return "internlm2";
  }
  return "";
}

std::vector<GgufTensor> GgufTensors(const ModelConfig& config) {
  const ModelNames names = NamesOf(config);
  TensorList list(config);
  list.Add("token_embd.weight", names.embedding, {config.vocab_size, config.hidden_dim});
  for (int layer = 0; layer < config.layers; ++layer) list.AddLayer(layer);
  list.Add("output_norm.weight", names.final_norm, {config.hidden_dim});
  if (!config.tied_head) {
    list.Add("output.weight", names.head + ".weight", {config.vocab_size, config.hidden_dim});
  }
  return list.Take();
}

std::vector<int64_t> CheckpointRows(const GgufTensor& tensor, const ModelConfig& config) {
  const int64_t dim = config.head_dim, group = config.query_heads / config.kv_heads;
  std::vector<int64_t> rows(static_cast<size_t>(tensor.shape.front()));
  std::iota(rows.begin(), rows.end(), 0);
  if (tensor.rows == GgufRows::kAll) return rows;
  for (int64_t& row : rows) {
    const int64_t head = row / dim;
    const int64_t within =
        tensor.rows == GgufRows::kFusedValues ? row % dim : UnpairedRow(row % dim, dim);
    // One that fuses them has for each key/value head the queries of its group, its key, its value.
    int64_t stored_head = head;
    if (tensor.rows == GgufRows::kFusedQueries) {
      stored_head = head / group * (group + 2) + head % group;
    } else if (tensor.rows == GgufRows::kFusedKeys) {
      stored_head = head * (group + 2) + group;
    } else if (tensor.rows == GgufRows::kFusedValues) {
      stored_head = head * (group + 2) + group + 1;
    }
    row = stored_head * dim + within;
  }
  return rows;
}

}  // namespace mores::model
