#include "guidelines/places/name_folding.h"

#include <algorithm>

#include "guidelines/places/place_words.h"

namespace mores::guidelines {
namespace {

constexpr std::string_view kKindWords[] = {
    "autonomous", "administrative", "metropolitan", "special",      "federal",    "province",
    "provinces",  "region",         "regions",      "state",        "district",   "county",
    "prefecture", "governorate",    "oblast",       "republic",     "island",     "islands",
    "city",       "territory",      "community",    "municipality", "department", "voivodeship",
    "emirate",    "uyghur",         "area",         "sheng",        "shi",        "zizhiqu",
    "respublika", "kraj",           "kray",         "okrug",        "oblast'",    "national",
    "sar",        "capital"};

// Without the words that say what kind of part it is: "fujian province", "state of mexico".
std::string WithoutKind(std::string key) {
  const auto is_kind = [](std::string_view word) {
    return std::find(std::begin(kKindWords), std::end(kKindWords), word) != std::end(kKindWords);
  };
  if (key.starts_with("the ")) key.erase(0, 4);
  for (const std::string_view kind : kKindWords) {
    if (key.starts_with(std::string(kind) + " of ")) return key.substr(kind.size() + 4);
  }
  for (;;) {
    const size_t space = key.rfind(' ');
    if (space == key.npos || !is_kind(std::string_view(key).substr(space + 1))) return key;
    key.resize(space);
  }
}

constexpr std::string_view kChineseKinds[] = {
    "维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "共和国",
    "直辖市",       "地区",       "大区",       "省",         "州",     "市",
    "县",           "区",         "府",         "都",         "群岛",   "岛"};

std::string_view WithoutChineseKind(std::string_view name) {
  for (const std::string_view kind : kChineseKinds) {
    if (name.ends_with(kind) && name.size() >= kind.size() + 6) {
      return name.substr(0, name.size() - kind.size());
    }
  }
  return name;
}

}  // namespace

std::string FoldedName(std::string_view name, bool without_kind) {
  std::string key = NameKey(name);
  if (!without_kind) return key;
  return IsChineseName(name) ? std::string(WithoutChineseKind(key)) : WithoutKind(std::move(key));
}

}  // namespace mores::guidelines
