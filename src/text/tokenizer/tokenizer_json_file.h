// The JSON of a tokenizer.json: the large parts as plain lists, the rest as a value.
#ifndef MORES_TEXT_TOKENIZER_TOKENIZER_JSON_FILE_H_
#define MORES_TEXT_TOKENIZER_TOKENIZER_JSON_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace mores::text {

struct TokenizerJsonFile {
  Json rest;  // all of the file, without model.vocab and model.merges
  std::vector<std::pair<std::string, int64_t>> vocab;        // where model.vocab is an object
  std::vector<std::pair<std::string, double>> scored_vocab;  // where it is an array
  std::vector<std::pair<std::string, std::string>> merges;   // of either form
};

// kCorrupt for what is no JSON of this shape, a key that occurs twice, and nesting beyond 64
// levels; kUnsupported for more than 256 MiB, or lists above 4 Mi members. Never throws.
Expected<TokenizerJsonFile> ParseTokenizerJsonFile(std::string_view bytes, std::string_view where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_TOKENIZER_JSON_FILE_H_
