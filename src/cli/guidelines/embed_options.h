// The options of commands that ask a model for vectors of texts.
#ifndef MORES_CLI_GUIDELINES_EMBED_OPTIONS_H_
#define MORES_CLI_GUIDELINES_EMBED_OPTIONS_H_

#include <CLI/CLI.hpp>

#include "app/database.h"

namespace mores::cli {

// Returns --embed, the address.
CLI::Option* AddEmbedOptions(CLI::App* command, app::EmbedOptions& options);
// kUsage for a prefix of texts that nothing is asked about.
Status CheckEmbedOptions(const app::EmbedOptions& options);

}  // namespace mores::cli

#endif  // MORES_CLI_GUIDELINES_EMBED_OPTIONS_H_
