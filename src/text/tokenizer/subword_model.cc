#include "text/tokenizer/subword_model.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "text/unicode.h"

namespace mores::text {

Expected<Vocabulary> Vocabulary::From(std::vector<std::pair<std::string, int64_t>> entries,
                                      std::string_view where) {
  int64_t largest = -1;
  for (const auto& [piece, id] : entries) {
    if (id < 0 || id >= kMaxIds) {
      return MakeError(ErrorKind::kCorrupt, "{}: '{}': id {}: expected 0 to {}", where,
                       FitColumns(piece, 40), id, kMaxIds - 1);
    }
    largest = std::max(largest, id);
  }
  Vocabulary vocabulary;
  vocabulary.pieces_.resize(static_cast<size_t>(largest + 1));
  vocabulary.present_.resize(static_cast<size_t>(largest + 1));
  vocabulary.slots_.resize(std::bit_ceil(2 * entries.size() + 1));
  for (auto& [piece, id] : entries) {
    const auto index = static_cast<size_t>(id);
    if (vocabulary.present_[index]) {
      return MakeError(ErrorKind::kCorrupt, "{}: id {} occurs twice", where, id);
    }
    vocabulary.present_[index] = true;
    vocabulary.pieces_[index] = std::move(piece);
    const uint64_t hash = KeyedHash(vocabulary.hash_key_, vocabulary.pieces_[index]);
    Slot& slot = vocabulary.slots_[vocabulary.IndexOf(vocabulary.pieces_[index], hash)];
    if (slot.id != kFree) {
      return MakeError(ErrorKind::kCorrupt, "{}: '{}' occurs twice", where,
                       FitColumns(vocabulary.pieces_[index], 40));
    }
    slot = {static_cast<uint32_t>(hash >> 32), static_cast<int32_t>(id)};
    ++vocabulary.count_;
  }
  return vocabulary;
}

std::string BytePiece(uint8_t byte) { return fmt::format("<0x{:02X}>", byte); }

}  // namespace mores::text
