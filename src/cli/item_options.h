// The options of score, generate and tokenize, and what they tell at the end.
#ifndef MORES_CLI_ITEM_OPTIONS_H_
#define MORES_CLI_ITEM_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "app/item_run.h"

namespace mores::cli {

void AddItemOptions(CLI::App* command, app::ItemOptions& options);
// --no-bos.
void AddStartTokenOption(CLI::App* command, app::StartToken& start_token);

// Of the output and the model.
Status CheckItemOptions(const app::ItemOptions& options);

// Says how many failed; the exit code. `unit`: "items".
int FinishItems(const job::JobSummary& run, const char* unit);

}  // namespace mores::cli

#endif  // MORES_CLI_ITEM_OPTIONS_H_
