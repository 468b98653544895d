#include "cli/command.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace mores::cli {

CLI::App* AddCommand(CLI::App& parent, const CommandText& text) {
  CLI::App* command = parent.add_subcommand(text.name, text.summary);
  if (!text.example.empty()) command->footer("\nExample:\n" + text.example);
  return command;
}

void OnRun(CommandLine& line, CLI::App* command, std::function<int()> run) {
  command->callback([&line, run = std::move(run)] { line.run = run; });
}

std::string Printable(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

int Fail(const Error& error) {
  fmt::print(stderr, "mores: {}\n", Printable(error.message));
  return ExitCode(error.kind);
}

Status CheckOutput(const std::string& input, const std::string& output) {
  if (output.empty()) return MakeError(ErrorKind::kUsage, "-o: the name is empty");
  std::error_code error;
  if (output != "-" && std::filesystem::equivalent(input, output, error)) {
    return MakeError(ErrorKind::kUsage, "-o {}: is the input itself", output);
  }
  return {};
}

}  // namespace mores::cli
