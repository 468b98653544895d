#include "fetch/fetch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/known_sums.h"
#include "base/nearest.h"
#include "fetch/partial_file.h"
#include "fetch/places.h"
#include "fetch/store.h"
#include "fetch/transfer.h"

namespace mores::fetch {
namespace {

constexpr int64_t kMegabyte = 1'000'000;

std::string Megabytes(int64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / static_cast<double>(kMegabyte));
}

std::string FolderOf(const std::string& folder, const CatalogueModel& model) {
  return fmt::format("{}/{}", folder, model.name);
}

// Whether the file at `path` is the model's.
Expected<bool> HasRightSum(const std::string& path, const CatalogueModel& model,
                           const FetchWatch& watch, job::Progress& progress) {
  progress.Start("checking " + model.name, "MB", model.bytes / kMegabyte, 0);
  MORES_ASSIGN_OR_RETURN(const std::string sum, Sha256OfFile(path, watch.stop, [&](int64_t bytes) {
                           progress.Update(bytes / kMegabyte, "");
                         }));
  progress.Finish("");
  return sum == model.sha256;
}

// The first of `folders` in which files can be made, with a folder for the model in it.
Expected<std::string> FolderToWrite(const std::vector<std::string>& folders,
                                    const CatalogueModel& model) {
  std::string problem = "there is neither MORES_MODELS nor a home folder";
  for (const std::string& folder : folders) {
    const std::string own = FolderOf(folder, model);
    const Status made = MakeDirectories(own);
    if (made && access(own.c_str(), W_OK | X_OK) == 0) return folder;
    problem = made ? fmt::format("{}: no leave to write", own) : made.error().message;
  }
  return MakeError(ErrorKind::kIo,
                   "no folder of models can be written ({}): name one by --to or MORES_MODELS",
                   problem);
}

Status CheckSpace(const Transfer& transfer, const Way& way, const std::string& folder) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder, error);
  if (error) return {};
  int64_t needed = std::max<int64_t>(transfer.model.bytes - transfer.partial.size(), 0);
  if (way.packages != nullptr) {
    // A package, and pip's own copy of it.
    int64_t largest = 0;
    for (const PackagePart& part : *way.packages) largest = std::max(largest, part.bytes);
    needed += 2 * largest;
  }
  if (static_cast<uintmax_t>(needed) <= space.available) return {};
  return MakeError(ErrorKind::kIo, "{}: {} are needed, and {} are free", folder, Megabytes(needed),
                   Megabytes(static_cast<int64_t>(space.available)));
}

Status FetchUrls(Transfer& transfer, const Way& way) {
  std::optional<Error> failure;
  for (const std::string& url : way.urls) {
    const Status fetched = FetchUrl(transfer, url);
    if (fetched || fetched.error().kind != ErrorKind::kMissing) return fetched;
    failure = fetched.error();
  }
  if (way.urls.size() == 1) return tl::unexpected<Error>(*failure);
  return MakeError(ErrorKind::kMissing,
                   "{}: has the file neither as {} nor in its folders; last: {}", way.label,
                   transfer.model.file, failure->message);
}

Status Run(Transfer& transfer, const Way& way) {
  if (!way.file.empty()) return CopyFile(transfer, way.file);
  if (way.packages != nullptr) return FetchPackages(transfer, *way.packages);
  return FetchUrls(transfer, way);
}

Expected<bool> PartialIsRight(const Transfer& transfer) {
  transfer.progress.Start("checking " + transfer.model.name, "MB", transfer.model.bytes / kMegabyte,
                          0);
  MORES_ASSIGN_OR_RETURN(
      const std::string sum,
      transfer.partial.Sha256(0, transfer.partial.size(), transfer.watch.stop,
                              [&](int64_t bytes) { transfer.ShowBytes(bytes); }));
  return sum == transfer.model.sha256;
}

// One way to its end: the partial file is whole, and its sum right.
Status TryWay(Transfer& transfer, const Way& way) {
  for (;;) {
    const bool resumed = transfer.partial.size() > 0;
    transfer.progress.Start("fetching " + transfer.model.name, "MB",
                            transfer.model.bytes / kMegabyte, transfer.partial.size() / kMegabyte);
    MORES_RETURN_IF_ERROR(Run(transfer, way));
    MORES_ASSIGN_OR_RETURN(const bool right, PartialIsRight(transfer));
    if (right) return {};
    MORES_RETURN_IF_ERROR(transfer.partial.Truncate(0));
    if (!resumed || !way.file.empty()) break;
    transfer.watch.on_note(fmt::format(
        "{}: what was kept of an earlier fetch is wrong; from the beginning", transfer.model.name));
  }
  return MakeError(ErrorKind::kCorrupt,
                   "{}: its sum isn't the catalogue's, {}: another file, or a broken one",
                   way.label, transfer.model.sha256);
}

Error LastFailure(const Error& last, const CatalogueModel& model, const std::string& folder) {
  std::string text = fmt::format("{}: {}", model.name, last.message);
  if (last.kind != ErrorKind::kCorrupt) {
    text += fmt::format(
        "; without a network put {} ({} bytes, sha256 {}) into {}, or name it by "
        "--from",
        model.file, model.bytes, model.sha256, FolderOf(folder, model));
  }
  return {last.kind, std::move(text)};
}

Status TryWays(Transfer& transfer, const std::vector<Way>& ways, const std::string& folder) {
  for (size_t i = 0; i < ways.size(); ++i) {
    MORES_RETURN_IF_ERROR(CheckSpace(transfer, ways[i], folder));
    const Status tried = TryWay(transfer, ways[i]);
    if (tried) return {};
    const Error& error = tried.error();
    if (error.kind == ErrorKind::kCancelled) {
      return MakeError(ErrorKind::kCancelled, "stopped with {} of {}; the same command goes on",
                       Megabytes(transfer.partial.size()), Megabytes(transfer.model.bytes));
    }
    if (transfer.disk_failed || ways[i].named) return tried;
    if (i + 1 == ways.size()) {
      return tl::unexpected<Error>(LastFailure(error, transfer.model, folder));
    }
    transfer.watch.on_note(error.message);
  }
  return {};
}

// The file that is there already; none where there is none with the right sum.
Expected<std::optional<std::string>> FindRight(const CatalogueModel& model,
                                               const std::vector<std::string>& folders,
                                               const FetchWatch& watch, job::Progress& progress) {
  for (const std::string& folder : folders) {
    const auto found = FindFetched(model, {folder});
    if (!found) continue;
    MORES_ASSIGN_OR_RETURN(const bool right, HasRightSum(*found, model, watch, progress));
    if (right) return found;
    watch.on_note(fmt::format("{}: its sum is wrong; it is fetched anew", *found));
  }
  return std::nullopt;
}

Expected<Fetched> FetchInto(const std::string& folder, const CatalogueModel& model,
                            const FetchOptions& options, const FetchWatch& watch) {
  const job::ShownProgress progress(watch.progress);
  const std::string path = PathIn(folder, model);
  MORES_ASSIGN_OR_RETURN(const std::vector<Way> ways, WaysTo(model, options));
  bool waited = false;
  MORES_ASSIGN_OR_RETURN(PartialFile partial, PartialFile::Open(path + ".part", watch.stop, [&] {
                           waited = true;
                           watch.on_note(fmt::format(
                               "{}: another fetch of it is running; waiting for it", model.name));
                         }));
  if (waited) {
    MORES_ASSIGN_OR_RETURN(const auto found, FindRight(model, {folder}, watch, *progress));
    if (found) return Fetched{.path = *found, .bytes = model.bytes, .was_there = true};
  }
  Transfer transfer{.model = model,
                    .partial = partial,
                    .work_folder = path + ".packages",
                    .watch = watch,
                    .progress = *progress};
  MORES_RETURN_IF_ERROR(TryWays(transfer, ways, folder));
  MORES_RETURN_IF_ERROR(partial.MoveTo(path));
  RememberSha256(path, model.sha256);
  progress->Finish("");
  return Fetched{.path = path, .bytes = model.bytes};
}

}  // namespace

std::string_view Name(Via via) {
  switch (via) {
    case Via::kAny:
      return "any";
    case Via::kUrl:
      return "url";
    case Via::kPackages:
      return "packages";
  }
  return "";
}

Expected<CatalogueModel> RequireModel(const std::string& name) {
  MORES_ASSIGN_OR_RETURN(const std::vector<CatalogueModel> models, LoadCatalogue());
  if (const CatalogueModel* model = FindByName(models, name)) return *model;
  std::vector<std::string> names;
  for (const CatalogueModel& model : models) names.push_back(model.name);
  const std::optional<std::string> near = Nearest(name, names);
  return MakeError(ErrorKind::kMissing, "{}: no model of the catalogue{} (see mores model list)",
                   name, near ? fmt::format("; did you mean {}?", *near) : "");
}

Expected<Fetched> FetchModel(const FetchOptions& options, const FetchWatch& watch) {
  MORES_ASSIGN_OR_RETURN(const CatalogueModel model, RequireModel(options.name));
  const std::vector<std::string> folders =
      options.to.empty() ? StoreFolders() : std::vector<std::string>{options.to};
  if (options.present == Present::kKeep) {
    const job::ShownProgress progress(watch.progress);
    MORES_ASSIGN_OR_RETURN(const auto found, FindRight(model, folders, watch, *progress));
    if (found) return Fetched{.path = *found, .bytes = model.bytes, .was_there = true};
  }
  MORES_ASSIGN_OR_RETURN(const std::string folder, FolderToWrite(folders, model));
  Expected<Fetched> fetched = FetchInto(folder, model, options, watch);
  if (!fetched) {
    std::error_code error;
    std::filesystem::remove(FolderOf(folder, model), error);  // where it is empty
    return fetched;
  }
  const auto first = FindFetched(model, folders);
  if (options.present == Present::kKeep && first && *first != fetched->path) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: its sum is wrong, and it stands before {}, which is right: remove it",
                     *first, fetched->path);
  }
  return fetched;
}

}  // namespace mores::fetch
