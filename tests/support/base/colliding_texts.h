// Texts that mean harm to tables: std::hash puts all of them into one bucket. For tests alone.
#ifndef MORES_TESTS_SUPPORT_BASE_COLLIDING_TEXTS_H_
#define MORES_TESTS_SUPPORT_BASE_COLLIDING_TEXTS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace mores {

// `count` texts of eight bytes of ASCII without NUL. Their hashes are multiples of the numbers of
// buckets that a table of them has, whether it was told its size first or grew. libstdc++'s hash is
// MurmurHash64A with a known seed, every step of which can be undone.
inline std::vector<std::string> CollidingTexts(size_t count) {
  std::unordered_set<uint64_t> grown, reserved;
  reserved.reserve(count);
  for (uint64_t i = 0; i < count; ++i) grown.insert(i);
  const uint64_t buckets = grown.bucket_count() == reserved.bucket_count()
                               ? grown.bucket_count()
                               : grown.bucket_count() * reserved.bucket_count();
  constexpr uint64_t kFactor = 0xC6A4A7935BD1E995;
  constexpr uint64_t kStart = 0xC70F6907 ^ (8 * kFactor);
  uint64_t inverse = kFactor;  // by Newton's steps, each of which doubles the right bits
  for (int i = 0; i < 6; ++i) inverse *= 2 - kFactor * inverse;
  std::mt19937_64 random(1);
  std::set<std::string> texts;
  while (texts.size() < count) {
    uint64_t hash = random() / buckets * buckets;
    hash = (hash ^ hash >> 47) * inverse;
    hash = (hash ^ hash >> 47) * inverse;
    uint64_t chunk = (hash ^ kStart) * inverse;
    chunk = (chunk ^ chunk >> 47) * inverse;
    if ((chunk & 0x8080808080808080) != 0) continue;
    std::string text(sizeof(chunk), '\0');
    std::memcpy(text.data(), &chunk, sizeof(chunk));
    if (text.find('\0') == std::string::npos) texts.insert(text);
  }
  // Else the texts prove nothing.
  EXPECT_EQ(std::hash<std::string_view>()(*texts.begin()) % buckets, 0u);
  return {texts.begin(), texts.end()};
}

}  // namespace mores

#endif  // MORES_TESTS_SUPPORT_BASE_COLLIDING_TEXTS_H_
