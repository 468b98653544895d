// mores meta: critiques measured against reference critiques, by their atomic information units.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/meta/meta_judge.h"
#include "job/stop_handlers.h"
#include "meta/critiques.h"
#include "meta/meta_run.h"
#include "meta/references.h"
#include "meta/summary.h"
#include "report/page.h"

namespace mores::cli {
namespace {

struct MetaCommand {
  MetaJudgeOptions judge;
  std::string critiques, output, page;
  std::vector<std::string> references;
  uint64_t seed = 1;
  bool no_content = false;
  bool fresh = false;
};

// Options that only the command itself needs, not those below it.
Status CheckOptions(const MetaCommand& command) {
  const auto require = [](bool given, const char* option) -> Status {
    if (given) return {};
    return MakeError(ErrorKind::kUsage, "{} is required (see mores meta --help)", option);
  };
  MORES_RETURN_IF_ERROR(require(!command.critiques.empty(), "--critiques"));
  MORES_RETURN_IF_ERROR(require(!command.references.empty(), "--references"));
  MORES_RETURN_IF_ERROR(require(!command.output.empty(), "--output"));
  std::vector<std::string> inputs = command.references;
  inputs.push_back(command.critiques);
  for (const std::string& input : inputs) {
    MORES_RETURN_IF_ERROR(CheckOutput(input, command.output));
    if (!command.page.empty()) MORES_RETURN_IF_ERROR(CheckOutput(input, command.page));
  }
  if (command.page == command.output) {
    return MakeError(ErrorKind::kUsage, "--report and -o both want {}", command.output);
  }
  return {};
}

Expected<Json> Manifest(const MetaCommand& command, const meta::AiuJudge& judge) {
  Json manifest = {{"command", "meta"}, {"version", Version()}, {"judge", judge.name()}};
  MORES_ASSIGN_OR_RETURN(manifest["critiques"], job::DescribeInput(command.critiques));
  manifest["references"] = Json::array();
  for (const std::string& path : command.references) {
    MORES_ASSIGN_OR_RETURN(Json reference, job::DescribeInput(path));
    manifest["references"].push_back(std::move(reference));
  }
  return manifest;
}

void TellFailures(const meta::MetaRun& run) {
  for (size_t i = 0; i < std::min<size_t>(run.failures.size(), kListedFailures); ++i) {
    fmt::print(stderr, "mores: item '{}': {}\n", Printable(run.failures[i].id),
               Printable(run.failures[i].message));
  }
  if (run.failures.empty()) return;
  fmt::print(stderr,
             "mores: {} of {} critiques failed and are in no figure; run the command again for "
             "them\n",
             run.failures.size(), run.job.done);
}

Status WriteResults(const MetaCommand& command, const Json& summary, const meta::MetaRun& run) {
  if (!IsStream(command.output)) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(job::BesidePath(command.output, "summary.json"),
                                              DumpJson(summary) + "\n"));
  }
  if (command.page.empty()) return {};
  const auto content =
      command.no_content ? report::PageContent::kNoText : report::PageContent::kWithText;
  return WriteFileAtomically(command.page,
                             report::RenderMetaPage(summary, Json(run.lines), content));
}

Expected<int> RunMetaCommand(const MetaCommand& command) {
  MORES_RETURN_IF_ERROR(CheckOptions(command));
  MORES_ASSIGN_OR_RETURN(const meta::References references,
                         meta::References::Read(command.references));
  MORES_ASSIGN_OR_RETURN(const meta::Critiques critiques,
                         meta::ReadCritiques(command.critiques, references));
  MetaJudgeOptions judge_options = command.judge;
  judge_options.chat.fresh = command.fresh;
  MORES_ASSIGN_OR_RETURN(const MetaJudge opened, OpenMetaJudge(judge_options, command.output));
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  meta::MetaRunOptions options;
  options.output = command.output;
  options.content = command.no_content ? meta::Content::kLeftOut : meta::Content::kKept;
  options.fingerprint = {{"command", "meta"}, {"local", FingerprintOf(command.judge)}};
  MORES_ASSIGN_OR_RETURN(options.manifest, Manifest(command, *opened.judge));
  if (opened.model != nullptr) options.batch_size = IsRemoteModel(command.judge.judge) ? 512 : 8;
  options.start = command.fresh ? job::JournalStart::kFresh : job::JournalStart::kResume;
  options.results = UsageOf(opened);
  options.progress = progress.get();
  options.stop = job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(const meta::MetaRun run,
                         meta::RunMeta(*opened.judge, critiques.items, options));
  const Json summary =
      meta::Summarize(run.evaluations, {.judge = opened.judge->name(),
                                        .judge_fingerprint = opened.judge->fingerprint(),
                                        .failed = run.failures.size(),
                                        .verdicts_failed = critiques.failed,
                                        .references_unused = critiques.references_unused,
                                        .bootstrap = {.seed = command.seed}});
  MORES_RETURN_IF_ERROR(WriteResults(command, summary, run));
  const bool taken = IsStandardOutput(command.output) || IsStandardOutput(command.page);
  fmt::print(taken ? stderr : stdout, "{}", meta::FormatSummary(summary));
  if (opened.model != nullptr) fmt::print(stderr, "{}\n", Describe(opened.model->totals()));
  TellFailures(run);
  return run.failures.empty() ? kExitDone : kExitFailedItems;
}

constexpr const char kMetaExample[] =
    R"(  mores meta --critiques examples/critiques.jsonl --references examples/references.jsonl \
    -o measured.jsonl --report measured.html

In:  critiques: verdicts of mores judge, or {"id","critique"} a line with "dialogue", "messages" or
     "query" and "response"; references: JSON lines or one array of {"prompt","response","aius"} or
     {"id","aius"} (docs/formats/meta.md).
Out: a line a critique with every ruling, and OUT.summary.json: precision is the share of a
     critique's claims that hold given the dialogue, recall the share of the reference's claims that
     the critique states. A run that was stopped goes on where it was when it is repeated.
Exit codes: 0 done, 1 some critiques failed, 2 bad usage or input, 3 a resource is missing or broken,
130 stopped.)";

}  // namespace

void AddMetaCommand(CommandLine& line) {
  auto options = std::make_shared<MetaCommand>();
  CLI::App* command = AddCommand(
      line.app, {.name = "meta",
                 .summary = "Measure critiques: precision and recall of their single claims.",
                 .example = kMetaExample});
  command->require_subcommand(0, 1);
  command->add_option("--critiques", options->critiques, "Verdicts or critiques, JSON lines");
  command->add_option("--references", options->references, "AIUs of reference critiques")
      ->allow_extra_args(false);
  command->add_option("-o,--output", options->output, "Rulings, or - for standard output");
  command->add_option("--report", options->page, "A page to read critiques and rulings on");
  AddMetaJudgeOptions(command, options->judge);
  command->add_option("--seed", options->seed, "Of the resampling")->capture_default_str();
  command->add_flag("--no-content", options->no_content,
                    "Keep no turns of the dialogues in the output and the page");
  command->add_flag("--fresh", options->fresh, "Drop unfinished work of an earlier run");
  AddMetaCompareCommand(line, *command);
  AddMetaFitnessCommand(line, *command);
  AddMetaAgreeCommand(line, *command);
  AddMetaFlipsCommand(line, *command);
  OnRun(line, command, [options] {
    const Expected<int> code = RunMetaCommand(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
