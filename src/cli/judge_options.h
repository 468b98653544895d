// The options that every command with a judge takes, and how they open one.
#ifndef MORES_CLI_JUDGE_OPTIONS_H_
#define MORES_CLI_JUDGE_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/chat_options.h"
#include "cli/model_options.h"
#include "judge/chat_judge.h"
#include "judge/judge.h"
#include "judge/label_first_judge.h"

namespace mores::cli {

struct JudgeOptions {
  // A directory, an endpoint, or scripted:FILE: as ChatOptions::model.
  std::string judge;
  ModelOptions local;  // its `model` is not looked at
  ChatOptions chat;    // neither
  std::string profile, prompt_directory;
  std::string rules;  // file
  std::vector<std::string> thresholds;
  judge::Order order = judge::Order::kLabelFirst;
  judge::Turns turns = judge::Turns::kAll;
  bool no_content = false;
  bool label_only = false;  // set by the command
};

// All but the judge's name and --label-only.
void AddJudgeOptions(CLI::App* command, JudgeOptions& options);

// Of the two, the one that there is.
struct OpenedJudge {
  std::unique_ptr<judge::LabelFirstJudge> label_first;
  std::unique_ptr<judge::ChatJudge> chat;

  judge::Judge& judge() const {
    if (label_first) return *label_first;
    return *chat;
  }
};

// kUsage for a bad threshold, and for what an endpoint has no use for; before a model is loaded.
Status CheckJudgeOptions(const JudgeOptions& options);

// Replies of an endpoint are kept beside `output` (OpenChatModel).
Expected<OpenedJudge> OpenJudge(const JudgeOptions& options, const std::string& output);

// MakeManifest's of the run, with the rules; of an endpoint without what is our engine's.
Expected<Json> JudgeManifest(const std::string& command, const std::string& input,
                             const JudgeOptions& options, const OpenedJudge& opened);

// Says on standard error that the model wasn't trained to follow rules, where there are any.
void TellOfRules(const OpenedJudge& opened, const std::vector<format::Dialogue>& dialogues);
// The same of guidelines of places.
void TellOfGuidelines(const OpenedJudge& opened);

}  // namespace mores::cli

#endif  // MORES_CLI_JUDGE_OPTIONS_H_
