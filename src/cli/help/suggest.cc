#include "cli/help/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/nearest.h"
#include "cli/help/option_text.h"

namespace mores::cli {
namespace {

std::string Meant(const std::optional<std::string>& name) {
  return name ? fmt::format("; did you mean {}?", *name) : "";
}

// "mores guidelines add" for "add", where there is such a command somewhere else.
std::optional<std::string> Elsewhere(const CLI::App& app, const std::string& typed) {
  std::optional<std::string> found;
  ForEachCommand(app, app.get_name(), [&](const CLI::App& command, const std::string& path) {
    if (!found && command.get_name() == typed) found = path;
  });
  return found;
}

// The command that was chosen last, and its path.
const CLI::App* Chosen(const CLI::App& app, std::string& path) {
  const CLI::App* at = &app;
  path = app.get_name();
  for (auto below = at->get_subcommands(); !below.empty(); below = at->get_subcommands()) {
    at = below.back();
    path += " " + at->get_name();
  }
  return at;
}

bool LooksLikeOption(const std::string& text) {
  if (text.size() < 2 || text[0] != '-') return false;
  return text[1] == '-' ? text.size() > 2 : std::isalpha(static_cast<unsigned char>(text[1])) != 0;
}

}  // namespace

Status CheckCommand(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* at = &app;
  std::string path = app.get_name();
  for (const std::string& argument : arguments) {
    if (argument.empty() || argument[0] == '-') return {};
    const std::vector<const CLI::App*> commands = CommandsOf(*at);
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const CLI::App* command) {
      return command->get_name() == argument;
    });
    if (found != commands.end()) {
      at = *found;
      path += " " + argument;
      continue;
    }
    if (commands.empty() || !ArgumentsOf(*at).empty()) return {};
    std::vector<std::string> names;
    for (const CLI::App* command : commands) names.push_back(command->get_name());
    std::optional<std::string> meant = Elsewhere(app, argument);
    if (!meant) meant = Nearest(argument, names);
    return MakeError(ErrorKind::kUsage, "no command '{}'{}{} (see {} --help)", argument,
                     at == &app ? "" : " in " + path, Meant(meant), path);
  }
  return {};
}

std::optional<Error> UnknownOption(const CLI::App& app) {
  std::string path;
  const CLI::App* command = Chosen(app, path);
  const std::vector<std::string> left = app.remaining(/*recurse=*/true);
  const auto found = std::find_if(left.begin(), left.end(), LooksLikeOption);
  if (found == left.end()) return std::nullopt;
  const std::string typed = found->substr(0, found->find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  std::optional<std::string> meant = Nearest(typed, names);
  // "-model"
  if (!meant && !typed.starts_with("--")) meant = Nearest("-" + typed, names);
  return Error{ErrorKind::kUsage, fmt::format("no option {} in {}{} (see {} --help)", typed, path,
                                              Meant(meant), path)};
}

}  // namespace mores::cli
