// Verdicts for a file of dialogues.
#ifndef MORES_APP_JUDGE_JOB_H_
#define MORES_APP_JUDGE_JOB_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/judge.h"
#include "app/places.h"
#include "app/run.h"
#include "base/error.h"
#include "format/dialogue.h"
#include "judge/counts.h"

namespace mores::app {

struct JudgeJob {
  std::string input, output;
  std::optional<format::Dialogue> dialogue;  // judged in place of a file's
  size_t limit = 0;                          // the first dialogues of the input alone; 0: all
  JudgeOptions judge;
  PlacesOptions places;
  int64_t batch_tokens = 16384;  // prompt tokens judged at once
  job::JournalStart start = job::JournalStart::kResume;
  // Called once a verdict, in input order, at the end.
  std::function<void(const format::Dialogue&, const format::Verdict&)> on_verdict;
};

struct JudgeResult {
  job::JobSummary run;
  judge::Counts counts;
  std::unique_ptr<judge::Judge> judge;
  std::unique_ptr<OpenedPlaces> places;  // null where none were asked for
  std::vector<std::string> notes;        // NotesOnBaseline: to be told last
};

// The files that it reads; some may be empty.
std::vector<std::string> InputsOf(const JudgeJob& options);

Expected<JudgeResult> JudgeFile(const JudgeJob& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_JUDGE_JOB_H_
