#include "fetch/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "base/user_folder.h"
#include "fetch/shipped_catalogue.h"

namespace mores::fetch {
namespace {

constexpr WholeRange kFileBytes = {.least = 1, .most = int64_t{1} << 44};
constexpr std::string_view kLettersAndDigits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// Letters, digits and `signs`, the first no sign: what can be neither an option of a program that
// it is handed to nor a way out of a folder.
bool IsPlainName(std::string_view text, std::string_view signs) {
  if (text.empty() || text.size() > 200) return false;
  if (kLettersAndDigits.find(text[0]) == std::string_view::npos) return false;
  const std::string allowed = std::string(kLettersAndDigits) + std::string(signs);
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

Expected<std::string> PlainName(const JsonFields& fields, const char* name,
                                std::string_view signs) {
  MORES_ASSIGN_OR_RETURN(std::string text, fields.RequiredString(name));
  if (IsPlainName(text, signs)) return text;
  return fields.Wrong(name, fmt::format("must begin with a letter or a digit and hold letters, "
                                        "digits and {} alone, 200 characters at most",
                                        fmt::join(signs, " ")));
}

Expected<std::string> Sum(const JsonFields& fields, const char* name) {
  MORES_ASSIGN_OR_RETURN(std::string text, fields.RequiredString(name));
  constexpr size_t kHexDigits = 64;
  if (text.size() == kHexDigits &&
      text.find_first_not_of("0123456789abcdef") == std::string::npos) {
    return text;
  }
  return fields.Wrong(name, "must be 64 hexadecimal digits in small letters");
}

Expected<PackagePart> ReadPart(const JsonFields& fields) {
  MORES_RETURN_IF_ERROR(
      fields.RefuseOthers({"name", "version", "sha256", "member", "bytes", "member_sha256"}));
  PackagePart part;
  MORES_ASSIGN_OR_RETURN(part.name, PlainName(fields, "name", "._-"));
  MORES_ASSIGN_OR_RETURN(part.version, PlainName(fields, "version", ".+!_-"));
  MORES_ASSIGN_OR_RETURN(part.sha256, Sum(fields, "sha256"));
  MORES_ASSIGN_OR_RETURN(part.member, fields.RequiredString("member"));
  if (part.member.empty()) return fields.Wrong("member", "is empty");
  MORES_ASSIGN_OR_RETURN(part.bytes, fields.RequiredWhole("bytes", kFileBytes));
  MORES_ASSIGN_OR_RETURN(part.member_sha256, Sum(fields, "member_sha256"));
  return part;
}

Expected<Place> ReadPlace(const JsonFields& fields, int64_t bytes) {
  MORES_RETURN_IF_ERROR(fields.RefuseOthers({"url", "packages"}));
  Place place;
  MORES_ASSIGN_OR_RETURN(place.url, fields.OptionalString("url"));
  MORES_ASSIGN_OR_RETURN(const std::vector<JsonFields> parts, fields.Objects("packages"));
  if (place.url.empty() == parts.empty()) {
    return fields.Wrong("url", "either this or packages, one of them");
  }
  if (!place.url.empty() && !place.url.starts_with("https://") &&
      !place.url.starts_with("http://")) {
    return fields.Wrong("url", "must begin with https:// or http://");
  }
  int64_t sum = 0;
  for (const JsonFields& part : parts) {
    MORES_ASSIGN_OR_RETURN(place.packages.emplace_back(), ReadPart(part));
    sum += place.packages.back().bytes;
  }
  if (!parts.empty() && sum != bytes) {
    return fields.Wrong("packages",
                        fmt::format("hold {} bytes in all, and the file has {}", sum, bytes));
  }
  return place;
}

Expected<CatalogueModel> ReadModel(const JsonFields& fields) {
  MORES_RETURN_IF_ERROR(fields.RefuseOthers(
      {"name", "file", "bytes", "sha256", "licence", "languages", "notes", "places"}));
  CatalogueModel model;
  MORES_ASSIGN_OR_RETURN(model.name, PlainName(fields, "name", "._-"));
  MORES_ASSIGN_OR_RETURN(model.file, PlainName(fields, "file", "._-"));
  MORES_ASSIGN_OR_RETURN(model.bytes, fields.RequiredWhole("bytes", kFileBytes));
  MORES_ASSIGN_OR_RETURN(model.sha256, Sum(fields, "sha256"));
  MORES_ASSIGN_OR_RETURN(model.licence, fields.RequiredString("licence"));
  MORES_ASSIGN_OR_RETURN(model.languages, fields.Strings("languages"));
  MORES_ASSIGN_OR_RETURN(model.notes, fields.OptionalString("notes"));
  MORES_ASSIGN_OR_RETURN(const std::vector<JsonFields> places, fields.Objects("places"));
  for (const JsonFields& place : places) {
    MORES_ASSIGN_OR_RETURN(model.places.emplace_back(), ReadPlace(place, model.bytes));
  }
  return model;
}

}  // namespace

Expected<std::vector<CatalogueModel>> ReadCatalogue(std::string_view text, std::string_view where) {
  const Expected<Json> json = ParseJson(text, std::string(where));
  if (!json) return MakeError(ErrorKind::kCorrupt, "{}", json.error().message);
  MORES_RETURN_IF_ERROR(RequireObject(*json, where, ErrorKind::kCorrupt));
  const JsonFields fields(*json, where, ErrorKind::kCorrupt);
  MORES_RETURN_IF_ERROR(fields.RefuseOthers({"version", "models"}));
  MORES_RETURN_IF_ERROR(fields.RequiredWhole("version", {.least = 1, .most = 1}));
  MORES_RETURN_IF_ERROR(fields.Required("models"));
  MORES_ASSIGN_OR_RETURN(const std::vector<JsonFields> entries, fields.Objects("models"));
  std::vector<CatalogueModel> models;
  for (const JsonFields& entry : entries) {
    MORES_ASSIGN_OR_RETURN(CatalogueModel model, ReadModel(entry));
    if (FindByName(models, model.name) != nullptr) {
      return entry.Wrong("name", fmt::format("'{}' stands twice", model.name));
    }
    models.push_back(std::move(model));
  }
  return models;
}

std::string UserCatalogueFile() {
  if (const char* set = std::getenv("MORES_CATALOGUE"); set != nullptr && *set != '\0') return set;
  const std::string folder = UserFolder("XDG_CONFIG_HOME", ".config");
  return folder.empty() ? "" : folder + "/mores/models.json";
}

Expected<std::vector<CatalogueModel>> LoadCatalogue() {
  std::vector<CatalogueModel> models;
  const std::string file = UserCatalogueFile();
  const char* set = std::getenv("MORES_CATALOGUE");
  const bool required = set != nullptr && *set != '\0';
  if (required || (!file.empty() && FileExists(file))) {
    const Expected<std::string> text = ReadFile(file);
    if (!text) {
      return MakeError(text.error().kind, "{}{}", required ? "MORES_CATALOGUE: " : "",
                       text.error().message);
    }
    MORES_ASSIGN_OR_RETURN(models, ReadCatalogue(*text, file));
  }
  MORES_ASSIGN_OR_RETURN(std::vector<CatalogueModel> shipped,
                         ReadCatalogue(kShippedCatalogue, "the shipped catalogue"));
  for (CatalogueModel& model : shipped) {
    if (FindByName(models, model.name) == nullptr) models.push_back(std::move(model));
  }
  return models;
}

const CatalogueModel* FindByName(const std::vector<CatalogueModel>& models, std::string_view name) {
  const auto found = std::find_if(models.begin(), models.end(),
                                  [&](const CatalogueModel& model) { return model.name == name; });
  return found == models.end() ? nullptr : &*found;
}

}  // namespace mores::fetch
