#include "app/judge_job.h"

#include <optional>
#include <vector>

#include "judge/judge_run.h"

namespace mores::app {

namespace {

struct DialoguesToJudge {
  std::vector<format::Dialogue> dialogues;
  bool limited = false;  // there are more
};

Expected<DialoguesToJudge> ReadToJudge(const JudgeJob& options) {
  DialoguesToJudge read;
  if (options.dialogue) {
    read.dialogues.push_back(*options.dialogue);
    return read;
  }
  MORES_ASSIGN_OR_RETURN(read.dialogues, format::ReadDialogues(options.input));
  read.limited = options.limit > 0 && read.dialogues.size() > options.limit;
  if (read.limited) read.dialogues.resize(options.limit);
  return read;
}

}  // namespace

std::vector<std::string> InputsOf(const JudgeJob& options) {
  std::vector<std::string> inputs = InputsOf(options.judge);
  inputs.push_back(options.input);
  inputs.push_back(options.places.guidelines.database);
  return inputs;
}

Expected<JudgeResult> JudgeFile(const JudgeJob& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckRunOutput(InputsOf(options), options.output, options.start));
  MORES_ASSIGN_OR_RETURN(const DialoguesToJudge read, ReadToJudge(options));
  const std::vector<format::Dialogue>& dialogues = read.dialogues;
  JudgeResult result;
  MORES_ASSIGN_OR_RETURN(result.places, OpenPlaces(options.places, dialogues));
  JudgeOptions judging = options.judge;
  judging.chat.fresh = options.start == job::JournalStart::kFresh;
  judging.chat.watch = watch;
  MORES_ASSIGN_OR_RETURN(result.judge, OpenJudge(judging, options.output));
  if (const auto note = NoteOnRules(*result.judge, dialogues)) watch.Note(*note);
  if (const auto note = format::NoteOnLeftOut(dialogues)) watch.Note(*note);
  judge::JudgeRunOptions run;
  run.output = options.output;
  run.fingerprint["command"] = "judge";
  if (read.limited) run.fingerprint["limit"] = options.limit;
  MORES_ASSIGN_OR_RETURN(
      run.manifest,
      JudgeManifest("judge", options.dialogue ? "-" : options.input, judging, *result.judge));
  if (read.limited) run.manifest["limit"] = options.limit;
  if (!result.places) {
    if (const auto note = NoteOnPlacesLeft(dialogues)) watch.Note(*note);
  }
  if (result.places) {
    MORES_RETURN_IF_ERROR(result.places->Attach(*result.judge));
    if (const auto note = NoteOnGuidelines(*result.judge)) watch.Note(*note);
    MORES_ASSIGN_OR_RETURN(
        const auto undeciding,
        NoteOnUndeciding(*result.places->guidelines, PlacesAsked(result.places->run)));
    if (undeciding) watch.Note(*undeciding);
    run.places = &result.places->run;
    run.manifest["places"] = result.places->guidelines->Manifest();
  }
  run.batch_tokens = options.batch_tokens;
  run.batch_requests = BatchRequests(judging.chat);
  run.threads = judging.local.threads;
  run.start = options.start;
  run.progress = watch.progress;
  run.stop = watch.stop;
  run.on_verdict = [&](const format::Dialogue& dialogue, const format::Verdict& verdict) {
    using judge::Counts;
    result.counts.Add(verdict, dialogue.places.empty() ? Counts::NamesPlaces::kAsVerdictSays
                                                       : Counts::NamesPlaces::kYes);
    if (options.on_verdict) options.on_verdict(dialogue, verdict);
  };
  run.on_failure = [&](const format::Dialogue& dialogue, const std::string& message) {
    result.counts.AddFailed();
    watch.Failure(dialogue.id, message);
  };
  run.results = [&] { return Json{{"verdicts", result.counts.ToJson()}}; };
  MORES_ASSIGN_OR_RETURN(result.run, judge::RunJudge(*result.judge, dialogues, run));
  result.notes =
      NotesOnBaseline(*result.judge, result.places ? Asked::kInPlaces : Asked::kInGeneral);
  return result;
}

}  // namespace mores::app
