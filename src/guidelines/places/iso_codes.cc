#include "guidelines/places/iso_codes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "guidelines/places/mo_catalogue.h"
#include "guidelines/places/place_words.h"

namespace mores::guidelines {
namespace {

constexpr std::string_view kChineseDirectory = "/usr/share/locale/zh_CN/LC_MESSAGES/";

Expected<std::string> ReadPackaged(std::string_view directory, std::string_view name) {
  auto bytes = ReadFile(std::string(directory).append(name));
  if (!bytes && bytes.error().kind == ErrorKind::kMissing) {
    return MakeError(ErrorKind::kMissing, "{}; install the package iso-codes",
                     bytes.error().message);
  }
  return bytes;
}

}  // namespace

Expected<Translations> ReadTranslations(std::string_view name) {
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadPackaged(kChineseDirectory, name));
  return ParseMoCatalogue(bytes, std::string(kChineseDirectory).append(name));
}

Expected<Json> ReadRecords(std::string_view name, const char* list) {
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadPackaged(kIsoDirectory, name));
  const std::string where = std::string(kIsoDirectory).append(name);
  MORES_ASSIGN_OR_RETURN(Json json, ParseJson(text, where));
  if (!json.is_object() || !json.contains(list) || !json[list].is_array()) {
    return MakeError(ErrorKind::kCorrupt, "{}: has no list '{}'", where, list);
  }
  return std::move(json[list]);
}

std::string Translated(const Translations& translations, const std::string& name) {
  const auto at = translations.find(name);
  return at == translations.end() || at->second.empty() ? name : at->second;
}

std::string InPlainOrder(std::string_view name) {
  std::string plain(name.substr(0, std::min(name.find(" ("), name.size())));
  const size_t comma = plain.find(", ");
  return comma == plain.npos ? plain : plain.substr(comma + 2) + " " + plain.substr(0, comma);
}

std::vector<std::string> NamesWithin(std::string_view name) {
  std::vector<std::string> names;
  std::string plain;
  const auto finish = [&] {
    while (!plain.empty() && plain.back() == ' ') plain.pop_back();
    const size_t comma = plain.find(", ");
    if (!plain.empty()) names.push_back(InPlainOrder(plain));
    if (comma != plain.npos) names.push_back(plain.substr(0, comma));
    plain.clear();
  };
  for (const char c : name) {
    if (c == '[' || c == '(' || c == '/' || c == ']' || c == ')') {
      finish();
    } else if (c != '*' && !(plain.empty() && c == ' ')) {
      plain += c;
    }
  }
  finish();
  return names;
}

std::string FieldOf(const Json& record, const char* name) {
  const auto at = record.find(name);
  return at != record.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::vector<PlaceNamed> RegionalChineseNames(std::span<const PlaceNamed> countries) {
  std::vector<PlaceNamed> regional;
  for (const std::string_view region : {"zh_TW", "zh_HK"}) {
    const std::string path = fmt::format("/usr/share/locale/{}/LC_MESSAGES/iso_3166-1.mo", region);
    const auto bytes = ReadFile(path);
    if (!bytes) continue;
    const auto names = ParseMoCatalogue(*bytes, path);
    if (!names) continue;
    for (const PlaceNamed& country : countries) {
      const auto at = names->find(country.name);
      if (at == names->end() || !IsChineseName(at->second)) continue;
      regional.push_back({country.code, SimplifiedChinese(at->second)});
    }
  }
  return regional;
}

}  // namespace mores::guidelines
