#include "text/tokenizer/bpe.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "text/tokenizer/flat_map.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

constexpr size_t kTabledCharacters = 0x10000;
constexpr int32_t kNoToken = -1;
constexpr size_t kKeptScratch = size_t{1} << 16;  // symbols

// A token of a word while it is merged, in a doubly linked list by index.
struct Symbol {
  int32_t id = 0;
  int32_t previous = kNoToken;
  int32_t next = kNoToken;
  bool removed = false;
};

// A merge that may be done: of the symbol at `position` with the next one.
struct Candidate {
  uint32_t rank;
  int32_t position;
  int32_t result;
  // For a heap whose top has the best rank, and of equal ranks lies leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : position > other.position;
  }
};

// One for each thread, so that a word allocates nothing.
struct Scratch {
  std::vector<Symbol> symbols;
  std::vector<Candidate> heap;

  void Trim() {
    if (symbols.capacity() > kKeptScratch) symbols = {};
    if (heap.capacity() > kKeptScratch) heap = {};
  }
};

Scratch& ThreadScratch() {
  static thread_local Scratch scratch;
  return scratch;
}

uint64_t PairKey(int32_t left, int32_t right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

class Bpe : public SubwordModel {
 public:
  static Expected<std::unique_ptr<SubwordModel>> Make(BpeOptions options, std::string_view where) {
    auto model = std::unique_ptr<Bpe>(new Bpe());
    for (size_t rank = 0; rank < options.merges.size(); ++rank) {
      const auto& [left, right] = options.merges[rank];
      const auto left_id = options.vocabulary.Find(left);
      const auto right_id = options.vocabulary.Find(right);
      const auto result = options.vocabulary.Find(left + right);
      if (!left_id || !right_id || !result) {
        return MakeError(ErrorKind::kCorrupt, "{}.merges[{}]: '{}' is not in the vocabulary", where,
                         rank,
                         FitColumns(!left_id    ? left
                                    : !right_id ? right
                                                : left + right,
                                    40));
      }
      model->merges_.Set(PairKey(*left_id, *right_id),
                         uint64_t{rank} << 32 | static_cast<uint32_t>(*result));
    }
    if (options.unknown) {
      const auto id = options.vocabulary.Find(*options.unknown);
      if (!id) {
        return MakeError(ErrorKind::kCorrupt, "{}.unk_token: '{}' is not in the vocabulary", where,
                         FitColumns(*options.unknown, 40));
      }
      model->unknown_ = *id;
    }
    model->fuse_unknown_ = options.fuse_unknown;
    model->ignore_merges_ = options.ignore_merges;
    model->byte_ids_.fill(kNoToken);
    for (int byte = 0; options.byte_fallback && byte < 256; ++byte) {
      const auto id = options.vocabulary.Find(BytePiece(static_cast<uint8_t>(byte)));
      model->byte_ids_[static_cast<size_t>(byte)] = id.value_or(kNoToken);
    }
    model->vocabulary_ = std::move(options.vocabulary);
    model->TableCharacters();
    return model;
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  void Encode(std::string_view word, const IdSet& forbidden,
              std::vector<int32_t>& ids) const override {
    if (ignore_merges_) {
      if (const auto id = vocabulary_.Find(word); id && !forbidden.Has(*id)) {
        ids.push_back(*id);
        return;
      }
    }
    Scratch& scratch = ThreadScratch();
    Spell(word, forbidden, scratch.symbols);
    Merge(scratch, forbidden);
    for (const Symbol& symbol : scratch.symbols) {
      if (!symbol.removed) ids.push_back(symbol.id);
    }
    scratch.Trim();
  }

 private:
  Bpe() { byte_ids_.fill(kNoToken); }

  void TableCharacters() {
    characters_.assign(kTabledCharacters, kNoToken);
    for (int32_t id = 0; id < vocabulary_.end_id(); ++id) {
      const std::string* piece = vocabulary_.PieceOf(id);
      if (piece == nullptr || piece->empty() || CharacterSize((*piece)[0]) != piece->size()) {
        continue;
      }
      const char32_t c = CharacterAt(*piece, 0);
      if (c < kTabledCharacters) characters_[c] = id;
    }
  }

  int32_t IdOfCharacter(std::string_view utf8, size_t offset, size_t size) const {
    const char32_t c = CharacterAt(utf8, offset);
    if (c < kTabledCharacters) return characters_[c];
    return vocabulary_.Find(utf8.substr(offset, size)).value_or(kNoToken);
  }

  bool HasBytes(std::string_view character) const {
    return std::all_of(character.begin(), character.end(), [&](char byte) {
      return byte_ids_[static_cast<unsigned char>(byte)] != kNoToken;
    });
  }

  // The characters of a word as symbols. An unknown one waits, to be fused with the next; the
  // library writes bytes of later characters before it, and so do we.
  void Spell(std::string_view word, const IdSet& forbidden, std::vector<Symbol>& symbols) const {
    symbols.clear();
    const auto add = [&](int32_t id) {
      const auto index = static_cast<int32_t>(symbols.size());
      if (index > 0) symbols.back().next = index;
      symbols.push_back({.id = id, .previous = index - 1});
    };
    bool waiting = false;
    for (size_t i = 0; i < word.size();) {
      const size_t size = CharacterSize(word[i]);
      const int32_t id = IdOfCharacter(word, i, size);
      const std::string_view character = word.substr(i, size);
      i += size;
      if (id != kNoToken && !forbidden.Has(id)) {
        if (waiting) add(unknown_);
        waiting = false;
        add(id);
      } else if (HasBytes(character)) {
        for (const char byte : character) add(byte_ids_[static_cast<unsigned char>(byte)]);
      } else if (unknown_ != kNoToken) {
        if (waiting && !fuse_unknown_) add(unknown_);
        waiting = true;
      }
    }
    if (waiting) add(unknown_);
  }

  void Offer(const std::vector<Symbol>& symbols, int32_t position, const IdSet& forbidden,
             std::vector<Candidate>& heap) const {
    const Symbol& left = symbols[static_cast<size_t>(position)];
    const uint64_t* merge =
        merges_.Find(PairKey(left.id, symbols[static_cast<size_t>(left.next)].id));
    if (merge == nullptr) return;
    const auto result = static_cast<int32_t>(*merge & 0xFFFFFFFF);
    if (forbidden.Has(result)) return;
    heap.push_back(
        {.rank = static_cast<uint32_t>(*merge >> 32), .position = position, .result = result});
  }

  // Best rank first, and of equal ranks the leftmost. A candidate whose symbols have changed still
  // counts if what stands there now merges to the same token.
  void Merge(Scratch& scratch, const IdSet& forbidden) const {
    std::vector<Symbol>& symbols = scratch.symbols;
    std::vector<Candidate>& heap = scratch.heap;
    heap.clear();
    for (int32_t i = 0; i + 1 < static_cast<int32_t>(symbols.size()); ++i)
      Offer(symbols, i, forbidden, heap);
    std::make_heap(heap.begin(), heap.end());
    while (!heap.empty()) {
      std::pop_heap(heap.begin(), heap.end());
      const Candidate best = heap.back();
      heap.pop_back();
      Symbol& left = symbols[static_cast<size_t>(best.position)];
      if (left.removed || left.next == kNoToken) continue;
      Symbol& right = symbols[static_cast<size_t>(left.next)];
      const uint64_t* merge = merges_.Find(PairKey(left.id, right.id));
      if (merge == nullptr || static_cast<int32_t>(*merge & 0xFFFFFFFF) != best.result) continue;
      left.id = best.result;
      left.next = right.next;
      right.removed = true;
      if (left.next != kNoToken) symbols[static_cast<size_t>(left.next)].previous = best.position;
      const size_t before = heap.size();
      if (left.previous != kNoToken) Offer(symbols, left.previous, forbidden, heap);
      if (heap.size() > before) std::push_heap(heap.begin(), heap.end());
      const size_t after = heap.size();
      if (left.next != kNoToken) Offer(symbols, best.position, forbidden, heap);
      if (heap.size() > after) std::push_heap(heap.begin(), heap.end());
    }
  }

  Vocabulary vocabulary_;
  FlatMap merges_;                   // by PairKey: rank, result
  std::vector<int32_t> characters_;  // ids of the characters below U+10000
  std::array<int32_t, 256> byte_ids_;
  int32_t unknown_ = kNoToken;
  bool fuse_unknown_ = false;
  bool ignore_merges_ = false;
};

}  // namespace

Expected<std::unique_ptr<SubwordModel>> MakeBpe(BpeOptions options, std::string_view where) {
  return Bpe::Make(std::move(options), where);
}

}  // namespace mores::text
