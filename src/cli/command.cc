#include "cli/command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "app/run.h"
#include "cli/help/help.h"

namespace mores::cli {

CommandLine::CommandLine() {
  app.formatter(std::make_shared<HelpFormatter>());
  app.get_option("--help")->description("This text");
}

CLI::App* AddCommand(CLI::App& parent, const CommandText& text) {
  CLI::App* command = parent.add_subcommand(text.name, text.summary);
  command->get_option("--help")->description("This text");
  if (!text.example.empty()) command->footer("\nExample:\n" + text.example);
  return command;
}

void OnRun(CommandLine& line, CLI::App* command, std::function<Expected<int>()> run) {
  command->callback([&line, command, run = std::move(run)] {
    if (!command->get_subcommands().empty()) return;
    line.run = [run] {
      const Expected<int> code = run();
      return code ? *code : Fail(code.error());
    };
  });
}

std::string Printable(const std::string& text) {
  // Bytes that a terminal acts upon: C0, DEL, and in UTF-8 C1 (C2 80 to C2 9F) and the marks that
  // turn the direction of writing (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069).
  const auto acts = [&](size_t i) -> size_t {
    const auto at = [&](size_t k) {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
    };
    if (at(0) < 0x20 || at(0) == 0x7F) return 1;
    if (at(0) == 0xC2 && at(1) >= 0x80 && at(1) <= 0x9F) return 2;
    if (at(0) == 0xD8 && at(1) == 0x9C) return 2;
    if (at(0) != 0xE2) return 0;
    const unsigned last = at(2);
    if (at(1) == 0x80 && (last == 0x8E || last == 0x8F || (last >= 0xAA && last <= 0xAE))) return 3;
    return at(1) == 0x81 && last >= 0xA6 && last <= 0xA9 ? 3 : 0;
  };
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t count = acts(i);
    if (count == 0) {
      out += text[i++];
      continue;
    }
    for (const char c : text.substr(i, count)) {
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    }
    i += count;
  }
  return out;
}

int Fail(const Error& error) {
  fmt::print(stderr, "mores: {}\n", Printable(error.message));
  return ExitCode(error.kind);
}

Error Named(const char* option, Error error) {
  error.message = fmt::format("{} {}", option, error.message);
  return error;
}

Status CheckOutput(const std::vector<std::string>& inputs, const std::string& output,
                   const char* option) {
  if (output.empty()) return MakeError(ErrorKind::kUsage, "{}: the name is empty", option);
  const Status checked = app::CheckOutputs(inputs, output);
  if (checked) return {};
  return tl::unexpected<Error>(Named(option, checked.error()));
}

int ExitCodeOf(const job::JobSummary& run) { return run.failed > 0 ? kExitFailedItems : kExitDone; }

void AddFreshOption(CLI::App* command, job::JournalStart& start) {
  command->add_flag_callback(
      "--fresh", [&start] { start = job::JournalStart::kFresh; },
      "Do it anew: drop unfinished work, replace a finished output");
}

}  // namespace mores::cli
