// What people hand in as text: a file or standard input, unpacked where it is gzip or zstd,
// whatever its name. What is no text that this program reads (UTF-16, other archives, tables) is
// named.
#ifndef MORES_BASE_INPUT_BYTES_H_
#define MORES_BASE_INPUT_BYTES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mores {

class InputBytes {
 public:
  static Expected<std::unique_ptr<InputBytes>> Open(const std::string& path);  // "-": stdin
  // The same of bytes in memory, which outlive it; `name` for errors.
  static std::unique_ptr<InputBytes> Of(std::string_view bytes, std::string name);
  ~InputBytes();

  // The next bytes of the text, at most `size`; 0 at the end. kInput for what is packed and broken,
  // ends early or needs more than 128 MiB to unpack, and for what is no UTF-8 text at all.
  Expected<size_t> Read(char* data, size_t size);

 private:
  class Unpacker;
  class Gzip;
  class Zstd;

  InputBytes();
  Status Start();
  Expected<size_t> ReadRaw(char* data, size_t size);
  Status FillRaw();
  Expected<size_t> ReadUnpacked(char* data, size_t size);

  std::string name_;
  int descriptor_ = -1;
  std::string_view memory_;
  std::string raw_;  // read and not yet used, from raw_at_
  size_t raw_at_ = 0;
  bool raw_end_ = false, started_ = false, shown_ = false;
  std::unique_ptr<Unpacker> unpacker_;  // null: the text is not packed
};

// All of it in memory. kInput for more than `most` bytes.
Expected<std::string> UnpackedText(std::string bytes, const std::string& name, size_t most);

}  // namespace mores

#endif  // MORES_BASE_INPUT_BYTES_H_
