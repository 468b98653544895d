// SentencePiece, through its library: training, and files for a model directory.
#ifndef MORES_TEXT_SENTENCEPIECE_H_
#define MORES_TEXT_SENTENCEPIECE_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "text/tokenizer.h"

namespace mores::text {

Expected<std::unique_ptr<Tokenizer>> LoadSentencePiece(const std::string& model_file);

struct SentencePieceTraining {
  std::vector<std::string> texts;             // UTF-8; newlines inside are kept
  int vocab_size = 12000;                     // all tokens, special and byte tokens included
  std::vector<std::string> special_tokens;    // control symbols, in this order from id 3
  double character_coverage = 0.9995;
  int threads = 1;
};

// Trains a BPE model with byte fallback, the identity normalizer and no dummy prefix; ids 0, 1, 2
// are <unk>, <s>, </s>. The same input gives the same bytes. Returns the serialized tokenizer.model.
Expected<std::string> TrainSentencePieceBpe(const SentencePieceTraining& training);

// Writes tokenizer.model, tokenizer.json and tokenizer_config.json into `directory`, so that
// transformers (fast tokenizer) gives the same ids. `chat_template` may be empty.
Status WriteTokenizerFiles(const std::string& serialized_model, const std::string& directory,
                           const std::string& chat_template);

}  // namespace mores::text

#endif  // MORES_TEXT_SENTENCEPIECE_H_
