#include "fetch/partial_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/hash_stream.h"

namespace mores::fetch {
namespace {

constexpr size_t kPiece = size_t{1} << 20;
constexpr useconds_t kWait = 200'000;

tl::unexpected<Error> FileError(const std::string& path, const char* what) {
  const int error_number = errno;
  return MakeError(error_number == ENOENT ? ErrorKind::kMissing : ErrorKind::kIo, "{}: {}: {}",
                   path, what, std::generic_category().message(error_number));
}

// A descriptor that is closed.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

// Whether `path` is still the file that was opened: who held the lock may have moved it.
bool IsStill(int descriptor, const std::string& path) {
  struct stat opened {
  }, there{};
  return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

// Calls `take` with `size` bytes from `begin`, or all there are.
Status ReadRange(int descriptor, const std::string& path, int64_t begin, int64_t size,
                 StopToken stop, const std::function<Status(std::string_view)>& take) {
  std::string piece(kPiece, '\0');
  for (int64_t done = 0; done < size;) {
    MORES_RETURN_IF_ERROR(stop.Check());
    const auto wanted = std::min<int64_t>(size - done, kPiece);
    const ssize_t got = pread(descriptor, piece.data(), static_cast<size_t>(wanted), begin + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(path, "can't read");
    if (got == 0) return {};
    MORES_RETURN_IF_ERROR(take({piece.data(), static_cast<size_t>(got)}));
    done += got;
  }
  return {};
}

}  // namespace

Expected<PartialFile> PartialFile::Open(const std::string& path, StopToken stop,
                                        const std::function<void()>& on_wait) {
  constexpr int kMostMade = 100;
  int made = 0;
  for (bool told = false;;) {
    MORES_RETURN_IF_ERROR(stop.Check());
    OpenFile file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (file.get() < 0 && errno == ENOENT && made < kMostMade) {
      // Another fetch that failed has removed the folder, which it left empty.
      ++made;
      MORES_RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(path).parent_path().string()));
      continue;
    }
    if (file.get() < 0) return FileError(path, "can't write");
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) return FileError(path, "can't lock");
      if (!std::exchange(told, true)) on_wait();
      usleep(kWait);
      continue;
    }
    if (!IsStill(file.get(), path)) continue;
    struct stat info {};
    if (fstat(file.get(), &info) != 0) return FileError(path, "can't read");
    PartialFile partial(path, file.release());
    partial.size_ = info.st_size;
    return partial;
  }
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      moved_(other.moved_) {}

PartialFile::~PartialFile() {
  if (descriptor_ < 0) return;
  if (size_ == 0 && !moved_) unlink(path_.c_str());
  close(descriptor_);
}

Status PartialFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = pwrite(descriptor_, bytes.data(), bytes.size(), size_);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return FileError(path_, "can't write");
    size_ += wrote;
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return {};
}

Status PartialFile::Truncate(int64_t size) {
  if (size >= size_) return {};
  if (ftruncate(descriptor_, size) != 0) return FileError(path_, "can't write");
  size_ = size;
  return {};
}

Expected<std::string> PartialFile::Sha256(int64_t begin, int64_t size, StopToken stop,
                                          const std::function<void(int64_t)>& on_bytes) const {
  HashStream hash;
  int64_t done = 0;
  MORES_RETURN_IF_ERROR(
      ReadRange(descriptor_, path_, begin, size, stop, [&](std::string_view bytes) -> Status {
        hash.Add(bytes);
        on_bytes(done += static_cast<int64_t>(bytes.size()));
        return {};
      }));
  return hash.Hex();
}

Status PartialFile::MoveTo(const std::string& path) {
  if (fsync(descriptor_) != 0) return FileError(path_, "can't flush");
  if (rename(path_.c_str(), path.c_str()) != 0) return FileError(path, "can't rename into place");
  moved_ = true;
  // The rename itself too, where the file system can.
  const OpenFile folder(open(path.substr(0, path.rfind('/')).c_str(), O_RDONLY | O_DIRECTORY));
  if (folder.get() >= 0) fsync(folder.get());
  return {};
}

Status ReadInPieces(const std::string& path, StopToken stop,
                    const std::function<Status(std::string_view)>& take) {
  const OpenFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return FileError(path, "can't open");
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return FileError(path, "can't read");
  return ReadRange(file.get(), path, 0, info.st_size, stop, take);
}

Expected<std::string> Sha256OfFile(const std::string& path, StopToken stop,
                                   const std::function<void(int64_t)>& on_bytes) {
  HashStream hash;
  int64_t done = 0;
  MORES_RETURN_IF_ERROR(ReadInPieces(path, stop, [&](std::string_view bytes) -> Status {
    hash.Add(bytes);
    on_bytes(done += static_cast<int64_t>(bytes.size()));
    return {};
  }));
  return hash.Hex();
}

}  // namespace mores::fetch
