// mores judge: verdicts for dialogues.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "base/files.h"
#include "cli/command.h"
#include "cli/judge_options.h"
#include "cli/judge_table.h"
#include "cli/place_options.h"
#include "format/bound.h"
#include "job/stop_handlers.h"
#include "judge/counts.h"
#include "judge/judge_run.h"

namespace mores::cli {
namespace {

struct JudgeCommand {
  JudgeOptions judge;
  PlaceFlags places;
  std::string input, output;
  std::vector<std::string> fail_if;
  int64_t batch_tokens = 16384;
  bool fresh = false;
  bool table = false;
  bool show_text = false;
};

// What is said of one run while its verdicts pass by: counts, the table, the first failures.
class Telling {
 public:
  explicit Telling(const JudgeCommand& command)
      : table_(command.show_text ? TableText::kAnswer : TableText::kCritique),
        show_table_(command.table) {}

  void Attach(judge::JudgeRunOptions& options) {
    options.on_verdict = [this](const format::Dialogue& dialogue, const format::Verdict& verdict) {
      counts_.Add(verdict);
      flips_.Add(verdict);
      if (show_table_) rows_ += table_.Row(dialogue, verdict);
    };
    options.on_failure = [this](const format::Dialogue& dialogue, const std::string& message) {
      counts_.AddFailed();
      if (show_table_) rows_ += table_.FailedRow(dialogue, message);
      if (counts_.failed() > kListedFailures) return;
      fmt::print(stderr, "mores: item '{}': {}\n", Printable(dialogue.id), Printable(message));
    };
  }

  // `database`: of the places; null where there are none.
  Status Tell(const JudgeCommand& command, const OpenedJudge& opened,
              guidelines::Database* database, const job::JobSummary& summary) const {
    if (show_table_) {
      fmt::print("{}{}", table_.Header(), rows_);
      if (database != nullptr) {
        MORES_ASSIGN_OR_RETURN(const std::string flips, flips_.Describe(*database));
        if (!flips.empty()) fmt::print("\n{}", flips);
      }
      std::fflush(stdout);
    }
    const size_t now = summary.done - summary.resumed;
    fmt::print(stderr, "judged {} dialogues in {:.1f} s with {}", now, summary.seconds,
               Printable(opened.judge().model_name()));
    if (opened.label_first) {
      fmt::print(stderr, " ({}, {})", command.judge.local.precision, Name(CurrentIsaLevel()));
    }
    if (summary.resumed > 0) fmt::print(stderr, "; {} were judged before", summary.resumed);
    fmt::print(stderr, "\n{}\n", counts_.Describe());
    if (opened.chat) fmt::print(stderr, "{}\n", Describe(opened.chat->model().totals()));
    if (flips_.dialogues() > 0) {
      fmt::print(stderr, "{} of {} dialogues flip between places\n", flips_.flipped(),
                 flips_.dialogues());
    }
    if (command.output != "-") fmt::print(stderr, "verdicts: {}\n", Printable(command.output));
    return {};
  }

  const judge::Counts& counts() const { return counts_; }

 private:
  JudgeTable table_;
  bool show_table_;
  std::string rows_;
  judge::Counts counts_;
  FlipTable flips_;
};

// Says which bounds are exceeded.
bool AnyExceeded(const std::vector<format::Bound>& bounds, const judge::Counts& counts) {
  bool any = false;
  for (const format::Bound& bound : bounds) {
    const double share = counts.Share(bound.metric);
    if (!format::Exceeds(bound, share)) continue;
    any = true;
    fmt::print(stderr, "mores: --fail-if {}: it is {}\n", ToString(bound),
               std::isnan(share) ? "undefined here" : fmt::format("{:.4f}", share));
  }
  return any;
}

Expected<int> RunJudgeCommand(const JudgeCommand& command) {
  if (command.table && IsStandardOutput(command.output)) {
    return MakeError(ErrorKind::kUsage, "--table and -o {} both want standard output",
                     command.output);
  }
  MORES_RETURN_IF_ERROR(CheckOutput(command.input, command.output));
  std::vector<format::Bound> bounds;
  for (const std::string& text : command.fail_if) {
    MORES_ASSIGN_OR_RETURN(format::Bound bound, format::ParseBound(text, judge::Counts::Metrics()));
    bounds.push_back(std::move(bound));
  }
  MORES_RETURN_IF_ERROR(CheckJudgeOptions(command.judge));
  MORES_ASSIGN_OR_RETURN(const std::vector<format::Dialogue> dialogues,
                         format::ReadDialogues(command.input));
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<OpenedPlaces> places,
                         OpenPlaces(command.places, dialogues));
  JudgeOptions judging = command.judge;
  judging.chat.fresh = command.fresh;
  MORES_ASSIGN_OR_RETURN(const OpenedJudge opened, OpenJudge(judging, command.output));
  TellOfRules(opened, dialogues);
  if (places) {
    MORES_RETURN_IF_ERROR(places->Attach(opened.judge()));
    TellOfGuidelines(opened);
  }

  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  judge::JudgeRunOptions options;
  options.output = command.output;
  options.fingerprint["command"] = "judge";
  MORES_ASSIGN_OR_RETURN(options.manifest, JudgeManifest("judge", command.input, judging, opened));
  if (places) {
    options.places = &places->run;
    options.manifest["places"] = places->guidelines->Manifest();
  }
  if (opened.label_first) {
    options.fingerprint["precision"] = judging.local.precision;
    options.fingerprint["isa"] = Name(CurrentIsaLevel());
  }
  options.batch_tokens = command.batch_tokens;
  options.batch_requests = BatchRequests(judging.chat);
  options.threads = judging.local.threads;
  options.start = command.fresh ? job::JournalStart::kFresh : job::JournalStart::kResume;
  options.progress = progress.get();
  Telling telling(command);
  telling.Attach(options);
  options.stop = job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(const job::JobSummary summary,
                         opened.label_first
                             ? judge::RunJudge(*opened.label_first, dialogues, options)
                             : judge::RunJudge(*opened.chat, dialogues, options));
  MORES_RETURN_IF_ERROR(
      telling.Tell(command, opened, places ? &places->guidelines->database() : nullptr, summary));
  if (AnyExceeded(bounds, telling.counts())) return kExitBoundExceeded;
  return summary.failed > 0 ? kExitFailedItems : kExitDone;
}

constexpr const char kJudgeExample[] =
    R"(  mores judge examples/dialogues.jsonl -o verdicts.jsonl --table

In:  {"id","messages"} or {"query","response"} a line, "label" with what is right if known
     (docs/formats/dialogue.md); or one JSON array of these.
Out: one verdict a line, in input order (docs/formats/verdict.md), and OUT.manifest.json. A run that
     was stopped goes on where it was when it is repeated.
Figures for --fail-if, as shares: unsafe, unparsed and truncated of the judged, failed of all, wrong
of those with a label. Compare with >, >=, < or <=, as in --fail-if 'unsafe>0.1'.
An endpoint is named as http://HOST:PORT/v1#MODEL, its key stands in MORES_API_KEY
(docs/formats/endpoints.md); p_unsafe then comes from its log-probabilities, where it gives any.
Exit codes: 0 done, 1 some items failed, 2 bad usage or input, 3 a resource is missing or broken,
4 done and a bound is exceeded, 130 stopped.)";

}  // namespace

void AddJudgeCommand(CommandLine& line) {
  auto options = std::make_shared<JudgeCommand>();
  CLI::App* command =
      AddCommand(line.app, {.name = "judge",
                            .summary = "Verdicts for dialogues: label, probability, critique.",
                            .example = kJudgeExample});
  command->add_option("input", options->input, "Dialogues, or - for standard input")->required();
  command->add_option("-o,--output", options->output, "Verdicts, or - for standard output")
      ->required();
  AddModelOptions(command, options->judge.local);
  AddJudgeOptions(command, options->judge);
  AddPlaceOptions(command, options->places);
  command->add_flag("--label-only", options->judge.label_only,
                    "Stop at the label, write no critique");
  command
      ->add_option("--fail-if", options->fail_if,
                   "Exit with 4 when a figure is out of bounds, such as 'unsafe>0.1'")
      ->allow_extra_args(false);
  command->add_option("--batch-tokens", options->batch_tokens, "Prompt tokens judged at once")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  command->add_flag("--fresh", options->fresh, "Drop unfinished work of an earlier run");
  command->add_flag("--table", options->table, "Print a table on standard output");
  command->add_flag("--show-text", options->show_text,
                    "In the table, show answers in place of critiques");
  OnRun(line, command, [options] {
    options->judge.judge = options->judge.local.model;
    const Expected<int> code = RunJudgeCommand(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
