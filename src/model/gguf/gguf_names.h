// The tensors of a GGUF file beside those of a family's Hugging Face checkpoint: their names, and
// the order of their rows (docs/formats/gguf.md).
#ifndef MORES_MODEL_GGUF_GGUF_NAMES_H_
#define MORES_MODEL_GGUF_GGUF_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"

namespace mores::model {

// Of which rows of a checkpoint's tensor one in the file consists, and in which order.
enum class GgufRows {
  kAll,     // all, as they are
  kPaired,  // all; in each head the rows that rotate together stand together, which the checkpoint
            // has half a head apart
  kFusedQueries,  // of one that fuses queries, keys and values: those of one kind, queries and keys
  kFusedKeys,     // paired
  kFusedValues,
};

struct GgufTensor {
  std::string name;        // "blk.0.attn_q.weight"
  std::string checkpoint;  // "model.layers.0.self_attn.q_proj.weight"
  std::vector<int64_t> shape;
  GgufRows rows = GgufRows::kAll;
};

// "llama", "qwen2", "qwen3" or "internlm2". Mistral is a llama with windows.
std::string_view GgufArchitecture(Family family);

// All that a file of `config` holds, in the order in which we write them, beside what says how
// positions rotate (kRopeDivisors).
std::vector<GgufTensor> GgufTensors(const ModelConfig& config);
constexpr std::string_view kRopeDivisors = "rope_freqs.weight";  // [head_dim / 2]

// For each row of a tensor in the file, the row of the checkpoint's tensor that it is. Elements of
// a bias are its rows.
std::vector<int64_t> CheckpointRows(const GgufTensor& tensor, const ModelConfig& config);

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_GGUF_NAMES_H_
