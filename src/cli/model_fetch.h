#ifndef MORES_CLI_MODEL_FETCH_H_
#define MORES_CLI_MODEL_FETCH_H_

#include "cli/command.h"

namespace mores::cli {

void AddModelFetch(CommandLine& line, CLI::App& parent);
void AddModelList(CommandLine& line, CLI::App& parent);

}  // namespace mores::cli

#endif  // MORES_CLI_MODEL_FETCH_H_
