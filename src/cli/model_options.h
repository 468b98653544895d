// The options that every command with a local model takes.
#ifndef MORES_CLI_MODEL_OPTIONS_H_
#define MORES_CLI_MODEL_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "app/model.h"
#include "base/cpu.h"
#include "base/error.h"

namespace mores::cli {

// What a local model is named by (app::FindModel).
inline constexpr char kModelHelp[] =
    "Model: a directory, a GGUF file or a name of mores model list (default: $MORES_MODEL, else "
    "models/small where its base is fetched, else models/mini), or an adapter's directory: its "
    "base with it";
// The same of a command that also asks others; `whose` is what it does ("Who judges").
std::string JudgingModelHelp(std::string_view whose);

// --model, and the others.
void AddModelOptions(CLI::App* command, app::ModelOptions& options);
// All but --model.
void AddEngineOptions(CLI::App* command, app::ModelOptions& options);
void AddAdapterOption(CLI::App* command, app::ModelOptions& options);
void AddPrecisionOption(CLI::App* command, chat::Precision& precision);
void AddIsaOption(CLI::App* command, std::optional<IsaLevel>& isa);

// kMissing for a model that isn't there, named with the option that gave it.
Status CheckModel(const char* option, const std::string& model);

}  // namespace mores::cli

#endif  // MORES_CLI_MODEL_OPTIONS_H_
