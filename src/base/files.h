// Files: whole reads, lines as they stream, final artefacts written beside and renamed.
// Paths are UTF-8. "-" is standard input or output where a function says so.
#ifndef MORES_BASE_FILES_H_
#define MORES_BASE_FILES_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mores {

class InputBytes;

// The bytes as they are, packed or not.
Expected<std::string> ReadFile(const std::string& path);  // "-" is standard input

// A read-only view of a whole file in memory, mapped.
class MappedFile {
 public:
  static Expected<MappedFile> Open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::string_view bytes() const { return {data_, size_}; }
  // Lets the memory of `part`, a range of bytes(), go; it is read from the file again if needed.
  void Release(std::string_view part) const;

 private:
  MappedFile() = default;
  const char* data_ = nullptr;
  size_t size_ = 0;
};

// Writes to a file beside `path` and renames it into place in Commit(), after flushing to disk.
// Where `path` is a link, what it leads to is replaced, or made, and the link stays.
// Destroyed without Commit(), it removes what it wrote. "-" writes to standard output at Commit().
class AtomicFile {
 public:
  static Expected<std::unique_ptr<AtomicFile>> Create(const std::string& path);
  ~AtomicFile();
  Status Write(std::string_view bytes);
  Status Commit();

 private:
  AtomicFile() = default;
  std::string path_, temporary_;
  std::string pending_;  // standard output only
  int descriptor_ = -1;
};

Status WriteFileAtomically(const std::string& path, std::string_view bytes);

// Appends whole records; each Append is one write call, flushed to the operating system before it
// returns, so a process killed at any moment leaves at most one torn record at the end.
class AppendFile {
 public:
  static Expected<std::unique_ptr<AppendFile>> Open(const std::string& path);  // created if absent
  ~AppendFile();
  Status Append(std::string_view bytes);
  Status Sync();  // to the disk

 private:
  AppendFile() = default;
  std::string path_;
  int descriptor_ = -1;
};

// Lines without their terminators ("\n" or "\r\n"), one at a time, of a file as InputBytes reads
// it. A byte-order mark at the start is dropped.
class LineReader {
 public:
  static Expected<std::unique_ptr<LineReader>> Open(const std::string& path);  // "-": stdin
  // False at the end of the file. An error for a read that failed, or a line above `kMaxLine`.
  Expected<bool> Next(std::string& line);
  int64_t line_number() const { return line_number_; }  // of the last line returned, from 1
  static constexpr size_t kMaxLine = size_t{64} << 20;
  ~LineReader();

 private:
  LineReader();
  std::string path_;
  std::unique_ptr<InputBytes> input_;
  std::string buffer_;
  size_t position_ = 0;
  int64_t line_number_ = 0;
  bool end_ = false;
};

// What can only be written to as it stands, since a rename would replace it: "-", a device, a pipe,
// or a name for an open descriptor (/dev/stdout, /dev/fd/3), whatever that is redirected to.
bool IsStream(const std::string& path);
// "-", or another name of standard output.
bool IsStandardOutput(const std::string& path);
// kIo if the path names a descriptor that is not open for writing.
Status CheckWritableStream(const std::string& path);

// What would keep a file from being written at the end of long work, said before it: a name that is
// too long (also with any of `beside` behind it, names of files that the work writes too), no such
// folder, one that nothing may be written in, a file that may not be written over, links in a
// circle. Streams are CheckWritableStream's.
Status CheckWritable(const std::string& path, std::initializer_list<std::string_view> beside = {});

bool FileExists(const std::string& path);
bool DirectoryExists(const std::string& path);
Status MakeDirectories(const std::string& path);

}  // namespace mores

#endif  // MORES_BASE_FILES_H_
