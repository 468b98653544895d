// The text of --help.
#ifndef MORES_CLI_HELP_HELP_H_
#define MORES_CLI_HELP_HELP_H_

#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>

namespace mores::cli {

// `path`: "mores data build". No line is longer than `columns`, but for examples.
std::string HelpText(const CLI::App& command, const std::string& path, size_t columns);

// Columns of the terminal that standard output is, 100 at most and where it is none.
size_t HelpColumns();

// Shows HelpText for --help.
class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* command, std::string path,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace mores::cli

#endif  // MORES_CLI_HELP_HELP_H_
