// Judges a whole set of dialogues as one job: journalled, resumable, longest prompts first,
// verdicts in input order.
#ifndef MORES_JUDGE_JUDGE_RUN_H_
#define MORES_JUDGE_JUDGE_RUN_H_

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "format/dialogue.h"
#include "job/job.h"
#include "judge/judge.h"
#include "judge/places/place_judge.h"

namespace mores::judge {

// The places that dialogues are judged in as well.
struct PlaceRun {
  PlaceJudge* judge = nullptr;  // of the run's judge
  // One a dialogue. A dialogue whose places can't be told fails.
  std::vector<Expected<std::vector<AskedPlace>>> places;
};

struct JudgeRunOptions {
  std::string output;  // "-" for standard output
  // What must be the same for a resume, beside what the judge and the dialogues are.
  Json fingerprint = Json::object();
  Json manifest = Json::object();
  PlaceRun* places = nullptr;    // null: none
  int64_t batch_tokens = 16384;  // prompt tokens in a batch, at most
  int threads = 0;               // for reading prompts; 0: all processors
  size_t batch_requests = 256;   // dialogues in a batch, where the judge's plan leaves it open
  job::JournalStart start = job::JournalStart::kResume;
  StopToken stop;
  job::Progress* progress = nullptr;
  // Called once an item, in input order, at the end. Exactly one of the two.
  std::function<void(const format::Dialogue&, const format::Verdict&)> on_verdict;
  std::function<void(const format::Dialogue&, const std::string& message)> on_failure;
  // Called after those, for the manifest: members to add beside what was asked. May be null.
  std::function<Json()> results;
};

// Identity of the dialogues themselves, whatever file or pipe they came from: for a fingerprint.
std::string ContentHash(const std::vector<format::Dialogue>& dialogues);

Expected<job::JobSummary> RunJudge(Judge& judge, const std::vector<format::Dialogue>& dialogues,
                                   const JudgeRunOptions& options);

}  // namespace mores::judge

#endif  // MORES_JUDGE_JUDGE_RUN_H_
