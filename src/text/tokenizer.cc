#include "text/tokenizer.h"

#include "base/files.h"
#include "text/sentencepiece.h"

namespace mores::text {

Expected<std::unique_ptr<Tokenizer>> LoadTokenizer(const std::string& model_directory) {
  if (!DirectoryExists(model_directory)) {
    return MakeError(ErrorKind::kMissing, "{}: no such model directory", model_directory);
  }
  return LoadSentencePiece(model_directory + "/tokenizer.model");
}

}  // namespace mores::text
