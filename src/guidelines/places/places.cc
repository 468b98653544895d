#include "guidelines/places/places.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "guidelines/places/mo_catalogue.h"
#include "guidelines/places/place_finder.h"
#include "guidelines/places/place_names.h"
#include "guidelines/places/place_words.h"

namespace mores::guidelines {
namespace {

constexpr std::string_view kJsonDirectory = "/usr/share/iso-codes/json/";
constexpr std::string_view kChineseDirectory = "/usr/share/locale/zh_CN/LC_MESSAGES/";
constexpr std::string_view kZones = "/usr/share/zoneinfo/zone.tab";

using Translations = std::unordered_map<std::string, std::string>;

// The lines of `text` that aren't empty.
template <class Visit>
void ForEachLine(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The codes and names of a section of place_names.tsv.
template <class Visit>
void ForEachNamed(std::string_view section, const Visit& visit) {
  for (const auto& row : PlaceNames().Section(section).rows) {
    for (size_t i = 1; i < row.size(); ++i) visit(row[0], row[i]);
  }
}

Expected<std::string> ReadPackaged(std::string_view directory, std::string_view name) {
  auto bytes = ReadFile(std::string(directory).append(name));
  if (!bytes && bytes.error().kind == ErrorKind::kMissing) {
    return MakeError(ErrorKind::kMissing, "{}; install the package iso-codes",
                     bytes.error().message);
  }
  return bytes;
}

Expected<Translations> ReadTranslations(std::string_view name) {
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadPackaged(kChineseDirectory, name));
  return ParseMoCatalogue(bytes, std::string(kChineseDirectory).append(name));
}

// The records under `list` of one of the package's files.
Expected<Json> ReadRecords(std::string_view name, const char* list) {
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadPackaged(kJsonDirectory, name));
  const std::string where = std::string(kJsonDirectory).append(name);
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

// "Korea, Republic of" as "Republic of Korea"; without what stands in parentheses.
std::string InPlainOrder(std::string_view name) {
  std::string plain(name.substr(0, std::min(name.find(" ("), name.size())));
  const size_t comma = plain.find(", ");
  return comma == plain.npos ? plain : plain.substr(comma + 2) + " " + plain.substr(0, comma);
}

// The names within one of ISO's: "Catalunya [Cataluña]", "Murcia, Región de", "Elgeyo/Marakwet".
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

std::string FoldedName(std::string_view name, bool without_kind) {
  std::string key = NameKey(name);
  if (!without_kind) return key;
  return IsChineseName(name) ? std::string(WithoutChineseKind(key)) : WithoutKind(std::move(key));
}

class Cares;

class Catalogue : public PlaceCatalogue {
 public:
  Status Load();

  const Place* Find(std::string_view code) const override {
    const auto at = std::lower_bound(
        places_.begin(), places_.end(), code,
        [](const Place& place, std::string_view value) { return place.code < value; });
    return at != places_.end() && at->code == code ? &*at : nullptr;
  }
  std::span<const Place> all() const override { return places_; }
  const Place* FindCountry(std::string_view name) const override;
  const Place* FindPart(std::string_view country, std::string_view name) const override;
  std::vector<std::string> WithAncestors(std::string_view code) const override;
  std::vector<PlaceMention> Mentions(std::string_view utf8) const override {
    std::call_once(finder_filled_, [this] { FillFinder(); });
    return finder_.Find(utf8);
  }

 private:
  struct Names {
    std::string code, name;
  };
  Status LoadCountries(const Translations& chinese);
  Status LoadParts(const Translations& chinese);
  void TakeOurNames(std::string_view section);
  void NameAll();
  void FillFinder() const;
  void AddPartsOfIso() const;
  void AddCities(const Cares& cares) const;

  std::vector<Place> places_;  // by code
  std::vector<Names> names_;   // other names of places, ours before ISO's
  std::unordered_map<std::string, std::string> countries_;  // by folded name
  std::unordered_map<std::string, std::string> parts_;      // by country, '|' and folded name
  mutable std::once_flag finder_filled_;                    // at the first text
  mutable PlaceFinder finder_;
};

std::string Field(const Json& record, const char* name) {
  const auto at = record.find(name);
  return at != record.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Status Catalogue::LoadCountries(const Translations& chinese) {
  MORES_ASSIGN_OR_RETURN(const Json records, ReadRecords("iso_3166-1.json", "3166-1"));
  for (const Json& record : records) {
    const std::string name = Field(record, "name"), common = Field(record, "common_name");
    const std::string official = Field(record, "official_name");
    Place place{.code = Field(record, "alpha_2"), .name_en = common.empty() ? name : common};
    if (place.code.size() != 2 || name.empty()) {
      return MakeError(ErrorKind::kCorrupt, "{}iso_3166-1.json: a country without code or name",
                       kJsonDirectory);
    }
    place.name_zh = Translated(chinese, place.name_en);
    for (const std::string& known : {name, official}) {
      if (known.empty()) continue;
      names_.push_back({place.code, known});
      names_.push_back({place.code, Translated(chinese, known)});
      names_.push_back({place.code, InPlainOrder(known)});
    }
    places_.push_back(std::move(place));
  }
  places_.push_back({.code = "XK", .parent = "", .name_en = "Kosovo", .name_zh = "科索沃"});
  return {};
}

Status Catalogue::LoadParts(const Translations& chinese) {
  MORES_ASSIGN_OR_RETURN(const Json records, ReadRecords("iso_3166-2.json", "3166-2"));
  for (const Json& record : records) {
    const std::string name = Field(record, "name"), parent = Field(record, "parent");
    const std::string code = Field(record, "code");
    if (code.size() < 4 || code[2] != '-' || name.empty()) {
      return MakeError(ErrorKind::kCorrupt, "{}iso_3166-2.json: a subdivision without code or name",
                       kJsonDirectory);
    }
    const std::vector<std::string> within = NamesWithin(name);
    Place place{.code = code, .name_en = within.empty() ? name : within.front()};
    const std::string country = code.substr(0, 2);
    place.parent = parent.empty()                      ? country
                   : parent.starts_with(country + '-') ? parent
                                                       : country + '-' + parent;
    place.name_zh = Translated(chinese, name);
    if (place.name_zh == name) place.name_zh = place.name_en;
    for (const std::string& other : within) names_.push_back({code, other});
    places_.push_back(std::move(place));
  }
  return {};
}

void Catalogue::TakeOurNames(std::string_view section) {
  std::string last;
  bool had_chinese = false;
  ForEachNamed(section, [&](std::string_view code, std::string_view name) {
    const bool first = code != last;
    last = code;
    if (first) had_chinese = false;
    auto* place = const_cast<Place*>(Find(code));
    if (!place || name == "=") return;
    const bool chinese = IsChineseName(name);
    const bool has_chinese = IsChineseName(place->name_zh);
    // The first Chinese name of a line stands for countries; ISO's stays for parts that have one.
    const bool replace = chinese && !had_chinese && (code.size() == 2 || !has_chinese);
    had_chinese = had_chinese || chinese;
    if (replace && place->name_zh != name) {
      names_.push_back({place->code, std::exchange(place->name_zh, std::string(name))});
    } else if (first && !chinese && place->name_en != name) {
      names_.push_back({place->code, std::exchange(place->name_en, std::string(name))});
    } else {
      names_.push_back({place->code, std::string(name)});
    }
  });
}

void Catalogue::NameAll() {
  const auto put = [&](const std::string& code, std::string_view name) {
    for (const bool without_kind : {false, true}) {
      const std::string key = FoldedName(name, without_kind && code.size() > 2);
      if (key.empty()) continue;
      if (code.size() == 2) {
        countries_.emplace(key, code);
      } else {
        parts_.emplace(code.substr(0, 2) + '|' + key, code);
      }
    }
  };
  for (const Place& place : places_) put(place.code, place.name_en);
  for (const Place& place : places_) put(place.code, place.name_zh);
  for (const Names& other : names_) put(other.code, other.name);
}

Status Catalogue::Load() {
  MORES_ASSIGN_OR_RETURN(const Translations countries, ReadTranslations("iso_3166-1.mo"));
  MORES_ASSIGN_OR_RETURN(const Translations parts, ReadTranslations("iso_3166-2.mo"));
  MORES_RETURN_IF_ERROR(LoadCountries(countries));
  MORES_RETURN_IF_ERROR(LoadParts(parts));
  std::sort(places_.begin(), places_.end(),
            [](const Place& a, const Place& b) { return a.code < b.code; });
  TakeOurNames("countries");
  TakeOurNames("parts");
  NameAll();
  return {};
}

// How careful the names of place_names.tsv are to be taken.
class Cares {
 public:
  Cares() {
    const auto take = [this](std::string_view section, NameCare care) {
      for (const std::string_view name : PlaceNames().Section(section).Fields()) {
        cares_.emplace(NameKey(name), care);
      }
    };
    take("uncertain names", NameCare::kCue);
    take("ambiguous names", NameCare::kCapital);
  }
  NameCare Of(std::string_view name, NameCare otherwise) const {
    const auto at = cares_.find(NameKey(name));
    return at == cares_.end() ? otherwise : at->second;
  }

 private:
  std::unordered_map<std::string, NameCare> cares_;
};

void Catalogue::FillFinder() const {
  const Cares cares;
  const auto add = [&](std::string_view name, std::string_view code, NameCare otherwise) {
    const Mention mention = code.size() == 2 ? Mention::kStated : Mention::kInferred;
    finder_.Add(name,
                {.code = std::string(code), .mention = mention, .care = cares.Of(name, otherwise)});
  };
  for (const Place& place : places_) {
    if (!place.parent.empty()) continue;
    add(place.name_en, place.code, NameCare::kAnyCase);
    if (IsChineseName(place.name_zh)) add(place.name_zh, place.code, NameCare::kAnyCase);
  }
  for (const Names& other : names_) {
    if (other.code.size() == 2) add(other.name, other.code, NameCare::kAnyCase);
  }
  std::vector<std::pair<std::string_view, std::string_view>> parts;
  ForEachNamed("parts", [&](std::string_view code, std::string_view name) {
    if (!finder_.Has(name) || name == "Georgia") parts.emplace_back(code, name);
  });
  for (const auto& [code, name] : parts) add(name, code, NameCare::kCapital);
  AddCities(cares);
  for (const std::string_view word : PlaceNames().Section("plain words").Fields()) {
    if (!finder_.Has(word)) finder_.AddNoPlace(word);
  }
  AddPartsOfIso();
  for (const std::string_view phrase : PlaceNames().Section("no places").Fields()) {
    finder_.AddNoPlace(phrase);
  }
}

// The names of subdivisions that nothing else has taken; one word alone needs a cue.
void Catalogue::AddPartsOfIso() const {
  std::vector<std::pair<std::string_view, std::string_view>> parts;
  for (const Place& place : places_) {
    if (place.parent.empty()) continue;
    for (const std::string& name : {std::cref(place.name_en), std::cref(place.name_zh)}) {
      const size_t shortest = IsChineseName(name) ? 9 : 4;
      if (name.size() >= shortest && !finder_.Has(name)) parts.emplace_back(name, place.code);
    }
  }
  for (const auto& [name, code] : parts) {
    const bool one_word = NameKey(name).find(' ') == std::string::npos;
    finder_.Add(name, {.code = std::string(code),
                       .mention = Mention::kInferred,
                       .care = one_word ? NameCare::kCue : NameCare::kCapital});
  }
}

void Catalogue::AddCities(const Cares& cares) const {
  const auto add = [&](std::string_view code, std::string_view name, NameCare otherwise) {
    if (!Find(code) || finder_.Has(name)) return;
    const Place* part = FindPart(code, name);
    finder_.Add(name, {.code = part ? part->code : std::string(code),
                       .mention = Mention::kInferred,
                       .care = cares.Of(name, otherwise)});
  };
  ForEachNamed("cities", [&](std::string_view code, std::string_view name) {
    add(code, name, NameCare::kCapital);
  });
  const auto zones = ReadFile(std::string(kZones));
  if (!zones) return;  // our cities alone
  ForEachLine(*zones, [&](std::string_view line) {
    const size_t slash = line.find('/'), last = line.rfind('/');
    if (line.front() == '#' || slash == line.npos || line.starts_with("AQ")) return;
    std::string city(line.substr(last + 1, line.find('\t', last) - last - 1));
    std::replace(city.begin(), city.end(), '_', ' ');
    add(line.substr(0, 2), city, NameCare::kCue);
  });
}

const Place* Catalogue::FindCountry(std::string_view name) const {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  });
  if (const Place* place = upper.size() == 2 ? Find(upper) : nullptr) return place;
  std::string key = NameKey(name);
  if (key.starts_with("the ")) key.erase(0, 4);
  const auto at = countries_.find(key);
  if (at != countries_.end()) return Find(at->second);
  const auto whole = countries_.find("the " + key);
  return whole == countries_.end() ? nullptr : Find(whole->second);
}

const Place* Catalogue::FindPart(std::string_view country, std::string_view name) const {
  for (const bool without_kind : {false, true}) {
    const std::string key = FoldedName(name, without_kind);
    if (key.empty()) return nullptr;
    const auto at = parts_.find(std::string(country) + '|' + key);
    if (at != parts_.end()) return Find(at->second);
  }
  return nullptr;
}

std::vector<std::string> Catalogue::WithAncestors(std::string_view code) const {
  std::vector<std::string> codes;
  for (const Place* place = Find(code); place && codes.size() < 8;
       place = place->parent.empty() ? nullptr : Find(place->parent)) {
    codes.push_back(place->code);
  }
  // Departments overseas, with the laws of France and codes of their own.
  constexpr std::string_view kOverseas[] = {"GF", "GP", "MQ", "RE", "YT"};
  if (!codes.empty() &&
      std::find(std::begin(kOverseas), std::end(kOverseas), codes.back()) != std::end(kOverseas)) {
    codes.push_back("FR");
  }
  return codes;
}

}  // namespace

Expected<std::shared_ptr<const PlaceCatalogue>> PlaceCatalogue::Open() {
  // Read once a process: it never changes.
  static std::mutex mutex;
  static std::shared_ptr<const PlaceCatalogue> opened;
  const std::lock_guard lock(mutex);
  if (opened) return opened;
  auto catalogue = std::make_shared<Catalogue>();
  MORES_RETURN_IF_ERROR(catalogue->Load());
  opened = std::move(catalogue);
  return opened;
}

}  // namespace mores::guidelines
