// mores generate: text that a model writes after a prompt or a dialogue.
#include <algorithm>
#include <memory>
#include <utility>

#include "chat/language_model.h"
#include "cli/command.h"
#include "cli/item_command.h"
#include "format/judge_profile.h"

namespace mores::cli {
namespace {

struct GenerateOptions {
  ItemOptions items;
  chat::Sampling sampling;
  bool no_bos = false;
};

// A dialogue in our chat format, up to where the assistant speaks.
Expected<format::RenderedPrompt> RenderMessages(const Json& messages, const std::string& where) {
  using Kind = format::PromptPiece::Kind;
  if (!messages.is_array() || messages.empty()) {
    return FieldError(where, "messages", "must be an array of at least one turn");
  }
  format::RenderedPrompt prompt;
  prompt.pieces.push_back({Kind::kSpecial, "<s>"});
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string turn = fmt::format("{}: field 'messages[{}]'", where, i);
    MORES_ASSIGN_OR_RETURN(const std::string role, RequiredString(messages[i], "role", turn));
    MORES_ASSIGN_OR_RETURN(const std::string content, RequiredString(messages[i], "content", turn));
    if (role != "system" && role != "user" && role != "assistant") {
      return FieldError(turn, "role", "must be \"system\", \"user\" or \"assistant\"");
    }
    prompt.pieces.push_back({Kind::kSpecial, "<|" + role + "|>"});
    prompt.pieces.push_back({Kind::kText, content});
  }
  prompt.pieces.push_back({Kind::kSpecial, "<|assistant|>"});
  return prompt;
}

Expected<std::vector<int32_t>> PromptIds(const Json& value, const std::string& where,
                                         const text::Tokenizer& tokenizer, StartToken start) {
  if (!value.contains("messages")) {
    MORES_ASSIGN_OR_RETURN(const std::string prompt, RequiredString(value, "prompt", where));
    std::vector<int32_t> ids = EncodeText(prompt, tokenizer, start);
    if (ids.empty()) return FieldError(where, "prompt", "empty");
    return ids;
  }
  if (value.contains("prompt")) return FieldError(where, "prompt", "stands beside 'messages'");
  MORES_ASSIGN_OR_RETURN(const format::RenderedPrompt prompt,
                         RenderMessages(value["messages"], where));
  return format::EncodePrompt(prompt, tokenizer);
}

Json ResultLine(const chat::GenerateRequest& request, const chat::GenerateResult& result,
                const text::Tokenizer& tokenizer) {
  const bool stopped = result.finish_reason == chat::FinishReason::kStop;
  return {
      {"id", request.id},
      {"text", tokenizer.Decode(result.ids)},
      {"finish_reason", stopped ? "stop" : "length"},
      {"usage",
       {{"prompt_tokens", request.prompt_ids.size()}, {"completion_tokens", result.ids.size()}}}};
}

int RunGenerate(const GenerateOptions& options) {
  auto model = OpenModel(options.items.model);
  if (!model) return Fail(model.error());
  const text::Tokenizer& tokenizer = (*model)->tokenizer();
  const chat::Sampling& sampling = options.sampling;
  ItemJob job;
  job.command = "generate";
  job.model_name = (*model)->name();
  job.fingerprint["sampling"] = {{"max_new_tokens", sampling.max_new_tokens},
                                 {"temperature", sampling.temperature},
                                 {"top_p", sampling.top_p},
                                 {"seed", sampling.seed}};
  job.fingerprint["no_bos"] = options.no_bos;
  std::vector<std::vector<int32_t>> prompts;
  const Status read = ReadItems(
      options.items.input, job, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(
            std::vector<int32_t> ids,
            PromptIds(value, where, tokenizer,
                      options.no_bos ? StartToken::kLeftOut : StartToken::kAdded));
        job.costs.push_back(static_cast<int64_t>(ids.size()));
        prompts.push_back(std::move(ids));
        return {};
      });
  if (!read) return Fail(read.error());
  return RunItems(
      job, options.items,
      [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
        std::vector<chat::GenerateRequest> batch;
        for (const size_t item : items) {
          batch.push_back(
              {.id = job.keys[item], .prompt_ids = prompts[item], .sampling = sampling});
        }
        MORES_ASSIGN_OR_RETURN(auto results, (*model)->Generate(batch));
        std::vector<job::ItemResult> lines;
        for (size_t i = 0; i < items.size(); ++i) {
          lines.push_back(std::move(results[i]).map([&](const chat::GenerateResult& result) {
            return ResultLine(batch[i], result, tokenizer);
          }));
        }
        return lines;
      });
}

}  // namespace

void AddGenerateCommand(CommandLine& line) {
  auto options = std::make_shared<GenerateOptions>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "generate",
       .summary = "Text that a model writes after prompts or dialogues.",
       .example =
           R"(  echo '{"id":"a","prompt":"The answer is"}' | mores generate - --max-new-tokens 16

In:  {"id","prompt"}, plain text with the model's start token in front, or {"id","messages"} with
     turns of {"role","content"}, rendered in our chat format up to <|assistant|>.
Out: {"id","text","finish_reason","usage"}; the reason is stop or length.
Greedy unless --temperature is given; draws depend on the seed, the id and the step alone.)"});
  AddItemOptions(command, options->items);
  chat::Sampling& sampling = options->sampling;
  command->add_option("--max-new-tokens", sampling.max_new_tokens, "Tokens to write at most")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--temperature", sampling.temperature, "0: always the likeliest token")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command->add_option("--top-p", sampling.top_p, "Share of probability that is drawn from")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  command->add_option("--seed", sampling.seed, "Of the draws")->capture_default_str();
  command->add_flag("--no-bos", options->no_bos, "Put no start token in front of prompts");
  OnRun(line, command, [options] { return RunGenerate(*options); });
}

}  // namespace mores::cli
