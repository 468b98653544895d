// An adapter's numbers in memory, whatever file they came from.
#ifndef MORES_MODEL_ADAPTER_ADAPTER_H_
#define MORES_MODEL_ADAPTER_ADAPTER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/adapter/adapter_config.h"
#include "model/model_source.h"

namespace mores::model {

// Of one product with W [out, in]: y = x W^T + s (x A^T) B^T + bias; and with a magnitude
// y = c (x W^T + s (x A^T) B^T) + bias, where c[o] = magnitude[o] / |row o of W + s B A|.
struct AdapterPart {
  AdapterPlace place;
  std::vector<float> a;          // [rank, in]
  std::vector<float> b;          // [out, rank]
  std::vector<float> magnitude;  // [out] of DoRA, else empty
};

struct Adapter {
  std::string path;  // where it lies: what errors name; may be empty
  AdapterConfig config;
  std::map<std::string, AdapterPart> parts;  // by module
  // The files that hold it, as ModelSource::HashFiles.
  std::vector<ModelSource::HashedFile> files;

  const AdapterPart* Find(const std::string& module) const {
    const auto at = parts.find(module);
    return at == parts.end() ? nullptr : &at->second;
  }
};

// A folder as PEFT writes it (adapter_config.json and adapter_model.safetensors), or a GGUF file of
// llama.cpp's shape, for a model of `config`. kUnsupported or kCorrupt, tensor or field named, for
// what has no place in the model and for places without tensors.
Expected<std::unique_ptr<Adapter>> OpenAdapter(const std::string& path, const ModelConfig& config);
// Whether a folder is an adapter's: it has an adapter_config.json.
bool IsAdapterDirectory(const std::string& path);

// As PEFT reads it: adapter_config.json and adapter_model.safetensors, float32.
Status WritePeftAdapter(const Adapter& adapter, const std::string& directory);
// As llama.cpp reads it. kUnsupported for what it can't say: DoRA.
Status WriteGgufAdapter(const Adapter& adapter, const ModelConfig& config, const std::string& path);

// A as Kaiming-uniform with a = sqrt(5), as PEFT begins, from `seed`; B zero; a magnitude is the
// norm of its row of the base.
Expected<std::unique_ptr<Adapter>> NewAdapter(const AdapterConfig& config, const ModelSource& base,
                                              uint64_t seed);

// c [out] of AdapterPart, in float32 with sums in double. REQUIRES: a magnitude.
Expected<std::vector<float>> DoraFactors(const AdapterPart& part, const ModelSource& base);

// A model with the adapter merged into its weights: what it changes is in float32.
Expected<std::unique_ptr<const ModelSource>> MergedSource(std::unique_ptr<const ModelSource> base,
                                                          std::unique_ptr<const Adapter> adapter);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_ADAPTER_H_
