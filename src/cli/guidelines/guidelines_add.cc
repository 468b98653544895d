// mores guidelines add: one guideline by hand.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/guidelines/guidelines.h"

namespace mores::cli {
namespace {

struct AddGuideline {
  std::string database, kind, polarity, status;
  std::vector<std::string> places;
  guidelines::Guideline guideline;
  guidelines::Source source;
  guidelines::Change change;
};

// "NG+tiv": a place and a group there; "NG": a place.
void TakePlace(const std::string& place, guidelines::Guideline& guideline) {
  const size_t plus = place.find('+');
  guideline.places.push_back(place.substr(0, plus));
  if (plus != std::string::npos) {
    guideline.groups.push_back(guidelines::GroupId(place.substr(plus + 1)));
  }
}

// A new version says of what isn't given what the one before says.
Status KeepWhatIsNotGiven(const guidelines::Guideline& before, const AddGuideline& command,
                          guidelines::Guideline& changed) {
  if (before.status == guidelines::Standing::kWithdrawn) {
    return MakeError(ErrorKind::kInput, "guideline '{}' is withdrawn, and stays so", before.id);
  }
  changed.version = before.version;
  if (command.polarity.empty()) changed.polarity = before.polarity;
  if (changed.valid_from.empty()) changed.valid_from = before.valid_from;
  if (changed.valid_to.empty()) changed.valid_to = before.valid_to;
  changed.passages = before.passages;
  std::vector<guidelines::Source> sources = before.sources;
  for (const guidelines::Source& source : changed.sources) {
    if (std::find(sources.begin(), sources.end(), source) == sources.end()) {
      sources.push_back(source);
    }
  }
  changed.sources = std::move(sources);
  return {};
}

Expected<int> RunAdd(const AddGuideline& command) {
  guidelines::Guideline guideline = command.guideline;
  guideline.kind = *guidelines::ParseKind(command.kind);
  if (!command.polarity.empty()) {
    guideline.polarity = *guidelines::ParsePolarity(command.polarity);
  }
  for (const std::string& place : command.places) TakePlace(place, guideline);
  // What is said of a group decides nothing before people of that group have reviewed it.
  guideline.status = guideline.groups.empty() ? guidelines::Standing::kHumanValidated
                                              : guidelines::Standing::kGenerated;
  if (!command.status.empty()) guideline.status = *guidelines::ParseStanding(command.status);
  const bool validated = guideline.status == guidelines::Standing::kHumanValidated ||
                         guideline.status == guidelines::Standing::kMachineValidated;
  if (validated && !guideline.groups.empty()) {
    return MakeError(ErrorKind::kUsage,
                     "--status {}: a guideline of a group comes to it by review alone",
                     guidelines::Name(guideline.status));
  }
  if (!command.source.title.empty()) guideline.sources.push_back(command.source);
  if (!guideline.groups.empty() && guideline.sources.empty()) {
    return MakeError(ErrorKind::kUsage,
                     "a guideline of a group needs a source: give --source-title");
  }
  // Language, dates and the like are checked as those of a file are.
  Json json = guidelines::ToJson(guideline);
  json.erase("lang");
  MORES_ASSIGN_OR_RETURN(guidelines::Guideline parsed,
                         guidelines::ParseGuideline(json, "guidelines add"));
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(command.database, GuidelineAccess::kCreate));
  const std::string id = parsed.id.empty() ? guidelines::GuidelineId(parsed) : parsed.id;
  MORES_ASSIGN_OR_RETURN(const std::optional<guidelines::Version> before, database->Find(id));
  if (before) {
    MORES_RETURN_IF_ERROR(KeepWhatIsNotGiven(before->guideline, command, parsed));
  } else if (!parsed.id.empty()) {
    return MakeError(ErrorKind::kInput,
                     "there is no guideline '{}' to change; without --id a new one is added", id);
  }
  MORES_ASSIGN_OR_RETURN(const guidelines::Version version, database->Put(parsed, command.change));
  const bool same = before && before->guideline.version == version.guideline.version;
  fmt::print("{} version {}{}\n", Printable(version.guideline.id), version.guideline.version,
             same ? ", as it was" : "");
  return kExitDone;
}

constexpr const char kGuidelinesAddExample[] =
    R"(  mores guidelines add --db guidelines.db --place JP --kind norm --topic "Baths" \
    --text "Wash before you enter a shared bath." --source-title "A guide to baths" --by "$USER")";

}  // namespace

void AddGuidelinesAddCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<AddGuideline>();
  CLI::App* command = AddCommand(parent, {.name = "add",
                                          .summary = "Add a guideline, or a version of one.",
                                          .example = kGuidelinesAddExample});
  guidelines::Guideline& guideline = options->guideline;
  AddDatabaseOption(command, options->database);
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
  AddChangeOptions(command, options->change);
  OnRun(line, command, [options] {
    const Expected<int> code = RunAdd(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
