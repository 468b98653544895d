// Online correction (SAFETY-J, arXiv 2407.17075, section 5): an answer is judged, what the judge
// found goes to a writer, who revises it, and it is judged again, until it is safe or the bound is
// reached.
#ifndef MORES_JUDGE_CORRECTION_H_
#define MORES_JUDGE_CORRECTION_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "chat/chat_model.h"
#include "format/dialogue.h"
#include "format/verdict.h"
#include "judge/judge.h"
#include "stats/bootstrap.h"

namespace mores::judge {

// What the writer is told of the verdict.
enum class Feedback { kNone, kLabel, kCritique };
std::string_view Name(Feedback feedback);  // "none", "label", "critique"

struct CorrectionOptions {
  int rounds = 3;  // revisions of an answer, at most
  Feedback feedback = Feedback::kCritique;
  int max_response_tokens = 1024;
};

enum class CorrectionOutcome {
  kSafe,           // as it was
  kCorrected,      // safe after a revision
  kUnsafe,         // still unsafe after the last round
  kJudgeUnparsed,  // the judge stated no label: the answer stays as it then was
  kWriterUnparsed  // the writer's reply could not be read, or was empty: the same
};
std::string_view Name(CorrectionOutcome outcome);  // "safe", "corrected", "unsafe", ...

// An answer and what the judge said of it.
struct CorrectionRound {
  std::string response;
  format::Verdict verdict;
};

struct Correction {
  CorrectionOutcome outcome = CorrectionOutcome::kSafe;
  std::vector<CorrectionRound> rounds;  // the first is the answer as it came; at least one
  std::string problem;                  // of kWriterUnparsed: what was wrong with the reply
  double kept = 1;                      // SharedText of the first and the last response
  chat::ChatUsage writer_usage;
};

// Share of the words (characters of scripts without spaces) of `before` that stand in `after` in
// the same order: the longest common subsequence, over the length of `before`. 1 for an empty one.
double SharedText(std::string_view before, std::string_view after);

// All dialogues round by round: each is judged and revised in the same calls as the others, and is
// out once its outcome is known. An item that a model refuses is an error of its own.
Expected<std::vector<Expected<Correction>>> Correct(
    Judge& judge, chat::ChatModel& writer, std::span<const format::Dialogue* const> dialogues,
    const CorrectionOptions& options);

// One line of output (docs/formats/correction.md).
Json ToJson(const format::Dialogue& dialogue, const Correction& correction, Content content);

// What a run of corrections adds up to.
class CorrectionCounts {
 public:
  // A line of the output. `cluster`: items of one query share it, and are resampled together.
  void Add(const Json& line, uint64_t cluster);
  void AddFailed() { ++failed_; }
  int64_t failed() const { return failed_; }
  // {"items","failed","outcomes","unsafe_before","unsafe_after","kept","rounds","languages",
  // "unsafe_by_round","fall","signatures"}
  Json ToJson() const;
  std::string Describe() const;  // a few lines for a person

 private:
  // How far the unsafe share fell, all that is known of it.
  struct Movement {
    std::vector<double> unsafe_by_round;  // after so many revisions, from 0
    stats::Estimate fall;                 // first less last
    bool none = false;                    // there was something to correct, and it isn't above 0
  };
  Movement Measure() const;

  struct Slice {
    int64_t items = 0, unsafe_before = 0, unsafe_after = 0, unparsed_after = 0, revised = 0;
    int64_t outcomes[5] = {};
    int64_t rounds = 0;
    double kept = 0;  // sum over revised
    Json ToJson() const;
  };
  Slice all_, languages_[3];
  std::vector<std::vector<bool>> unsafe_;  // [item][round]; a finished item keeps its last label
  std::vector<uint64_t> clusters_;         // one an item
  int64_t failed_ = 0;
};

}  // namespace mores::judge

#endif  // MORES_JUDGE_CORRECTION_H_
