// A SentencePiece model has scores, where byte-pair encoding needs an ordered list of merges.
#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/keyed_hash.h"
#include "text/tokenizer/gguf_tokenizer_json.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

// To look for the ways to split a piece, and to write them down, takes the square of its length.
// The longest pieces of published models are runs of some dozens of spaces.
constexpr size_t kMaxSplitWork = size_t{1} << 28;
constexpr size_t kMaxScoreMerges = size_t{4} << 20;

struct ScoredMerge {
  float score;
  uint32_t left_characters, right_characters;
  std::string_view left, right;
  // Best first.
  bool operator<(const ScoredMerge& other) const {
    if (score != other.score) return score > other.score;
    if (left_characters != other.left_characters) return left_characters > other.left_characters;
    return right_characters > other.right_characters;
  }
};

bool ContinuesCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

Status CheckScores(const GgufTokenizer& keys, const std::string& where) {
  if (keys.scores.size() != keys.tokens.size()) {
    return MakeError(ErrorKind::kCorrupt, "{}: tokenizer.ggml.scores: missing", where);
  }
  size_t work = 0;
  for (size_t id = 0; id < keys.tokens.size(); ++id) {
    if (std::isnan(keys.scores[id])) {
      return MakeError(ErrorKind::kCorrupt, "{}: tokenizer.ggml.scores[{}]: not a number", where,
                       id);
    }
    const size_t size = keys.tokens[id].size();
    // Sizes are below 2^28, their squares below 2^56.
    work = std::min(work + size * size, kMaxSplitWork + 1);
  }
  if (work > kMaxSplitWork) {
    return MakeError(ErrorKind::kUnsupported, "{}: tokenizer.ggml.tokens: pieces this long", where);
  }
  return {};
}

}  // namespace

Expected<std::vector<std::pair<std::string, std::string>>> MergesFromScores(
    const GgufTokenizer& keys, const std::string& where) {
  MORES_RETURN_IF_ERROR(CheckScores(keys, where));
  std::unordered_set<std::string_view, KeyedTextHash> pieces;
  pieces.reserve(keys.tokens.size());
  for (size_t id = 0; id < keys.tokens.size(); ++id) {
    if (!IsPadding(keys, id)) pieces.insert(keys.tokens[id]);
  }
  std::vector<ScoredMerge> merges;
  for (size_t id = 0; id < keys.tokens.size(); ++id) {
    if (IsPadding(keys, id)) continue;
    const std::string_view piece = keys.tokens[id];
    const auto characters = static_cast<uint32_t>(CountCodePoints(piece));
    uint32_t left = 0;
    for (size_t cut = 1; cut < piece.size(); ++cut) {
      if (ContinuesCharacter(piece[cut])) continue;
      ++left;
      if (!pieces.contains(piece.substr(0, cut)) || !pieces.contains(piece.substr(cut))) continue;
      merges.push_back(
          {keys.scores[id], left, characters - left, piece.substr(0, cut), piece.substr(cut)});
    }
    if (merges.size() > kMaxScoreMerges) {
      return MakeError(ErrorKind::kUnsupported, "{}: tokenizer.ggml.tokens: merges this many",
                       where);
    }
  }
  std::stable_sort(merges.begin(), merges.end());
  if (merges.size() > 1 && merges.front().score == merges.back().score) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: tokenizer.ggml.scores: all alike, so they say no order of merges", where);
  }
  std::vector<std::pair<std::string, std::string>> result;
  result.reserve(merges.size());
  for (const ScoredMerge& merge : merges) result.emplace_back(merge.left, merge.right);
  return result;
}

}  // namespace mores::text
