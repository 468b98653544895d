// How options are shown: what they are for, what their values are called, the values there are. One
// table for all commands, so that an option stands in the same group everywhere.
#ifndef MORES_CLI_HELP_OPTION_TEXT_H_
#define MORES_CLI_HELP_OPTION_TEXT_H_

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mores::cli {

// "Input and output", "What is asked"...; "Other" of an option that the table doesn't have.
std::string_view GroupOf(const CLI::Option& option);

// The values that there are: those of CLI::IsMember; none where it takes others, too.
std::vector<std::string> ChoicesOf(const CLI::Option& option);

// "FILE", "N", "bf16|f32"; nothing for a flag.
std::string ValueName(const CLI::Option& option);

// "-o", "--output": the letter and the main name.
std::vector<std::string> NamesOf(const CLI::Option& option);

// What it does, whether it must be given, its other names and its default.
std::string DescriptionOf(const CLI::Option& option);

struct OptionGroup {
  std::string_view name;
  std::vector<const CLI::Option*> options;
};
// The options of a command, the everyday groups first; what is hidden left out.
std::vector<OptionGroup> OptionGroupsOf(const CLI::App& command);
// What is given without a name: "INPUT".
std::vector<const CLI::Option*> ArgumentsOf(const CLI::App& command);
std::string ArgumentName(const CLI::Option& argument);

// "[OPTIONS] [INPUT] COMMAND".
std::string UsageOf(const CLI::App& command);

// The commands below `command`, in the order in which they were added.
std::vector<const CLI::App*> CommandsOf(const CLI::App& command);

// Calls `visit` with the command and each below it: "mores", "mores judge", "mores data build".
template <typename Visit>
void ForEachCommand(const CLI::App& command, const std::string& path, const Visit& visit) {
  visit(command, path);
  for (const CLI::App* below : CommandsOf(command)) {
    ForEachCommand(*below, path + " " + below->get_name(), visit);
  }
}

// The example of the command as it was given, "  mores judge ...".
std::string ExampleOf(const CLI::App& command);

}  // namespace mores::cli

#endif  // MORES_CLI_HELP_OPTION_TEXT_H_
