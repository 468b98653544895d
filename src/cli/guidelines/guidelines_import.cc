// mores guidelines import: published sets, pages of travel advice, and JSON lines.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/guideline_import.h"
#include "base/files.h"
#include "cli/guidelines/guidelines.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

constexpr size_t kListedRepairs = 8;
constexpr size_t kListedIds = 8;

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

app::ImportKind KindNamed(const std::string& name) {
  for (const app::ImportKind kind : {app::ImportKind::kSafeWorld, app::ImportKind::kTravelAdvice}) {
    if (name == Name(kind)) return kind;
  }
  return app::ImportKind::kJsonLines;
}

// By status, and what that means for judging.
void TellStatuses(const app::ImportJob& job, const app::ImportResult& result, std::FILE* out) {
  const guidelines::Batch& batch = result.batch;
  std::map<guidelines::Standing, size_t> statuses;
  for (const guidelines::Guideline& guideline : batch.guidelines) ++statuses[guideline.status];
  if (statuses.empty()) return;
  std::string text;
  for (const auto& [status, count] : statuses) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, Name(status));
  }
  if (job.statuses == guidelines::Statuses::kKept) {
    text += fmt::format("; as the file says, on the word of {}", Printable(job.change.by));
  }
  fmt::print(out, "statuses    {}\n", text);
  if (!statuses.contains(guidelines::Standing::kImported)) return;
  const int64_t vouched = result.counts.vouched;
  const auto imported = static_cast<int64_t>(statuses[guidelines::Standing::kImported]);
  if (job.trusted && vouched == 0) {
    fmt::print(out, "trusted     nothing new: none decides that didn't before\n");
  } else if (job.trusted) {
    fmt::print(
        out, "trusted     {} decides, on the word of {}\n",
        vouched == imported ? "what is imported" : fmt::format("{} of {}", vouched, imported),
        Printable(job.change.by));
  } else if (job.statuses != guidelines::Statuses::kKept) {
    fmt::print(out,
               "trusted     no: imported ones decide where judging is told --trust-imports, or "
               "after import --trusted\n");
  }
}

void TellIds(std::string_view what, const std::vector<std::string>& ids, std::string_view why,
             std::FILE* out) {
  if (ids.empty()) return;
  const std::span<const std::string> listed(ids.data(), std::min(ids.size(), kListedIds));
  fmt::print(out, "{:<11} {}, {}: {}{}\n", what, ids.size(), why,
             Printable(fmt::format("{}", fmt::join(listed, ", "))),
             listed.size() < ids.size() ? ", ...; --report lists all" : "");
}

void TellImported(const app::ImportResult& result, std::FILE* out) {
  const guidelines::ImportCounts& counts = result.counts;
  fmt::print(out, "guidelines  {} added, {} changed, {} as they were\n", counts.added,
             counts.revised, counts.unchanged);
  if (counts.proposed > 0) {
    fmt::print(out,
               "proposed    {} of the changed: people spoke of what was there, and others have to "
               "rule on the new words\n",
               counts.proposed);
  }
  TellIds("left", counts.left,
          "reviewed, contested, withdrawn or proposed here: an import lifts none", out);
  TellIds("refused", counts.refused,
          "another place, kind or topic than what is reviewed under that id: give it another id",
          out);
  if (result.pages > 0) fmt::print(out, "pages       {}\n", result.pages);
  fmt::print(out, "passages    {} added\nqueries     {}\ngroups      {}\n", counts.passages,
             counts.queries, counts.groups);
  fmt::print(out, "unmapped    {} names\nrepairs     {}\n", counts.unmapped, counts.repairs);
  if (!result.batch.broken_off.empty()) {
    fmt::print(out, "broken off  {}, contested until somebody settles them\n",
               result.batch.broken_off.size());
  }
}

Expected<int> RunImport(const app::ImportJob& options) {
  app::ImportJob job = options;
  if (job.statuses == guidelines::Statuses::kKept && job.kind != app::ImportKind::kJsonLines) {
    return MakeError(ErrorKind::kUsage, "--keep-status is for jsonl");
  }
  if (job.trusted && job.kind == app::ImportKind::kTravelAdvice) {
    return MakeError(ErrorKind::kUsage, "--trusted is for guidelines, and travel-advice has none");
  }
  if (!job.report.empty()) MORES_RETURN_IF_ERROR(CheckOutput({job.path}, job.report, "--report"));
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(job.database));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::ImportResult result,
                         app::ImportGuidelines(job, telling.watch()));
  std::FILE* const out = IsStandardOutput(job.report) ? stderr : stdout;
  TellImported(result, out);
  TellStatuses(job, result, out);
  TellRepairs(result.batch);
  return kExitDone;
}

constexpr const char kGuidelinesImportExample[] =
    R"(  mores guidelines import jsonl examples/guidelines.jsonl --db guidelines.db --by "$USER" \
    --trusted

In:  safeworld: the folder of SafeWorld's released files; travel-advice: a folder with pages of
     governments; jsonl: a guideline a line (docs/formats/guidelines.md).
Out: all of it is in the database, or nothing. What stands in it already is left as it is; what
     differs becomes a new version. What people spoke of here is changed by no file: other words
     become a proposed version, and what was withdrawn or is contested stays so. What was mended is
     summed up on standard error.
Imported guidelines decide only where somebody vouches for them: --trusted keeps with each version
that --by does, and --trust-imports of mores judge takes all. Places are codes or names, as --place
takes them.)";

}  // namespace

void AddGuidelinesImportCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<app::ImportJob>();
  CLI::App* command = AddCommand(parent, {.name = "import",
                                          .summary = "Take guidelines or evidence in.",
                                          .example = kGuidelinesImportExample});
  command
      ->add_option_function<std::string>(
          "kind", [options](const std::string& name) { options->kind = KindNamed(name); },
          "safeworld, travel-advice or jsonl")
      ->required()
      ->check(CLI::IsMember({"safeworld", "travel-advice", "jsonl"}));
  command->add_option("path", options->path, "The folder or file")->required();
  AddDatabaseOption(command, options->database);
  AddChangeOptions(command, options->change);
  command->add_option("--report", options->report, "Counts and every repair, as JSON");
  command->add_flag_callback(
      "--keep-status", [options] { options->statuses = guidelines::Statuses::kKept; },
      "Take validated, contested and withdrawn as jsonl says it: to restore an export");
  command->add_flag("--trusted", options->trusted,
                    "Who is named by --by vouches for these guidelines: they decide");
  OnRun(line, command, [options] { return RunImport(*options); });
}

}  // namespace mores::cli
