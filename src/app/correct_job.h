// Answers judged, revised with what the judge found, and judged again.
#ifndef MORES_APP_CORRECT_JOB_H_
#define MORES_APP_CORRECT_JOB_H_

#include <memory>
#include <string>
#include <vector>

#include "app/judge.h"
#include "app/run.h"
#include "base/error.h"
#include "judge/correction.h"
#include "judge/correction_counts.h"

namespace mores::app {

struct CorrectJob {
  std::string input, output;
  JudgeOptions judge;  // its reply follows from the feedback
  std::string writer;  // as ChatOptions::model; its other options are the judge's
  judge::CorrectionOptions options;
  job::JournalStart start = job::JournalStart::kResume;
};

struct CorrectResult {
  job::JobSummary run;
  judge::CorrectionCounts counts;
  std::unique_ptr<judge::Judge> judge;
  std::unique_ptr<chat::ChatModel> writer;
  // To be told last: of a judge or a writer that is mostly unread, and NotesOnBaseline.
  std::vector<std::string> notes;
};

// The files that it reads; some may be empty.
std::vector<std::string> InputsOf(const CorrectJob& options);

// Beside an output that is a file stands OUTPUT.summary.json.
Expected<CorrectResult> CorrectFile(const CorrectJob& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_CORRECT_JOB_H_
