// A model here and the adapters that it is computed with, opened but not loaded.
#ifndef MORES_APP_OPENED_MODEL_H_
#define MORES_APP_OPENED_MODEL_H_

#include <memory>
#include <string>
#include <vector>

#include "app/model.h"
#include "base/error.h"
#include "base/json.h"
#include "chat/language_model.h"
#include "model/adapter/adapter.h"
#include "model/model_source.h"
#include "text/model_texts.h"

namespace mores::app {

// Whether items may name adapters of their own ("NAME=PATH" among ModelOptions::adapters).
enum class AdapterChoice { kOne, kByItem };

struct NamedPath {
  std::string name;  // empty: of all items that name none
  std::string path;
};
// What options name, found but not opened.
struct ModelPaths {
  std::string base;
  std::vector<NamedPath> adapters;  // of different names
};
// Where `model` is an adapter's folder, it names its base: a path, from the folder's parent or from
// here, or a name that FindModel knows. kMissing where it isn't there, or not said, with the
// options that name both; kUsage for names of adapters that repeat, and for any where they can't be
// chosen.
Expected<ModelPaths> FindModelAndAdapters(const ModelOptions& options,
                                          AdapterChoice choice = AdapterChoice::kOne);

struct OpenedModel {
  struct NamedAdapter {
    std::string name;
    std::unique_ptr<const model::Adapter> adapter;
  };

  std::unique_ptr<const model::ModelSource> base;
  std::vector<NamedAdapter> adapters;

  // Of all items that name none; null where there is none.
  const model::Adapter* own_adapter() const;
  // The base's, and what lies in its own adapter's folder in their stead.
  text::ModelTexts Texts() const;
  // {"NAME": "ADAPTER@HASH12"} of those that items may name.
  Json AdapterNames() const;
};

// What FindModelAndAdapters finds. kUnsupported for an adapter of another base.
Expected<OpenedModel> OpenModel(const ModelOptions& options,
                                AdapterChoice choice = AdapterChoice::kOne);

// The same with one adapter at most, merged: to be converted, not to be computed with.
Expected<std::unique_ptr<const model::ModelSource>> OpenSource(const ModelOptions& options);

// Sets the level in force, then loads the model: its first `blocks` blocks, or with 0 all.
Expected<std::unique_ptr<chat::LanguageModel>> LoadModel(
    const OpenedModel& opened, const ModelOptions& options,
    chat::TokenizerNeed tokenizer = chat::TokenizerNeed::kRequired, int blocks = 0);

}  // namespace mores::app

#endif  // MORES_APP_OPENED_MODEL_H_
