// Opening a judge: a model directory with our engine, or any model that is asked by messages.
#ifndef MORES_APP_JUDGE_H_
#define MORES_APP_JUDGE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/chat.h"
#include "app/model.h"
#include "base/error.h"
#include "base/json.h"
#include "format/dialogue.h"
#include "judge/judge.h"
#include "report/items.h"

namespace mores::app {

struct JudgeOptions {
  // A directory, an endpoint, or scripted:FILE: as ChatOptions::model.
  std::string judge;
  ModelOptions local;  // its `model` is not looked at
  ChatOptions chat;    // neither
  std::string profile, prompt_directory;
  std::string rules;              // file
  report::Thresholds thresholds;  // in place of the model's own
  judge::Order order = judge::Order::kLabelFirst;
  judge::Turns turns = judge::Turns::kAll;
  judge::Content content = judge::Content::kKept;
  judge::Reply reply = judge::Reply::kLabelAndCritique;
  judge::CategoryScores category_scores = judge::CategoryScores::kTold;
};

// Each looks at the options alone, before anything is read. kUsage for an order that the judge
// can't have, and for a chat format where the model has its own.
Status CheckOrder(const JudgeOptions& options);
Status CheckChatFormat(const JudgeOptions& options);
// kMissing for a model without judge.json, where no profile is named either.
Status CheckProfile(const JudgeOptions& options);

// The files that they name; some may be empty.
std::vector<std::string> InputsOf(const JudgeOptions& options);

// Replies of an endpoint are kept beside `output` (OpenChatModel).
Expected<std::unique_ptr<judge::Judge>> OpenJudge(const JudgeOptions& options,
                                                  const std::string& output);

// ModelManifest's of the run, with the rules; of an endpoint without what is our engine's.
Expected<Json> JudgeManifest(const std::string& command, const std::string& input,
                             const JudgeOptions& options, const judge::Judge& judge);

// What to say of a judge that wasn't trained for what it is shown; none where it was.
std::optional<std::string> NoteOnRules(const judge::Judge& judge,
                                       const std::vector<format::Dialogue>& dialogues);
std::optional<std::string> NoteOnGuidelines(const judge::Judge& judge);
// What a run that asked a baseline ends with: that it is none to act on, and where it was asked
// about places, how little it finds there. Empty of other judges.
enum class Asked { kInGeneral, kInPlaces };
std::vector<std::string> NotesOnBaseline(const judge::Judge& judge, Asked asked);

}  // namespace mores::app

#endif  // MORES_APP_JUDGE_H_
