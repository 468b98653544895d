// Rewrites a model as a directory: shards merged or cut anew, weights in another element type.
#ifndef MORES_MODEL_CONVERT_H_
#define MORES_MODEL_CONVERT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/stop.h"
#include "model/model_source.h"
#include "tensor/dtype.h"

namespace mores::model {

struct ConvertOptions {
  std::optional<tensor::DType> dtype;  // f32 or bf16; none: as they are, byte for byte
  int64_t shard_bytes = 0;  // of weights a file at most (one tensor at least); 0: one file
  StopToken stop;           // looked at between tensors
};

struct ConvertSummary {
  int64_t tensors = 0, bytes = 0, files = 0;
};

// Every tensor of the source, and its other files (tokenizer, templates, judge.json), into the
// directory `to`, which must not exist or be empty; config.json, with the element type told in it,
// comes last. `seen` is told of bytes written so far and of all. kMissing, kCorrupt, kUnsupported
// or kIo, files named; kCancelled once a stop is asked for.
Expected<ConvertSummary> ConvertModel(const ModelSource& from, const std::string& to,
                                      const ConvertOptions& options,
                                      const std::function<void(int64_t, int64_t)>& seen);

}  // namespace mores::model

#endif  // MORES_MODEL_CONVERT_H_
