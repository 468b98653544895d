#include "text/tokenizer/unigram.h"

#include <algorithm>
#include <array>
#include <limits>

#include "text/tokenizer/flat_map.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

constexpr size_t kMaxPiece = 1024;
constexpr size_t kMaxPieceBytes = size_t{16} << 20;
constexpr double kUnknownPenalty = 10;
constexpr int32_t kNoPiece = -1;
constexpr size_t kKeptLattice = size_t{1} << 16;  // nodes

// The best way to reach a byte of the word.
struct Node {
  double score = 0;
  int32_t id = 0;
  int64_t begin = kNoPiece;  // of the last piece
};

std::vector<Node>& ThreadNodes() {
  static thread_local std::vector<Node> nodes;
  return nodes;
}

class Unigram : public SubwordModel {
 public:
  static Expected<std::unique_ptr<SubwordModel>> Make(UnigramOptions options,
                                                      std::string_view where) {
    auto model = std::unique_ptr<Unigram>(new Unigram());
    if (options.unknown_id >= options.pieces.size()) {
      return MakeError(ErrorKind::kCorrupt, "{}.unk_id: {} of {} pieces", where, options.unknown_id,
                       options.pieces.size());
    }
    size_t bytes = 0;
    std::vector<std::pair<std::string, int64_t>> entries;
    entries.reserve(options.pieces.size());
    double least = std::numeric_limits<double>::infinity();
    for (size_t id = 0; id < options.pieces.size(); ++id) {
      auto& [piece, score] = options.pieces[id];
      bytes += piece.size();
      if (piece.size() > kMaxPiece || bytes > kMaxPieceBytes) {
        return MakeError(ErrorKind::kUnsupported, "{}.vocab[{}]: pieces this large", where, id);
      }
      model->AddToTrie(piece, static_cast<int32_t>(id));
      model->scores_.push_back(score);
      least = std::min(least, score);
      entries.emplace_back(std::move(piece), static_cast<int64_t>(id));
    }
    MORES_ASSIGN_OR_RETURN(model->vocabulary_,
                           Vocabulary::From(std::move(entries), fmt::format("{}.vocab", where)));
    model->unknown_ = static_cast<int32_t>(options.unknown_id);
    model->unknown_score_ = least - kUnknownPenalty;
    for (int byte = 0; options.byte_fallback && byte < 256; ++byte) {
      const auto id = model->vocabulary_.Find(BytePiece(static_cast<uint8_t>(byte)));
      model->byte_ids_[static_cast<size_t>(byte)] = id.value_or(kNoPiece);
    }
    return model;
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  void Encode(std::string_view word, const IdSet& forbidden,
              std::vector<int32_t>& ids) const override {
    std::vector<Node>& nodes = ThreadNodes();
    FindBestPath(word, forbidden, nodes);
    // Backwards from the end; neighbouring unknown pieces are one.
    const size_t first = ids.size();
    size_t end = word.size();
    while (end > 0) {
      size_t begin = static_cast<size_t>(nodes[end].begin);
      if (nodes[end].id != unknown_) {
        ids.push_back(nodes[end].id);
      } else {
        while (begin > 0 && nodes[begin].id == unknown_) {
          begin = static_cast<size_t>(nodes[begin].begin);
        }
        AppendUnknown(word.substr(begin, end - begin), forbidden, ids);
      }
      end = begin;
    }
    std::reverse(ids.begin() + static_cast<ptrdiff_t>(first), ids.end());
    if (nodes.capacity() > kKeptLattice) nodes = {};
  }

 private:
  Unigram() { byte_ids_.fill(kNoPiece); }

  static uint64_t EdgeKey(uint64_t node, char byte) {
    return node << 8 | static_cast<unsigned char>(byte);
  }

  void AddToTrie(std::string_view piece, int32_t id) {
    uint64_t node = 0;
    for (const char byte : piece) {
      const uint64_t key = EdgeKey(node, byte);
      if (const uint64_t* next = edges_.Find(key)) {
        node = *next;
      } else {
        node = ends_.size();
        edges_.Set(key, node);
        ends_.push_back(kNoPiece);
      }
    }
    if (!piece.empty()) ends_[node] = id;
  }

  void FindBestPath(std::string_view word, const IdSet& forbidden, std::vector<Node>& nodes) const {
    nodes.assign(word.size() + 1, Node{});
    const auto offer = [&](size_t begin, size_t end, int32_t id, double score) {
      Node& node = nodes[end];
      const double candidate = score + nodes[begin].score;
      if (node.begin != kNoPiece && candidate <= node.score) return;
      node = {.score = candidate, .id = id, .begin = static_cast<int64_t>(begin)};
    };
    for (size_t begin = 0; begin < word.size();) {
      const size_t size = CharacterSize(word[begin]);
      bool known = false;
      uint64_t node = 0;
      for (size_t end = begin; end < word.size();) {
        const uint64_t* next = edges_.Find(EdgeKey(node, word[end]));
        if (next == nullptr) break;
        node = *next;
        ++end;
        const int32_t id = ends_[node];
        if (id == kNoPiece || forbidden.Has(id)) continue;
        offer(begin, end, id, scores_[static_cast<size_t>(id)]);
        known = known || end - begin == size;
      }
      if (!known) offer(begin, begin + size, unknown_, unknown_score_);
      begin += size;
    }
  }

  // In reverse order, as all of the path.
  void AppendUnknown(std::string_view text, const IdSet& forbidden,
                     std::vector<int32_t>& ids) const {
    if (const auto id = vocabulary_.Find(text); id && !forbidden.Has(*id)) {
      ids.push_back(*id);
      return;
    }
    const bool spelled = std::all_of(text.begin(), text.end(), [&](char byte) {
      return byte_ids_[static_cast<unsigned char>(byte)] != kNoPiece;
    });
    if (!spelled) {
      ids.push_back(unknown_);
      return;
    }
    for (auto byte = text.rbegin(); byte != text.rend(); ++byte) {
      ids.push_back(byte_ids_[static_cast<unsigned char>(*byte)]);
    }
  }

  Vocabulary vocabulary_;
  std::vector<double> scores_;              // by id
  FlatMap edges_;                           // of the trie of pieces, by EdgeKey
  std::vector<int32_t> ends_ = {kNoPiece};  // by node: the piece that ends there
  std::array<int32_t, 256> byte_ids_;
  int32_t unknown_ = 0;
  double unknown_score_ = 0;
};

}  // namespace

Expected<std::unique_ptr<SubwordModel>> MakeUnigram(UnigramOptions options,
                                                    std::string_view where) {
  return Unigram::Make(std::move(options), where);
}

}  // namespace mores::text
