// tokenizer.json, the tokenizer of a Hugging Face model directory: read and run with the ids and
// the text that the tokenizers library gives. See docs/formats/tokenizer.md for what is read, and
// https://github.com/huggingface/tokenizers for the format.
#ifndef MORES_TEXT_TOKENIZER_TOKENIZER_JSON_H_
#define MORES_TEXT_TOKENIZER_TOKENIZER_JSON_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "text/tokenizer/tokenizer.h"
#include "text/tokenizer/tokenizer_json_file.h"

namespace mores::text {

// Names of special tokens that lie beside the tokenizer's file.
struct SpecialTokenNames {
  std::optional<std::string> bos, eos;
};

// kCorrupt for a broken file, kUnsupported for a component that we don't run alike, by its name;
// both in bounded time and memory, whatever the bytes are. `where` names them in the error.
Expected<std::unique_ptr<Tokenizer>> ParseTokenizerJson(std::string_view bytes,
                                                        const std::string& where,
                                                        const SpecialTokenNames& names = {});
// The same of what such a file says, put together in memory.
Expected<std::unique_ptr<Tokenizer>> MakeJsonTokenizer(TokenizerJsonFile file,
                                                       const std::string& where,
                                                       const SpecialTokenNames& names = {});
// The same of a file; also kMissing and kIo.
Expected<std::unique_ptr<Tokenizer>> LoadTokenizerJson(const std::string& path,
                                                       const SpecialTokenNames& names = {});

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_TOKENIZER_JSON_H_
