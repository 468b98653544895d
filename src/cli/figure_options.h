// Where commands that measure stored verdicts write figures.
#ifndef MORES_CLI_FIGURE_OPTIONS_H_
#define MORES_CLI_FIGURE_OPTIONS_H_

#include <CLI/CLI.hpp>

#include "app/report.h"

namespace mores::cli {

// -o, --json and --no-content.
void AddFigureFiles(CLI::App* command, app::FigureFiles& files);

}  // namespace mores::cli

#endif  // MORES_CLI_FIGURE_OPTIONS_H_
