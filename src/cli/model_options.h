// The options that every command with a local model takes.
#ifndef MORES_CLI_MODEL_OPTIONS_H_
#define MORES_CLI_MODEL_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "chat/language_model.h"

namespace mores::cli {

struct ModelOptions {
  std::string model;  // directory; empty: found by FindModel
  std::string precision = "bf16";
  int threads = 0;
  int64_t chunk_tokens = 0;  // tokens of a prompt computed at once; 0: as many as fit
  std::string isa;           // empty: the highest that the machine has
};

void AddModelOptions(CLI::App* command, ModelOptions& options);
// All of them but --model, for a command whose models have other names.
void AddLocalOptions(CLI::App* command, ModelOptions& options);

// The directory given, or the first there is of: $MORES_MODEL, ./models/mini, and models/mini one
// to three folders above the executable. kMissing names what was looked for.
Expected<std::string> FindModel(const std::string& given);

// "scripted:FILE" or an endpoint: a model without a directory, which OpenChatModel opens.
bool IsRemoteModel(const std::string& model);

// Sets the instruction set level in force, then loads the model.
Expected<std::unique_ptr<chat::LanguageModel>> OpenModel(
    const ModelOptions& options, chat::TokenizerNeed tokenizer = chat::TokenizerNeed::kRequired);

// {"command","version","input","model","model_directory","precision","isa","threads"}; without a
// directory for a remote model.
Expected<Json> MakeManifest(const std::string& command, const std::string& input,
                            const ModelOptions& options, const std::string& model_name);

}  // namespace mores::cli

#endif  // MORES_CLI_MODEL_OPTIONS_H_
