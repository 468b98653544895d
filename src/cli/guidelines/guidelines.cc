// mores guidelines: norms and laws of places, with their history.
#include "cli/guidelines/guidelines.h"

#include <fmt/format.h>

#include <optional>

namespace mores::cli {
namespace {

constexpr const char kGuidelinesExample[] =
    R"(  export MORES_GUIDELINES=guidelines.db
  mores guidelines import jsonl examples/guidelines.jsonl --by "$USER" --trusted
  mores guidelines list --place Japan

What decides in mores judge, by status: human-validated, machine-validated (not of a group), and
imported where its set was vouched for (import --trusted) or with --trust-imports. Never: proposed,
generated, contested, withdrawn, and what isn't valid on the day.)";

std::string Joined(const std::vector<std::string>& list) {
  return Printable(fmt::format("{}", fmt::join(list, ", ")));
}

}  // namespace

void AddDatabaseOption(CLI::App* command, std::string& path) {
  command->add_option("--db", path, "The database; else the one that MORES_GUIDELINES names");
}

void AddChangeOptions(CLI::App* command, guidelines::Change& change) {
  command->add_option("--by", change.by, "Who makes the change")->required();
  command->add_option("--reason", change.reason, "Why");
}

Expected<std::string> DatabasePath(const std::string& path) {
  Expected<std::string> found = app::DatabasePath(path);
  if (found) return found;
  return MakeError(ErrorKind::kUsage,
                   "no database: give --db FILE, or set MORES_GUIDELINES to the file");
}

Expected<std::vector<guidelines::Standing>> ParseStandings(const std::vector<std::string>& names) {
  std::vector<guidelines::Standing> statuses;
  for (const std::string& name : names) {
    const std::optional<guidelines::Standing> status = guidelines::ParseStanding(name);
    if (!status) return MakeError(ErrorKind::kUsage, "--status {}: there is no such status", name);
    statuses.push_back(*status);
  }
  return statuses;
}

void AddViewerOptions(CLI::App* command, ViewerFlags& flags) {
  CLI::Option* const reviewer = command->add_option(
      "--reviewer", flags.reviewer,
      "Show who ruled what and why on the versions that this reviewer ruled on");
  command
      ->add_option("--adjudicator", flags.adjudicator,
                   "Show who ruled what and why to who settles it, and can't rule on it then")
      ->excludes(reviewer);
}

guidelines::RulingViewer ViewerOf(const ViewerFlags& flags) {
  if (flags.adjudicator.empty()) return {.name = flags.reviewer};
  return {.name = flags.adjudicator, .role = guidelines::RulingViewer::Role::kAdjudicator};
}

std::string Describe(const guidelines::StoredRuling& ruling) {
  return fmt::format("{} by {}{}{}, {}{}{}", Name(ruling.ruling), Printable(ruling.reviewer),
                     ruling.reviewer_place.empty() ? "" : " from ",
                     Printable(ruling.reviewer_place), ruling.at, ruling.reason.empty() ? "" : ": ",
                     Printable(ruling.reason));
}

std::string Describe(const guidelines::Version& version) {
  const guidelines::Guideline& guideline = version.guideline;
  std::string text =
      fmt::format("{}  version {}  {}  {}\n  places    {}\n", Printable(guideline.id),
                  guideline.version, guidelines::Name(guideline.kind),
                  guidelines::Name(guideline.status), Joined(guideline.places));
  if (!guideline.groups.empty()) text += fmt::format("  groups    {}\n", Joined(guideline.groups));
  text += fmt::format("  topic     {}\n  text      {}\n", Printable(guideline.topic),
                      Printable(guideline.text));
  if (guideline.polarity == guidelines::Polarity::kViolation) {
    text += "  polarity  violation\n";
  }
  if (!guideline.valid_from.empty() || !guideline.valid_to.empty()) {
    text += fmt::format("  valid     {} to {}\n", guideline.valid_from, guideline.valid_to);
  }
  for (const guidelines::Source& source : guideline.sources) {
    text += fmt::format("  source    {}; {}; {}; licence {}\n", Printable(source.title),
                        Printable(source.publisher), Printable(source.address),
                        source.licence.empty() ? "not stated" : Printable(source.licence));
  }
  if (guideline.trusted) {
    text +=
        fmt::format("  trusted   {} vouches for it: it decides\n", Printable(version.change.by));
  }
  if (!guideline.passages.empty()) {
    text += fmt::format("  rests on  {}\n", Joined(guideline.passages));
  }
  const guidelines::Change& change = version.change;
  text += fmt::format("  changed   {} by {}{}{}\n", change.at, Printable(change.by),
                      change.reason.empty() ? "" : ": ", Printable(change.reason));
  return text;
}

Json ToJson(const guidelines::Version& version) {
  Json json = guidelines::ToJson(version.guideline);
  json["changed_by"] = version.change.by;
  json["changed_at"] = version.change.at;
  json["reason"] = version.change.reason;
  return json;
}

void AddGuidelinesCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line.app, {.name = "guidelines",
                            .summary = "Norms and laws of places: a database with its history.",
                            .example = kGuidelinesExample});
  command->require_subcommand(1);
  AddGuidelinesImportCommand(line, *command);
  AddGuidelinesListCommand(line, *command);
  AddGuidelinesShowCommand(line, *command);
  AddGuidelinesHistoryCommand(line, *command);
  AddGuidelinesAddCommand(line, *command);
  AddGuidelinesDiffCommand(line, *command);
  AddGuidelinesStatsCommand(line, *command);
  AddGuidelinesExportCommand(line, *command);
  AddGuidelinesMigrateCommand(line, *command);
  AddGuidelinesSearchCommand(line, *command);
  AddGuidelinesEvaluateCommand(line, *command);
  AddGuidelinesEmbedCommand(line, *command);
  AddGuidelinesGenerateCommand(line, *command);
  AddGuidelinesVaryCommand(line, *command);
  AddGuidelinesValidateCommand(line, *command);
  AddGuidelinesReviewCommand(line, *command);
}

}  // namespace mores::cli
