// Tokens that tokenizer.json adds to those of its model: found in a text before the model sees it.
#ifndef MORES_TEXT_TOKENIZER_ADDED_TOKENS_H_
#define MORES_TEXT_TOKENIZER_ADDED_TOKENS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/keyed_hash.h"
#include "text/tokenizer/normalizers.h"
#include "text/tokenizer/subword_model.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::text {

struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool single_word = false;  // only where no word character stands beside it
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space behind it
  bool normalized = false;   // looked for in normalized text
  bool special = false;
  std::string decoded;  // its text; of one that is looked for in normalized text, normalized
};

// A stretch of a text: an added token, or text between two of them.
struct Segment {
  std::string_view utf8;
  size_t offset = 0;          // in the text that was split
  std::optional<int32_t> id;  // of an added token
};

// Immutable; safe to share between threads.
class AddedTokens {
 public:
  AddedTokens() = default;
  // The array `added_tokens` of a file. kCorrupt for a token without content, one that occurs
  // twice, or an id that is not the one that the library would give it; kUnsupported for contents
  // above 4,096 bytes, or more than 65,536 tokens.
  static constexpr size_t kMaxTokens = 65536;
  static Expected<AddedTokens> From(const Json& array, const Vocabulary& vocabulary,
                                    const Normalizer* normalizer, std::string_view where);

  enum class Which {
    kRaw,            // those that are looked for in the text as it is
    kNormalized,     // in normalized text, by their normalized content
    kNormalizedRaw,  // the same tokens, special ones only, by their content as it is
  };
  // Cuts `text` at the tokens, from left to right, the longest first. A special one is read only
  // where it lies wholly outside of `plain`, ranges of `text`, and takes no white space of it.
  void Split(std::string_view text, Which which, std::span<const TextRange> plain,
             std::vector<Segment>& segments) const;

  const AddedToken* Find(int32_t id) const;  // null if it is none
  const AddedToken* Find(std::string_view content) const;
  const IdSet& special_ids() const { return special_ids_; }
  int32_t end_id() const { return end_id_; }  // the largest id, plus one; 0 without tokens

 private:
  // Contents in order, so that those with a common beginning are neighbours.
  struct Matcher {
    struct Entry {
      std::string content;
      size_t token;
    };
    std::vector<Entry> entries;
    std::array<bool, 256> first_bytes{};

    void Finish();
    // The entries that begin at `offset`, the shortest first.
    void At(std::string_view text, size_t offset, std::vector<const Entry*>& found) const;
  };
  const Matcher& MatcherOf(Which which) const {
    return which == Which::kRaw ? raw_ : which == Which::kNormalized ? normalized_ : special_;
  }

  std::vector<AddedToken> tokens_;
  std::unordered_map<int32_t, size_t> by_id_;
  std::unordered_map<std::string, size_t, KeyedTextHash> by_content_;
  Matcher raw_, normalized_, special_;
  IdSet special_ids_;
  int32_t end_id_ = 0;
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_ADDED_TOKENS_H_
