// For fuzz targets: hands bytes to functions that take a path.
#ifndef MORES_SUPPORT_BASE_FUZZ_INPUT_H_
#define MORES_SUPPORT_BASE_FUZZ_INPUT_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

namespace mores {

inline std::string_view FuzzBytes(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A file in memory, gone with the object.
class FuzzFile {
 public:
  explicit FuzzFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", 0)) {
    MORES_CHECK(descriptor_ >= 0);
    MORES_CHECK(write(descriptor_, bytes.data(), bytes.size()) ==
                static_cast<ssize_t>(bytes.size()));
  }
  ~FuzzFile() { close(descriptor_); }
  FuzzFile(const FuzzFile&) = delete;
  FuzzFile& operator=(const FuzzFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace mores

#endif  // MORES_SUPPORT_BASE_FUZZ_INPUT_H_
