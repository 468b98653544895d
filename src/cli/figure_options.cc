#include "cli/figure_options.h"

namespace mores::cli {

void AddFigureFiles(CLI::App* command, app::FigureFiles& files) {
  command->add_option("-o,--output", files.page, "The page; - for standard output");
  command->add_option("--json", files.summary, "All figures as JSON; - for standard output");
  command->add_flag_callback(
      "--no-content", [&files] { files.content = report::PageContent::kNoText; },
      "Leave the texts of the dialogues out of the page");
}

}  // namespace mores::cli
