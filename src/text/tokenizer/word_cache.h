// The ids of words that were seen before: most words of a text are among a few thousand. Bounded,
// and safe to use from several threads at once.
#ifndef MORES_TEXT_TOKENIZER_WORD_CACHE_H_
#define MORES_TEXT_TOKENIZER_WORD_CACHE_H_

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"

namespace mores::text {

class WordCache {
 public:
  static constexpr size_t kMaxWord = 64;  // bytes; longer words are not kept

  // Appends the ids of `word` if they are known.
  bool Append(std::string_view word, std::vector<int32_t>& ids);
  void Keep(std::string_view word, const int32_t* begin, const int32_t* end);

 private:
  static constexpr size_t kShards = 64;
  static constexpr size_t kWordsPerShard = 1024;  // a full shard begins anew

  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, std::vector<int32_t>, KeyedTextHash, std::equal_to<>> words;
  };
  Shard& ShardOf(std::string_view word) {
    return shards_[KeyedHash(HashKey(), word) >> 32 & (kShards - 1)];
  }

  std::array<Shard, kShards> shards_;
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_WORD_CACHE_H_
