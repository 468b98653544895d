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
  command->add_flag_callback(
      "--no-content", [&files] { files.content = report::PageContent::kNoText; },
      "Leave the texts of the dialogues out of the page");
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
