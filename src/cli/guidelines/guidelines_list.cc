// mores guidelines list: what a database says, as a table or for other programs.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/guideline_list.h"
#include "app/guideline_output.h"
#include "base/files.h"
#include "cli/guidelines/guidelines.h"
#include "job/file_kind.h"

namespace mores::cli {
namespace {

struct ListCommand {
  app::ListJob job;
  std::vector<std::string> kinds, statuses;
  std::string format = "table", order = "place", output = "-";
};

std::string AsJsonList(const app::GuidelineList& list) {
  std::string text = "[";
  for (const app::ListedGuideline& row : list.rows) {
    text += (text.size() == 1 ? "\n" : ",\n") + DumpJson(app::ListedToJson(row));
  }
  return text + "\n]\n";
}

std::string Formatted(const app::GuidelineList& list, const std::string& format) {
  if (format == "csv") return app::ListAsCsv(list.rows);
  if (format == "json") return AsJsonList(list);
  if (format == "table") return app::ListAsTable(list.rows);
  std::string lines;
  for (const app::ListedGuideline& row : list.rows) {
    lines += DumpJson(app::ListedToJson(row)) + "\n";
  }
  return lines;
}

job::FileKind KindOfFormat(const std::string& format) {
  if (format == "jsonl") return job::FileKind::kJsonLines;
  return format == "json" ? job::FileKind::kJson : job::FileKind::kText;
}

Expected<int> RunList(const ListCommand& command) {
  app::ListJob job = command.job;
  for (const std::string& kind : command.kinds) job.kinds.push_back(*guidelines::ParseKind(kind));
  MORES_ASSIGN_OR_RETURN(job.statuses, ParseStandings(command.statuses));
  job.order = *app::ParseListOrder(command.order);
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(job.database));
  MORES_RETURN_IF_ERROR(CheckOutput({job.database}, command.output));
  MORES_RETURN_IF_ERROR(app::CheckWholeFile(std::vector{job.database},
                                            {command.output, KindOfFormat(command.format)}));
  MORES_ASSIGN_OR_RETURN(const app::GuidelineList list, app::ListGuidelines(job));
  const std::string text = Formatted(list, command.format);
  if (IsStandardOutput(command.output)) {
    fmt::print("{}", text);
  } else {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(command.output, text));
  }
  if (list.rows.size() < list.fitting) {
    fmt::print(stderr, "mores: {} of {} guidelines; --limit 0 lists all\n", list.rows.size(),
               list.fitting);
  } else {
    fmt::print(stderr, "mores: {} guideline{}\n", list.fitting, list.fitting == 1 ? "" : "s");
  }
  return kExitDone;
}

constexpr const char kListExample[] =
    R"(  mores guidelines list --place Japan --kind norm --db guidelines.db
  mores guidelines list --status proposed --status contested --format csv -o open.csv \
    --db guidelines.db

The table cuts what is wide; csv, json (one list) and jsonl (a line each) have all of it. In csv a cell
that a spreadsheet would take for a formula begins with an apostrophe.)";

}  // namespace

void AddGuidelinesListCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<ListCommand>();
  CLI::App* command =
      AddCommand(parent, {.name = "list",
                          .summary = "List guidelines by place, topic, kind, status.",
                          .example = kListExample});
  command
      ->add_option("--place", options->job.places,
                   "A code or name, its parts too, or a group there 'NG+Tiv'; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--topic", options->job.topics, "Words of the topic; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--kind", options->kinds, "norm or policy")
      ->check(CLI::IsMember({"norm", "policy"}))
      ->allow_extra_args(false);
  command
      ->add_option(
          "--status", options->statuses,
          "imported, generated, proposed, machine-validated, human-validated, contested or "
          "withdrawn; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--group", options->job.groups, "Of this group, by id or name")
      ->allow_extra_args(false);
  command->add_option("--format", options->format, "table, csv, json or jsonl")
      ->check(CLI::IsMember({"table", "csv", "json", "jsonl"}))
      ->capture_default_str();
  command
      ->add_option("--sort", options->order,
                   "By place, id, topic, status, or what changed last: changed")
      ->check(CLI::IsMember({"place", "id", "topic", "status", "changed"}))
      ->capture_default_str();
  command->add_option("--limit", options->job.limit, "At most so many; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "A file, or - for standard output")
      ->capture_default_str();
  AddDatabaseOption(command, options->job.database);
  OnRun(line, command, [options] { return RunList(*options); });
}

}  // namespace mores::cli
