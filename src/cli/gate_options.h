// The options of commands that a gate can stand on: bounds, and where they are told.
#ifndef MORES_CLI_GATE_OPTIONS_H_
#define MORES_CLI_GATE_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/gate.h"

namespace mores::cli {

struct GateFlags {
  std::vector<std::string> fail_if;
  std::string junit;  // file; "" for none
};

// --fail-if and --junit. `example` is a bound of that command.
void AddGateOptions(CLI::App* command, GateFlags& flags, const format::GateFigures& figures,
                    const std::string& example);

// kUsage for a bound that is none, for --junit without a bound, and where that would be written
// over one of `files`, which the command reads or writes.
Expected<format::Gate> ReadGate(const GateFlags& flags, const format::GateFigures& figures,
                                const std::vector<std::string>& files);

// Checks the gate when all else is done: says on standard error which bounds are exceeded, and
// writes the JUnit file. The exit code: that of a bound, else `otherwise`.
Expected<int> EndGate(const format::Gate& gate, const GateFlags& flags,
                      const format::JUnitSuite& suite,
                      const std::function<format::GateFigure(const format::Bound&)>& figure,
                      int otherwise);

// What --help says of bounds, after the names of the figures.
extern const char kGateHelp[];

}  // namespace mores::cli

#endif  // MORES_CLI_GATE_OPTIONS_H_
