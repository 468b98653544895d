#include "base/known_sums.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <ctime>
#include <optional>

#include "base/files.h"
#include "base/hash.h"
#include "base/user_folder.h"

namespace mores {
namespace {

// Smaller files are hashed sooner than looked up.
constexpr off_t kLeastBytes = off_t{32} << 20;
// A file that was changed just now may be changed again within one tick of the clock of its times.
constexpr time_t kSettledSeconds = 2;
constexpr size_t kSumDigits = 64;

struct FileState {
  std::string entry;  // the file in the cache that speaks of it
  std::string state;  // what a sum goes with
  bool settled = false;
};

// nullopt for what isn't remembered.
std::optional<FileState> StateOf(const std::string& path) {
  struct stat info {};
  const std::string cache = UserFolder("XDG_CACHE_HOME", ".cache");
  if (cache.empty() || stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  if (info.st_size < kLeastBytes) return std::nullopt;
  return FileState{
      .entry = fmt::format("{}/mores/sums/{:x}-{:x}", cache, info.st_dev, info.st_ino),
      .state = fmt::format("{} {}.{:09} {}.{:09}", info.st_size, info.st_mtim.tv_sec,
                           info.st_mtim.tv_nsec, info.st_ctim.tv_sec, info.st_ctim.tv_nsec),
      .settled = info.st_ctim.tv_sec + kSettledSeconds <= time(nullptr)};
}

bool IsSum(std::string_view text) {
  return text.size() == kSumDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void Keep(const FileState& file, std::string_view sha256) {
  const std::string folder = file.entry.substr(0, file.entry.rfind('/'));
  if (!MakeDirectories(folder)) return;
  // Where it can't be written, it is computed again.
  (void)WriteFileAtomically(file.entry, fmt::format("{} {}\n", sha256, file.state));
}

}  // namespace

Expected<std::string> KnownSha256HexOfFile(const std::string& path) {
  const std::optional<FileState> before = StateOf(path);
  if (!before) return Sha256HexOfFile(path);
  if (FileExists(before->entry)) {
    const Expected<std::string> kept = ReadFile(before->entry);
    const std::string_view line = kept ? std::string_view(*kept) : std::string_view();
    if (line.size() > kSumDigits && line.substr(kSumDigits) == " " + before->state + "\n" &&
        IsSum(line.substr(0, kSumDigits))) {
      return std::string(line.substr(0, kSumDigits));
    }
  }
  MORES_ASSIGN_OR_RETURN(std::string sum, Sha256HexOfFile(path));
  const std::optional<FileState> after = StateOf(path);
  if (after && after->settled && after->state == before->state) Keep(*after, sum);
  return sum;
}

void RememberSha256(const std::string& path, std::string_view sha256) {
  const std::optional<FileState> file = StateOf(path);
  if (file && IsSum(sha256)) Keep(*file, sha256);
}

}  // namespace mores
