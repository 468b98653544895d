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
  std::vector<std::string> changed;
  guidelines::Source source;
};

// What a new guideline can't do without.
Status CheckWhole(const AddCommandLine& command) {
  const guidelines::Guideline& guideline = command.job.guideline;
  if (!guideline.id.empty()) return {};
  for (const auto& [given, option] :
       {std::pair(!guideline.places.empty(), "--place"), std::pair(!command.kind.empty(), "--kind"),
        std::pair(!guideline.topic.empty(), "--topic"),
        std::pair(!guideline.text.empty(), "--text")}) {
    if (given) continue;
    return MakeError(ErrorKind::kUsage,
                     "{} is required without --id (see mores guidelines add --help)", option);
  }
  return {};
}

std::string WhatDecides(const app::AddResult& result) {
  const guidelines::Standing status = result.version.guideline.status;
  if (result.as_it_was) return fmt::format(", as it was: {}", Name(status));
  if (status != guidelines::Standing::kProposed) return fmt::format(": {}", Name(status));
  return fmt::format(": proposed, decides once {} other{} ruled that it is correct",
                     result.enough_rulings, result.enough_rulings == 1 ? " has" : "s have");
}

Expected<int> RunAdd(const AddCommandLine& command) {
  MORES_RETURN_IF_ERROR(CheckWhole(command));
  app::AddJob job = command.job;
  if (!command.kind.empty()) job.kind = guidelines::ParseKind(command.kind);
  if (!command.polarity.empty()) job.polarity = guidelines::ParsePolarity(command.polarity);
  if (!command.status.empty()) job.status = guidelines::ParseStanding(command.status);
  for (const std::string& name : command.changed) job.changed.push_back(*app::ParseKept(name));
  if (!job.changed.empty() && job.guideline.id.empty()) {
    return MakeError(ErrorKind::kUsage, "--change is for a version of a guideline: give --id");
  }
  if (!command.source.title.empty()) {
    job.guideline.sources.push_back(command.source);
  } else if (command.source != guidelines::Source()) {
    return MakeError(ErrorKind::kUsage, "a source needs --source-title");
  }
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(job.database));
  if (const Status standing = app::CheckStanding(job); !standing) {
    return tl::unexpected<Error>(Named("--status", standing.error()));
  }
  job.id_called = "--id";
  job.source_called = "--source-title";
  MORES_ASSIGN_OR_RETURN(const app::AddResult result, app::AddGuideline(job));
  const guidelines::Guideline& guideline = result.version.guideline;
  fmt::print("{} version {}{}\n", Printable(guideline.id), guideline.version, WhatDecides(result));
  return kExitDone;
}

constexpr const char kGuidelinesAddExample[] =
    R"(  mores guidelines add --db guidelines.db --place Japan --kind norm --topic "Baths" \
    --text "Wash before you enter a shared bath." --source-title "A guide to baths" --by "$USER"

What is added is proposed, and doesn't decide until others than --by have ruled that it is correct: two
of them, or as many as 'mores guidelines review enough' says (docs/formats/guideline-review.md). A
version by --id is proposed anew, and earlier rulings don't count for it. It keeps what isn't given, but
no source and no passage; that place, kind or topic change has to be said with --change.)";

}  // namespace

void AddGuidelinesAddCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<AddCommandLine>();
  CLI::App* command = AddCommand(parent, {.name = "add",
                                          .summary = "Propose a guideline, or a version of one.",
                                          .example = kGuidelinesAddExample});
  guidelines::Guideline& guideline = options->job.guideline;
  AddDatabaseOption(command, options->job.database);
  command
      ->add_option("--place", guideline.places,
                   "A code or name, or with a group 'NG+Tiv'; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--kind", options->kind, "norm or policy")
      ->check(CLI::IsMember({"norm", "policy"}));
  command->add_option("--topic", guideline.topic, "In a few words");
  command->add_option("--text", guideline.text, "The guideline");
  command->add_option("--id", guideline.id, "Of the guideline that this is a version of");
  command
      ->add_option("--change", options->changed,
                   "With --id: its place, kind or topic is another now; may be repeated")
      ->check(CLI::IsMember({"place", "kind", "topic"}))
      ->allow_extra_args(false);
  command->add_option("--polarity", options->polarity, "Whether the text is what is expected")
      ->check(CLI::IsMember({"expected", "violation"}));
  command
      ->add_option("--status", options->status,
                   "proposed where it isn't said; generated, contested, withdrawn decide as little")
      ->check(CLI::IsMember({"imported", "generated", "proposed", "machine-validated",
                             "human-validated", "contested", "withdrawn"}));
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
