// A folder as PEFT writes adapters (docs/formats/adapter.md).
#ifndef MORES_MODEL_ADAPTER_PEFT_ADAPTER_H_
#define MORES_MODEL_ADAPTER_PEFT_ADAPTER_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/adapter/adapter.h"

namespace mores::model {

constexpr std::string_view kAdapterConfigFile = "adapter_config.json";
constexpr std::string_view kAdapterWeightFile = "adapter_model.safetensors";
constexpr std::string_view kBaseFilesFile = "base_files.json";

// OpenAdapter of such a folder.
Expected<std::unique_ptr<Adapter>> OpenPeftAdapter(const std::string& directory,
                                                   const ModelConfig& config);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_PEFT_ADAPTER_H_
