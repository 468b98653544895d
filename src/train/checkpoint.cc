#include "train/checkpoint.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "tensor/safetensors.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

constexpr int kVersion = 4;
constexpr char kPrefix[] = "checkpoint-";
constexpr char kFiles[] = "files";        // the folder of those that are kept beside the numbers
constexpr char kHalfWritten[] = "half-";  // of folders that are being written or removed
constexpr size_t kKept = 2;

tl::unexpected<Error> SystemError(const std::string& path, const char* what, int number) {
  return MakeError(ErrorKind::kIo, "{}: {}: {}", path, what, std::strerror(number));
}

void SyncDirectory(const fs::path& directory) {
  const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

// A name beside `path` that the next Open clears away.
fs::path HalfName(const fs::path& path, const char* purpose) {
  return path.parent_path() /
         fmt::format("{}{}-{}", kHalfWritten, purpose, path.filename().string());
}

tl::unexpected<Error> Corrupt(const std::string& path, std::string_view problem) {
  return MakeError(ErrorKind::kCorrupt, "{}: {}", path, problem);
}

// Of the object itself, which has this checksum beside its other fields.
constexpr char kOwnHash[] = "sha256";

std::string OwnHash(Json json) {
  json.erase(kOwnHash);
  return Sha256Hex(DumpJson(json));
}

Json ToJson(const CheckpointState& state, const std::string& weights_hash, Json file_hashes) {
  Json json = {{"version", kVersion},
               {"step", state.step},
               {"tokens", state.tokens},
               {"seconds", state.seconds},
               {"resumes", state.resumes},
               {"metrics_bytes", state.metrics_bytes},
               {"best_step", state.best_step},
               {"best_value", state.best_value},
               {"worse_evaluations", state.worse_evaluations},
               {"state_sha256", weights_hash},
               {"files_sha256", std::move(file_hashes)},
               {"fingerprint", state.fingerprint}};
  json[kOwnHash] = OwnHash(json);
  return json;
}

// The object of a whole checkpoint.json of this version.
Expected<Json> ParseCheckpoint(const std::string& text, const std::string& path) {
  Expected<Json> json = ParseJson(text, path);
  if (!json || !json->is_object()) return Corrupt(path, "torn or changed: it is no JSON object");
  const Json version = json->value("version", Json());
  if (version.is_number_integer() && version != kVersion) {
    return Corrupt(path, fmt::format("written by another version of mores (its version is {}, not "
                                     "{}), which can go on from it",
                                     DumpJson(version), kVersion));
  }
  if (json->value(kOwnHash, Json()) != OwnHash(*json)) {
    return Corrupt(path, "torn or changed: its checksum differs");
  }
  return json;
}

Expected<CheckpointState> ParseState(const Json& json, const std::string& path) {
  CheckpointState state;
  for (const auto& [name, out] : {std::pair{"step", &state.step},
                                  {"tokens", &state.tokens},
                                  {"resumes", &state.resumes},
                                  {"metrics_bytes", &state.metrics_bytes},
                                  {"best_step", &state.best_step},
                                  {"worse_evaluations", &state.worse_evaluations}}) {
    const auto found = json.find(name);
    const int64_t least = out == &state.best_step ? -1 : 0;
    if (found == json.end() || !found->is_number_integer() || found->get<int64_t>() < least) {
      return Corrupt(path, fmt::format("field '{}': must be a whole number", name));
    }
    *out = found->get<int64_t>();
  }
  const auto seconds = json.find("seconds");
  if (seconds != json.end() && seconds->is_number()) state.seconds = seconds->get<double>();
  const auto best = json.find("best_value");
  if (best == json.end() || !best->is_number()) {
    return Corrupt(path, "field 'best_value': must be a number");
  }
  state.best_value = best->get<double>();
  state.fingerprint = json.value("fingerprint", Json());
  return state;
}

Status CheckHash(const Json& wanted, const std::string& hash, const std::string& path) {
  if (wanted != hash) return Corrupt(path, "its checksum differs");
  return {};
}

// What a checkpoint lacks can't be read as it is, so that its error tells the way out as well.
template <class T>
Expected<T> CorruptIfMissing(Expected<T> read, const std::string& path) {
  if (!read && read.error().kind == ErrorKind::kMissing) return Corrupt(path, "missing");
  return read;
}

Expected<CheckpointFiles> ReadFiles(const Json& json, const std::string& directory,
                                    const std::string& path) {
  const auto hashes = json.find("files_sha256");
  if (hashes == json.end() || !hashes->is_object()) {
    return Corrupt(path, "field 'files_sha256': must be an object");
  }
  CheckpointFiles files;
  for (const auto& [name, hash] : hashes->items()) {
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos) {
      return Corrupt(path, fmt::format("field 'files_sha256': '{}' is no plain file name", name));
    }
    const std::string file = directory + "/" + kFiles + "/" + name;
    MORES_ASSIGN_OR_RETURN(files[name], CorruptIfMissing(ReadFile(file), file));
    MORES_RETURN_IF_ERROR(CheckHash(hash, Sha256Hex(files[name]), file));
  }
  return files;
}

Status CopyTensor(const tensor::SafetensorsFile& file, const std::string& name,
                  const std::vector<int64_t>& shape, std::vector<float>& out) {
  MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, file.Find(name, shape));
  view.CopyTo(out.data());
  return {};
}

struct CheckpointParts {
  const CheckpointState& state;
  const CheckpointFiles& files;
  const std::vector<model::Parameter>& parameters;
  const AdamWState& optimizer;
};

Status WriteCheckpoint(const fs::path& directory, const CheckpointParts& parts) {
  MORES_RETURN_IF_ERROR(MakeDirectories((directory / kFiles).string()));
  std::vector<tensor::TensorToWrite> tensors;
  for (size_t i = 0; i < parts.parameters.size(); ++i) {
    const model::Parameter& parameter = parts.parameters[i];
    const AdamWState& optimizer = parts.optimizer;
    tensors.push_back({"value." + parameter.name, parameter.shape, parameter.value.data()});
    tensors.push_back({"first." + parameter.name, parameter.shape, optimizer.first[i].data()});
    tensors.push_back({"second." + parameter.name, parameter.shape, optimizer.second[i].data()});
  }
  const std::string weights = (directory / "state.safetensors").string();
  MORES_RETURN_IF_ERROR(tensor::WriteSafetensors(weights, tensors));
  Json file_hashes = Json::object();
  for (const auto& [name, bytes] : parts.files) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically((directory / kFiles / name).string(), bytes));
    file_hashes[name] = Sha256Hex(bytes);
  }
  MORES_ASSIGN_OR_RETURN(const std::string weights_hash, Sha256HexOfFile(weights));
  const Json json = ToJson(parts.state, weights_hash, std::move(file_hashes));
  return WriteFileAtomically((directory / "checkpoint.json").string(), DumpJson(json) + "\n");
}

Expected<FoundCheckpoint> ReadCheckpoint(const std::string& directory) {
  FoundCheckpoint found;
  found.directory = directory;
  const std::string path = found.directory + "/checkpoint.json";
  MORES_ASSIGN_OR_RETURN(const std::string text, CorruptIfMissing(ReadFile(path), path));
  MORES_ASSIGN_OR_RETURN(const Json json, ParseCheckpoint(text, path));
  MORES_ASSIGN_OR_RETURN(found.state, ParseState(json, path));
  const std::string weights = found.directory + "/state.safetensors";
  MORES_ASSIGN_OR_RETURN(const std::string hash,
                         CorruptIfMissing(Sha256HexOfFile(weights), weights));
  MORES_RETURN_IF_ERROR(CheckHash(json.value("state_sha256", Json()), hash, weights));
  MORES_ASSIGN_OR_RETURN(found.files, ReadFiles(json, found.directory, path));
  return found;
}

}  // namespace

Status RemoveDirectory(const std::string& directory) {
  const fs::path half = HalfName(directory, "removed");
  std::error_code error;
  fs::remove_all(half, error);
  fs::rename(directory, half, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  if (!error) fs::remove_all(half, error);
  if (error) return SystemError(directory, "can't remove", error.value());
  return {};
}

Status ReplaceDirectory(const std::string& from, const std::string& to) {
  SyncDirectory(from);
  const fs::path old = HalfName(from, "old");
  std::error_code error;
  if (DirectoryExists(to)) {
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
      SyncDirectory(fs::path(to).parent_path());
      return RemoveDirectory(from);  // the old one by now
    }
    // A file system that can't exchange: for a moment nothing bears the name.
    fs::remove_all(old, error);
    if (rename(to.c_str(), old.c_str()) != 0) return SystemError(to, "can't replace", errno);
  }
  if (rename(from.c_str(), to.c_str()) != 0) {
    return SystemError(to, "can't rename into place", errno);
  }
  SyncDirectory(fs::path(to).parent_path());
  fs::remove_all(old, error);
  return {};
}

Expected<std::unique_ptr<CheckpointStore>> CheckpointStore::Open(const std::string& directory) {
  MORES_RETURN_IF_ERROR(MakeDirectories(directory));
  std::unique_ptr<CheckpointStore> store(new CheckpointStore(directory));
  const std::string lock = directory + "/lock";
  store->lock_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (store->lock_ < 0) return SystemError(lock, "can't open", errno);
  if (flock(store->lock_, LOCK_EX | LOCK_NB) != 0) {
    return MakeError(ErrorKind::kUsage, "{}: another process is training here", directory);
  }
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().filename().string().rfind(kHalfWritten, 0) == 0) {
      fs::remove_all(entry.path(), error);
    }
  }
  return store;
}

CheckpointStore::~CheckpointStore() {
  if (lock_ >= 0) close(lock_);
}

std::string CheckpointStore::PathOf(int64_t step) const {
  return fmt::format("{}/{}{:08}", directory_, kPrefix, step);
}

Expected<std::vector<int64_t>> CheckpointStore::Steps() const {
  std::vector<int64_t> steps;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(kPrefix, 0) != 0) continue;
    int64_t step = 0;
    const char* begin = name.data() + sizeof(kPrefix) - 1;
    const char* end = name.data() + name.size();
    if (const auto [rest, status] = std::from_chars(begin, end, step);
        status == std::errc() && rest == end && step >= 0) {
      steps.push_back(step);
    }
  }
  if (error) return SystemError(directory_, "can't list", error.value());
  std::sort(steps.begin(), steps.end());
  return steps;
}

Expected<std::optional<FoundCheckpoint>> CheckpointStore::Latest() const {
  MORES_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, Steps());
  if (steps.empty()) return std::optional<FoundCheckpoint>();
  Expected<FoundCheckpoint> found = ReadCheckpoint(PathOf(steps.back()));
  if (found) return std::optional<FoundCheckpoint>(*std::move(found));
  if (found.error().kind != ErrorKind::kCorrupt) return tl::unexpected<Error>(found.error());
  // Nothing is removed in silence: a person may have the whole one elsewhere.
  std::string before;
  if (steps.size() > 1) {
    before =
        fmt::format("without {} training goes on from step {}, ",
                    fs::path(PathOf(steps.back())).filename().string(), steps[steps.size() - 2]);
  }
  return MakeError(ErrorKind::kCorrupt, "{}; {}--fresh starts over", found.error().message, before);
}

Expected<FoundCheckpoint> CheckpointStore::OfStep(int64_t step) const {
  Expected<FoundCheckpoint> found = ReadCheckpoint(PathOf(step));
  if (found || found.error().kind != ErrorKind::kCorrupt) return found;
  return MakeError(ErrorKind::kCorrupt, "{}; --fresh starts over", found.error().message);
}

Status CheckpointStore::RestoreValues(const FoundCheckpoint& found,
                                      std::vector<model::Parameter>& parameters) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<tensor::SafetensorsFile> file,
                         tensor::SafetensorsFile::Open(found.directory + "/state.safetensors"));
  for (model::Parameter& parameter : parameters) {
    MORES_RETURN_IF_ERROR(
        CopyTensor(*file, "value." + parameter.name, parameter.shape, parameter.value));
  }
  return {};
}

Status CheckpointStore::Restore(const FoundCheckpoint& found,
                                std::vector<model::Parameter>& parameters, AdamWState& optimizer) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<tensor::SafetensorsFile> file,
                         tensor::SafetensorsFile::Open(found.directory + "/state.safetensors"));
  optimizer = ZeroAdamWState(parameters);
  optimizer.step = found.state.step;
  MORES_RETURN_IF_ERROR(RestoreValues(found, parameters));
  for (size_t i = 0; i < parameters.size(); ++i) {
    const model::Parameter& parameter = parameters[i];
    MORES_RETURN_IF_ERROR(
        CopyTensor(*file, "first." + parameter.name, parameter.shape, optimizer.first[i]));
    MORES_RETURN_IF_ERROR(
        CopyTensor(*file, "second." + parameter.name, parameter.shape, optimizer.second[i]));
  }
  return {};
}

Status CheckpointStore::Save(const CheckpointState& state, const CheckpointFiles& files,
                             const std::vector<model::Parameter>& parameters,
                             const AdamWState& optimizer) {
  const fs::path half = HalfName(PathOf(state.step), "written");
  std::error_code error;
  fs::remove_all(half, error);
  Status written = WriteCheckpoint(half, {state, files, parameters, optimizer});
  if (written) written = ReplaceDirectory(half.string(), PathOf(state.step));
  if (!written) {
    fs::remove_all(half, error);  // on a full disk its room is needed
    return written;
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, Steps());
  for (size_t i = 0; i + kKept < steps.size(); ++i) {
    if (steps[i] != state.best_step) MORES_RETURN_IF_ERROR(RemoveDirectory(PathOf(steps[i])));
  }
  return {};
}

Status CheckpointStore::Clear() {
  MORES_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, Steps());
  // The newest last: a kill in between leaves one that a rerun finds and clears.
  for (const int64_t step : steps) MORES_RETURN_IF_ERROR(RemoveDirectory(PathOf(step)));
  return {};
}

Status CheckpointStore::Remove() {
  MORES_RETURN_IF_ERROR(Clear());
  std::error_code error;
  fs::remove_all(directory_, error);
  if (error) return SystemError(directory_, "can't remove", error.value());
  return {};
}

}  // namespace mores::train
