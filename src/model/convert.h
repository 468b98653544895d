// Rewrites a model: as a directory, shards merged or cut anew, or as a GGUF file; weights in
// another element type.
#ifndef MORES_MODEL_CONVERT_H_
#define MORES_MODEL_CONVERT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "base/error.h"
#include "base/stop.h"
#include "model/model_source.h"
#include "model/weight_format.h"
#include "tensor/dtype.h"

namespace mores::model {

// Whether tensors that an adapter changed may go to blocks of 4 or 5 bits, whose steps can be wider
// than what it changed.
enum class LossyMerge { kRefused, kAllowed };

struct ConvertOptions {
  // None: no value changes. Every tensor stays as it is, byte for byte, but that
  //   - a directory, which can't hold blocks, has f32 where there are any;
  //   - vectors are f32 in a GGUF file;
  //   - a GGUF file made of a checkpoint goes back to that one's element type;
  //   - what an adapter changed is rounded to the element type that it had, or in a GGUF file to
  //     q8_0 where that was blocks.
  // Blocks that no adapter changed stay as they are also where a format of blocks is named and an
  // adapter is merged.
  std::optional<WeightFormat> format;
  LossyMerge lossy = LossyMerge::kRefused;
  int64_t shard_bytes = 0;  // of weights a file of a directory at most (one tensor at least); 0:
                            // one file
  int threads = 0;          // 0: one a processor
  StopToken stop;           // looked at between tensors, and within large ones
};

struct ConvertSummary {
  int64_t tensors = 0, bytes = 0, files = 0;
  std::set<std::string> dtypes;  // by name

  void Count(tensor::DType dtype) {
    ++tensors;
    dtypes.emplace(tensor::Name(dtype));
  }
};

// Told of bytes written so far, and of all.
using ConvertSeen = std::function<void(int64_t done, int64_t total)>;

// Whether ConvertModel writes a file by that name, not a directory: it ends in ".gguf".
bool NamesGgufFile(const std::string& path);

// To a GGUF file (NamesGgufFile), which must not exist; it is put in place when it is whole. Else
// every tensor of the source, and its other files (tokenizer, templates, judge.json), into the
// directory `to`, which must not exist or be empty; config.json, with the element type told in it,
// comes last. kUsage for a format that a directory doesn't hold, and for LossyMerge; kMissing,
// kCorrupt, kUnsupported or kIo, files named, the last also where the disk hasn't the room;
// kCancelled once a stop is asked for.
Expected<ConvertSummary> ConvertModel(const ModelSource& from, const std::string& to,
                                      const ConvertOptions& options, const ConvertSeen& seen);

// kIo where less is free where `path` is to be.
Status CheckFreeSpace(const std::string& path, int64_t bytes);

}  // namespace mores::model

#endif  // MORES_MODEL_CONVERT_H_
