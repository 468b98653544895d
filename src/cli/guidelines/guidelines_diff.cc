// mores guidelines diff: two versions of a guideline, or two states of a database.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/guidelines/guidelines.h"

namespace mores::cli {
namespace {

struct DiffCommand {
  std::vector<std::string> what;  // an id and up to two versions, or two files
  std::string database;
  bool json = false;
};

using Versions = std::map<std::string, guidelines::Version>;

Expected<Versions> CurrentVersions(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const auto database, OpenDatabase(path, GuidelineAccess::kRead));
  Versions versions;
  MORES_RETURN_IF_ERROR(database->ForEachGuideline([&](const guidelines::Version& version) {
    versions.emplace(version.guideline.id, version);
    return Status();
  }));
  return versions;
}

// Fields that differ: {"text": [before, after], ...}.
Json ChangedFields(const guidelines::Guideline& before, const guidelines::Guideline& after) {
  const Json old_fields = guidelines::ToJson(before), new_fields = guidelines::ToJson(after);
  Json changed = Json::object();
  const auto field = [](const Json& json, const std::string& name) {
    const auto found = json.find(name);
    return found == json.end() ? Json("") : *found;
  };
  for (const Json* fields : {&old_fields, &new_fields}) {
    for (const auto& [name, value] : fields->items()) {
      if (name == "version" || changed.contains(name)) continue;
      if (field(old_fields, name) == field(new_fields, name)) continue;
      changed[name] = {field(old_fields, name), field(new_fields, name)};
    }
  }
  return changed;
}

void PrintChanged(const Json& changed) {
  const auto shown = [](const Json& value) {
    return Printable(value.is_string() ? value.get<std::string>() : DumpJson(value));
  };
  for (const auto& [name, pair] : changed.items()) {
    fmt::print("  {}\n  - {}\n  + {}\n", name, shown(pair[0]), shown(pair[1]));
  }
}

Expected<int> VersionNumber(const std::string& text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || number > 100000000) {
      return MakeError(ErrorKind::kUsage, "'{}' is no number of a version", text);
    }
    number = number * 10 + c - '0';
  }
  return number;
}

// Of one guideline: two versions, or the one before the current and that.
Expected<int> DiffVersions(const DiffCommand& command) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(command.database, GuidelineAccess::kRead));
  const std::string& id = command.what.front();
  MORES_ASSIGN_OR_RETURN(const std::optional<guidelines::Version> current, database->Find(id));
  if (!current) return MakeError(ErrorKind::kInput, "no guideline '{}'", id);
  int numbers[2] = {current->guideline.version - 1, current->guideline.version};
  for (size_t i = 1; i < command.what.size(); ++i) {
    MORES_ASSIGN_OR_RETURN(numbers[i - 1], VersionNumber(command.what[i]));
  }
  if (numbers[0] == 0 && command.what.size() == 1) {
    fmt::print("{} has one version\n", Printable(id));
    return kExitDone;
  }
  guidelines::Guideline sides[2];
  for (size_t i = 0; i < 2; ++i) {
    const int number = numbers[i];
    MORES_ASSIGN_OR_RETURN(
        std::optional<guidelines::Version> version,
        number > 0 ? database->Find(id, number) : std::optional<guidelines::Version>());
    if (!version) return MakeError(ErrorKind::kInput, "{} has no version {}", id, number);
    sides[i] = std::move(version->guideline);
  }
  const Json changed = ChangedFields(sides[0], sides[1]);
  if (command.json) {
    fmt::print(
        "{}\n",
        DumpJson({{"id", id}, {"from", numbers[0]}, {"to", numbers[1]}, {"changed", changed}}));
  } else {
    fmt::print("{} version {} to {}\n", Printable(id), numbers[0], numbers[1]);
    PrintChanged(changed);
  }
  return kExitDone;
}

Expected<int> DiffDatabases(const DiffCommand& command) {
  MORES_ASSIGN_OR_RETURN(const Versions before, CurrentVersions(command.what[0]));
  MORES_ASSIGN_OR_RETURN(const Versions after, CurrentVersions(command.what[1]));
  std::map<std::string, size_t> counts;
  const auto tell = [&](const char* what, const std::string& id, const Json& changed) {
    ++counts[what];
    if (command.json) {
      fmt::print("{}\n", DumpJson({{"id", id}, {"what", what}, {"changed", changed}}));
    } else {
      fmt::print("{:<9} {}\n", what, Printable(id));
      PrintChanged(changed);
    }
  };
  for (const auto& [id, version] : before) {
    const auto now = after.find(id);
    if (now == after.end()) {
      tell("missing", id, Json::object());
      continue;
    }
    const Json changed = ChangedFields(version.guideline, now->second.guideline);
    if (changed.empty()) continue;
    const bool withdrawn = now->second.guideline.status == guidelines::Standing::kWithdrawn;
    tell(withdrawn ? "withdrawn" : "changed", id, changed);
  }
  for (const auto& [id, version] : after) {
    if (!before.contains(id)) tell("added", id, Json::object());
  }
  fmt::print(command.json ? stderr : stdout, "{} added, {} changed, {} withdrawn, {} missing\n",
             counts["added"], counts["changed"], counts["withdrawn"], counts["missing"]);
  return kExitDone;
}

constexpr const char kGuidelinesDiffExample[] =
    R"(  mores guidelines diff JP-c57fa280b3 --db guidelines.db
  mores guidelines diff before.db after.db)";

}  // namespace

void AddGuidelinesDiffCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<DiffCommand>();
  CLI::App* command =
      AddCommand(parent, {.name = "diff",
                          .summary = "What changed in a guideline, or between two databases.",
                          .example = kGuidelinesDiffExample});
  command->add_option("what", options->what, "ID [V1 [V2]], or two databases")
      ->required()
      ->expected(1, 3);
  command->add_flag("--json", options->json, "As JSON lines");
  AddDatabaseOption(command, options->database);
  OnRun(line, command, [options] {
    const bool files = options->what.size() == 2 && FileExists(options->what[0]);
    const Expected<int> code = files ? DiffDatabases(*options) : DiffVersions(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
