#include "app/flips.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/version.h"
#include "format/guideline_triple.h"
#include "job/document.h"
#include "job/finished.h"
#include "judge/places/guideline_flips.h"

namespace mores::app {
namespace {

struct FlipsRun {
  Json fingerprint, manifest;
  std::string started;
  double start = 0;     // by the monotonic clock
  size_t may_pass = 0;  // of the triples that failed, when they are asked again
};

Expected<FlipsRun> BeginFlips(const FlipsJob& options, const judge::Judge& judge) {
  FlipsRun run{.started = SystemClock().UtcTimestamp(), .start = SystemClock().MonotonicSeconds()};
  MORES_ASSIGN_OR_RETURN(run.manifest,
                         JudgeManifest("meta flips", options.triples, options.judge, judge));
  run.fingerprint = {{"command", "meta flips"}, {"seed", options.seed}};
  run.fingerprint["input"] = run.manifest["input"].value("sha256", Json());
  run.fingerprint["judge"] = judge.Fingerprint();
  return run;
}

// What stands there, where this run was finished before.
Expected<std::optional<FlipsResult>> FinishedFlips(const FlipsJob& options, const FlipsRun& run) {
  if (options.start == job::JournalStart::kFresh) return std::nullopt;
  MORES_ASSIGN_OR_RETURN(const auto finished, job::FindFinished(options.output, run.fingerprint));
  if (!finished || finished->may_pass > 0) return std::nullopt;
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(options.output));
  FlipsResult result{.triples = finished->done, .failed = finished->failed, .was_finished = true};
  MORES_ASSIGN_OR_RETURN(result.figures, ParseJson(bytes, options.output));
  return result;
}

Status WriteFlips(const FlipsJob& options, FlipsRun run, const FlipsResult& result) {
  const std::string figures = result.figures.dump(2) + "\n";
  if (IsStream(options.output)) return WriteFileAtomically(options.output, figures);
  run.manifest.update(job::DescribeOutput(options.output, run.fingerprint, Sha256Hex(figures)));
  run.manifest["started"] = run.started;
  run.manifest["finished"] = SystemClock().UtcTimestamp();
  run.manifest["wall_seconds"] = SystemClock().MonotonicSeconds() - run.start;
  job::AddProcessCosts(run.manifest);
  run.manifest["counts"] = {{"items", result.triples},
                            {"done", result.triples},
                            {"resumed", 0},
                            {"failed", result.failed},
                            {"may_pass", run.may_pass}};
  MORES_RETURN_IF_ERROR(
      WriteFileAtomically(options.output + ".manifest.json", run.manifest.dump(2) + "\n"));
  return WriteFileAtomically(options.output, figures);
}

}  // namespace

std::vector<std::string> InputsOf(const FlipsJob& options) {
  std::vector<std::string> inputs = InputsOf(options.judge);
  inputs.push_back(options.triples);
  return inputs;
}

Expected<FlipsResult> MeasureFlips(const FlipsJob& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckWritten(InputsOf(options), WrittenFile{options.output}));
  MORES_RETURN_IF_ERROR(job::CheckDocument(options.output, "mores-guideline-flips"));
  MORES_ASSIGN_OR_RETURN(const std::vector<format::GuidelineTriple> triples,
                         format::ReadGuidelineTriples(options.triples));
  JudgeOptions judging = options.judge;
  judging.chat.fresh = options.start == job::JournalStart::kFresh;
  judging.chat.watch = watch;
  MORES_ASSIGN_OR_RETURN(const auto judge,
                         OpenJudge(judging, options.output.empty() ? "-" : options.output));
  MORES_ASSIGN_OR_RETURN(FlipsRun run, BeginFlips(options, *judge));
  if (!options.output.empty()) {
    MORES_ASSIGN_OR_RETURN(auto finished, FinishedFlips(options, run));
    if (finished) {
      finished->notes = NotesOnBaseline(*judge, Asked::kInPlaces);
      return std::move(*finished);
    }
  }
  FlipsResult result{.triples = triples.size(), .notes = NotesOnBaseline(*judge, Asked::kInPlaces)};
  const auto on_failure = [&](const std::string& id, const Error& error) {
    if (error.kind == ErrorKind::kIo) ++run.may_pass;
    watch.Failure(id, error.message);
  };
  MORES_ASSIGN_OR_RETURN(result.figures, judge::MeasureFlips(*judge, triples,
                                                             {.bootstrap = {.seed = options.seed},
                                                              .stop = watch.stop,
                                                              .progress = watch.progress,
                                                              .on_failure = on_failure}));
  MORES_ASSIGN_OR_RETURN(result.figures["input"], job::DescribeInput(options.triples));
  result.figures["prompt_hash"] = judge->prompt_hash();
  result.figures["mores"] = Version();
  result.failed = result.figures["failed"].get<size_t>();
  if (options.output.empty()) return result;
  run.manifest.update(judge->Usage());
  MORES_RETURN_IF_ERROR(WriteFlips(options, std::move(run), result));
  return result;
}

}  // namespace mores::app
