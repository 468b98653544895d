#include "train/preference/references.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "train/packing.h"
#include "train/preference/preference_batch.h"

namespace mores::train {
namespace {

// A record: the mark, a count (little-endian), the key's 64 hexadecimal digits, the run's mark, so
// many float32, and 16 hexadecimal digits of a SHA-256 of all that.
constexpr std::string_view kMark = "moresref";
constexpr size_t kKeyBytes = 64;
constexpr size_t kSumBytes = 16;
constexpr size_t kRunAt = kMark.size() + 4 + kKeyBytes;
constexpr size_t kHeadBytes = kRunAt + ReferenceStore::kRunMarkBytes;
constexpr uint32_t kMostTokens = 1u << 24;

void AppendIds(std::span<const int32_t> ids, std::string& bytes) {
  const auto count = static_cast<uint64_t>(ids.size());
  bytes.append(reinterpret_cast<const char*>(&count), 8);
  bytes.append(reinterpret_cast<const char*>(ids.data()), ids.size_bytes());
}

// Some completions to be computed: examples of them alone, and their keys in order.
struct UnknownCompletions {
  std::vector<PreferenceExample> examples;
  std::vector<std::vector<std::string>> keys;  // [examples][their completions]
};

UnknownCompletions FindUnknown(std::span<const PreferenceExample> examples, ReferenceStore& store) {
  UnknownCompletions unknown;
  std::set<std::string> seen;
  for (const PreferenceExample& example : examples) {
    PreferenceExample rest;
    std::vector<std::string> keys;
    for (size_t c = 0; c < example.completions.size(); ++c) {
      std::string key = ReferenceStore::KeyOf(example, c);
      const std::vector<uint8_t>& learned = example.learned[c];
      const auto tokens =
          learned.size() - static_cast<size_t>(std::count(learned.begin(), learned.end(), 0));
      if (store.Has(key, tokens) || !seen.insert(key).second) continue;
      rest.completions.push_back(example.completions[c]);
      rest.learned.push_back(example.learned[c]);
      keys.push_back(std::move(key));
    }
    if (keys.empty()) continue;
    rest.id = example.id;
    rest.prompt = example.prompt;
    unknown.examples.push_back(std::move(rest));
    unknown.keys.push_back(std::move(keys));
  }
  return unknown;
}

class ReferencePass {
 public:
  ReferencePass(const UnknownCompletions& unknown, Trainable& start, ReferenceStore& store,
                const ReferenceOptions& options)
      : unknown_(unknown), start_(start), store_(store), options_(options) {}

  Status Compute() {
    const std::vector<int32_t> rows = RowsOf(unknown_.examples);
    const int64_t total = std::accumulate(rows.begin(), rows.end(), int64_t{0});
    if (total == 0) return {};
    options_.progress->Start("scoring references", "tokens", total, 0);
    int64_t done = 0;
    for (const MicroBatch& micro_batch : PackByLength(rows, options_.micro_batch_tokens)) {
      if (options_.stop.requested()) {
        options_.progress->Finish("");
        return MakeError(ErrorKind::kCancelled,
                         "stopped while references were scored; those done are kept, and the same "
                         "command goes on from there");
      }
      MORES_RETURN_IF_ERROR(ComputeOne(micro_batch, done));
      options_.progress->Update(done, "");
    }
    options_.progress->Finish("");
    return store_.Sync();
  }

 private:
  Status ComputeOne(const MicroBatch& micro_batch, int64_t& done) {
    const PreferenceBatch batch = BuildPreferenceBatch(unknown_.examples, micro_batch);
    model::BatchFigures figures;
    start_.Evaluate(batch.batch, {.precision = options_.precision}, &figures);
    const auto logps = LogpsByCompletion(batch, figures.nll);
    size_t at = 0;
    for (const int32_t i : micro_batch) {
      for (const std::string& key : unknown_.keys[static_cast<size_t>(i)]) {
        const std::vector<float>& of_completion = logps[at++];
        for (const float logp : of_completion) {
          if (std::isfinite(logp)) continue;
          return MakeError(ErrorKind::kCorrupt,
                           "record '{}': a log-probability under the model that training starts "
                           "from is no number",
                           unknown_.examples[static_cast<size_t>(i)].id);
        }
        MORES_RETURN_IF_ERROR(store_.Add(key, of_completion));
      }
    }
    done += batch.batch.rows();
    return {};
  }

  const UnknownCompletions& unknown_;
  Trainable& start_;
  ReferenceStore& store_;
  const ReferenceOptions& options_;
};

}  // namespace

Expected<std::unique_ptr<ReferenceStore>> ReferenceStore::Open(const std::string& folder,
                                                               const Json& identity,
                                                               std::string run) {
  MORES_CHECK(run.size() == kRunMarkBytes);
  MORES_RETURN_IF_ERROR(MakeDirectories(folder));
  std::unique_ptr<ReferenceStore> store(new ReferenceStore(std::move(run)));
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
    Kept& kept = kept_[std::string(rest.substr(kMark.size() + 4, kKeyBytes))];
    kept.logps.resize(count);
    if (count > 0) std::memcpy(kept.logps.data(), rest.data() + kHeadBytes, size_t{count} * 4);
    if (rest.substr(kRunAt, kRunMarkBytes) == run_) {
      kept.of_this_run = true;
      ++counts_.computed;
    }
    at += body + kSumBytes;
  }
}

bool ReferenceStore::Has(const std::string& key, size_t learned_tokens) {
  const auto kept = kept_.find(key);
  if (kept == kept_.end()) return false;
  const std::vector<float>& logps = kept->second.logps;
  const auto finite = [](float x) { return std::isfinite(x); };
  if (logps.size() == learned_tokens && std::all_of(logps.begin(), logps.end(), finite)) {
    return true;
  }
  if (kept->second.of_this_run) --counts_.computed;
  ++counts_.unusable;
  kept_.erase(kept);
  return false;
}

std::string ReferenceStore::KeyOf(const PreferenceExample& example, size_t completion) {
  std::string bytes;
  AppendIds(example.prompt, bytes);
  AppendIds(example.completions[completion], bytes);
  const std::vector<uint8_t>& learned = example.learned[completion];
  bytes.append(reinterpret_cast<const char*>(learned.data()), learned.size());
  return Sha256Hex(bytes);
}

std::string ReferenceStore::RecordOf(const std::string& key, std::span<const float> logps) const {
  std::string record(kMark);
  const auto count = static_cast<uint32_t>(logps.size());
  record.append(reinterpret_cast<const char*>(&count), 4);
  record += key;
  record += run_;
  record.append(reinterpret_cast<const char*>(logps.data()), logps.size_bytes());
  record += Sha256Hex(record).substr(0, kSumBytes);
  return record;
}

const std::vector<float>& ReferenceStore::Use(const std::string& key) {
  Kept& kept = kept_.at(key);
  ++counts_.completions;
  if (!kept.of_this_run) ++counts_.found;
  kept.of_this_run = false;  // it was computed for this one, and no other
  return kept.logps;
}

Status ReferenceStore::Add(const std::string& key, std::span<const float> logps) {
  MORES_RETURN_IF_ERROR(file_->Append(RecordOf(key, logps)));
  Kept& kept = kept_[key];
  kept.logps.assign(logps.begin(), logps.end());
  kept.of_this_run = true;
  ++counts_.computed;
  return {};
}

Expected<std::vector<std::vector<float>>> References(std::span<const PreferenceExample> examples,
                                                     Trainable& start, ReferenceStore& store,
                                                     const ReferenceOptions& options) {
  const UnknownCompletions unknown = FindUnknown(examples, store);
  ReferencePass pass(unknown, start, store, options);
  MORES_RETURN_IF_ERROR(pass.Compute());
  std::vector<std::vector<float>> all;
  for (const PreferenceExample& example : examples) {
    for (size_t c = 0; c < example.completions.size(); ++c) {
      all.push_back(store.Use(ReferenceStore::KeyOf(example, c)));
    }
  }
  return all;
}

}  // namespace mores::train
