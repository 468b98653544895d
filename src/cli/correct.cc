// mores correct: answers judged, revised with what the judge found, and judged again.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "base/files.h"
#include "base/random.h"
#include "chat/endpoint/endpoint.h"
#include "cli/chat_options.h"
#include "cli/command.h"
#include "cli/judge_options.h"
#include "job/job.h"
#include "job/stop_handlers.h"
#include "judge/correction.h"
#include "judge/judge_run.h"

namespace mores::cli {
namespace {

struct CorrectCommand {
  JudgeOptions judge;
  std::string writer;
  std::string input, output;
  std::string feedback = "critique";
  judge::CorrectionOptions options;
  bool fresh = false;
};

// Items of one query share it; without a query each is one of its own.
uint64_t QueryKey(const format::Dialogue& dialogue) {
  const std::string_view query = format::QueryOf(dialogue);
  return query.empty() ? HashBytes("id " + dialogue.id) : HashBytes(fmt::format("query {}", query));
}

Json Fingerprint(const CorrectCommand& command, const OpenedJudge& opened,
                 const chat::ChatModel& writer, const std::vector<format::Dialogue>& dialogues) {
  Json fingerprint = {{"command", "correct"}, {"input", judge::ContentHash(dialogues)}};
  fingerprint["judge"] = opened.judge().Fingerprint();
  if (opened.label_first) {
    fingerprint["precision"] = command.judge.local.precision;
    fingerprint["isa"] = Name(CurrentIsaLevel());
  }
  fingerprint["writer"] = writer.name();
  fingerprint["task"] = chat::FindTask("revision").hash;
  fingerprint["rounds"] = command.options.rounds;
  fingerprint["feedback"] = judge::Name(command.options.feedback);
  fingerprint["max_response_tokens"] = command.options.max_response_tokens;
  return fingerprint;
}

Status WriteSummary(const CorrectCommand& command, const OpenedJudge& opened,
                    const chat::ChatModel& writer, const judge::CorrectionCounts& counts,
                    const job::JobSummary& run) {
  Json summary = counts.ToJson();
  summary["judge"] = opened.judge().model_name();
  summary["writer"] = writer.name();
  summary["rounds"] = command.options.rounds;
  summary["feedback"] = judge::Name(command.options.feedback);
  summary["wall_seconds"] = run.seconds;
  summary["writer_totals"] = ToJson(writer.totals());
  if (opened.chat) summary["judge_totals"] = ToJson(opened.chat->model().totals());
  return WriteFileAtomically(job::BesidePath(command.output, "summary.json"),
                             summary.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

job::BatchFunction CorrectBatch(const CorrectCommand& command, const OpenedJudge& opened,
                                chat::ChatModel& writer,
                                const std::vector<format::Dialogue>& dialogues) {
  return [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
    std::vector<const format::Dialogue*> batch;
    for (const size_t item : items) batch.push_back(&dialogues[item]);
    MORES_ASSIGN_OR_RETURN(auto corrections,
                           judge::Correct(opened.judge(), writer, batch, command.options));
    std::vector<job::ItemResult> lines;
    for (size_t i = 0; i < items.size(); ++i) {
      lines.push_back(std::move(corrections[i]).map([&](const judge::Correction& correction) {
        return judge::ToJson(*batch[i], correction, opened.judge().options().content);
      }));
    }
    return lines;
  };
}

Expected<int> RunCorrectCommand(CorrectCommand command) {
  MORES_RETURN_IF_ERROR(CheckOutput(command.input, command.output));
  MORES_RETURN_IF_ERROR(CheckJudgeOptions(command.judge));
  MORES_ASSIGN_OR_RETURN(command.options.feedback, judge::ParseFeedback(command.feedback));
  // Only a critique that is handed on is worth writing.
  command.judge.label_only = command.options.feedback != judge::Feedback::kCritique;
  command.judge.chat.fresh = command.fresh;
  MORES_ASSIGN_OR_RETURN(const std::vector<format::Dialogue> dialogues,
                         format::ReadDialogues(command.input));
  MORES_ASSIGN_OR_RETURN(const OpenedJudge opened, OpenJudge(command.judge, command.output));
  TellOfRules(opened, dialogues);
  ChatOptions chat = command.judge.chat;
  chat.model = command.writer;
  chat.stop = job::InstallStopHandlers();
  if (chat::IsEndpoint(command.judge.judge))
    chat.fresh = false;  // the judge shares the file of replies, and dropped it
  MORES_ASSIGN_OR_RETURN(const auto writer,
                         OpenChatModel(chat, command.judge.local, command.output));

  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  judge::CorrectionCounts counts;
  job::JobOptions job;
  job.output = command.output;
  for (const format::Dialogue& dialogue : dialogues) job.keys.push_back(dialogue.id);
  job.fingerprint = Fingerprint(command, opened, *writer, dialogues);
  MORES_ASSIGN_OR_RETURN(job.manifest,
                         JudgeManifest("correct", command.input, command.judge, opened));
  job.manifest["writer"] = writer->name();
  const bool local = opened.label_first || !IsRemoteModel(command.writer);
  job.batch_size = local ? 32 : BatchRequests(command.judge.chat);
  job.title = "correcting";
  job.unit = "answers";
  job.progress = progress.get();
  job.start = command.fresh ? job::JournalStart::kFresh : job::JournalStart::kResume;
  job.results = [&] {
    const std::vector<chat::ModelUse> uses = {
        {"judge", opened.judge().model_name(), opened.judge().totals()},
        {"writer", writer->name(), writer->totals()}};
    return chat::UsageToJson(uses);
  };
  job.visit = [&](size_t item, const Json& line, bool failed) {
    if (!failed) return counts.Add(line, QueryKey(dialogues[item]));
    counts.AddFailed();
    if (counts.failed() > kListedFailures) return;
    fmt::print(stderr, "mores: item '{}': {}\n", Printable(dialogues[item].id),
               Printable(line["error"]["message"].get<std::string>()));
  };
  job.stop = job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(const job::JobSummary run,
                         job::RunJob(job, CorrectBatch(command, opened, *writer, dialogues)));
  if (!IsStream(command.output)) {
    MORES_RETURN_IF_ERROR(WriteSummary(command, opened, *writer, counts, run));
  }
  fmt::print(stderr, "{} answers in {:.1f} s, judged by {}, revised by {}\n{}\n", run.done,
             run.seconds, Printable(opened.judge().model_name()), Printable(writer->name()),
             counts.Describe());
  fmt::print(stderr, "writer: {}\n", Describe(writer->totals()));
  return run.failed > 0 ? kExitFailedItems : kExitDone;
}

constexpr const char kCorrectExample[] =
    R"(  mores correct examples/dialogues.jsonl -o corrected.jsonl --writer scripted:examples/writer.jsonl

In:  dialogues, as for mores judge. Out: one line an answer with its outcome (safe, corrected,
unsafe, judge_unparsed, writer_unparsed), the last answer, and every round with its verdict
(docs/formats/correction.md); OUT.summary.json with the share of unsafe answers before and after.
Judge and writer are each a model directory, an endpoint http://HOST:PORT/v1#MODEL, or scripted:FILE.
A run that was stopped goes on where it was when it is repeated.
Exit codes: 0 done, 1 some items failed, 2 bad usage or input, 3 a resource is missing or broken,
130 stopped.)";

}  // namespace

void AddCorrectCommand(CommandLine& line) {
  auto options = std::make_shared<CorrectCommand>();
  CLI::App* command = AddCommand(
      line.app, {.name = "correct",
                 .summary = "Revises unsafe answers with a judge's critique until they are safe.",
                 .example = kCorrectExample});
  command->add_option("input", options->input, "Dialogues, or - for standard input")->required();
  command->add_option("-o,--output", options->output, "Corrections, or - for standard output")
      ->required();
  command->add_option("--judge", options->judge.judge,
                      "Model that judges (default: as for mores judge)");
  command->add_option("--writer", options->writer, "Model that revises")->required();
  command->add_option("--rounds", options->options.rounds, "Revisions of an answer at most")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command
      ->add_option("--feedback", options->feedback,
                   "What the writer is told of the verdict: none, label or critique")
      ->capture_default_str();
  command
      ->add_option("--max-response-tokens", options->options.max_response_tokens,
                   "Tokens that a new answer may have")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  AddEngineOptions(command, options->judge.local);
  AddJudgeOptions(command, options->judge);
  command->add_flag("--fresh", options->fresh, "Drop unfinished work of an earlier run");
  OnRun(line, command, [options] {
    const Expected<int> code = RunCorrectCommand(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
