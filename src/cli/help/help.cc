#include "cli/help/help.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "cli/help/option_text.h"

namespace mores::cli {
namespace {

constexpr size_t kMostColumns = 100, kFewestColumns = 40;
constexpr size_t kIndent = 2, kNamesColumns = 28;

// The words of `text` from column `start` on, where the cursor is at `at`, without a line break at
// the end.
std::string Wrapped(std::string_view text, size_t at, size_t start, size_t columns) {
  std::string out;
  bool first = true;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!first && at + 1 + word.size() > columns) {
      out += '\n' + std::string(start, ' ');
      at = start;
      first = true;
    }
    if (!first) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
    first = false;
  }
  return out;
}

std::string Row(const std::string& left, const std::string& right, size_t columns) {
  const size_t start = kIndent + kNamesColumns;
  std::string line = std::string(kIndent, ' ') + left;
  if (right.empty()) return line + '\n';
  if (line.size() + 2 > start) {
    line += '\n' + std::string(start, ' ');
  } else {
    line += std::string(start - line.size(), ' ');
  }
  return line + Wrapped(right, start, start, columns) + '\n';
}

std::string OptionRow(const CLI::Option& option, size_t columns) {
  const std::vector<std::string> names = NamesOf(option);
  // Long names stand under each other.
  std::string left = names.front().starts_with("--") ? "    " : "";
  left += fmt::format("{}", fmt::join(names, ", "));
  const std::string value = ValueName(option);
  if (!value.empty()) left += " " + value;
  return Row(left, DescriptionOf(option), columns);
}

std::string ArgumentRow(const CLI::Option& argument, size_t columns) {
  std::string text = argument.get_description();
  return Row(ArgumentName(argument), text, columns);
}

}  // namespace

std::string HelpText(const CLI::App& command, const std::string& path, size_t columns) {
  std::string text = Wrapped(command.get_description(), 0, 0, columns) + "\n\n";
  const std::string usage = fmt::format("Usage: {} ", path);
  text += usage + Wrapped(UsageOf(command), usage.size(), 7, columns) + "\n";
  const auto arguments = ArgumentsOf(command);
  if (!arguments.empty()) text += "\nArguments:\n";
  for (const CLI::Option* argument : arguments) text += ArgumentRow(*argument, columns);
  const auto commands = CommandsOf(command);
  if (!commands.empty()) text += "\nCommands:\n";
  for (const CLI::App* below : commands) {
    text += Row(below->get_name(), below->get_description(), columns);
  }
  for (const OptionGroup& group : OptionGroupsOf(command)) {
    text += fmt::format("\n{}:\n", group.name);
    for (const CLI::Option* option : group.options) text += OptionRow(*option, columns);
  }
  const std::string example = ExampleOf(command);
  if (!example.empty()) text += "\n" + example + "\n";
  return text;
}

size_t HelpColumns() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
    return kMostColumns;
  }
  return size.ws_col == 0 ? kMostColumns
                          : std::clamp<size_t>(size.ws_col, kFewestColumns, kMostColumns);
}

std::string HelpFormatter::make_help(const CLI::App* command, std::string path,
                                     CLI::AppFormatMode) const {
  return HelpText(*command, path, HelpColumns());
}

}  // namespace mores::cli
