// The unigram language model of SentencePiece, as the tokenizers library runs it: the best path by
// the sum of scores.
#ifndef MORES_TEXT_TOKENIZER_UNIGRAM_H_
#define MORES_TEXT_TOKENIZER_UNIGRAM_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "text/tokenizer/subword_model.h"

namespace mores::text {

struct UnigramOptions {
  std::vector<std::pair<std::string, double>> pieces;  // with their scores, by id
  size_t unknown_id = 0;
  bool byte_fallback = false;  // what is unknown is spelled in <0xXX> pieces
};

// kCorrupt for pieces that occur twice, or an unknown id out of range; kUnsupported for a piece
// above 1,024 bytes, or pieces above 16 MiB together. `where` names the model for the error.
Expected<std::unique_ptr<SubwordModel>> MakeUnigram(UnigramOptions options, std::string_view where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_UNIGRAM_H_
