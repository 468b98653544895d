#include "train/preference/references.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/hash.h"
#include "train/packing.h"
#include "train/preference/preference_batch.h"

namespace mores::train {
namespace {

// A record: the mark, a count (little-endian), the key's 64 hexadecimal digits, so many float32,
// and 16 hexadecimal digits of a SHA-256 of all that.
constexpr std::string_view kMark = "moresref";
constexpr size_t kKeyBytes = 64;
constexpr size_t kSumBytes = 16;
constexpr size_t kHeadBytes = kMark.size() + 4 + kKeyBytes;
constexpr uint32_t kMostTokens = 1u << 24;

std::string RecordOf(const std::string& key, std::span<const float> logps) {
  std::string record(kMark);
  const auto count = static_cast<uint32_t>(logps.size());
  record.append(reinterpret_cast<const char*>(&count), 4);
  record += key;
  record.append(reinterpret_cast<const char*>(logps.data()), logps.size_bytes());
  record += Sha256Hex(record).substr(0, kSumBytes);
  return record;
}

void AppendIds(std::span<const int32_t> ids, std::string& bytes) {
  const auto count = static_cast<uint64_t>(ids.size());
  bytes.append(reinterpret_cast<const char*>(&count), 8);
  bytes.append(reinterpret_cast<const char*>(ids.data()), ids.size_bytes());
}

// What is kept of a completion; null where there is nothing, or what can't be of it: whoever may
// append to the file may be wrong.
const std::vector<float>* FindUsable(const ReferenceStore& store, const std::string& key,
                                     const PreferenceExample& example, size_t completion) {
  const std::vector<float>* logps = store.Find(key);
  if (logps == nullptr) return nullptr;
  const std::vector<uint8_t>& learned = example.learned[completion];
  const auto tokens =
      std::count_if(learned.begin(), learned.end(), [](uint8_t one) { return one != 0; });
  const bool usable =
      std::ssize(*logps) == tokens &&
      std::all_of(logps->begin(), logps->end(), [](float logp) { return std::isfinite(logp); });
  return usable ? logps : nullptr;
}

// The completions of some examples that aren't known yet.
MicroBatch UnknownExamples(std::span<const PreferenceExample> examples, const ReferenceStore& store,
                           std::vector<std::vector<std::string>>& keys) {
  MicroBatch unknown;
  for (size_t i = 0; i < examples.size(); ++i) {
    bool known = true;
    std::vector<std::string>& of_example = keys.emplace_back();
    for (size_t c = 0; c < examples[i].completions.size(); ++c) {
      of_example.push_back(ReferenceStore::KeyOf(examples[i], c));
      known = known && FindUsable(store, of_example.back(), examples[i], c) != nullptr;
    }
    if (!known) unknown.push_back(static_cast<int32_t>(i));
  }
  return unknown;
}

class ReferencePass {
 public:
  ReferencePass(std::span<const PreferenceExample> examples, Trainable& start,
                ReferenceStore& store, const ReferenceOptions& options)
      : examples_(examples), start_(start), store_(store), options_(options) {}

  Status Compute(ReferenceCounts& counts) {
    unknown_ = UnknownExamples(examples_, store_, keys_);
    std::vector<int32_t> rows;
    int64_t total = 0;
    for (const int32_t i : unknown_) {
      rows.push_back(examples_[static_cast<size_t>(i)].rows());
      total += rows.back();
    }
    for (const auto& of_example : keys_) counts.completions += std::ssize(of_example);
    computed_ = 0;
    if (total > 0) options_.progress->Start("scoring references", "tokens", total, 0);
    int64_t done = 0;
    for (const MicroBatch& packed : PackByLength(rows, options_.micro_batch_tokens)) {
      if (options_.stop.requested()) {
        options_.progress->Finish("");
        return MakeError(ErrorKind::kCancelled,
                         "stopped while references were scored; those done are kept, and the same "
                         "command goes on from there");
      }
      MORES_RETURN_IF_ERROR(ComputeOne(packed, done));
      options_.progress->Update(done, "");
    }
    if (total > 0) options_.progress->Finish("");
    MORES_RETURN_IF_ERROR(store_.Sync());
    counts.computed += computed_;
    return {};
  }

  std::vector<std::vector<float>> Collect() const {
    std::vector<std::vector<float>> all;
    for (const auto& of_example : keys_) {
      for (const std::string& key : of_example) all.push_back(*store_.Find(key));
    }
    return all;
  }

 private:
  Status ComputeOne(const MicroBatch& packed, int64_t& done) {
    MicroBatch micro_batch;
    for (const int32_t i : packed) micro_batch.push_back(unknown_[static_cast<size_t>(i)]);
    const PreferenceBatch batch = BuildPreferenceBatch(examples_, micro_batch);
    model::BatchFigures figures;
    start_.Evaluate(batch.batch, {.precision = options_.precision}, &figures);
    const auto logps = LogpsByCompletion(batch, figures.nll);
    size_t at = 0;
    for (const int32_t i : micro_batch) {
      const PreferenceExample& example = examples_[static_cast<size_t>(i)];
      const std::vector<std::string>& keys = keys_[static_cast<size_t>(i)];
      for (size_t c = 0; c < keys.size(); ++c) {
        const std::vector<float>& of_completion = logps[at++];
        if (FindUsable(store_, keys[c], example, c) != nullptr) continue;
        for (const float logp : of_completion) {
          if (std::isfinite(logp)) continue;
          return MakeError(ErrorKind::kCorrupt,
                           "record '{}': a log-probability under the model that training starts "
                           "from is no number",
                           example.id);
        }
        MORES_RETURN_IF_ERROR(store_.Add(keys[c], of_completion));
        ++computed_;
      }
    }
    done += batch.batch.rows();
    return {};
  }

  std::span<const PreferenceExample> examples_;
  Trainable& start_;
  ReferenceStore& store_;
  const ReferenceOptions& options_;
  std::vector<std::vector<std::string>> keys_;  // [examples][completions]
  MicroBatch unknown_;
  int64_t computed_ = 0;
};

}  // namespace

Expected<std::unique_ptr<ReferenceStore>> ReferenceStore::Open(const std::string& folder,
                                                               const Json& identity) {
  MORES_RETURN_IF_ERROR(MakeDirectories(folder));
  std::unique_ptr<ReferenceStore> store(new ReferenceStore());
  const std::string name = Sha256Hex(DumpJson(identity)).substr(0, 24);
  store->path_ = fmt::format("{}/{}.logps", folder, name);
  if (FileExists(store->path_)) {
    MORES_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(store->path_));
    store->Read(file.bytes());
  }
  MORES_ASSIGN_OR_RETURN(store->file_, AppendFile::Open(store->path_));
  return store;
}

void ReferenceStore::Read(std::string_view bytes) {
  for (size_t at = bytes.find(kMark); at != std::string_view::npos; at = bytes.find(kMark, at)) {
    const std::string_view rest = bytes.substr(at);
    uint32_t count = 0;
    if (rest.size() >= kHeadBytes) std::memcpy(&count, rest.data() + kMark.size(), 4);
    const size_t body = kHeadBytes + size_t{count} * 4;
    if (rest.size() < kHeadBytes || count > kMostTokens || rest.size() < body + kSumBytes ||
        rest.substr(body, kSumBytes) != Sha256Hex(rest.substr(0, body)).substr(0, kSumBytes)) {
      at += kMark.size();  // torn, or text that happens to hold the mark
      continue;
    }
    std::vector<float>& logps = logps_[std::string(rest.substr(kMark.size() + 4, kKeyBytes))];
    logps.resize(count);
    if (count > 0) std::memcpy(logps.data(), rest.data() + kHeadBytes, size_t{count} * 4);
    at += body + kSumBytes;
  }
}

std::string ReferenceStore::KeyOf(const PreferenceExample& example, size_t completion) {
  std::string bytes;
  AppendIds(example.prompt, bytes);
  AppendIds(example.completions[completion], bytes);
  const std::vector<uint8_t>& learned = example.learned[completion];
  bytes.append(reinterpret_cast<const char*>(learned.data()), learned.size());
  return Sha256Hex(bytes);
}

const std::vector<float>* ReferenceStore::Find(const std::string& key) const {
  const auto found = logps_.find(key);
  return found == logps_.end() ? nullptr : &found->second;
}

Status ReferenceStore::Add(const std::string& key, std::span<const float> logps) {
  MORES_RETURN_IF_ERROR(file_->Append(RecordOf(key, logps)));
  logps_[key].assign(logps.begin(), logps.end());
  return {};
}

Expected<std::vector<std::vector<float>>> References(std::span<const PreferenceExample> examples,
                                                     Trainable& start, ReferenceStore& store,
                                                     const ReferenceOptions& options,
                                                     ReferenceCounts& counts) {
  ReferencePass pass(examples, start, store, options);
  const int64_t before = counts.completions, computed_before = counts.computed;
  MORES_RETURN_IF_ERROR(pass.Compute(counts));
  counts.found += counts.completions - before - (counts.computed - computed_before);
  return pass.Collect();
}

}  // namespace mores::train
