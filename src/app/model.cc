#include "app/model.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/nearest.h"
#include "chat/endpoint/endpoint.h"
#include "fetch/catalogue.h"
#include "fetch/store.h"
#include "tensor/gguf.h"

namespace mores::app {

namespace {

// Folders in which what came with the executable may lie: those above it.
std::vector<std::filesystem::path> FoldersOfExecutable() {
  std::vector<std::filesystem::path> folders;
  std::error_code error;
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", error);
  for (int up = 0; !error && up < 3; ++up) {
    folder = folder.parent_path();
    folders.push_back(folder.parent_path());
    folders.push_back(folder.parent_path() / "share/mores");  // installed
  }
  return folders;
}

// A model that came with the executable, by its name there: "models/mini", or "mini".
std::optional<std::string> FindShipped(const std::string& given) {
  const std::filesystem::path named = std::filesystem::path(given).lexically_normal();
  if (named.is_absolute() || *named.begin() == "..") return std::nullopt;
  std::vector<std::filesystem::path> folders = FoldersOfExecutable();
  folders.insert(folders.begin(), "");
  for (const std::filesystem::path& folder : folders) {
    for (const std::filesystem::path& place : {folder / named, folder / "models" / named}) {
      for (const char* file : {"config.json", "adapter_config.json"}) {
        if (FileExists((place / file).string())) return place.string();
      }
    }
  }
  return std::nullopt;
}

std::vector<std::string> NamesOf(const std::vector<fetch::CatalogueModel>& models) {
  std::vector<std::string> names = {"mini"};
  for (const fetch::CatalogueModel& model : models) names.push_back(model.name);
  return names;
}

// What is neither a path nor shipped: a model of the catalogue.
Expected<std::string> FindInCatalogue(const std::string& given) {
  if (given.find('/') != std::string::npos) {
    return MakeError(ErrorKind::kMissing, "{}: no such directory or GGUF file", given);
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<fetch::CatalogueModel> models, fetch::LoadCatalogue());
  if (const fetch::CatalogueModel* model = fetch::FindByName(models, given)) {
    if (const auto path = fetch::FindFetched(*model, fetch::StoreFolders())) return *path;
    return MakeError(ErrorKind::kMissing, "{}: not fetched yet: mores model fetch {}", given,
                     given);
  }
  const std::optional<std::string> near = Nearest(given, NamesOf(models));
  return MakeError(ErrorKind::kMissing,
                   "{}: no such directory, GGUF file or model of the catalogue{} (see mores model "
                   "list)",
                   given, near && *near != given ? fmt::format("; did you mean {}?", *near) : "");
}

Expected<std::string> FindNamed(const std::string& given) {
  if (DirectoryExists(given)) return given;
  if (tensor::IsGgufFile(given)) return given;
  if (const auto shipped = FindShipped(given)) return *shipped;
  Expected<std::string> found = FindInCatalogue(given);
  // Whoever opens it says what is wrong with it.
  if (!found && FileExists(given)) return given;
  return found;
}

}  // namespace

std::string NamedModel(const std::string& given) {
  if (!given.empty()) return given;
  const char* named = std::getenv("MORES_MODEL");
  return named == nullptr ? "" : named;
}

bool IsInCatalogue(const std::string& name) {
  const auto models = fetch::LoadCatalogue();
  return models && fetch::FindByName(*models, name) != nullptr;
}

Expected<std::string> FindModel(const std::string& given) {
  if (!given.empty()) return FindNamed(given);
  if (const std::string named = NamedModel(""); !named.empty()) {
    // Unsaid: a password may stand in an address.
    if (IsRemoteModel(named)) {
      return MakeError(ErrorKind::kUsage,
                       "MORES_MODEL names an endpoint or scripted replies, and this needs a model "
                       "here: name one with --model");
    }
    Expected<std::string> found = FindNamed(named);
    if (found) return found;
    return MakeError(found.error().kind, "MORES_MODEL={}", found.error().message);
  }
  if (const auto shipped = FindShipped("models/mini")) return *shipped;
  return MakeError(ErrorKind::kMissing,
                   "no model: name a directory, a GGUF file or a model of the catalogue, or set "
                   "MORES_MODEL to one (there is no models/mini here, nor beside the executable)");
}

Expected<bool> IsBaseline(const text::ModelTexts& model) {
  MORES_ASSIGN_OR_RETURN(const std::optional<text::NamedText> text, model.about);
  if (!text) return false;
  const std::string& file = text->where;
  const auto broken = [&](std::string_view problem) {
    return MakeError(ErrorKind::kCorrupt, "{}: {}", file, problem);
  };
  const Expected<Json> about = ParseJson(text->text, file);
  if (!about || !about->is_object()) return broken("must be a JSON object");
  if (about->value("version", Json()) != 1) return broken("field 'version': must be 1");
  const auto baseline = about->find("baseline");
  if (baseline == about->end()) return false;
  if (!baseline->is_boolean()) return broken("field 'baseline': must be true or false");
  return baseline->get<bool>();
}

bool IsRemoteModel(const std::string& model) {
  const std::string named = NamedModel(model);
  return chat::IsEndpoint(named) || named.starts_with("scripted:");
}

Status CheckAdapters(const std::string& model, const std::vector<std::string>& adapters) {
  if (adapters.empty() || !IsRemoteModel(model)) return {};
  return MakeError(ErrorKind::kUsage, "--adapter {}: adapters are for models that run here",
                   adapters.front());
}

Status SetIsa(std::optional<IsaLevel> isa) {
  if (!isa) return {};
  return SetIsaLevel(*isa);
}

}  // namespace mores::app
