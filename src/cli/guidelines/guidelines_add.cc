// mores guidelines add: one guideline by hand.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/guideline_add.h"
#include "cli/guidelines/guidelines.h"

namespace mores::cli {
namespace {

struct AddCommandLine {
  app::AddJob job;
  std::string kind, polarity, status;
  std::vector<std::string> places;
  guidelines::Source source;
};

// "NG+tiv": a place and a group there; "NG": a place.
void TakePlace(const std::string& place, guidelines::Guideline& guideline) {
  const size_t plus = place.find('+');
  guideline.places.push_back(place.substr(0, plus));
  if (plus != std::string::npos) {
    guideline.groups.push_back(guidelines::GroupId(place.substr(plus + 1)));
  }
}

Expected<int> RunAdd(const AddCommandLine& command) {
  app::AddJob job = command.job;
  job.guideline.kind = *guidelines::ParseKind(command.kind);
  if (!command.polarity.empty()) job.polarity = guidelines::ParsePolarity(command.polarity);
  if (!command.status.empty()) job.status = guidelines::ParseStanding(command.status);
  for (const std::string& place : command.places) TakePlace(place, job.guideline);
  if (!command.source.title.empty()) job.guideline.sources.push_back(command.source);
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(job.database));
  if (const Status standing = app::CheckStanding(job); !standing) {
    return tl::unexpected<Error>(Named("--status", standing.error()));
  }
  if (!job.guideline.groups.empty() && job.guideline.sources.empty()) {
    return MakeError(ErrorKind::kUsage,
                     "a guideline of a group needs a source: give --source-title");
  }
  job.id_called = "--id";
  MORES_ASSIGN_OR_RETURN(const app::AddResult result, app::AddGuideline(job));
  const guidelines::Guideline& guideline = result.version.guideline;
  fmt::print("{} version {}{}\n", Printable(guideline.id), guideline.version,
             result.as_it_was ? ", as it was" : "");
  return kExitDone;
}

constexpr const char kGuidelinesAddExample[] =
    R"(  mores guidelines add --db guidelines.db --place JP --kind norm --topic "Baths" \
    --text "Wash before you enter a shared bath." --source-title "A guide to baths" --by "$USER")";

}  // namespace

void AddGuidelinesAddCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<AddCommandLine>();
  CLI::App* command = AddCommand(parent, {.name = "add",
                                          .summary = "Add a guideline, or a version of one.",
                                          .example = kGuidelinesAddExample});
  guidelines::Guideline& guideline = options->job.guideline;
  AddDatabaseOption(command, options->job.database);
  command->add_option("--place", options->places, "ISO 3166 code, or CODE+GROUP; may be repeated")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--kind", options->kind, "norm or policy")
      ->required()
      ->check(CLI::IsMember({"norm", "policy"}));
  command->add_option("--topic", guideline.topic, "In a few words")->required();
  command->add_option("--text", guideline.text, "The guideline")->required();
  command->add_option("--id", guideline.id, "Of the guideline that this is a version of");
  command->add_option("--polarity", options->polarity, "Whether the text is what is expected")
      ->check(CLI::IsMember({"expected", "violation"}));
  command
      ->add_option("--status", options->status,
                   "How far it was looked at; human-validated, of a group generated")
      ->check(CLI::IsMember({"imported", "generated", "machine-validated", "human-validated",
                             "contested", "withdrawn"}));
  command->add_option("--valid-from", guideline.valid_from, "First day, YYYY-MM-DD");
  command->add_option("--valid-to", guideline.valid_to, "Last day, YYYY-MM-DD");
  command->add_option("--passage", guideline.passages, "Id of a passage that it rests on")
      ->allow_extra_args(false);
  guidelines::Source& source = options->source;
  command->add_option("--source-title", source.title, "Where it was read");
  command->add_option("--source-publisher", source.publisher, "Who published that");
  command->add_option("--source-address", source.address, "Where it is found");
  command->add_option("--source-date", source.date_read, "When it was read, YYYY-MM-DD");
  command->add_option("--source-licence", source.licence, "An SPDX name where there is one");
  command->add_flag("--source-redistributable", source.redistributable, "It may be passed on");
  AddChangeOptions(command, options->job.change);
  OnRun(line, command, [options] { return RunAdd(*options); });
}

}  // namespace mores::cli
