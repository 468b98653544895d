// The normalizer `Precompiled` of tokenizer.json: SentencePiece's precompiled character map,
// applied as the tokenizers library applies it, which is not quite as SentencePiece does.
//
// The bytes are: the size of a trie in bytes (uint32, little endian), the trie (a darts-clone
// double array of uint32 units), and a pool of NUL-terminated UTF-8 strings into which its values
// point. See https://github.com/s-yata/darts-clone for the units.
#ifndef MORES_TEXT_TOKENIZER_CHARSMAP_H_
#define MORES_TEXT_TOKENIZER_CHARSMAP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::text {

// Immutable; safe to share between threads.
class Charsmap {
 public:
  // kCorrupt for sizes or offsets that do not fit, or strings that are not UTF-8; kUnsupported for
  // one of more than 4,096 bytes.
  static Expected<Charsmap> Parse(std::string_view bytes, std::string_view where);
  // From base64, as the file holds it.
  static Expected<Charsmap> ParseBase64(std::string_view base64, std::string_view where);

  // REQUIRES: valid UTF-8. Each short grapheme cluster, else each of its characters, is replaced by
  // what the map has for the shortest prefix of it. nullopt for a result above `most` bytes.
  std::optional<std::string> Normalize(std::string_view utf8, size_t most) const;

 private:
  std::optional<std::string_view> Find(std::string_view chunk) const;

  std::vector<uint32_t> units_;
  std::string strings_;
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_CHARSMAP_H_
