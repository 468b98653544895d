#include "guidelines/places/place_lookup.h"

#include <unicode/uloc.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "guidelines/places/name_folding.h"
#include "guidelines/places/place_words.h"
#include "guidelines/tables.h"

namespace mores::guidelines {
namespace {

constexpr int32_t kLongestLocale = 64, kLongestCountry = 128;

std::string CountryIn(const char* locale, const char* language) {
  UErrorCode error = U_ZERO_ERROR;
  UChar name[kLongestCountry];
  const int32_t size = uloc_getDisplayCountry(locale, language, name, kLongestCountry, &error);
  if (U_FAILURE(error) || error == U_USING_DEFAULT_WARNING || size <= 0) return {};
  std::string utf8;
  return icu::UnicodeString(name, size).toUTF8String(utf8);
}

std::vector<std::string> CodesIn(
    const std::unordered_map<std::string, std::vector<std::string>>& codes,
    const std::string& key) {
  const auto at = codes.find(key);
  return at == codes.end() ? std::vector<std::string>() : at->second;
}

void PutOnce(std::string_view code, std::vector<std::string>& codes) {
  if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.emplace_back(code);
}

}  // namespace

const TableFile& PlaceCodes() {
  static const TableFile table(kPlaceCodes);
  return table;
}

std::vector<std::string> NamesOfOurs(const std::string& country) {
  UErrorCode error = U_ZERO_ERROR;
  char locale[kLongestLocale];
  uloc_addLikelySubtags(("und_" + country).c_str(), locale, kLongestLocale, &error);
  if (U_FAILURE(error)) return {};
  std::vector<std::string> names;
  for (const std::string& name : {CountryIn(locale, locale), CountryIn(locale, "en")}) {
    if (!name.empty() && name != country) names.push_back(name);
  }
  return names;
}

void PlaceLookup::AddCountry(std::string_view name, std::string_view code) {
  const std::string key = NameKey(name);
  if (!key.empty()) countries_.try_emplace(key, std::vector{std::string(code)});
}

void PlaceLookup::AddShared(std::string_view name, std::string_view code) {
  PutOnce(code, shared_[NameKey(name)]);
}

void PlaceLookup::AddPart(std::string_view name, std::string_view code, Rank rank) {
  const auto index = static_cast<size_t>(rank);
  for (const bool without_kind : {false, true}) {
    const std::string key = FoldedName(name, without_kind);
    if (!key.empty()) PutOnce(code, (without_kind ? without_kind_ : parts_)[index][key]);
  }
}

std::vector<std::string> PlaceLookup::Shared(std::string_view name) const {
  return CodesIn(shared_, NameKey(name));
}

std::vector<std::string> PlaceLookup::Find(std::string_view name) const {
  std::vector<std::string> found = CodesIn(countries_, NameKey(name));
  for (const bool without_kind : {false, true}) {
    const std::string key = FoldedName(name, without_kind);
    for (const auto& codes : without_kind ? without_kind_ : parts_) {
      if (found.empty() && !key.empty()) found = CodesIn(codes, key);
    }
  }
  return found;
}

}  // namespace mores::guidelines
