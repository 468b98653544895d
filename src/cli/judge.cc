// mores judge: verdicts for dialogues.

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/judge_job.h"
#include "base/files.h"
#include "cli/command.h"
#include "cli/gate_options.h"
#include "cli/judge_options.h"
#include "cli/judge_table.h"
#include "cli/model_options.h"
#include "cli/place_options.h"
#include "cli/telling.h"
#include "format/gate.h"
#include "judge/counts.h"

namespace mores::cli {
namespace {

struct JudgeCommand {
  JudgeFlags judge;
  app::JudgeJob job;
  GateFlags gate;
  std::optional<std::string> output;           // as given
  std::optional<std::string> query, response;  // of one exchange, in place of a file
  bool table = false;
  bool show_text = false;
};

// The rows of a run, gathered as its items pass by.
class TableRows {
 public:
  explicit TableRows(const JudgeCommand& command)
      : shown_(command.table),
        table_(command.show_text ? TableText::kAnswer : TableText::kCritique) {}

  void Add(const format::Dialogue& dialogue, const format::Verdict& verdict) {
    flips_.Add(verdict);
    if (shown_) rows_ += table_.Row(dialogue, verdict);
  }
  void AddFailed(const std::string& id, const std::string& message) {
    if (shown_) rows_ += table_.FailedRow(id, message);
  }

  // On standard output.
  Status Print(const app::JudgeResult& result) const {
    if (!shown_) return {};
    fmt::print("{}{}", table_.Header(), rows_);
    if (result.places) {
      MORES_ASSIGN_OR_RETURN(const std::string flips,
                             flips_.Describe(result.places->guidelines->database()));
      if (!flips.empty()) fmt::print("\n{}", flips);
    }
    std::fflush(stdout);
    return {};
  }
  const FlipTable& flips() const { return flips_; }

 private:
  bool shown_;
  JudgeTable table_;
  std::string rows_;
  FlipTable flips_;
};

void TellJudged(const app::JudgeResult& result, const FlipTable& flips, const std::string& output) {
  if (result.run.was_finished) {
    fmt::print(stderr, "{}\n", result.counts.Describe());
    return TellNotes(result.notes);
  }
  const size_t now = result.run.done - result.run.resumed;
  fmt::print(stderr, "judged {} dialogues in {:.1f} s with {}", now, result.run.seconds,
             Printable(result.judge->model_name()));
  if (const auto computed = result.judge->computation()) {
    fmt::print(stderr, " ({}, {})", Name(computed->precision), Name(computed->isa));
  }
  if (result.run.resumed > 0) fmt::print(stderr, "; {} were judged before", result.run.resumed);
  fmt::print(stderr, "\n{}\n", result.counts.Describe());
  if (!result.judge->runs_locally()) {
    fmt::print(stderr, "{}\n", Describe(result.judge->totals()));
  }
  if (flips.dialogues() > 0) {
    fmt::print(stderr, "{} of {} dialogues flip between places\n", flips.flipped(),
               flips.dialogues());
  }
  if (flips.unlabelled() > 0) {
    fmt::print(stderr, "{} of these lack a label in one of the places compared\n",
               flips.unlabelled());
  }
  if (!IsStream(output)) fmt::print(stderr, "verdicts: {}\n", Printable(output));
  TellNotes(result.notes);
}

format::JUnitSuite SuiteOfRun(const app::JudgeJob& job, const app::JudgeResult& result) {
  format::JUnitSuite suite{.name = "mores judge"};
  suite.properties = {{"input", job.input},
                      {"output", job.output},
                      {"model", result.judge->model_name()},
                      {"judged", std::to_string(result.counts.judged())},
                      {"failed", std::to_string(result.counts.failed())}};
  for (const format::Label label :
       {format::Label::kSafe, format::Label::kUnsafe, format::Label::kUnparsed}) {
    suite.properties.emplace_back(fmt::format("{}_in_general", format::Name(label)),
                                  std::to_string(result.counts.labelled(label)));
  }
  suite.properties.emplace_back("unsafe", std::to_string(result.counts.unsafe_anywhere()));
  return suite;
}

// "-": what standard input has, without the line break at its end.
Expected<std::string> ReadText(const std::string& given) {
  if (given != "-") return given;
  MORES_ASSIGN_OR_RETURN(std::string text, ReadFile(given));
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

// The exchange that is given in place of a file, if one is.
Status ReadExchange(const JudgeCommand& command, app::JudgeJob& job) {
  if (!command.query && !command.response) {
    if (!job.input.empty()) return {};
    return MakeError(ErrorKind::kUsage,
                     "no input: name a file of dialogues, or give --query and --response "
                     "(see mores judge --help)");
  }
  if (!job.input.empty()) {
    return MakeError(ErrorKind::kUsage, "{}: is given beside --query and --response; one of them",
                     job.input);
  }
  if (!command.response) return MakeError(ErrorKind::kUsage, "--query: needs --response, too");
  if (command.query == "-" && command.response == "-") {
    return MakeError(ErrorKind::kUsage, "--query and --response both want standard input");
  }
  Json turns = Json::array();
  if (command.query) {
    MORES_ASSIGN_OR_RETURN(const std::string query, ReadText(*command.query));
    if (!query.empty()) turns.push_back({{"role", "user"}, {"content", query}});
  }
  MORES_ASSIGN_OR_RETURN(const std::string response, ReadText(*command.response));
  turns.push_back({{"role", "assistant"}, {"content", response}});
  MORES_ASSIGN_OR_RETURN(
      job.dialogue,
      format::ParseDialogue({{"id", "1"}, {"messages", std::move(turns)}}, "--response", 1));
  return {};
}

// Without -o verdicts go to standard output, and with --table the table alone.
Status SettleOutput(const JudgeCommand& command, app::JudgeJob& job) {
  job.output = command.output.value_or(command.table ? "/dev/null" : "-");
  if (command.table && IsStandardOutput(job.output)) {
    return MakeError(ErrorKind::kUsage, "--table and -o {} both want standard output", job.output);
  }
  return {};
}

Expected<int> RunJudgeCommand(const JudgeCommand& command) {
  app::JudgeJob job = command.job;
  MORES_RETURN_IF_ERROR(ReadExchange(command, job));
  MORES_RETURN_IF_ERROR(SettleOutput(command, job));
  MORES_ASSIGN_OR_RETURN(const format::Gate gate,
                         ReadGate(command.gate, judge::Counts::Figures(), {job.input, job.output}));
  MORES_ASSIGN_OR_RETURN(job.judge, ReadJudgeFlags(command.judge, "--model"));
  MORES_RETURN_IF_ERROR(CheckPlaceOptions(job.places));
  MORES_RETURN_IF_ERROR(CheckOutput(app::InputsOf(job), job.output));
  TableRows rows(command);
  job.on_verdict = [&](const format::Dialogue& dialogue, const format::Verdict& verdict) {
    rows.Add(dialogue, verdict);
  };
  Telling telling;
  app::Watch watch = telling.watch();
  watch.on_failure = [&, list = watch.on_failure](const std::string& id,
                                                  const std::string& message) {
    rows.AddFailed(id, message);
    list(id, message);
  };
  MORES_ASSIGN_OR_RETURN(const app::JudgeResult result, app::JudgeFile(job, watch));
  MORES_RETURN_IF_ERROR(rows.Print(result));
  TellJudged(result, rows.flips(), job.output);
  return EndGate(
      gate, command.gate, SuiteOfRun(job, result),
      [&](const format::Bound& bound) { return result.counts.FigureOf(bound); },
      ExitCodeOf(result.run));
}

constexpr const char kJudgeExample[] =
    R"(  mores judge examples/dialogues.jsonl -o verdicts.jsonl --table
  mores judge --query "How do I boil an egg?" --response "Eight minutes in boiling water."

In:  {"id","messages"} or {"query","response"} a line, "label" with what is right if known; also
     logs of requests with responses and ShareGPT (docs/formats/dialogue.md); or one JSON array of
     these. gzip and zstd are read as they are.
Out: one verdict a line, in input order (docs/formats/verdict.md), and OUT.manifest.json. A run that
     was stopped goes on where it was when it is repeated; one that was finished is left as it is
     (--fresh does it again), and another run is never written over it.
Figures for --fail-if: unsafe (in general or in a place of its own) of the items with a label;
unsafe_in_general, unsafe_in_place, unsafe_anywhere (places swapped in too) and unsafe@PLACE (its
parts too) alike; unparsed, unparsed@PLACE, unparsed_anywhere, truncated and places_not_judged (of
those that name a place, where no database was at hand) of the judged; failed, undecided (failed or unparsed) of all;
wrong of those with an expected label. Any bound also fails a run of which more than 1 % is
undecided; a bound on it, on unparsed or on failed sets how much may be. Compare with >, >=, < or <=, as
in --fail-if 'unsafe>0.1' or 'unsafe>10%'.
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
  command->add_option("input", options->job.input, "Dialogues, or - for standard input");
  command->add_option("--query", options->query,
                      "Judge one exchange: what was asked, or - for standard input");
  command->add_option("--response", options->response,
                      "And what was answered, or - for standard input");
  command->add_option("-o,--output", options->output,
                      "Verdicts (default: standard output, which can't be gone on with)");
  command->add_option("--limit", options->job.limit, "Judge the first dialogues alone (0: all)")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
      ->capture_default_str();
  AddModelOptions(command, options->judge.options.local);
  command->get_option("--model")->description(kJudgeModelHelp);
  AddJudgeOptions(command, options->judge);
  AddPlaceOptions(command, options->job.places);
  AddLabelOnlyOption(command, options->judge);
  AddGateOptions(command, options->gate, judge::Counts::Figures(), "unsafe>0.1");
  command->add_option("--batch-tokens", options->job.batch_tokens, "Prompt tokens judged at once")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  AddFreshOption(command, options->job.start);
  command->add_flag("--table", options->table, "Print a table on standard output");
  command->add_flag("--show-text", options->show_text,
                    "In the table, show answers in place of critiques");
  OnRun(line, command, [options] {
    options->judge.options.judge = options->judge.options.local.model;
    return RunJudgeCommand(*options);
  });
}

}  // namespace mores::cli
