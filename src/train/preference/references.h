// Log-probabilities of completions under what training starts from, computed once and kept on disk
// (docs/formats/preferences.md), so that a run that goes on, or another one with the same start,
// finds them.
#ifndef MORES_TRAIN_PREFERENCE_REFERENCES_H_
#define MORES_TRAIN_PREFERENCE_REFERENCES_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/stop.h"
#include "job/progress.h"
#include "tensor/dtype.h"
#include "train/preference/preference_data.h"
#include "train/trainable.h"

namespace mores::train {

// A file of records, each with a checksum of its own, appended and flushed as they come: what a
// kill tore, and what isn't one of ours, is passed over. Several processes may append at once.
class ReferenceStore {
 public:
  // The file of `identity` in `folder`, which says all that the numbers hang on: weights, adapter,
  // precision, instruction set level.
  static Expected<std::unique_ptr<ReferenceStore>> Open(const std::string& folder,
                                                        const Json& identity);

  const std::string& path() const { return path_; }
  // Of the tokens: those that are learned and what stands before them.
  static std::string KeyOf(const PreferenceExample& example, size_t completion);
  // Null where there are none.
  const std::vector<float>* Find(const std::string& key) const;
  Status Add(const std::string& key, std::span<const float> logps);
  Status Sync() { return file_->Sync(); }

 private:
  ReferenceStore() = default;
  void Read(std::string_view bytes);

  std::string path_;
  std::map<std::string, std::vector<float>> logps_;
  std::unique_ptr<AppendFile> file_;
};

struct ReferenceCounts {
  int64_t completions = 0;  // that need one
  int64_t computed = 0;
  int64_t found = 0;
};

struct ReferenceOptions {
  tensor::DType precision = tensor::DType::kBf16;
  int64_t micro_batch_tokens = 2048;
  job::Progress* progress = nullptr;
  StopToken stop;
};

// Those of every completion of the examples, in order, [learned tokens] each: from the store, or
// computed by the trainable, which has the numbers that training starts from, and added to it.
// kCancelled after a stop; what was computed is kept.
Expected<std::vector<std::vector<float>>> References(std::span<const PreferenceExample> examples,
                                                     Trainable& start, ReferenceStore& store,
                                                     const ReferenceOptions& options,
                                                     ReferenceCounts& counts);

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_REFERENCES_H_
