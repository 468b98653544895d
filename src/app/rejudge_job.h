// Verdicts with places judged again where the guidelines that they rest on changed.
#ifndef MORES_APP_REJUDGE_JOB_H_
#define MORES_APP_REJUDGE_JOB_H_

#include <string>
#include <vector>

#include "app/judge.h"
#include "app/places.h"
#include "app/run.h"
#include "base/error.h"
#include "judge/places/rejudge.h"

namespace mores::app {

struct RejudgeJob {
  std::string input, output;
  JudgeOptions judge;
  // Of a day that isn't given, and a number of 0, that of each verdict.
  GuidelineOptions guidelines{.shown = 0};
  job::JournalStart start = job::JournalStart::kResume;
};

struct RejudgeResult {
  job::JobSummary run;
  judge::RejudgeCounts counts;
  std::string changes;             // file with a line a change; empty where the output is a stream
  std::vector<std::string> notes;  // NotesOnBaseline: to be told last
};

// The files that it reads; some may be empty.
std::vector<std::string> InputsOf(const RejudgeJob& options);

// kUsage where the database has none of the guidelines that the verdicts were shown.
Expected<RejudgeResult> RejudgeFile(const RejudgeJob& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_REJUDGE_JOB_H_
