// Hashes for tables whose keys come from files: a key drawn once a process decides where they go,
// so no file can be made to put all of them in one place.
#ifndef MORES_BASE_KEYED_HASH_H_
#define MORES_BASE_KEYED_HASH_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>

namespace mores {

// Odd. Nothing that is written or shown may depend on it, nor on the order of such a table.
inline uint64_t HashKey() {
  static const uint64_t key = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device() | 1;
  }();
  return key;
}

// Both halves of a product: all bits of either factor reach all of the result.
inline uint64_t FoldedProduct(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
}

inline uint64_t KeyedHash(uint64_t key, uint64_t value) {
  return FoldedProduct(FoldedProduct(value ^ key, 0x9E3779B97F4A7C15ULL) ^ value, key);
}

inline uint64_t KeyedHash(uint64_t key, std::string_view text) {
  uint64_t hash = FoldedProduct(key ^ text.size(), 0x9E3779B97F4A7C15ULL);
  const auto add = [&](size_t count) {
    uint64_t chunk = 0;
    std::memcpy(&chunk, text.data(), count);
    text.remove_prefix(count);
    hash = FoldedProduct(hash ^ chunk, key);
  };
  while (text.size() >= 8) add(8);
  if (!text.empty()) add(text.size());
  return FoldedProduct(hash ^ 0xD6E8FEB86659FD93ULL, key);
}

// For the standard library's tables.
struct KeyedTextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return KeyedHash(HashKey(), text); }
};
struct KeyedNumberHash {
  size_t operator()(uint64_t number) const { return KeyedHash(HashKey(), number); }
};

}  // namespace mores

#endif  // MORES_BASE_KEYED_HASH_H_
