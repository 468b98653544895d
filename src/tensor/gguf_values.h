// How the GGUF format numbers the types of values; for its reader and writer alone.
#ifndef MORES_TENSOR_GGUF_VALUES_H_
#define MORES_TENSOR_GGUF_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mores::tensor {

enum class GgufType : uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

inline constexpr std::string_view kGgufMagic = "GGUF";
inline constexpr uint32_t kGgufVersion = 3;
inline constexpr uint64_t kGgufDefaultAlignment = 32;
inline constexpr std::string_view kGgufAlignmentKey = "general.alignment";
inline constexpr size_t kGgufMostDimensions = 4;
inline constexpr size_t kGgufLongestTensorName = 63;  // with an end of its own, 64 in llama.cpp
inline constexpr size_t kGgufLongestKey = 255;        // of ours: errors name keys

// Bytes of a value that has always the same; 0 for strings, arrays and unknown types.
constexpr size_t GgufSizeOf(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool:
      return 1;
    case GgufType::kU16:
    case GgufType::kI16:
      return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32:
      return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64:
      return 8;
    case GgufType::kString:
    case GgufType::kArray:
      break;
  }
  return 0;
}

// REQUIRES: as many bytes.
template <class T>
T GgufNumberAt(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

// REQUIRES: an integer type or kBool, and its bytes. A u64 above INT64_MAX is INT64_MAX.
int64_t GgufIntegerAt(GgufType type, const char* from);

// What a name may consist of: the format asks keys to be ASCII, and an error is one line.
constexpr bool IsGgufName(std::string_view name) {
  for (const char c : name) {
    if (c < 0x20 || c > 0x7E) return false;
  }
  return !name.empty();
}

}  // namespace mores::tensor

#endif  // MORES_TENSOR_GGUF_VALUES_H_
