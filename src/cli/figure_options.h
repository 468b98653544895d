// Where commands that measure stored verdicts write figures.
#ifndef MORES_CLI_FIGURE_OPTIONS_H_
#define MORES_CLI_FIGURE_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/report.h"
#include "base/error.h"

namespace mores::cli {

// -o, --page, --csv, --verdicts-csv and --no-content.
void AddFigureFiles(CLI::App* command, app::FigureFiles& files);
// kUsage where a table would be written over what is read.
Status CheckFigureFiles(const std::vector<std::string>& inputs, const app::FigureFiles& files);
// Whether standard output is free for the table: no file of figures is it.
bool TablePrinted(const app::FigureFiles& files);

// Takes a file of -o that is a page by its name for one of --page, and says so.
Status SettleFigureFiles(app::FigureFiles& files);

}  // namespace mores::cli

#endif  // MORES_CLI_FIGURE_OPTIONS_H_
