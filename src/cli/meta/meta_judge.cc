#include "cli/meta/meta_judge.h"

#include <utility>

#include "base/cpu.h"
#include "job/stop_handlers.h"

namespace mores::cli {
namespace {

constexpr const char kLexical[] = "lexical";

}  // namespace

void AddMetaJudgeOptions(CLI::App* command, MetaJudgeOptions& options) {
  command
      ->add_option("--judge", options.judge,
                   "Who rules: lexical (a baseline without a model), a model directory, "
                   "http://HOST:PORT/v1#NAME, or scripted:FILE")
      ->capture_default_str();
  AddEngineOptions(command, options.local);
  AddChatOptions(command, options.chat);
}

Expected<MetaJudge> OpenMetaJudge(const MetaJudgeOptions& options, const std::string& output) {
  MetaJudge opened;
  if (options.judge == kLexical) {
    opened.judge = meta::MakeLexicalJudge();
    return opened;
  }
  if (options.judge.empty()) return MakeError(ErrorKind::kUsage, "--judge: the name is empty");
  ChatOptions chat = options.chat;
  chat.model = options.judge;
  chat.stop = job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(opened.model, OpenChatModel(chat, options.local, output));
  opened.judge = meta::MakeChatJudge(*opened.model);
  return opened;
}

std::function<Json()> UsageOf(const MetaJudge& opened) {
  return [&opened] {
    if (opened.model == nullptr) return chat::UsageToJson({});
    const chat::ModelUse use = {"judge", opened.model->name(), opened.model->totals()};
    return chat::UsageToJson({&use, 1});
  };
}

Json FingerprintOf(const MetaJudgeOptions& options) {
  if (options.judge == kLexical || IsRemoteModel(options.judge)) return nullptr;
  return {{"precision", options.local.precision},
          {"isa", Name(CurrentIsaLevel())},
          {"chat_format", options.chat.chat_format}};
}

}  // namespace mores::cli
