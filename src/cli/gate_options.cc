#include "cli/gate_options.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "app/places.h"
#include "base/files.h"
#include "cli/command.h"
#include "job/file_kind.h"

namespace mores::cli {

const char kGateHelp[] =
    R"(Compare with >, >=, < or <=, as shares: 'unsafe>0.1' or 'unsafe>10%'. An undefined figure never
passes. With any bound a run also ends with 4 where more than 1 % of all items have no label or
failed; a bound on those, such as 'unparsed>5%', sets how many may.)";

namespace {

// As --place takes them.
Expected<std::string> ReadBoundPlace(std::string_view place) {
  auto code = app::PlaceNamed(place);
  if (!code) return tl::unexpected<Error>(Named("--fail-if", code.error()));
  return code;
}

}  // namespace

void AddGateOptions(CLI::App* command, GateFlags& flags, const format::GateFigures& figures,
                    const std::string& example) {
  std::vector<std::string> names;
  for (const format::KnownFigure& figure : figures.known) {
    names.push_back(std::string(figure.name) + (figure.by_place ? "[@PLACE]" : ""));
  }
  command
      ->add_option("--fail-if", flags.fail_if,
                   fmt::format("Exit with {} when so, such as '{}'; figures: {}",
                               kExitBoundExceeded, example, fmt::join(names, ", ")))
      ->allow_extra_args(false);
  command->add_option("--junit", flags.junit,
                      "File for the bounds of --fail-if as JUnit XML, a test case each");
}

Expected<format::Gate> ReadGate(const GateFlags& flags, const format::GateFigures& figures,
                                const std::vector<std::string>& files) {
  if (!flags.junit.empty() && flags.fail_if.empty()) {
    return MakeError(ErrorKind::kUsage, "--junit: needs --fail-if, whose bounds it tells of");
  }
  if (!flags.junit.empty()) MORES_RETURN_IF_ERROR(CheckOutput(files, flags.junit, "--junit"));
  if (const Status kind = job::CheckReplaces(flags.junit, job::FileKind::kXml); !kind) {
    return tl::unexpected<Error>(Named("--junit", kind.error()));
  }
  MORES_ASSIGN_OR_RETURN(format::Gate gate,
                         format::Gate::Parse(flags.fail_if, figures, ReadBoundPlace));
  // What an earlier run told must not stand for this one, should it be refused or stopped.
  std::error_code error;
  if (std::filesystem::is_regular_file(flags.junit, error)) {
    MORES_ASSIGN_OR_RETURN(const std::string before, ReadFile(flags.junit));
    if (!before.empty() && before.find("<testsuite") == std::string::npos) {
      return MakeError(ErrorKind::kUsage, "--junit {}: holds something other than JUnit XML",
                       flags.junit);
    }
    std::filesystem::remove(flags.junit, error);
  }
  for (const std::string& text : flags.fail_if) {
    const auto bound = format::ParseBound(text, figures.known);
    // "100%" is meant as it is written, such as for what is undecided; a bare 1 is most likely 1 %.
    const bool per_cent = text.find('%') != std::string::npos;
    if (!bound || per_cent || !format::CanNeverBeExceeded(*bound, figures.known)) continue;
    return MakeError(ErrorKind::kUsage,
                     "--fail-if {} can never be exceeded; one per cent is 0.01 or 1%",
                     format::ToString(*bound));
  }
  return gate;
}

Expected<int> EndGate(const format::Gate& gate, const GateFlags& flags,
                      const format::JUnitSuite& suite,
                      const std::function<format::GateFigure(const format::Bound&)>& figure,
                      int otherwise) {
  if (gate.empty()) return otherwise;
  const std::vector<format::GateCheck> checks = gate.Check(figure);
  for (const format::GateCheck& check : checks) {
    if (!check.exceeded) continue;
    fmt::print(stderr, "mores: --fail-if {}\n", Printable(format::Describe(check)));
  }
  if (!flags.junit.empty()) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(flags.junit, format::RenderJUnit(suite, checks)));
  }
  return format::AnyExceeded(checks) ? kExitBoundExceeded : otherwise;
}

}  // namespace mores::cli
