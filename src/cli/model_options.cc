#include "cli/model_options.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/cpu.h"
#include "base/files.h"
#include "base/version.h"
#include "chat/endpoint/endpoint.h"
#include "job/job.h"

namespace mores::cli {

void AddModelOptions(CLI::App* command, ModelOptions& options) {
  command->add_option("--model", options.model,
                      "Model directory (default: $MORES_MODEL, else models/mini)");
  AddEngineOptions(command, options);
}

void AddEngineOptions(CLI::App* command, ModelOptions& options) {
  command->add_option("--precision", options.precision, "Of products and weights: bf16 or f32")
      ->check(CLI::IsMember({"bf16", "f32"}))
      ->capture_default_str();
  command->add_option("--threads", options.threads, "Threads (0: one a processor)")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  command
      ->add_option("--chunk-tokens", options.chunk_tokens,
                   "Tokens of a prompt computed at once (0: as many as fit, 1: token by token); "
                   "changes no result")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  command->add_option("--isa", options.isa,
                      "Instruction set at most: avx2, avx512 or amx (default: the best here)");
}

Expected<std::string> FindModel(const std::string& given) {
  if (!given.empty()) {
    if (DirectoryExists(given)) return given;
    return MakeError(ErrorKind::kMissing, "--model {}: no such directory", given);
  }
  if (const char* named = std::getenv("MORES_MODEL"); named != nullptr && *named != '\0') {
    if (DirectoryExists(named)) return std::string(named);
    return MakeError(ErrorKind::kMissing, "MORES_MODEL={}: no such directory", named);
  }
  std::vector<std::string> places = {"models/mini"};
  std::error_code error;
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", error);
  for (int up = 0; !error && up < 3; ++up) {
    folder = folder.parent_path();
    places.push_back((folder.parent_path() / "models/mini").string());
  }
  for (const std::string& place : places) {
    if (DirectoryExists(place)) return place;
  }
  return MakeError(ErrorKind::kMissing,
                   "no model: give --model DIR or set MORES_MODEL (there is no {})",
                   fmt::join(places, ", no "));
}

bool IsRemoteModel(const std::string& model) {
  return chat::IsEndpoint(model) || model.starts_with("scripted:");
}

Expected<std::unique_ptr<chat::LanguageModel>> OpenModel(const ModelOptions& options,
                                                         chat::TokenizerNeed tokenizer) {
  MORES_ASSIGN_OR_RETURN(const std::string directory, FindModel(options.model));
  if (!options.isa.empty()) {
    MORES_ASSIGN_OR_RETURN(const IsaLevel level, ParseIsaLevel(options.isa));
    MORES_RETURN_IF_ERROR(SetIsaLevel(level));
  }
  return chat::OpenLocalModel(
      {.directory = directory,
       .precision = options.precision == "f32" ? chat::Precision::kF32 : chat::Precision::kBf16,
       .threads = options.threads,
       .tokenizer = tokenizer,
       .engine = {.chunk_tokens = options.chunk_tokens}});
}

Expected<Json> RunManifest(const std::string& command, const std::string& input) {
  MORES_ASSIGN_OR_RETURN(const Json source, job::DescribeInput(input));
  return Json{{"command", command}, {"version", Version()}, {"input", source}};
}

Expected<Json> MakeManifest(const std::string& command, const std::string& input,
                            const ModelOptions& options, const std::string& model_name) {
  MORES_ASSIGN_OR_RETURN(Json manifest, RunManifest(command, input));
  manifest["model"] = model_name;
  if (!IsRemoteModel(options.model)) {
    MORES_ASSIGN_OR_RETURN(manifest["model_directory"], FindModel(options.model));
  }
  manifest["precision"] = options.precision;
  manifest["isa"] = Name(CurrentIsaLevel());
  manifest["threads"] = options.threads;
  return manifest;
}

}  // namespace mores::cli
