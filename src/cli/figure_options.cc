#include "cli/figure_options.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"

namespace mores::cli {

void AddFigureFiles(CLI::App* command, app::FigureFiles& files) {
  command->add_option("-o,--output,--summary,--json", files.summary,
                      "All figures as JSON; - for standard output");
  command->add_option("--page", files.page,
                      "One page for any browser, without a network; - for standard output");
  command->add_option("--csv", files.csv, "The table as CSV");
  command->add_option("--verdicts-csv", files.verdicts_csv, "The verdicts as CSV, a row each");
  command->add_flag_callback(
      "--no-content", [&files] { files.content = report::PageContent::kNoText; },
      "Leave the texts of the dialogues out of the page and the CSV");
}

Status CheckFigureFiles(const std::vector<std::string>& inputs, const app::FigureFiles& files) {
  if (!files.csv.empty()) MORES_RETURN_IF_ERROR(CheckOutput(inputs, files.csv, "--csv"));
  if (files.verdicts_csv.empty()) return {};
  return CheckOutput(inputs, files.verdicts_csv, "--verdicts-csv");
}

bool TablePrinted(const app::FigureFiles& files) {
  for (const std::string* file : {&files.page, &files.summary, &files.csv, &files.verdicts_csv}) {
    if (*file == "-") return false;
  }
  return true;
}

Status SettleFigureFiles(app::FigureFiles& files) {
  if (!files.summary.ends_with(".html")) return {};
  if (!files.page.empty()) {
    return MakeError(ErrorKind::kUsage, "-o {}: is a page by its name, and --page {} is one, too",
                     files.summary, files.page);
  }
  fmt::print(stderr, "mores: -o {} is taken as --page, for it is a page by its name\n",
             Printable(files.summary));
  files.page = std::move(files.summary);
  files.summary.clear();
  return {};
}

}  // namespace mores::cli
