// The options that every command with a local model takes.
#ifndef MORES_CLI_MODEL_OPTIONS_H_
#define MORES_CLI_MODEL_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "app/model.h"
#include "base/cpu.h"
#include "base/error.h"

namespace mores::cli {

// What a local model is named by (app::FindModel).
inline constexpr char kModelHelp[] =
    "Model: a directory, a GGUF file or a name of mores model list (default: $MORES_MODEL, else "
    "models/mini), or an adapter's directory: its base with it";
// Likewise of what judges (app/default_judge.h).
inline constexpr char kJudgeModelHelp[] =
    "Who judges: a model directory, a GGUF file or a name of mores model list (default: "
    "$MORES_MODEL, else models/small where its base is fetched, else models/mini), "
    "http://HOST:PORT/v1#NAME, or scripted:FILE";

// --model, and the others.
void AddModelOptions(CLI::App* command, app::ModelOptions& options);
// All but --model.
void AddEngineOptions(CLI::App* command, app::ModelOptions& options);
void AddAdapterOption(CLI::App* command, app::ModelOptions& options);
void AddPrecisionOption(CLI::App* command, std::optional<chat::Precision>& precision);
void AddIsaOption(CLI::App* command, std::optional<IsaLevel>& isa);

// kMissing for a model that isn't there, named with the option that gave it.
Status CheckModel(const char* option, const std::string& model);

}  // namespace mores::cli

#endif  // MORES_CLI_MODEL_OPTIONS_H_
