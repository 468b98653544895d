// mores generate: text that a model writes after a prompt or a dialogue.
#include "app/generate.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "chat/endpoint/endpoint.h"
#include "cli/chat_options.h"
#include "cli/command.h"
#include "cli/item_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

Expected<int> RunGenerate(const app::GenerateOptions& options) {
  const std::string& model = options.items.model.model;
  if (options.top_logprobs > 0 && !app::IsRemoteModel(model)) {
    return MakeError(ErrorKind::kUsage, "--top-logprobs: of endpoints and scripted replies alone");
  }
  MORES_RETURN_IF_ERROR(CheckItemOptions(options.items));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::GenerateResult result,
                         app::GenerateFile(options, telling.watch()));
  const int code = result.run ? FinishItems(*result.run, "items") : Fail(result.run.error());
  if (chat::IsEndpoint(app::NamedModel(model))) {
    fmt::print(stderr, "{}: {}\n", Printable(result.model), Describe(result.totals));
  }
  return code;
}

}  // namespace

void AddGenerateCommand(CommandLine& line) {
  auto options = std::make_shared<app::GenerateOptions>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "generate",
       .summary = "Text that a model writes after prompts or dialogues.",
       .example =
           R"(  echo '{"id":"a","prompt":"The answer is"}' | mores generate - --max-new-tokens 16

In:  {"id","prompt"}, plain text with the model's start token in front; {"id","prompt_ids"} with
     token ids; or {"id","messages"} with turns of {"role","content"}, by the model's chat template
     (our own models: up to <|assistant|>).
Out: {"id","text","token_ids","finish_reason","usage"}; the reason is stop or length. An endpoint
     (docs/formats/endpoints.md) tells no token_ids; a prompt is asked there as a user's turn.
Greedy unless --temperature is given; draws depend on the seed, the id and the step alone. An item
with "adapter": "NAME" is computed with what --adapter NAME=PATH gave; its line says so.)"});
  AddItemOptions(command, options->items);
  AddSamplingOptions(command, options->sampling, "Of the draws");
  command
      ->add_option("--top-logprobs", options->top_logprobs,
                   "Also the log-probabilities of tokens, and of so many alternatives each")
      ->check(CLI::Range(0, 20))
      ->capture_default_str();
  AddStartTokenOption(command, options->start_token);
  AddChatOptions(command, options->chat);
  command->get_option("--model")->description(
      "Model: a directory, a GGUF file or a name of mores model list (default: $MORES_MODEL, else "
      "models/mini), an adapter's directory, endpoint http://HOST:PORT/v1#NAME, or scripted:FILE");
  OnRun(line, command, [options] { return RunGenerate(*options); });
}

}  // namespace mores::cli
