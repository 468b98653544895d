// Log-probabilities of completions under what training starts from, computed once and kept on disk
// (docs/formats/preferences.md), so that a run that goes on, or another one with the same start,
// finds them.
#ifndef MORES_TRAIN_PREFERENCE_REFERENCES_H_
#define MORES_TRAIN_PREFERENCE_REFERENCES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

struct ReferenceCounts {
  int64_t completions = 0;  // that need one
  // Completions that passed through the model for this run, by all of its processes: one that did
  // twice counts twice.
  int64_t computed = 0;
  // Whose numbers were read and hadn't been computed for them: by another run, or for another
  // completion of the same tokens.
  int64_t found = 0;
  // Records that can't be this completion's: another number of tokens than it has, or what is no
  // log-probability. They are computed again.
  int64_t unusable = 0;
};

// A file of records, each with a checksum of its own, appended and flushed as they come: what a
// kill tore, and what isn't one of ours, is passed over. Several processes may append at once. A
// record says which run computed it, so that counts outlive a process.
class ReferenceStore {
 public:
  static constexpr size_t kRunMarkBytes = 16;

  // The file of `identity` in `folder`, which says all that the numbers hang on: weights, adapter,
  // precision, instruction set level. REQUIRES: a run's mark of kRunMarkBytes.
  static Expected<std::unique_ptr<ReferenceStore>> Open(const std::string& folder,
                                                        const Json& identity, std::string run);

  const std::string& path() const { return path_; }
  const ReferenceCounts& counts() const { return counts_; }
  // Of the tokens: those that are learned and what stands before them.
  static std::string KeyOf(const PreferenceExample& example, size_t completion);
  // Whether it has them of a completion of so many learned tokens. A record of another number, or
  // with what isn't finite, is dropped, and counted.
  bool Has(const std::string& key, size_t learned_tokens);
  // Those of a completion that needs them. REQUIRES: Has.
  const std::vector<float>& Use(const std::string& key);
  // Of a completion that was computed.
  Status Add(const std::string& key, std::span<const float> logps);
  Status Sync() { return file_->Sync(); }

 private:
  struct Kept {
    std::vector<float> logps;
    bool of_this_run = false;  // and not used yet
  };

  explicit ReferenceStore(std::string run) : run_(std::move(run)) {}
  void Read(std::string_view bytes);
  std::string RecordOf(const std::string& key, std::span<const float> logps) const;

  std::string run_;
  std::string path_;
  std::map<std::string, Kept> kept_;
  ReferenceCounts counts_;
  std::unique_ptr<AppendFile> file_;
};

struct ReferenceOptions {
  tensor::DType precision = tensor::DType::kBf16;
  int64_t micro_batch_tokens = 2048;
  job::Progress* progress = nullptr;
  StopToken stop;
};

// Those of every completion of the examples, in order, [learned tokens] each: from the store, or
// computed by the trainable, which has the numbers that training starts from, and added to it; the
// store counts them. Completions of the same tokens are computed once. kCancelled after a stop;
// what was computed is kept.
Expected<std::vector<std::vector<float>>> References(std::span<const PreferenceExample> examples,
                                                     Trainable& start, ReferenceStore& store,
                                                     const ReferenceOptions& options);

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_REFERENCES_H_
