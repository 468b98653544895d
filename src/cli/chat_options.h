// The options of commands that ask language models by messages.
#ifndef MORES_CLI_CHAT_OPTIONS_H_
#define MORES_CLI_CHAT_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "app/chat.h"
#include "chat/chat_model.h"

namespace mores::cli {

// All but --model.
void AddChatOptions(CLI::App* command, app::ChatOptions& options);

// --max-reply-tokens, of commands without --max-new-tokens.
void AddReplyBoundOption(CLI::App* command, app::ChatOptions& options);

// --max-new-tokens, --temperature, --top-p and --seed, of which `seed_help` says what it seeds.
void AddSamplingOptions(CLI::App* command, chat::Sampling& sampling, const std::string& seed_help);

// "--model,--writer": one model, required.
void AddModelChoice(CLI::App* command, const std::string& name, const std::string& help,
                    std::string& model);

}  // namespace mores::cli

#endif  // MORES_CLI_CHAT_OPTIONS_H_
