#include "guidelines/places/mo_catalogue.h"

#include <cstdint>
#include <cstring>
#include <optional>

namespace mores::guidelines {
namespace {

constexpr uint32_t kMagic = 0x950412DE;  // as little-endian machines write it
constexpr size_t kHeader = 28;

uint32_t NumberAt(std::string_view bytes, size_t offset) {
  uint32_t number = 0;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

// The string that the pair of length and offset at `entry` describes.
std::optional<std::string_view> StringAt(std::string_view bytes, size_t entry) {
  if (entry + 8 > bytes.size()) return std::nullopt;
  const size_t length = NumberAt(bytes, entry);
  const size_t offset = NumberAt(bytes, entry + 4);
  if (offset > bytes.size() || length > bytes.size() - offset) return std::nullopt;
  return bytes.substr(offset, length);
}

}  // namespace

Expected<std::unordered_map<std::string, std::string>> ParseMoCatalogue(std::string_view bytes,
                                                                        std::string_view where) {
  if (bytes.size() < kHeader || NumberAt(bytes, 0) != kMagic) {
    return MakeError(ErrorKind::kCorrupt, "{}: not a message catalogue", where);
  }
  const size_t count = NumberAt(bytes, 8);
  const size_t originals = NumberAt(bytes, 12), translations = NumberAt(bytes, 16);
  if (count > bytes.size() / 16) {
    return MakeError(ErrorKind::kCorrupt, "{}: says {} messages, and is too short", where, count);
  }
  std::unordered_map<std::string, std::string> out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const auto original = StringAt(bytes, originals + 8 * i);
    const auto translation = StringAt(bytes, translations + 8 * i);
    if (!original || !translation) {
      return MakeError(ErrorKind::kCorrupt, "{}: message {} lies outside the file", where, i + 1);
    }
    if (!original->empty()) out.emplace(*original, *translation);
  }
  return out;
}

}  // namespace mores::guidelines
