// Byte-pair encoding with an ordered list of merges, as the tokenizers library runs it.
#ifndef MORES_TEXT_TOKENIZER_BPE_H_
#define MORES_TEXT_TOKENIZER_BPE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "text/tokenizer/subword_model.h"

namespace mores::text {

struct BpeOptions {
  Vocabulary vocabulary;
  std::vector<std::pair<std::string, std::string>> merges;  // the first has the best rank
  std::optional<std::string> unknown;                       // the piece for an unknown character
  bool fuse_unknown = false;   // neighbouring unknown characters are one token
  bool byte_fallback = false;  // an unknown character is spelled in <0xXX> pieces
  bool ignore_merges = false;  // a word that is a piece is that piece, whatever merges say
};

// kCorrupt for a merge whose parts or result are not in the vocabulary, or an unknown piece that is
// not. `where` names the model for the error.
Expected<std::unique_ptr<SubwordModel>> MakeBpe(BpeOptions options, std::string_view where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_BPE_H_
