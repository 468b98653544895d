// A map from 64-bit keys to 64-bit values that is filled once and read often: open addressing,
// linear probing, at most half full.
#ifndef MORES_TEXT_TOKENIZER_FLAT_MAP_H_
#define MORES_TEXT_TOKENIZER_FLAT_MAP_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/keyed_hash.h"

namespace mores::text {

class FlatMap {
 public:
  FlatMap() : slots_(16) {}

  // Sets the value of `key`. REQUIRES: key != kNone.
  void Set(uint64_t key, uint64_t value) {
    if (2 * (size_ + 1) > slots_.size()) Grow();
    Slot& slot = slots_[IndexOf(key)];
    if (slot.key == kNone) ++size_;
    slot = {key, value};
  }
  // Null if there is none.
  const uint64_t* Find(uint64_t key) const {
    const Slot& slot = slots_[IndexOf(key)];
    return slot.key == kNone ? nullptr : &slot.value;
  }
  size_t size() const { return size_; }

  static constexpr uint64_t kNone = ~uint64_t{0};

 private:
  struct Slot {
    uint64_t key = kNone;
    uint64_t value = 0;
  };

  // Where `key` is, or would go.
  size_t IndexOf(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    size_t i = KeyedHash(hash_key_, key) & mask;
    while (slots_[i].key != key && slots_[i].key != kNone) i = (i + 1) & mask;
    return i;
  }
  void Grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.key != kNone) slots_[IndexOf(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two of them
  size_t size_ = 0;
  uint64_t hash_key_ = HashKey();
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_FLAT_MAP_H_
