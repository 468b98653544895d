// The keys of a GGUF file that holds what a source does.
#ifndef MORES_MODEL_GGUF_GGUF_WRITTEN_KEYS_H_
#define MORES_MODEL_GGUF_GGUF_WRITTEN_KEYS_H_

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "model/gguf/gguf_config.h"
#include "model/gguf/gguf_source.h"
#include "model/model_source.h"
#include "tensor/dtype.h"

namespace mores::model {

// All but those that PutTypes adds. Chat template and judge.json are those that the
// source goes by, inside, where it has any. A view in them is of the source.

// Of a file: its own keys, whatever they are, beside those that make it part of a split one. Where
// types stay, what it says of itself as a whole stays too. `source`: the file's, or one that an
// adapter is merged into.
enum class WrittenTypes { kKept, kChanged };
Expected<GgufWrittenKeys> KeysOfGgufSource(const ModelSource& source, const GgufSource& file,
                                           WrittenTypes types);
// Of a checkpoint, in a directory: its config, tokenizer and name, and `dtype`, the element type
// that all its weights have (kCheckpointDTypeKey).
Expected<GgufWrittenKeys> KeysOfCheckpoint(const ModelSource& source,
                                           std::optional<tensor::DType> dtype);

// Adds what the file is as a whole, where no key says it yet, and how blocks are to be read.
void PutTypes(uint32_t file_type, GgufWrittenKeys& keys);

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_GGUF_WRITTEN_KEYS_H_
