// mores rejudge: verdicts with places, after the guidelines changed.
#include "judge/places/rejudge.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "base/files.h"
#include "base/hash.h"
#include "cli/command.h"
#include "cli/guidelines/guidelines.h"
#include "cli/judge_options.h"
#include "cli/place_options.h"
#include "job/job.h"
#include "job/stop_handlers.h"

namespace mores::cli {
namespace {

struct RejudgeCommand {
  JudgeOptions judge;
  GuidelineOptions guidelines;  // of a day or a number not given, that of each verdict
  std::string input, output;
  bool fresh = false;
};

// A line of the input: a verdict, or an item that failed, which stays as it is.
struct Item {
  std::string id;
  Json json;
  std::optional<format::Verdict> verdict;
};

Expected<std::vector<Item>> ReadLines(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::vector<Item> lines;
  std::unordered_set<std::string> ids;
  std::string text;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(text));
    if (!more) break;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = fmt::format("{}:{}", path, reader->line_number());
    Item line;
    MORES_ASSIGN_OR_RETURN(line.json, ParseJson(text, where));
    MORES_ASSIGN_OR_RETURN(line.id, RequiredString(line.json, "id", where));
    if (!line.json.contains("error") || line.json.contains("label")) {
      MORES_ASSIGN_OR_RETURN(line.verdict, format::ParseVerdict(line.json, where));
    }
    if (!ids.insert(line.id).second) {
      return MakeError(ErrorKind::kInput, "{}: field 'id': stands above already", where);
    }
    lines.push_back(std::move(line));
  }
  if (lines.empty()) return MakeError(ErrorKind::kInput, "{}: no verdicts in it", path);
  return lines;
}

// kUsage where the database has none of the guidelines that the verdicts were shown: nothing is
// ever deleted from one, so it is another.
Status CheckSameDatabase(const std::vector<Item>& lines, guidelines::Database& database) {
  bool any = false;
  for (const Item& line : lines) {
    if (!line.verdict || !line.verdict->findings) continue;
    for (const format::PlaceResult& place : line.verdict->findings->places) {
      for (const format::GuidelineRef& shown : place.shown) {
        any = true;
        MORES_ASSIGN_OR_RETURN(const auto there, database.Find(shown.id));
        if (there) return {};
      }
    }
  }
  if (!any) return {};
  return MakeError(ErrorKind::kUsage,
                   "{}: has none of the guidelines that these verdicts were shown: is it another "
                   "database?",
                   database.path());
}

// What the journal holds of an item.
Json JournalLine(Json verdict, const std::vector<judge::PlaceChange>& changes) {
  Json list = Json::array();
  for (const judge::PlaceChange& change : changes) list.push_back(ToJson(change));
  return {{"verdict", std::move(verdict)}, {"changes", std::move(list)}};
}

job::BatchFunction RejudgeBatch(judge::PlaceJudge& judge, const std::vector<Item>& lines,
                                judge::RejudgeOptions options) {
  return [&, options](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
    std::vector<const format::Verdict*> verdicts;
    std::vector<job::ItemResult> results;
    std::vector<size_t> at;  // indices of results, one a verdict
    for (const size_t item : items) {
      results.push_back(JournalLine(lines[item].json, {}));
      if (!lines[item].verdict) continue;
      verdicts.push_back(&*lines[item].verdict);
      at.push_back(results.size() - 1);
    }
    MORES_ASSIGN_OR_RETURN(const auto rejudged, judge::Rejudge(judge, verdicts, options));
    for (size_t i = 0; i < at.size(); ++i) {
      if (!rejudged[i]) {
        results[at[i]] = tl::unexpected<Error>(rejudged[i].error());
      } else if (!rejudged[i]->changes.empty()) {
        results[at[i]] = JournalLine(ToJson(rejudged[i]->verdict), rejudged[i]->changes);
      }
    }
    return results;
  };
}

// What a run gathers as its lines pass by in order.
struct Gathered {
  judge::RejudgeCounts counts;
  std::string changes;  // lines of OUT.changes.jsonl
};

void GatherLine(Gathered& gathered, const Json& line, bool failed) {
  if (failed) {
    if (++gathered.counts.failed > kListedFailures) return;
    fmt::print(stderr, "mores: item '{}': {}\n", Printable(line["id"].get<std::string>()),
               Printable(line["error"]["message"].get<std::string>()));
    return;
  }
  gathered.counts.Add(line["verdict"], line["changes"]);
  for (const Json& change : line["changes"]) gathered.changes += DumpJson(change) + "\n";
}

Expected<job::JobOptions> MakeRejudgeJob(const RejudgeCommand& command,
                                         const std::vector<Item>& lines, const OpenedJudge& opened,
                                         OpenedGuidelines& guidelines) {
  job::JobOptions job;
  job.output = command.output;
  std::string hashes;
  for (const Item& line : lines) {
    job.keys.push_back(line.id);
    hashes += Sha256Hex(DumpJson(line.json));
  }
  job.fingerprint = {{"command", "rejudge"}, {"input", Sha256Hex(hashes)}};
  job.fingerprint["judge"] = opened.judge().Fingerprint();
  Json places = guidelines.Manifest();
  places["as_of"] = command.guidelines.as_of.empty() ? Json() : Json(command.guidelines.as_of);
  if (command.guidelines.shown == 0) places["shown"] = Json();
  job.fingerprint["places"] = places;
  job.fingerprint["places"].erase("database");
  job.fingerprint_notes = judge::PlaceJudge::FingerprintNotes();
  if (opened.label_first) {
    job.fingerprint["precision"] = command.judge.local.precision;
    job.fingerprint["isa"] = Name(CurrentIsaLevel());
  }
  MORES_ASSIGN_OR_RETURN(job.manifest,
                         JudgeManifest("rejudge", command.input, command.judge, opened));
  job.manifest["places"] = std::move(places);
  job.batch_size = opened.label_first ? 32 : BatchRequests(command.judge.chat);
  job.title = "judging again";
  job.unit = "verdicts";
  job.start = command.fresh ? job::JournalStart::kFresh : job::JournalStart::kResume;
  job.results = [&opened] { return opened.judge().Usage(); };
  job.render = [](size_t, const Json& line, bool failed, std::string& output) -> Status {
    output += DumpJson(failed ? line : line["verdict"]) + "\n";
    return {};
  };
  return job;
}

Expected<int> RunRejudgeCommand(RejudgeCommand command) {
  MORES_RETURN_IF_ERROR(CheckOutput(command.input, command.output));
  MORES_RETURN_IF_ERROR(CheckJudgeOptions(command.judge));
  MORES_ASSIGN_OR_RETURN(const std::vector<Item> lines, ReadLines(command.input));
  MORES_ASSIGN_OR_RETURN(const auto guidelines, OpenedGuidelines::Open(command.guidelines));
  MORES_RETURN_IF_ERROR(CheckSameDatabase(lines, guidelines->database()));
  command.judge.chat.fresh = command.fresh;
  MORES_ASSIGN_OR_RETURN(const OpenedJudge opened, OpenJudge(command.judge, command.output));
  MORES_RETURN_IF_ERROR(guidelines->Attach(opened.judge()));
  TellOfGuidelines(opened);
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  Gathered gathered;
  MORES_ASSIGN_OR_RETURN(job::JobOptions job, MakeRejudgeJob(command, lines, opened, *guidelines));
  job.progress = progress.get();
  job.visit = [&](size_t, const Json& line, bool failed) { GatherLine(gathered, line, failed); };
  const std::string changes = job::BesidePath(command.output, "changes.jsonl");
  if (!IsStream(command.output)) {
    job.before_commit = [&] { return WriteFileAtomically(changes, gathered.changes); };
  }
  const judge::RejudgeOptions again = {.as_of = command.guidelines.as_of,
                                       .shown = command.guidelines.shown};
  job.stop = job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(const job::JobSummary run,
                         job::RunJob(job, RejudgeBatch(guidelines->judge(), lines, again)));
  fmt::print(stderr, "{}\n", gathered.counts.Describe());
  if (!IsStream(command.output)) {
    fmt::print(stderr, "verdicts: {}\nchanges: {}\n", Printable(command.output),
               Printable(changes));
  }
  return run.failed > 0 ? kExitFailedItems : kExitDone;
}

constexpr const char kRejudgeExample[] =
    R"(  mores guidelines import jsonl examples/guidelines.jsonl --db places.db --by me
  mores judge examples/places.jsonl -o verdicts.jsonl --db places.db --table
  mores guidelines review withdraw SG-b4362bc760 --by me --reason "to see what rests on it" \
    --db places.db
  mores rejudge verdicts.jsonl -o again.jsonl --db places.db

In:  verdicts with places, as mores judge writes them. What each place was shown is compared with what
the database has for it now; places that differ are judged again by the model that made them. The
general result is copied, and beside a changed place other places say anew how well they are covered
(docs/formats/places.md). The day and the number of guidelines
shown are those that each verdict was made with; with --as-of, what another day alone changes is told
apart.
Out: every verdict in order, and OUT.changes.jsonl: a line for each place that rests on something
changed, why, its label before and after. Nothing else is asked of the model.
Exit codes: 0 done, 1 some verdicts failed, 2 bad usage or input, 3 a resource is missing or broken,
130 stopped.)";

}  // namespace

void AddRejudgeCommand(CommandLine& line) {
  auto options = std::make_shared<RejudgeCommand>();
  CLI::App* command =
      AddCommand(line.app, {.name = "rejudge",
                            .summary = "Judges again what rests on guidelines that changed.",
                            .example = kRejudgeExample});
  command->add_option("input", options->input, "Verdicts")->required();
  command->add_option("-o,--output", options->output, "Verdicts, or - for standard output")
      ->required();
  AddModelOptions(command, options->judge.local);
  AddJudgeOptions(command, options->judge);
  AddDatabaseOption(command, options->guidelines.database);
  command->add_option("--as-of", options->guidelines.as_of,
                      "Day whose guidelines hold, as 2026-01-31 (default: that of each verdict)");
  options->guidelines.shown = 0;
  command
      ->add_option("--guidelines-shown", options->guidelines.shown,
                   "As the verdicts were made, where they don't say it (default: 5)")
      ->check(CLI::Range(1, 50));
  command->add_flag("--label-only", options->judge.label_only,
                    "Stop at the label, write no critique");
  command->add_flag("--fresh", options->fresh, "Drop unfinished work of an earlier run");
  OnRun(line, command, [options] {
    options->judge.judge = options->judge.local.model;
    const Expected<int> code = RunRejudgeCommand(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
