#include "app/model.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "chat/endpoint/endpoint.h"

namespace mores::app {

Expected<std::string> FindModel(const std::string& given) {
  if (!given.empty()) {
    if (DirectoryExists(given)) return given;
    return MakeError(ErrorKind::kMissing, "{}: no such directory", given);
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
                   "no model: name a directory, or set MORES_MODEL to one (there is no {})",
                   fmt::join(places, ", no "));
}

Expected<bool> IsBaseline(const std::string& directory) {
  const std::string file = directory + "/about.json";
  if (!FileExists(file)) return false;
  const auto broken = [&](std::string_view problem) {
    return MakeError(ErrorKind::kCorrupt, "{}: {}", file, problem);
  };
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  const Expected<Json> about = ParseJson(text, file);
  if (!about || !about->is_object()) return broken("must be a JSON object");
  if (about->value("version", Json()) != 1) return broken("field 'version': must be 1");
  const auto baseline = about->find("baseline");
  if (baseline == about->end()) return false;
  if (!baseline->is_boolean()) return broken("field 'baseline': must be true or false");
  return baseline->get<bool>();
}

bool IsRemoteModel(const std::string& model) {
  return chat::IsEndpoint(model) || model.starts_with("scripted:");
}

Status SetIsa(std::optional<IsaLevel> isa) {
  if (!isa) return {};
  return SetIsaLevel(*isa);
}

Expected<std::unique_ptr<chat::LanguageModel>> OpenModel(const ModelOptions& options,
                                                         chat::TokenizerNeed tokenizer) {
  MORES_ASSIGN_OR_RETURN(const std::string directory, FindModel(options.model));
  MORES_RETURN_IF_ERROR(SetIsa(options.isa));
  return chat::OpenLocalModel({.directory = directory,
                               .precision = options.precision,
                               .threads = options.threads,
                               .tokenizer = tokenizer,
                               .engine = {.chunk_tokens = options.chunk_tokens}});
}

}  // namespace mores::app
