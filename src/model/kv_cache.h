// The keys and values that a decoder keeps of one sequence.
#ifndef MORES_MODEL_KV_CACHE_H_
#define MORES_MODEL_KV_CACHE_H_

#include <cstdint>

#include "ops/attention.h"
#include "tensor/buffer.h"

namespace mores::model {

class Decoder;
class PackedAdapter;

// Keys and values of one sequence, for each layer and key/value head: float32 as in
// ops/attention.h, or bf16 as in ops/amx_attention.h for a decoder whose attention runs on tiles.
class KvCache {
 public:
  enum class Keep {
    kAllLayers,
    kOneLayer,  // the one at work: enough where a single Forward takes the whole sequence
  };
  // Room for at least `positions`, rounded up to whole blocks: the most that its request may come
  // to use, on which the rotary positions of some checkpoints depend. `adapter`: what the sequence
  // is computed with, packed for the decoder's model and precision, which must outlive the use of
  // the cache; null: the model as it is.
  KvCache(const Decoder& decoder, int64_t positions, Keep keep = Keep::kAllLayers,
          const PackedAdapter* adapter = nullptr);
  const PackedAdapter* adapter() const { return adapter_; }
  int64_t length() const { return length_; }
  int64_t capacity() const { return capacity_; }
  int64_t positions() const { return positions_; }  // that it was asked to have room for
  // Forgets positions from `length` on; `length` at most length().
  void Truncate(int64_t length) { length_ = length; }
  // Makes room for another sequence, empty; keeps the memory where it suffices.
  void Reset(const Decoder& decoder, int64_t positions, Keep keep = Keep::kAllLayers,
             const PackedAdapter* adapter = nullptr);

 private:
  friend class Decoder;
  // Where a head's keys (0) or values (1) lie: floats, or tiles.
  void* At(int64_t layer, int64_t head, int64_t which);
  // Takes positions first, first + 1, ... from rows [count][head_dim] with stride `row`.
  void Store(const float* keys, const float* values, int64_t row, int64_t first, int64_t count,
             int64_t layer, int64_t head);
  // After the last of `positions` is stored: makes the unused rest of its block numbers.
  void Clear(int64_t positions, int64_t layer, int64_t head);
  // Takes positions [0, count) from another sequence's cache.
  void Copy(KvCache& from, int64_t count, int64_t layer, int64_t head);

  // Result of queries over a head's positions; see ops/attention.h.
  void Attend(ops::AttentionForward args, int64_t layer, int64_t head);

  static constexpr int64_t kBlock = 32;  // positions
  int64_t head_bytes() const { return head_dim_ * capacity_ * (tiles_ ? 2 : 4); }
  template <class T>
  T* keys_in(int64_t layer, int64_t head) {
    return static_cast<T*>(At(layer, head, 0));
  }
  template <class T>
  T* values_in(int64_t layer, int64_t head) {
    return static_cast<T*>(At(layer, head, 1));
  }

  const PackedAdapter* adapter_ = nullptr;
  bool tiles_ = false;
  int64_t layers_held_ = 0, kv_heads_ = 0, head_dim_ = 0, capacity_ = 0, length_ = 0;
  int64_t positions_ = 0;
  int64_t rope_bound_ = 0;  // ModelConfig::RopeBound of positions_
  tensor::AlignedBuffer<unsigned char> data_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_KV_CACHE_H_
