#include "train/output.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "job/fingerprint.h"
#include "train/checkpoint.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Expected<std::vector<std::string>> FileNames(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    names.push_back(entry.path().filename().string());
  }
  if (error) return MakeError(ErrorKind::kMissing, "{}: {}", directory, error.message());
  std::sort(names.begin(), names.end());
  return names;
}

Expected<Json> HashFiles(const std::string& directory, const std::vector<std::string>& names) {
  Json hashes = Json::object();
  for (const std::string& name : names) {
    MORES_ASSIGN_OR_RETURN(const std::string hash, Sha256HexOfFile(directory + "/" + name));
    hashes[name] = hash;
  }
  return hashes;
}

// Whether `path` is `folder` or lies in it, by whatever names.
bool LiesIn(const std::string& folder, const std::string& path) {
  std::error_code error, ignored;
  const fs::path whole = fs::weakly_canonical(fs::absolute(folder, ignored), ignored);
  if (whole.empty()) return false;
  for (fs::path at = fs::weakly_canonical(fs::absolute(path, ignored), ignored);;
       at = at.parent_path()) {
    if (at == whole || fs::equivalent(at, whole, error)) return true;
    if (!at.has_relative_path()) return false;
  }
}

}  // namespace

OutputPaths::OutputPaths(std::string output)
    : model(WithoutTrailingSlashes(std::move(output))),
      work(model + ".train"),
      metrics(model + ".metrics.jsonl"),
      valid_scores(model + ".valid.jsonl"),
      manifest(model + ".manifest.json") {}

Status CheckOutput(const OutputPaths& paths, StartMode start, Found found) {
  const std::string& output = paths.model;
  std::error_code error;
  if (!fs::exists(output, error) || found == Found::kCheckpoint) return {};
  if (start != StartMode::kFresh) {
    return MakeError(ErrorKind::kUsage,
                     "{}: is there already, and not from this recipe and data; choose another "
                     "output, or give --fresh to replace it",
                     output);
  }
  if (!fs::is_directory(output, error) ||
      (!fs::is_empty(output, error) && !FileExists(output + "/config.json") &&
       !FileExists(output + "/adapter_config.json"))) {
    return MakeError(ErrorKind::kUsage, "{}: is no model directory; it will not be replaced",
                     output);
  }
  return {};
}

Status CheckInputsKept(const OutputPaths& paths, std::span<const RunInput> inputs) {
  for (const RunInput& input : inputs) {
    if (input.path.empty()) continue;
    for (const std::string& written :
         {paths.model, paths.work, paths.metrics, paths.valid_scores, paths.manifest}) {
      if (!LiesIn(written, input.path)) continue;
      return MakeError(ErrorKind::kUsage,
                       "{}: would be written over what training reads: {} is {}; choose another "
                       "output",
                       written, input.field, input.path);
    }
  }
  return {};
}

Expected<std::optional<Json>> FinishedManifest(const OutputPaths& paths, const Json& fingerprint) {
  if (!FileExists(paths.manifest) || !DirectoryExists(paths.model)) return std::optional<Json>();
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(paths.manifest));
  const Expected<Json> manifest = ParseJson(text, paths.manifest);
  if (!manifest || !manifest->is_object() || !manifest->contains("output_sha256") ||
      !job::FingerprintDifferences(manifest->value("fingerprint", Json()), fingerprint).empty()) {
    return std::optional<Json>();
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<std::string> names, FileNames(paths.model));
  MORES_ASSIGN_OR_RETURN(const Json hashes, HashFiles(paths.model, names));
  if (hashes != (*manifest)["output_sha256"]) return std::optional<Json>();
  return std::optional<Json>(*manifest);
}

Status PublishModel(const OutputPaths& paths, const std::string& directory, Json manifest) {
  MORES_ASSIGN_OR_RETURN(const std::vector<std::string> names, FileNames(directory));
  MORES_ASSIGN_OR_RETURN(manifest["output_sha256"], HashFiles(directory, names));
  MORES_RETURN_IF_ERROR(ReplaceDirectory(directory, paths.model));
  return WriteJsonFile(paths.manifest, manifest);
}

Status WriteJsonFile(const std::string& path, const Json& json) {
  return WriteFileAtomically(path, json.dump(2) + "\n");
}

}  // namespace mores::train
