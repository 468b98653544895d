#include "text/tokenizer/charsmap.h"

#include <algorithm>

#include "text/graphemes.h"
#include "text/tokenizer/component_fields.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

constexpr size_t kMaxSize = size_t{64} << 20;
// Longer clusters are looked up one character at a time.
constexpr size_t kMaxCluster = 5;

uint32_t LittleEndian(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value |= uint32_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  }
  return value;
}

// A unit of the double array.
uint32_t Offset(uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); }
uint32_t Label(uint32_t unit) { return unit & ((1U << 31) | 0xFF); }
bool HasLeaf(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t Value(uint32_t unit) { return unit & ((1U << 31) - 1); }

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

Expected<Charsmap> Charsmap::ParseBase64(std::string_view base64, std::string_view where) {
  std::string bytes;
  bytes.reserve(base64.size() / 4 * 3);
  const size_t end = std::min(base64.find('='), base64.size());
  if (base64.size() % 4 != 0 || base64.size() - end > 2 ||
      base64.find_first_not_of('=', end) != std::string_view::npos) {
    return MakeError(ErrorKind::kCorrupt, "{}: not base64", where);
  }
  uint32_t bits = 0;
  for (size_t i = 0; i < end; ++i) {
    const int digit = Base64Digit(base64[i]);
    if (digit < 0) return MakeError(ErrorKind::kCorrupt, "{}: not base64", where);
    bits = bits << 6 | static_cast<uint32_t>(digit);
    if (i % 4 != 0) bytes.push_back(static_cast<char>(bits >> (6 - 2 * (i % 4)) & 0xFF));
  }
  return Parse(bytes, where);
}

Expected<Charsmap> Charsmap::Parse(std::string_view bytes, std::string_view where) {
  const auto corrupt = [&](std::string_view what) {
    return MakeError(ErrorKind::kCorrupt, "{}: a broken character map: {}", where, what);
  };
  if (bytes.size() < 4 || bytes.size() > kMaxSize) return corrupt("its size");
  const size_t trie_size = LittleEndian(bytes, 0);
  if (trie_size == 0 || trie_size % 4 != 0 || trie_size > bytes.size() - 4) {
    return corrupt("the size of its trie");
  }
  Charsmap map;
  map.units_.reserve(trie_size / 4);
  for (size_t i = 4; i < 4 + trie_size; i += 4) map.units_.push_back(LittleEndian(bytes, i));
  map.strings_ = bytes.substr(4 + trie_size);
  if (!IsValidUtf8(map.strings_)) return corrupt("its strings are not UTF-8");
  for (size_t begin = 0; begin < map.strings_.size();) {
    const size_t end = std::min(map.strings_.find('\0', begin), map.strings_.size());
    if (end - begin > kMaxInsertion) {
      return MakeError(ErrorKind::kUnsupported, "{}: a string of more than {} bytes", where,
                       kMaxInsertion);
    }
    begin = end + 1;
  }
  return map;
}

std::optional<std::string_view> Charsmap::Find(std::string_view chunk) const {
  uint32_t node = Offset(units_[0]);
  for (const char c : chunk) {
    if (c == '\0') return std::nullopt;
    node ^= static_cast<unsigned char>(c);
    if (node >= units_.size()) return std::nullopt;
    const uint32_t unit = units_[node];
    if (Label(unit) != static_cast<unsigned char>(c)) return std::nullopt;
    node ^= Offset(unit);
    if (!HasLeaf(unit)) continue;
    if (node >= units_.size()) return std::nullopt;
    const uint32_t value = Value(units_[node]);
    // A value that points beside the strings, or into a character, is none.
    if (value > strings_.size()) return std::nullopt;
    const std::string_view found =
        std::string_view(strings_).substr(value, strings_.find('\0', value) - value);
    return IsValidUtf8(found) ? std::optional(found) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string> Charsmap::Normalize(std::string_view utf8, size_t most) const {
  std::string out;
  out.reserve(utf8.size());
  for (size_t begin = 0; begin < utf8.size();) {
    if (out.size() > most) return std::nullopt;
    const size_t end = GraphemeEnd(utf8, begin);
    const std::string_view cluster = utf8.substr(begin, end - begin);
    begin = end;
    if (cluster.size() <= kMaxCluster) {
      if (const auto found = Find(cluster)) {
        out += *found;
        continue;
      }
    }
    for (size_t i = 0; i < cluster.size();) {
      const std::string_view character = cluster.substr(i, CharacterSize(cluster[i]));
      out += Find(character).value_or(character);
      i += character.size();
    }
  }
  return out;
}

}  // namespace mores::text
