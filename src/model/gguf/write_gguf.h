// A model written as a GGUF file (docs/formats/gguf.md).
#ifndef MORES_MODEL_GGUF_WRITE_GGUF_H_
#define MORES_MODEL_GGUF_WRITE_GGUF_H_

#include <string>

#include "base/error.h"
#include "model/convert.h"
#include "model/model_source.h"

namespace mores::model {

// ConvertModel to a file. Matrices in options.format, else as they are; vectors as f32. From a GGUF
// file its tensors and keys go along by the names that they have there; from a checkpoint, those
// that the model computes with.
Expected<ConvertSummary> WriteGguf(const ModelSource& from, const std::string& to,
                                   const ConvertOptions& options, const ConvertSeen& seen);

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_WRITE_GGUF_H_
