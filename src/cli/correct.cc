// mores correct: answers judged, revised with what the judge found, and judged again.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/correct_job.h"
#include "cli/command.h"
#include "cli/judge_options.h"
#include "cli/model_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

struct CorrectCommand {
  JudgeFlags judge;
  app::CorrectJob job;
};

Expected<int> RunCorrectCommand(const CorrectCommand& command) {
  app::CorrectJob job = command.job;
  MORES_RETURN_IF_ERROR(CheckOutput(app::InputsOf(job), job.output));
  MORES_ASSIGN_OR_RETURN(job.judge, ReadJudgeFlags(command.judge, "--model"));
  MORES_RETURN_IF_ERROR(CheckModel("--writer", job.writer));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::CorrectResult result, app::CorrectFile(job, telling.watch()));
  fmt::print(stderr, "{} answers in {:.1f} s, judged by {}, revised by {}\n{}\n", result.run.done,
             result.run.seconds, Printable(result.judge->model_name()),
             Printable(result.writer->name()), result.counts.Describe());
  fmt::print(stderr, "writer: {}\n", Describe(result.writer->totals()));
  TellNotes(result.notes);
  return ExitCodeOf(result.run);
}

constexpr const char kCorrectExample[] =
    R"(  mores correct examples/dialogues.jsonl -o corrected.jsonl --writer scripted:examples/writer.jsonl

In:  dialogues, as for mores judge. Out: one line an answer with its outcome (safe, corrected,
unsafe, judge_unparsed, writer_unparsed), the last answer, and every round with its verdict
(docs/formats/correction.md); OUT.summary.json with the shares of unsafe, safe and unparsed answers
before and after: what is unparsed has not become safe.
Judge and writer are each a model (a directory, a GGUF file or a name of mores model list), an
endpoint http://HOST:PORT/v1#MODEL, or scripted:FILE.
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
  command->add_option("input", options->job.input, "Dialogues, or - for standard input")
      ->required();
  options->job.output = "-";
  command->add_option("-o,--output", options->job.output, "Corrections, or - for standard output")
      ->capture_default_str();
  command->add_option("--model,--judge", options->judge.options.judge,
                      "Model that judges (default: as for mores judge)");
  command->add_option("--writer", options->job.writer, "Model that revises")->required();
  command->add_option("--rounds", options->job.options.rounds, "Revisions of an answer at most")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  AddNamed(command, "--feedback", options->job.options.feedback,
           {judge::Feedback::kCritique, judge::Feedback::kLabel, judge::Feedback::kNone},
           "What the writer is told of the verdict");
  command
      ->add_option("--max-response-tokens", options->job.options.max_response_tokens,
                   "Tokens that a new answer may have")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  AddEngineOptions(command, options->judge.options.local);
  AddJudgeOptions(command, options->judge);
  AddFreshOption(command, options->job.start);
  OnRun(line, command, [options] { return RunCorrectCommand(*options); });
}

}  // namespace mores::cli
