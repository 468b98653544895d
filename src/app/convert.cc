#include "app/convert.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "app/opened_model.h"
#include "base/files.h"
#include "model/adapter/adapter.h"

namespace mores::app {

namespace {

using AskingTexts = std::map<std::string, std::string>;  // by name

ModelOptions ModelOf(const ConvertJob& options) {
  ModelOptions model{.model = options.from};
  if (!options.adapter.empty()) model.adapters = {options.adapter};
  return model;
}

Status WriteAdapterFolder(const OpenedModel& opened, const AskingTexts& asking,
                          const std::string& to) {
  model::Adapter written = *opened.own_adapter();
  if (written.config.base.empty()) written.config.base = opened.base->path();
  // A GGUF file can't say its base's files; the base that it was opened for is told.
  if (!DirectoryExists(written.path)) {
    MORES_ASSIGN_OR_RETURN(written.config.base_files, model::BaseFilesOf(*opened.base));
  }
  MORES_RETURN_IF_ERROR(MakeDirectories(to));
  for (const auto& [name, text] : asking) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(fmt::format("{}/{}", to, name), text));
  }
  return model::WritePeftAdapter(written, to);
}

}  // namespace

Expected<model::ConvertSummary> ConvertAdapter(const ConvertJob& options, const Watch& watch) {
  namespace fs = std::filesystem;
  const std::string& to = options.to;
  if (to.empty()) return MakeError(ErrorKind::kUsage, "the output has no name");
  MORES_ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(ModelOf(options)));
  const model::Adapter* const adapter = opened.own_adapter();
  if (adapter == nullptr) {
    return MakeError(ErrorKind::kUsage, "{}: has no adapter; name one with --adapter",
                     opened.base->path());
  }
  model::ConvertSummary summary = {.files = 1};
  for (const auto& [module, part] : adapter->parts) {
    summary.Count(tensor::DType::kF32);
    summary.Count(tensor::DType::kF32);
    if (!part.magnitude.empty()) summary.Count(tensor::DType::kF32);
    const size_t numbers = part.a.size() + part.b.size() + part.magnitude.size();
    summary.bytes += static_cast<int64_t>(numbers * sizeof(float));
  }
  std::error_code error;
  const bool taken = model::NamesGgufFile(to) ? fs::exists(to, error)
                                              : fs::exists(to, error) && !fs::is_empty(to, error);
  if (taken || error) {
    return MakeError(ErrorKind::kUsage, "-o {}: must be a new name, or an empty folder", to);
  }
  MORES_ASSIGN_OR_RETURN(const AskingTexts asking, model::AskingFiles(*opened.base, *adapter));
  if (!model::NamesGgufFile(to)) {
    MORES_RETURN_IF_ERROR(WriteAdapterFolder(opened, asking, to));
    return summary;
  }
  MORES_RETURN_IF_ERROR(model::WriteGgufAdapter(*adapter, opened.base->config(), to));
  if (!asking.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, text] : asking) names.push_back(name);
    watch.Note(
        fmt::format("{}: an adapter's GGUF file has no place for {} of {}; those of the base "
                    "count with it, and thresholds and prompts may be others",
                    to, fmt::join(names, ", "), adapter->path));
  }
  return summary;
}

Expected<model::ConvertSummary> ConvertModel(const ConvertJob& options, const Watch& watch) {
  if (options.to.empty()) return MakeError(ErrorKind::kUsage, "the output has no name");
  MORES_ASSIGN_OR_RETURN(const auto source, OpenSource(ModelOf(options)));
  model::ConvertOptions converting = options.options;
  converting.stop = watch.stop;
  const job::ShownProgress progress(watch.progress);
  bool started = false;
  const auto tell = [&](int64_t done, int64_t total) {
    constexpr int64_t kMega = 1'000'000;
    if (!started) progress->Start("converting", "MB", total / kMega, 0);
    started = true;
    progress->Update(done / kMega, "");
  };
  MORES_ASSIGN_OR_RETURN(const model::ConvertSummary summary,
                         model::ConvertModel(*source, options.to, converting, tell));
  if (started) progress->Finish("");
  return summary;
}

}  // namespace mores::app
