// mores guidelines import: published sets, pages of travel advice, and JSON lines.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/version.h"
#include "cli/guidelines/guidelines.h"
#include "guidelines/import/jsonl.h"
#include "guidelines/import/safeworld.h"
#include "guidelines/import/travel_advice.h"
#include "job/progress.h"

namespace mores::cli {
namespace {

constexpr size_t kListedRepairs = 8;

struct ImportCommand {
  std::string kind, path, database, report;
  guidelines::Change change;
  guidelines::Statuses statuses = guidelines::Statuses::kImportedOrGenerated;
};

struct Import {
  guidelines::Batch batch;
  size_t pages = 0;  // of travel advice
};

Expected<Import> ReadBatch(const ImportCommand& command, const guidelines::PlaceCatalogue& places) {
  Import import;
  if (command.kind == "safeworld") {
    MORES_ASSIGN_OR_RETURN(import.batch, guidelines::ReadSafeWorld(command.path, places));
  } else if (command.kind == "travel-advice") {
    MORES_ASSIGN_OR_RETURN(guidelines::TravelAdvice advice,
                           guidelines::ReadTravelAdvice(command.path, places));
    import.pages = advice.pages;
    import.batch = std::move(advice.batch);
  } else {
    MORES_ASSIGN_OR_RETURN(import.batch,
                           guidelines::ReadGuidelines(command.path, places, command.statuses));
  }
  return import;
}

// Repairs of one sort as one line, the most frequent first.
void TellRepairs(const guidelines::Batch& batch) {
  std::map<std::string, size_t> sorts;
  for (const guidelines::Repair& repair : batch.repairs) ++sorts[repair.what];
  std::multimap<size_t, std::string, std::greater<>> ordered;
  for (const auto& [what, count] : sorts) ordered.emplace(count, what);
  size_t listed = 0;
  for (const auto& [count, what] : ordered) {
    if (++listed > kListedRepairs) break;
    fmt::print(stderr, "mores: mended {} times: {}\n", count, Printable(what));
  }
  if (ordered.size() > kListedRepairs) {
    fmt::print(stderr, "mores: and {} other sorts of repairs; --report lists all\n",
               ordered.size() - kListedRepairs);
  }
}

Json Report(const ImportCommand& command, const Import& import,
            const guidelines::ImportCounts& counts) {
  Json report = {{"command", "guidelines import"},
                 {"version", Version()},
                 {"kind", command.kind},
                 {"path", command.path},
                 {"by", command.change.by},
                 {"reason", command.change.reason},
                 {"counts", guidelines::ToJson(counts)}};
  if (import.pages > 0) report["counts"]["pages"] = import.pages;
  report["repairs"] = Json::array();
  for (const guidelines::Repair& repair : import.batch.repairs) {
    report["repairs"].push_back({{"file", repair.file},
                                 {"record", repair.record},
                                 {"line", repair.line},
                                 {"what", repair.what}});
  }
  report["broken_off"] = import.batch.broken_off;
  report["unmapped"] = Json::array();
  for (const guidelines::UnmappedName& name : import.batch.unmapped) {
    report["unmapped"].push_back(
        {{"name", name.name}, {"place", name.place}, {"reason", name.reason}});
  }
  return report;
}

Expected<int> RunImport(const ImportCommand& command) {
  if (command.statuses == guidelines::Statuses::kKept && command.kind != "jsonl") {
    return MakeError(ErrorKind::kUsage, "--keep-status is for jsonl");
  }
  if (!command.report.empty()) {
    MORES_RETURN_IF_ERROR(CheckOutput(command.path, command.report));
  }
  // What is read before the database is touched: a bad line leaves none behind.
  MORES_ASSIGN_OR_RETURN(const std::string path, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const auto places, guidelines::PlaceCatalogue::Open());
  MORES_ASSIGN_OR_RETURN(const Import import, ReadBatch(command, *places));
  MORES_ASSIGN_OR_RETURN(const auto database, OpenDatabase(path, GuidelineAccess::kCreate));
  const guidelines::Batch& batch = import.batch;
  const size_t total = batch.passages.size() + batch.guidelines.size() + batch.queries.size();
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  progress->Start("import", "records", static_cast<int64_t>(total), 0);
  MORES_ASSIGN_OR_RETURN(const guidelines::ImportCounts counts,
                         database->Import(batch, command.change, [&](size_t done) {
                           progress->Update(static_cast<int64_t>(done), "");
                         }));
  progress->Finish("");
  if (!command.report.empty()) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(
        command.report, Report(command, import, counts).dump(/*indent=*/2) + "\n"));
  }
  const bool taken = IsStandardOutput(command.report);
  std::FILE* out = taken ? stderr : stdout;
  fmt::print(out, "guidelines  {} added, {} changed, {} as they were\n", counts.added,
             counts.revised, counts.unchanged);
  if (import.pages > 0) fmt::print(out, "pages       {}\n", import.pages);
  fmt::print(out, "passages    {} added\nqueries     {}\ngroups      {}\n", counts.passages,
             counts.queries, counts.groups);
  fmt::print(out, "unmapped    {} names\nrepairs     {}\n", counts.unmapped, counts.repairs);
  if (!batch.broken_off.empty()) {
    fmt::print(out, "broken off  {}, contested until somebody settles them\n",
               batch.broken_off.size());
  }
  TellRepairs(batch);
  return kExitDone;
}

constexpr const char kGuidelinesImportExample[] =
    R"(  mores guidelines import jsonl examples/guidelines.jsonl --db guidelines.db --by "$USER"

In:  safeworld: the folder of SafeWorld's released files; travel-advice: a folder with pages of
     governments; jsonl: a guideline a line (docs/formats/guidelines.md).
Out: all of it is in the database, or nothing. What stands in it already is left as it is; what
     differs becomes a new version. What was mended is summed up on standard error.)";

}  // namespace

void AddGuidelinesImportCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<ImportCommand>();
  CLI::App* command = AddCommand(parent, {.name = "import",
                                          .summary = "Take guidelines or evidence in.",
                                          .example = kGuidelinesImportExample});
  command->add_option("kind", options->kind, "safeworld, travel-advice or jsonl")
      ->required()
      ->check(CLI::IsMember({"safeworld", "travel-advice", "jsonl"}));
  command->add_option("path", options->path, "The folder or file")->required();
  AddDatabaseOption(command, options->database);
  AddChangeOptions(command, options->change);
  command->add_option("--report", options->report, "Counts and every repair, as JSON");
  command->add_flag_callback(
      "--keep-status", [options] { options->statuses = guidelines::Statuses::kKept; },
      "Take validated, contested and withdrawn as jsonl says it: to restore an export");
  OnRun(line, command, [options] {
    const Expected<int> code = RunImport(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
