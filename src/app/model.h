// Which model runs here and how, and opening it.
#ifndef MORES_APP_MODEL_H_
#define MORES_APP_MODEL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/error.h"
#include "chat/language_model.h"
#include "model/model_source.h"

namespace mores::app {

struct ModelOptions {
  std::string model;  // as FindModel takes it, or an adapter's folder: its base with it
  // Folders or GGUF files of adapters that it is computed with: one for all items, and as NAME=PATH
  // those that items may name (app/opened_model.h).
  std::vector<std::string> adapters;
  // None: bf16, and of a judge what its judge.json says.
  std::optional<chat::Precision> precision;
  chat::Precision precision_or_default() const {
    return precision.value_or(chat::Precision::kBf16);
  }
  int threads = 0;              // 0: one a processor
  int64_t chunk_tokens = 0;     // tokens of a prompt computed at once; 0: as many as fit
  std::optional<IsaLevel> isa;  // at most; none: the highest that the machine has
};

// The model given, or $MORES_MODEL's: as ChatOptions::model; "" for neither.
std::string NamedModel(const std::string& given);

// The path of a model: the directory or the GGUF file given (of a split model any of its files);
// where there is none, a model of that name beside the executable, as the default is found
// ("models/mini" or "mini"); else what was fetched of that name in the catalogue (fetch/store.h).
// Without a name the first there is of: $MORES_MODEL, ./models/mini, and models/mini one to three
// folders above the executable. kMissing says what was looked for, or how to fetch it.
Expected<std::string> FindModel(const std::string& given);

// Whether the catalogue has a model of that name, fetched or not.
bool IsInCatalogue(const std::string& name);

// Whether a model directory says of itself that it is a baseline (about.json, which no name and no
// verdict depends on). kCorrupt where it says so in a way that can't be read.
Expected<bool> IsBaseline(const text::ModelTexts& model);

// "scripted:FILE" or an endpoint, by NamedModel: one without a directory, which OpenChatModel
// opens.
bool IsRemoteModel(const std::string& model);

// kUsage where a model that doesn't run here is given adapters.
Status CheckAdapters(const std::string& model, const std::vector<std::string>& adapters);

// Where an instruction set is named: sets the level in force, for the whole process.
Status SetIsa(std::optional<IsaLevel> isa);

}  // namespace mores::app

#endif  // MORES_APP_MODEL_H_
