// Text to token ids and back. The seam for every tokenizer; one implementation today
// (SentencePiece). Implementations are immutable and safe to share between threads.
#ifndef MORES_TEXT_TOKENIZER_H_
#define MORES_TEXT_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::text {

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

  virtual int32_t vocab_size() const = 0;
  virtual std::optional<int32_t> bos_id() const = 0;
  virtual std::optional<int32_t> eos_id() const = 0;
};

// Finds the tokenizer of a Hugging Face model directory (today: tokenizer.model).
Expected<std::unique_ptr<Tokenizer>> LoadTokenizer(const std::string& model_directory);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_H_
