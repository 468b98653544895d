#include "base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/input_bytes.h"

namespace mores {
namespace {

constexpr size_t kReadSize = size_t{1} << 18;

// An error from errno: kMissing for what is not there, kIo for the rest.
tl::unexpected<Error> SystemError(int error_number, const std::string& path, const char* what) {
  const ErrorKind kind =
      error_number == ENOENT || error_number == ENOTDIR ? ErrorKind::kMissing : ErrorKind::kIo;
  return MakeError(kind, "{}: {}: {}", path, what, std::generic_category().message(error_number));
}

// The open descriptor that a path names; -1 for any other path.
int NamedDescriptor(std::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    path.remove_prefix(folder.size());
    int descriptor = -1;
    const auto [end, error] = std::from_chars(path.begin(), path.end(), descriptor);
    return error == std::errc() && end == path.end() ? descriptor : -1;
  }
  return -1;
}

std::string DisplayName(const std::string& path) {
  return path == "-" ? std::string("<stdin>") : path;
}

// A descriptor for reading; a directory is an error here, before the first read.
Expected<int> OpenForReading(const std::string& path) {
  if (path == "-") return STDIN_FILENO;
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemError(errno, path, "can't open");
  struct stat info {};
  if (fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) {
    close(descriptor);
    return SystemError(EISDIR, path, "can't read");
  }
  return descriptor;
}

// Bytes read, 0 at the end, negative on failure; interrupted reads are tried again.
ssize_t ReadSome(int descriptor, char* data, size_t size) {
  while (true) {
    const ssize_t got = read(descriptor, data, size);
    if (got >= 0 || errno != EINTR) return got;
  }
}

// Writes everything, or says with errno why not. A short write is followed by another, whose
// failure tells the reason (a full disk accepts a part first).
bool WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(descriptor, bytes.data(), bytes.size());
    if (wrote < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}

// The folder that a path stands in.
std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : (slash == 0 ? "/" : path.substr(0, slash));
}

// Makes a rename in the folder of `path` survive a power failure. Some file systems refuse to sync
// a folder; the rename is done by then, so that is not an error.
void SyncParent(const std::string& path) {
  const int descriptor = open(ParentOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

// Beside `path`; short, so that a name that fits leaves one that fits.
std::string TemporaryName(const std::string& path) {
  static std::atomic<uint64_t> counter{0};
  constexpr size_t kKept = 100;
  const size_t name = path.rfind('/') + 1;  // 0 where there is no folder
  return fmt::format("{}.tmp-{}-{}", std::string_view(path).substr(0, name + kKept), getpid(),
                     counter.fetch_add(1));
}

// Where links lead, so that what is there is replaced, or made, and the links stay.
Expected<std::string> ResolveLinks(const std::string& path) {
  constexpr int kMostLinks = 40;  // as the kernel
  std::filesystem::path resolved = path;
  for (int i = 0; i < kMostLinks; ++i) {
    std::error_code error;
    const std::filesystem::path target = std::filesystem::read_symlink(resolved, error);
    if (error) return resolved.string();
    resolved = resolved.parent_path() / target;
  }
  return SystemError(ELOOP, path, "can't write");
}

}  // namespace

Expected<std::string> ReadFile(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const int descriptor, OpenForReading(path));
  std::string bytes;
  struct stat info {};
  if (fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode)) {
    bytes.reserve(static_cast<size_t>(info.st_size) + 1);
  }
  std::string chunk(kReadSize, '\0');
  ssize_t got = 0;
  while ((got = ReadSome(descriptor, chunk.data(), chunk.size())) > 0) {
    bytes.append(chunk.data(), static_cast<size_t>(got));
  }
  const int error_number = errno;
  if (descriptor != STDIN_FILENO) close(descriptor);
  if (got < 0) return SystemError(error_number, DisplayName(path), "can't read");
  return bytes;
}

Expected<MappedFile> MappedFile::Open(const std::string& path) {
  // A pipe without a writer isn't waited for.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return SystemError(errno, path, "can't open");
  struct stat info {};
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(descriptor);
    return MakeError(ErrorKind::kIo, "{}: can't map: not a regular file", path);
  }
  MappedFile file;
  file.size_ = static_cast<size_t>(info.st_size);
  if (file.size_ > 0) {  // an empty mapping is refused by the kernel
    void* data = mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) {
      const int error_number = errno;
      close(descriptor);
      file.size_ = 0;
      return SystemError(error_number, path, "can't map");
    }
    file.data_ = static_cast<const char*>(data);
  }
  close(descriptor);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::Release(std::string_view part) const {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto offset = static_cast<size_t>(part.data() - data_);
  // Whole pages alone: their neighbours may still be in use.
  const size_t begin = (offset + page - 1) / page * page;
  const size_t end = (offset + part.size()) / page * page;
  if (begin < end) madvise(const_cast<char*>(data_) + begin, end - begin, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
}

Expected<std::unique_ptr<AtomicFile>> AtomicFile::Create(const std::string& path) {
  std::unique_ptr<AtomicFile> file(new AtomicFile());
  file->path_ = path;
  if (path == "-") return file;
  if (const int named = NamedDescriptor(path); named >= 0) {
    file->descriptor_ = fcntl(named, F_DUPFD_CLOEXEC, 0);
    if (file->descriptor_ < 0) return SystemError(errno, path, "can't write");
    return file;
  }
  struct stat info {};
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) return SystemError(EISDIR, path, "can't write");
  if (exists && !S_ISREG(info.st_mode)) {
    // A device or a pipe (/dev/null, /dev/stdout) is written to; renaming would replace it.
    file->descriptor_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file->descriptor_ < 0) return SystemError(errno, path, "can't write");
    return file;
  }
  MORES_ASSIGN_OR_RETURN(file->path_, ResolveLinks(path));
  if (exists && access(path.c_str(), W_OK) != 0) return SystemError(errno, path, "can't write");
  const std::string temporary = TemporaryName(file->path_);
  file->descriptor_ = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file->descriptor_ < 0) return SystemError(errno, path, "can't create");
  file->temporary_ = temporary;
  if (exists) (void)!fchmod(file->descriptor_, info.st_mode & 07777);
  return file;
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Status AtomicFile::Write(std::string_view bytes) {
  if (path_ == "-") {
    pending_.append(bytes);
    return {};
  }
  if (!WriteAll(descriptor_, bytes)) return SystemError(errno, path_, "can't write");
  return {};
}

Status AtomicFile::Commit() {
  if (path_ == "-") {
    if (!WriteAll(STDOUT_FILENO, pending_)) return SystemError(errno, "<stdout>", "can't write");
    pending_.clear();
    return {};
  }
  const bool rename_after = !temporary_.empty();
  if (rename_after && fsync(descriptor_) != 0) return SystemError(errno, path_, "can't flush");
  const int closed = close(std::exchange(descriptor_, -1));
  if (closed != 0) return SystemError(errno, path_, "can't close");
  if (!rename_after) return {};
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    return SystemError(errno, path_, "can't rename into place");
  }
  temporary_.clear();
  SyncParent(path_);
  return {};
}

Status WriteFileAtomically(const std::string& path, std::string_view bytes) {
  MORES_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  MORES_RETURN_IF_ERROR(file->Write(bytes));
  return file->Commit();
}

Expected<std::unique_ptr<AppendFile>> AppendFile::Open(const std::string& path) {
  std::unique_ptr<AppendFile> file(new AppendFile());
  file->path_ = path;
  file->descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file->descriptor_ < 0) return SystemError(errno, path, "can't open for appending");
  return file;
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status AppendFile::Append(std::string_view bytes) {
  struct stat before {};
  const bool regular = fstat(descriptor_, &before) == 0 && S_ISREG(before.st_mode);
  if (WriteAll(descriptor_, bytes)) return {};
  const int error_number = errno;
  // A disk that filled up in the middle leaves a torn record; take it back while we can.
  if (regular) (void)!ftruncate(descriptor_, before.st_size);
  return SystemError(error_number, path_, "can't append");
}

Status AppendFile::Sync() {
  if (fsync(descriptor_) != 0 && errno != EINVAL) return SystemError(errno, path_, "can't flush");
  return {};
}

Expected<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path) {
  std::unique_ptr<LineReader> reader(new LineReader());
  reader->path_ = DisplayName(path);
  MORES_ASSIGN_OR_RETURN(reader->input_, InputBytes::Open(path));
  return reader;
}

LineReader::LineReader() = default;
LineReader::~LineReader() = default;

Expected<bool> LineReader::Next(std::string& line) {
  size_t searched = 0;  // bytes after position_ known to hold no terminator
  while (true) {
    const size_t newline = buffer_.find('\n', position_ + searched);
    searched = buffer_.size() - position_;
    const size_t length = newline == std::string::npos ? searched : newline - position_;
    if (length > kMaxLine) {
      return MakeError(ErrorKind::kInput, "{}:{}: line is longer than {} MiB", path_,
                       line_number_ + 1, kMaxLine >> 20);
    }
    if (newline != std::string::npos || (end_ && length > 0)) {
      line.assign(buffer_, position_, length);
      if (newline != std::string::npos && !line.empty() && line.back() == '\r') line.pop_back();
      position_ += length + (newline != std::string::npos ? 1 : 0);
      ++line_number_;
      if (line_number_ == 1 && line.starts_with("\xEF\xBB\xBF")) {
        line.erase(0, 3);
        if (line.empty() && end_ && newline == std::string::npos) return false;  // nothing but it
      }
      return true;
    }
    if (end_) return false;
    buffer_.erase(0, position_);
    position_ = 0;
    const size_t size = buffer_.size();
    buffer_.resize(size + kReadSize);
    const Expected<size_t> got = input_->Read(buffer_.data() + size, kReadSize);
    buffer_.resize(size + (got ? *got : 0));
    if (!got) return tl::unexpected(got.error());
    end_ = *got == 0;
  }
}

bool IsStream(const std::string& path) {
  if (path == "-" || NamedDescriptor(path) >= 0) return true;
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

bool IsStandardOutput(const std::string& path) {
  return path == "-" || NamedDescriptor(path) == STDOUT_FILENO;
}

Status CheckWritableStream(const std::string& path) {
  const int named = NamedDescriptor(path);
  if (named < 0) return {};
  const int flags = fcntl(named, F_GETFL);
  if (flags < 0) return SystemError(errno, path, "can't write");
  if ((flags & O_ACCMODE) == O_RDONLY) return SystemError(EBADF, path, "can't write");
  return {};
}

Status CheckWritable(const std::string& path, std::initializer_list<std::string_view> beside) {
  if (IsStream(path)) return {};
  MORES_ASSIGN_OR_RETURN(const std::string target, ResolveLinks(path));
  if (DirectoryExists(target) || target.ends_with('/')) {
    return MakeError(ErrorKind::kUsage, "{}: the output is a directory", path);
  }
  const std::string folder = ParentOf(target);
  if (!DirectoryExists(folder)) {
    return MakeError(ErrorKind::kIo, "{}: there is no folder '{}'", path, folder);
  }
  const auto check_length = [&](const std::string& where, size_t more) -> Status {
    const long most = pathconf(ParentOf(where).c_str(), _PC_NAME_MAX);
    const size_t name = where.size() - (where.rfind('/') + 1) + more;
    const bool fits = most < 0 || name <= static_cast<size_t>(most);
    if (fits && where.size() + more < PATH_MAX) return {};
    return MakeError(ErrorKind::kUsage,
                     "{}: the file name is too long: with what is written beside it, it has {} "
                     "bytes of at most {}",
                     path, fits ? where.size() + more : name, fits ? PATH_MAX - 1 : most);
  };
  // Files beside the output stand beside the link, where it is one.
  size_t more = 0;
  for (const std::string_view name : beside) more = std::max(more, name.size());
  MORES_RETURN_IF_ERROR(check_length(target, 0));
  MORES_RETURN_IF_ERROR(check_length(path, more));
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return SystemError(errno, path, "can't write into its folder");
  }
  if (FileExists(target) && access(target.c_str(), W_OK) != 0) {
    return SystemError(errno, path, "can't write");
  }
  return {};
}

bool FileExists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && !S_ISDIR(info.st_mode);
}

bool DirectoryExists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Status MakeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return MakeError(ErrorKind::kIo, "{}: can't create the directory: {}", path, error.message());
  }
  return {};
}

}  // namespace mores
