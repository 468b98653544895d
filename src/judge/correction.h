// Online correction (SAFETY-J, arXiv 2407.17075, section 5): an answer is judged, what the judge
// found goes to a writer, who revises it, and it is judged again, until it is safe or the bound is
// reached.
#ifndef MORES_JUDGE_CORRECTION_H_
#define MORES_JUDGE_CORRECTION_H_

#include <cstdint>
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

}  // namespace mores::judge

#endif  // MORES_JUDGE_CORRECTION_H_
