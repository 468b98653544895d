// The tokenizer's files of a model directory: taken over byte for byte from where training starts,
// or made by training a tokenizer.
#ifndef MORES_TRAIN_TOKENIZER_FILES_H_
#define MORES_TRAIN_TOKENIZER_FILES_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"
#include "train/checkpoint.h"

namespace mores::train {

// tokenizer.model, tokenizer.json, and what else says how text becomes tokens and messages a
// prompt: what of them is there. kMissing if there is no tokenizer.
Expected<CheckpointFiles> ReadTokenizerFiles(const std::string& model_directory);

// SHA-256 by name of such files of a model, wherever they lie. One that is a file holds them
// itself: none then.
Expected<Json> HashTokenizerFiles(const text::ModelTexts& texts);

bool IsTokenizerFile(std::string_view name);

// Writes them. A tokenizer.model that was trained here gets the files for other tools beside it,
// where they aren't given.
Status WriteTokenizerFiles(const CheckpointFiles& files, const std::string& model_directory);

// The tokenizer of such files, which lie in `folder` afterwards.
Expected<std::unique_ptr<text::Tokenizer>> OpenTokenizerFiles(const CheckpointFiles& files,
                                                              const std::string& folder);

}  // namespace mores::train

#endif  // MORES_TRAIN_TOKENIZER_FILES_H_
