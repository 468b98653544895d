#include "cli/model_options.h"

#include "cli/command.h"

namespace mores::cli {

void AddModelOptions(CLI::App* command, app::ModelOptions& options) {
  command->add_option("--model", options.model, kModelHelp);
  AddEngineOptions(command, options);
}

void AddPrecisionOption(CLI::App* command, std::optional<chat::Precision>& precision) {
  std::vector<std::string> names;
  for (const chat::Precision one : chat::kPrecisions) names.emplace_back(Name(one));
  command
      ->add_option_function<std::string>(
          "--precision",
          [&precision](const std::string& name) { precision = chat::FindPrecision(name); },
          "Of products and weights; int8: with a GGUF file's blocks as they are (default: bf16; "
          "where it judges what judge.json says)")
      ->check(CLI::IsMember(names));
}

void AddIsaOption(CLI::App* command, std::optional<IsaLevel>& isa) {
  command
      ->add_option_function<std::string>(
          "--isa",
          [&isa](const std::string& name) {
            const Expected<IsaLevel> level = ParseIsaLevel(name);
            if (!level) throw CLI::ValidationError("--isa", level.error().message);
            isa = *level;
          },
          "Instruction set at most (default: the best here)")
      ->check(CLI::IsMember({"avx2", "avx512", "amx"}));
}

void AddAdapterOption(CLI::App* command, app::ModelOptions& options) {
  command
      ->add_option("--adapter", options.adapters,
                   "An adapter that the model is computed with, unmerged: a folder as PEFT writes "
                   "it, or a GGUF file; for score and generate also NAME=PATH, repeatable, of "
                   "items with \"adapter\": \"NAME\"")
      ->allow_extra_args(false);
}

void AddEngineOptions(CLI::App* command, app::ModelOptions& options) {
  AddAdapterOption(command, options);
  AddPrecisionOption(command, options.precision);
  command->add_option("--threads", options.threads, "Threads (0: one a processor)")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  command
      ->add_option("--chunk-tokens", options.chunk_tokens,
                   "Tokens of a prompt computed at once (0: as many as fit, 1: token by token); "
                   "changes no result")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  AddIsaOption(command, options.isa);
}

Status CheckModel(const char* option, const std::string& model) {
  if (app::IsRemoteModel(model)) return {};
  const auto found = app::FindModel(model);
  if (found) return {};
  return tl::unexpected<Error>(model.empty() ? found.error() : Named(option, found.error()));
}

}  // namespace mores::cli
