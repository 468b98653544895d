#include "cli/meta/meta_judge.h"

#include "cli/chat_options.h"
#include "cli/model_options.h"

namespace mores::cli {

void AddMetaJudgeOptions(CLI::App* command, app::MetaJudgeOptions& options) {
  command
      ->add_option("--model,--judge", options.judge,
                   "Who rules: lexical (a baseline without a model), a model directory, a GGUF "
                   "file, a name of mores "
                   "model list, http://HOST:PORT/v1#NAME, or scripted:FILE")
      ->capture_default_str();
  AddEngineOptions(command, options.local);
  AddChatOptions(command, options.chat);
  AddReplyBoundOption(command, options.chat);
}

Status CheckMetaJudge(const app::MetaJudgeOptions& options) {
  if (options.judge.empty()) return MakeError(ErrorKind::kUsage, "--model: the name is empty");
  if (options.judge == app::kLexicalJudge) return {};
  return CheckModel("--model", options.judge);
}

}  // namespace mores::cli
