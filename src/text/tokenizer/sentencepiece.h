// SentencePiece, through its library: training, and files for a model directory.
#ifndef MORES_TEXT_TOKENIZER_SENTENCEPIECE_H_
#define MORES_TEXT_TOKENIZER_SENTENCEPIECE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::text {

// What a directory's tokenizer_config.json says of whole texts
// (Tokenizer::EncodeWithSpecialTokens).
struct SentencePieceOptions {
  bool add_bos = false;
  bool add_eos = false;
};

// Any SentencePiece model; kMissing or kCorrupt. A model with byte pieces, the identity normalizer
// and no dummy prefix, as trained here, is lossless: Decode(Encode(text)) == text for valid UTF-8.
Expected<std::unique_ptr<Tokenizer>> LoadSentencePiece(const std::string& model_file,
                                                       const SentencePieceOptions& options = {});
// From the bytes of a tokenizer.model; `where` names them in the error.
Expected<std::unique_ptr<Tokenizer>> ParseSentencePiece(std::string_view serialized_model,
                                                        std::string_view where,
                                                        const SentencePieceOptions& options = {});

// Whether the model of a file is lossless, with the ids that TrainSentencePieceBpe gives.
Expected<bool> IsTrainedHere(const std::string& model_file);

struct SentencePieceTraining {
  std::vector<std::string> texts;           // UTF-8; control characters separate lines
  int vocab_size = 12000;                   // all tokens, special and byte tokens included
  std::vector<std::string> special_tokens;  // control symbols, in this order from id 3
  double character_coverage = 0.9995;
};

// Trains a BPE model with byte fallback, the identity normalizer and no dummy prefix; ids 0, 1, 2
// are <unk>, <s>, </s>, then the special tokens, then 256 bytes. No piece holds an ASCII
// control character: a newline or tab is always its byte token, so ids before and after one never
// depend on each other. The same input gives the same bytes; one thread. Returns the serialized
// tokenizer.model. kUsage: impossible options; kInput: too little text for vocab_size (the message
// tells the largest possible), or more characters to cover than vocab_size.
Expected<std::string> TrainSentencePieceBpe(const SentencePieceTraining& training);

// Writes tokenizer.model, tokenizer.json and tokenizer_config.json into `directory`, so that
// transformers (fast tokenizer) gives the same ids for any text without U+2581 and without the
// spelling of a special token (docs/formats/tokenizer.md). `chat_template` may be empty.
// kUnsupported for a model that is not lossless BPE.
Status WriteTokenizerFiles(const std::string& serialized_model, const std::string& directory,
                           const std::string& chat_template);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_SENTENCEPIECE_H_
