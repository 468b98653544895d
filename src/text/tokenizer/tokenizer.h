// Text to token ids and back. The seam for every tokenizer: SentencePiece models and
// tokenizer.json. Implementations are immutable and safe to share between threads.
#ifndef MORES_TEXT_TOKENIZER_TOKENIZER_H_
#define MORES_TEXT_TOKENIZER_TOKENIZER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "text/tokenizer/marked_text.h"

namespace mores::text {

enum class SpecialTokens { kSkip, kKeep };
enum class InvalidBytes { kReplace, kKeep };  // kReplace: by U+FFFD

struct DecodeOptions {
  SpecialTokens special = SpecialTokens::kSkip;
  InvalidBytes invalid = InvalidBytes::kReplace;
};

// Text of ids that come one by one. What is appended is complete: with InvalidBytes::kReplace it is
// valid UTF-8 at every moment, never half a character, and never changes any more.
class DecodeStream {
 public:
  virtual ~DecodeStream() = default;
  // Appends to `text` what is certain once `id` is there.
  virtual void Push(int32_t id, std::string& text) = 0;
  // Appends what waited for more. Nothing is pushed after it.
  virtual void Finish(std::string& text) = 0;
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Ids of plain text. Never adds special tokens, and never reads one out of the text: text that
  // spells "</s>" or "<|judge|>" becomes ordinary pieces. Invalid UTF-8 is tokenised as U+FFFD.
  virtual std::vector<int32_t> Encode(std::string_view utf8) const = 0;
  // Text of ids; special tokens are left out.
  virtual std::string Decode(std::span<const int32_t> ids) const = 0;
  // The piece as stored in the vocabulary, such as "▁safe" or "<0x0A>".
  virtual std::string Piece(int32_t id) const = 0;
  // The id of a special token such as "<|judge|>"; nullopt if there is none of that name.
  virtual std::optional<int32_t> SpecialId(std::string_view name) const = 0;

  virtual int32_t vocab_size() const = 0;  // the largest id, plus one
  virtual std::optional<int32_t> bos_id() const = 0;
  virtual std::optional<int32_t> eos_id() const = 0;

  // The rest has a default that serves tokenizers which know no special tokens in text.

  // Ids of a text whose special tokens are read where they lie wholly outside of `plain`. What
  // stands between two of them is tokenised together, so plain text may share a token with the
  // markup beside it. With an empty `plain` the ids are those that the tokenizers library gives for
  // the whole string. None is added. Invalid UTF-8 as in Encode, ranges in the bytes given.
  virtual std::vector<int32_t> EncodeMarked(const MarkedText& text) const;
  // What the tokenizers library gives for a text of its own: special tokens are read, and those
  // that a whole text gets are added, such as <s> before it.
  virtual std::vector<int32_t> EncodeWithSpecialTokens(std::string_view utf8) const;
  // Ids of bytes that need not be UTF-8. Valid stretches are tokenised as in Encode; an invalid
  // byte is the token of that byte, or U+FFFD where the model can't spell bytes.
  virtual std::vector<int32_t> EncodeBytes(std::string_view bytes) const;
  virtual std::unique_ptr<DecodeStream> NewDecodeStream(const DecodeOptions& options) const;

  // Decode by a stream, with options.
  std::string DecodeWith(std::span<const int32_t> ids, const DecodeOptions& options) const;
};

// The file that holds the tokenizer of a Hugging Face model directory: tokenizer.model where it was
// trained here (it says more than the tokenizer.json beside it, see docs/formats/tokenizer.md),
// else tokenizer.json, else tokenizer.model. kMissing if there is neither.
Expected<std::string> FindTokenizerFile(const std::string& model_directory);

// Reads that file, and the names of the special tokens from tokenizer_config.json or
// special_tokens_map.json, where they are.
Expected<std::unique_ptr<Tokenizer>> LoadTokenizer(const std::string& model_directory);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_TOKENIZER_H_
