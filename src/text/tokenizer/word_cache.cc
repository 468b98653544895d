#include "text/tokenizer/word_cache.h"

namespace mores::text {

bool WordCache::Append(std::string_view word, std::vector<int32_t>& ids) {
  Shard& shard = ShardOf(word);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.words.find(word);
  if (found == shard.words.end()) return false;
  ids.insert(ids.end(), found->second.begin(), found->second.end());
  return true;
}

void WordCache::Keep(std::string_view word, const int32_t* begin, const int32_t* end) {
  Shard& shard = ShardOf(word);
  const std::lock_guard lock(shard.mutex);
  if (shard.words.size() >= kWordsPerShard) shard.words.clear();
  shard.words.emplace(word, std::vector<int32_t>(begin, end));
}

}  // namespace mores::text
