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
  // Weights of the base that lie in its file, too, by their names there: PEFT adds the embedding
  // and the head where the head is adapted.
  std::map<std::string, tensor::TensorView> copies;

  const AdapterPart* Find(const std::string& module) const {
    const auto at = parts.find(module);
    return at == parts.end() ? nullptr : &at->second;
  }
};

// A folder as PEFT writes it (adapter_config.json and adapter_model.safetensors), or a GGUF file of
// llama.cpp's shape, for a model of `config`. kUnsupported or kCorrupt, tensor or field named, for
// what has no place in the model, for places without tensors and for numbers that aren't finite;
// kMissing where there is none, with what to give instead where a folder below holds one.
Expected<std::unique_ptr<Adapter>> OpenAdapter(const std::string& path, const ModelConfig& config);
// The same for a base; kUnsupported, the file or weight named, also where the adapter says that it
// is of another one.
Expected<std::unique_ptr<Adapter>> OpenAdapter(const std::string& path, const ModelSource& base);
// Whether a folder is an adapter's alone: it has an adapter_config.json and no whole weights,
// beside which trainers leave such files, too.
bool IsAdapterDirectory(const std::string& path);
// Whether a GGUF file is an adapter's. An error of reading it is left to who opens it.
bool IsAdapterFile(const std::string& path);
// The config of a folder by itself.
Expected<AdapterConfig> ReadAdapterConfig(const std::string& directory);

// AdapterConfig::base_files of a model: what its numbers hang on, by file.
Expected<Json> BaseFilesOf(const ModelSource& base);
// The texts of a base, and those that lie in the adapter's folder in their stead.
text::ModelTexts AdaptedTexts(const ModelSource& base, const Adapter& adapter);
// The files of an adapter's folder that shape how the model is asked, by name: judge.json, the
// files of a profile, a chat template that isn't the base's. None of a GGUF file.
Expected<std::map<std::string, std::string>> AskingFiles(const ModelSource& base,
                                                         const Adapter& adapter);
// The files of a base and an adapter that shape results.
Expected<std::vector<ModelSource::HashedFile>> HashFilesOf(const ModelSource& base,
                                                           const Adapter& adapter);

// As PEFT reads it: adapter_config.json and adapter_model.safetensors, float32; beside them what
// PEFT doesn't look for: base_files.json. The folder is made where it isn't there; files in it are
// replaced, the config last.
Status WritePeftAdapter(const Adapter& adapter, const std::string& directory);
// As llama.cpp reads it. kUnsupported for what it can't say: DoRA.
Status WriteGgufAdapter(const Adapter& adapter, const ModelConfig& config, const std::string& path);

// A as Kaiming-uniform with a = sqrt(5), as PEFT begins, from `seed`; B zero; a magnitude is the
// norm of its row of the base. Its config says the files of the base unless it did already.
Expected<std::unique_ptr<Adapter>> NewAdapter(const AdapterConfig& config, const ModelSource& base,
                                              uint64_t seed);

// c [out] of AdapterPart, in float32 with sums in double. REQUIRES: a magnitude.
Expected<std::vector<float>> DoraFactors(const AdapterPart& part, const ModelSource& base);

// A model with the adapter merged into its weights: what it changes is in float32, W + (s * d),
// where d adds up b[row][r] * a[r][column] for r from 0 up, every operation rounded to float32;
// with a magnitude that by c. It is computed when asked for, and owned by its view. REQUIRES:
// an adapter that was opened for this base.
Expected<std::unique_ptr<const ModelSource>> MergedSource(std::unique_ptr<const ModelSource> base,
                                                          std::unique_ptr<const Adapter> adapter);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_ADAPTER_H_
