// An adapter in a GGUF file, as llama.cpp reads it (docs/formats/adapter.md).
#ifndef MORES_MODEL_ADAPTER_GGUF_ADAPTER_H_
#define MORES_MODEL_ADAPTER_GGUF_ADAPTER_H_

#include <memory>
#include <string>

#include "base/error.h"
#include "model/adapter/adapter.h"

namespace mores::model {

// OpenAdapter of such a file.
Expected<std::unique_ptr<Adapter>> OpenGgufAdapter(const std::string& path,
                                                   const ModelConfig& config);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_GGUF_ADAPTER_H_
