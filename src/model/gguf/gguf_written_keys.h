// The keys of a GGUF file that holds what a source does.
#ifndef MORES_MODEL_GGUF_GGUF_WRITTEN_KEYS_H_
#define MORES_MODEL_GGUF_GGUF_WRITTEN_KEYS_H_

#include <optional>
#include <string>

#include "base/error.h"
#include "model/gguf/gguf_config.h"
#include "model/gguf/gguf_source.h"
#include "model/model_source.h"
#include "tensor/dtype.h"

namespace mores::model {

// All but those that speak of the tensors' types. Chat template and judge.json are those that the
// source goes by, inside, where it has any. A view in them is of the source.

// Of a file: its own keys, whatever they are, beside those that make it part of a split one.
Expected<GgufWrittenKeys> KeysOfGgufSource(const GgufSource& source);
// Of a checkpoint, in a directory: its config, tokenizer and name, and `dtype`, the element type
// that all its weights have (kCheckpointDTypeKey).
Expected<GgufWrittenKeys> KeysOfCheckpoint(const ModelSource& source,
                                           std::optional<tensor::DType> dtype);

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_GGUF_WRITTEN_KEYS_H_
