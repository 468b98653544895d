#include "model/kv_cache.h"

#include <cstring>

#include "model/decoder.h"
#include "ops/amx_attention.h"
#include "ops/rows.h"

namespace mores::model {

KvCache::KvCache(const Decoder& decoder, int64_t positions, Keep keep,
                 const PackedAdapter* adapter) {
  Reset(decoder, positions, keep, adapter);
}

void KvCache::Reset(const Decoder& decoder, int64_t positions, Keep keep,
                    const PackedAdapter* adapter) {
  static_assert(kBlock == ops::kKeyPanel);
  const ModelConfig& config = decoder.config();
  tiles_ = decoder.attends_on_tiles();
  layers_held_ = keep == Keep::kAllLayers ? config.layers : 1;
  kv_heads_ = config.kv_heads;
  head_dim_ = config.head_dim;
  capacity_ = ops::CeilDiv(positions, kBlock) * kBlock;
  length_ = 0;
  adapter_ = adapter;
  positions_ = positions;
  rope_bound_ = config.RopeBound(positions);
  data_.Resize(2 * layers_held_ * kv_heads_ * head_bytes());
}

void* KvCache::At(int64_t layer, int64_t head, int64_t which) {
  const int64_t index = (2 * (layer % layers_held_) + which) * kv_heads_ + head;
  return data_.data() + index * head_bytes();
}

void KvCache::Store(const float* keys, const float* values, int64_t row, int64_t first,
                    int64_t count, int64_t layer, int64_t head) {
  if (tiles_) {
    ops::amx::StoreKeys(keys, row, first, count, head_dim_, keys_in<uint16_t>(layer, head));
    ops::amx::StoreValues(values, row, first, count, head_dim_, values_in<uint16_t>(layer, head));
    return;
  }
  ops::StoreKeys(keys, row, first, count, head_dim_, keys_in<float>(layer, head));
  float* to = values_in<float>(layer, head) + first * head_dim_;
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * head_dim_, values + i * row,
                static_cast<size_t>(head_dim_) * sizeof(float));
  }
}

void KvCache::Clear(int64_t positions, int64_t layer, int64_t head) {
  if (tiles_) {
    ops::amx::ClearValuesAfter(positions, head_dim_, values_in<uint16_t>(layer, head));
  } else {
    ops::ClearKeysAfter(positions, head_dim_, keys_in<float>(layer, head));
  }
}

void KvCache::Attend(ops::AttentionForward args, int64_t layer, int64_t head) {
  thread_local ops::AttentionScratch scratch;
  if (tiles_) {
    ops::amx::Attend(args, {keys_in<uint16_t>(layer, head), values_in<uint16_t>(layer, head)},
                     scratch);
    return;
  }
  args.key_panels = keys_in<float>(layer, head);
  args.values = values_in<float>(layer, head);
  ops::Attend(args, scratch);
}

void KvCache::Copy(KvCache& from, int64_t count, int64_t layer, int64_t head) {
  if (tiles_) {
    ops::amx::CopyKeys(from.keys_in<uint16_t>(layer, head), count, head_dim_,
                       keys_in<uint16_t>(layer, head));
    ops::amx::CopyValues(from.values_in<uint16_t>(layer, head), count, head_dim_,
                         values_in<uint16_t>(layer, head));
    return;
  }
  std::memcpy(values_in<float>(layer, head), from.values_in<float>(layer, head),
              static_cast<size_t>(count * head_dim_) * sizeof(float));
  ops::CopyKeys(from.keys_in<float>(layer, head), count, head_dim_, keys_in<float>(layer, head));
}

}  // namespace mores::model
