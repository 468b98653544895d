// How the commands of `mores meta` are told who rules over AIUs.
#ifndef MORES_CLI_META_META_JUDGE_H_
#define MORES_CLI_META_META_JUDGE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "chat/chat_model.h"
#include "cli/chat_options.h"
#include "cli/model_options.h"
#include "meta/aiu_judge.h"

namespace mores::cli {

struct MetaJudgeOptions {
  std::string judge = "lexical";
  ModelOptions local;  // for a directory
  ChatOptions chat;
};

// --judge, and what goes with a model.
void AddMetaJudgeOptions(CLI::App* command, MetaJudgeOptions& options);

struct MetaJudge {
  std::unique_ptr<chat::ChatModel> model;  // null for the lexical judge
  std::unique_ptr<meta::AiuJudge> judge;
};
// Replies of endpoints are kept beside `output`, as OpenChatModel does.
Expected<MetaJudge> OpenMetaJudge(const MetaJudgeOptions& options, const std::string& output);

// For a manifest: what the model was asked; an empty list of the lexical judge. `opened` must
// outlive it.
std::function<Json()> UsageOf(const MetaJudge& opened);

// What shapes rulings beside the judge's own fingerprint: how a local model computes.
Json FingerprintOf(const MetaJudgeOptions& options);

}  // namespace mores::cli

#endif  // MORES_CLI_META_META_JUDGE_H_
