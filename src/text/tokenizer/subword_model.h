// What the models of tokenizer.json have in common: a vocabulary, and words made of its pieces.
#ifndef MORES_TEXT_TOKENIZER_SUBWORD_MODEL_H_
#define MORES_TEXT_TOKENIZER_SUBWORD_MODEL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/keyed_hash.h"

namespace mores::text {

// Pieces by id and ids by piece. Ids may have gaps.
class Vocabulary {
 public:
  static constexpr int64_t kMaxIds = int64_t{4} << 20;

  Vocabulary() = default;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;

  // kCorrupt for an id out of range, or one, or a piece, that occurs twice.
  static Expected<Vocabulary> From(std::vector<std::pair<std::string, int64_t>> entries,
                                   std::string_view where);

  std::optional<int32_t> Find(std::string_view piece) const {
    if (slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[IndexOf(piece, KeyedHash(hash_key_, piece))];
    return slot.id == kFree ? std::nullopt : std::optional(slot.id);
  }
  // Null where there is none.
  const std::string* PieceOf(int32_t id) const {
    if (id < 0 || static_cast<size_t>(id) >= pieces_.size()) return nullptr;
    return present_[static_cast<size_t>(id)] ? &pieces_[static_cast<size_t>(id)] : nullptr;
  }
  size_t count() const { return count_; }
  int32_t end_id() const { return static_cast<int32_t>(pieces_.size()); }  // the largest, plus one

 private:
  static constexpr int32_t kFree = -1;
  // Where a piece may be found, by open addressing with linear probing.
  struct Slot {
    uint32_t mark = 0;  // upper half of the hash: few other pieces are looked at
    int32_t id = kFree;
  };

  // Where `piece` is, or would go.
  size_t IndexOf(std::string_view piece, uint64_t hash) const {
    const size_t mask = slots_.size() - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
      const Slot& slot = slots_[i];
      if (slot.id == kFree) return i;
      if (slot.mark == hash >> 32 && pieces_[static_cast<size_t>(slot.id)] == piece) return i;
    }
  }

  std::vector<std::string> pieces_;  // by id
  std::vector<bool> present_;
  std::vector<Slot> slots_;  // a power of two of them, at most half taken
  size_t count_ = 0;
  uint64_t hash_key_ = HashKey();
};

class IdSet {
 public:
  void Add(int32_t id) {
    const auto index = static_cast<size_t>(id);
    if (index >= ids_.size()) ids_.resize(index + 1);
    ids_[index] = true;
  }
  bool Has(int32_t id) const {
    const auto index = static_cast<size_t>(id);
    return index < ids_.size() && ids_[index];
  }

 private:
  std::vector<bool> ids_;
};

// Immutable; safe to share between threads.
class SubwordModel {
 public:
  virtual ~SubwordModel() = default;
  // Appends the ids of a word. No piece of `forbidden` is read out of its text; what is unknown
  // stays unknown. REQUIRES: valid UTF-8, not empty.
  virtual void Encode(std::string_view word, const IdSet& forbidden,
                      std::vector<int32_t>& ids) const = 0;
  virtual const Vocabulary& vocabulary() const = 0;
};

// "<0x0A>"
std::string BytePiece(uint8_t byte);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_SUBWORD_MODEL_H_
