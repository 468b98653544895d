#include "cli/help/man.h"

#include <fmt/format.h>

#include <cstdint>
#include <set>
#include <string_view>

#include "cli/help/option_text.h"

namespace mores::cli {
namespace {

// One character of UTF-8 from `text` at `i`, which moves on; other than ASCII as \[uXXXX].
std::string Character(std::string_view text, size_t& i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte < 0x80) {
    ++i;
    switch (byte) {
      case '\\':
        return "\\e";
      case '-':
        return "\\-";
      case '\'':
        return "\\(aq";
      case '`':
        return "\\(ga";
      case '^':
        return "\\(ha";
      case '~':
        return "\\(ti";
      default:
        return std::string(1, static_cast<char>(byte));
    }
  }
  const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
  uint32_t code = byte & (0xFFu >> (length + 1));
  for (size_t k = 1; k < length && i + k < text.size(); ++k) {
    code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
  }
  i += length;
  return fmt::format("\\[u{:04X}]", code);
}

std::string Escaped(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (size_t i = 0; i < text.size();) {
    // What would be a request there.
    if (line_start && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    line_start = text[i] == '\n';
    out += Character(text, i);
  }
  return out;
}

// What a device without a character of ours shows in its place.
std::string FallbackCharacters(const CLI::App& app) {
  std::set<std::string> characters;
  ForEachCommand(app, app.get_name(), [&](const CLI::App& command, const std::string&) {
    const std::string shown = ExampleOf(command);
    for (size_t i = 0; i < shown.size();) {
      std::string character = Character(shown, i);
      if (character.starts_with("\\[u")) characters.insert(std::move(character));
    }
  });
  std::string text;
  for (const std::string& character : characters) {
    text += fmt::format(".if \\n(.g .fchar {} ?\n", character);
  }
  return text;
}

std::string OptionEntry(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : NamesOf(option)) {
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", Escaped(name));
  }
  const std::string value = ValueName(option);
  if (!value.empty()) names += fmt::format(" \\fI{}\\fR", Escaped(value));
  return fmt::format(".TP\n{}\n{}\n", names, Escaped(DescriptionOf(option)));
}

std::string CommandSection(const CLI::App& command, const std::string& path) {
  std::string text =
      fmt::format(".SS {}\n{}\n.PP\n\\fB{}\\fR {}\n", Escaped(path),
                  Escaped(command.get_description()), Escaped(path), Escaped(UsageOf(command)));
  for (const CLI::Option* argument : ArgumentsOf(command)) {
    text += fmt::format(".TP\n\\fI{}\\fR\n{}\n", Escaped(ArgumentName(*argument)),
                        Escaped(argument->get_description()));
  }
  for (const OptionGroup& group : OptionGroupsOf(command)) {
    if (group.name == "Help") continue;
    text += fmt::format(".PP\n\\fI{}\\fR\n", Escaped(group.name));
    for (const CLI::Option* option : group.options) text += OptionEntry(*option);
  }
  const std::string example = ExampleOf(command);
  if (!example.empty()) text += fmt::format(".PP\n.nf\n{}\n.fi\n", Escaped(example));
  return text;
}

constexpr const char kEnd[] = R"(.SH ENVIRONMENT
.TP
.B MORES_MODEL
The model where \fB\-\-model\fR is not given.
.TP
.B MORES_GUIDELINES
The database of guidelines where \fB\-\-db\fR is not given.
.TP
.B MORES_API_KEY
The key of an endpoint; it is never written anywhere.
.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
The work was finished, and some items failed.
.TP
.B 2
The call or its input is wrong.
.TP
.B 3
A resource is missing or broken.
.TP
.B 4
Done, and a bound that was set with \fB\-\-fail\-if\fR is exceeded.
.TP
.B 130
Stopped.
)";

}  // namespace

std::string ManPage(const CLI::App& app, const std::string& version) {
  std::string text = fmt::format(
      ".TH MORES 1 \"\" \"mores {}\" \"User Commands\"\n.SH NAME\nmores \\- judge, measure and "
      "improve the safety of answers\n.SH SYNOPSIS\n\\fBmores\\fR COMMAND [OPTIONS]\n"
      ".SH DESCRIPTION\n{}\n.SH COMMANDS\n",
      Escaped(version), Escaped(app.get_description()));
  text.insert(0, FallbackCharacters(app));
  ForEachCommand(app, app.get_name(), [&](const CLI::App& command, const std::string& path) {
    if (&command != &app) text += CommandSection(command, path);
  });
  return text + kEnd;
}

}  // namespace mores::cli
