// FILE.part: the beginning of a file that is being fetched, whoever carries it. What is there after
// a kill is gone on with, by any way.
#ifndef MORES_FETCH_PARTIAL_FILE_H_
#define MORES_FETCH_PARTIAL_FILE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/stop.h"

namespace mores::fetch {

class PartialFile {
 public:
  // Opens or makes it, and locks it against other processes until it is destroyed: waits while
  // another one holds it, after a call of `on_wait`.
  static Expected<PartialFile> Open(const std::string& path, StopToken stop,
                                    const std::function<void()>& on_wait);
  PartialFile(PartialFile&& other) noexcept;
  PartialFile& operator=(PartialFile&&) = delete;
  // Removes the file where it is empty.
  ~PartialFile();

  int64_t size() const { return size_; }
  Status Append(std::string_view bytes);
  Status Truncate(int64_t size);
  // Of `size` bytes from `begin`. `on_bytes`: how many were read so far.
  Expected<std::string> Sha256(int64_t begin, int64_t size, StopToken stop,
                               const std::function<void(int64_t)>& on_bytes) const;
  // Flushes to the disk and renames.
  Status MoveTo(const std::string& path);

 private:
  PartialFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  bool moved_ = false;
};

// Reads a file in pieces, to its end.
Status ReadInPieces(const std::string& path, StopToken stop,
                    const std::function<Status(std::string_view)>& take);
// Of a whole file; `on_bytes` as above.
Expected<std::string> Sha256OfFile(const std::string& path, StopToken stop,
                                   const std::function<void(int64_t)>& on_bytes);

}  // namespace mores::fetch

#endif  // MORES_FETCH_PARTIAL_FILE_H_
