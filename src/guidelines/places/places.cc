#include "guidelines/places/places.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "base/strings.h"
#include "guidelines/places/iso_codes.h"
#include "guidelines/places/name_folding.h"
#include "guidelines/places/place_finder.h"
#include "guidelines/places/place_lookup.h"
#include "guidelines/places/place_names.h"
#include "guidelines/places/place_words.h"

namespace mores::guidelines {
namespace {

constexpr std::string_view kZones = "/usr/share/zoneinfo/zone.tab";

// The lines of `text` that aren't empty.
template <class Visit>
void ForEachLine(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The codes and names of a section of a table.
template <class Visit>
void ForEachNamed(const TableFile& table, std::string_view section, const Visit& visit) {
  for (const auto& row : table.Section(section).rows) {
    for (size_t i = 1; i < row.size(); ++i) visit(row[0], row[i]);
  }
}
template <class Visit>
void ForEachNamed(std::string_view section, const Visit& visit) {
  ForEachNamed(PlaceNames(), section, visit);
}

class Cares;

class Catalogue : public PlaceCatalogue {
 public:
  Status Load();

  const Place* Find(std::string_view code) const override {
    const auto twin = twins_.find(std::string(code));
    if (twin != twins_.end()) code = twin->second;
    const auto at = std::lower_bound(
        places_.begin(), places_.end(), code,
        [](const Place& place, std::string_view value) { return place.code < value; });
    return at != places_.end() && at->code == code ? &*at : nullptr;
  }
  std::span<const Place> all() const override { return places_; }
  const Place* FindCountry(std::string_view name) const override;
  const Place* FindPart(std::string_view country, std::string_view name) const override;
  std::vector<std::string> WithAncestors(std::string_view code) const override;
  std::vector<std::string> CodesOf(std::string_view code) const override;
  std::vector<const Place*> Meant(std::string_view text) const override;
  std::vector<PlaceMention> Mentions(std::string_view utf8) const override;

 private:
  Status LoadCountries(const Translations& chinese);
  Status LoadParts(const Translations& chinese);
  void TakeOurNames(std::string_view section);
  void NameAll();
  void FillFinder() const;
  void FillLookup() const;
  std::vector<PlaceNamed> RegionalNames() const;
  void AddPartsOfIso() const;
  void AddCities(const Cares& cares) const;

  struct OtherCodes {
    std::string code, alpha_3, numeric;
  };
  std::vector<Place> places_;                           // by code
  std::unordered_map<std::string, std::string> twins_;  // codes of places with another of their own
  std::vector<PlaceNamed> twin_names_;                  // by the code of the twin
  std::vector<OtherCodes> other_codes_;                 // of countries
  std::vector<PlaceNamed> names_;                       // other names of places, ours before ISO's
  std::unordered_map<std::string, std::string> countries_;  // by folded name
  std::unordered_map<std::string, std::string> parts_;      // by country, '|' and folded name
  mutable std::once_flag finder_filled_;                    // at the first text
  mutable PlaceFinder finder_;
  mutable std::once_flag lookup_filled_;  // at the first name
  mutable PlaceLookup lookup_;
};

Status Catalogue::LoadCountries(const Translations& chinese) {
  MORES_ASSIGN_OR_RETURN(const Json records, ReadRecords("iso_3166-1.json", "3166-1"));
  for (const Json& record : records) {
    const std::string name = FieldOf(record, "name"), common = FieldOf(record, "common_name");
    const std::string official = FieldOf(record, "official_name");
    Place place{.code = FieldOf(record, "alpha_2"), .name_en = common.empty() ? name : common};
    if (place.code.size() != 2 || name.empty()) {
      return MakeError(ErrorKind::kCorrupt, "{}iso_3166-1.json: a country without code or name",
                       kIsoDirectory);
    }
    place.name_zh = Translated(chinese, place.name_en);
    other_codes_.push_back({place.code, FieldOf(record, "alpha_3"), FieldOf(record, "numeric")});
    for (const std::string& known : {name, official}) {
      if (known.empty()) continue;
      names_.push_back({place.code, known});
      names_.push_back({place.code, Translated(chinese, known)});
      names_.push_back({place.code, InPlainOrder(known)});
    }
    places_.push_back(std::move(place));
  }
  places_.push_back({.code = "XK", .parent = "", .name_en = "Kosovo", .name_zh = "科索沃"});
  other_codes_.push_back({.code = "XK", .alpha_3 = "XKX"});
  return {};
}

Status Catalogue::LoadParts(const Translations& chinese) {
  MORES_ASSIGN_OR_RETURN(const Json records, ReadRecords("iso_3166-2.json", "3166-2"));
  for (const Json& record : records) {
    const std::string name = FieldOf(record, "name"), parent = FieldOf(record, "parent");
    const std::string code = FieldOf(record, "code");
    if (code.size() < 4 || code[2] != '-' || name.empty()) {
      return MakeError(ErrorKind::kCorrupt, "{}iso_3166-2.json: a subdivision without code or name",
                       kIsoDirectory);
    }
    const std::vector<std::string> within = NamesWithin(name);
    if (twins_.contains(code)) {
      for (const std::string& one : within) twin_names_.push_back({code, one});
      twin_names_.push_back({code, Translated(chinese, name)});
      continue;
    }
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
  for (const PlaceNamed& other : names_) put(other.code, other.name);
  // A part by the lists of ISO 3166-2 is found as one by its names, and is the place that it is.
  for (const auto& [code, meant] : twins_) {
    const Place& place = *Find(meant);
    for (const std::string& name : {place.name_en, place.name_zh}) {
      twin_names_.push_back({code, name});
    }
  }
  for (const PlaceNamed& twin : twin_names_) {
    for (const bool without_kind : {false, true}) {
      const std::string key = FoldedName(twin.name, without_kind);
      if (!key.empty()) parts_.emplace(twin.code.substr(0, 2) + '|' + key, twins_.at(twin.code));
    }
  }
}

Status Catalogue::Load() {
  ForEachNamed(PlaceCodes(), "twins",
               [&](std::string_view twin, std::string_view code) { twins_.emplace(twin, code); });
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
  for (const PlaceNamed& other : names_) {
    if (other.code.size() == 2) add(other.name, other.code, NameCare::kAnyCase);
  }
  for (const auto& [code, name] : RegionalNames()) {
    if (!finder_.Has(name)) add(name, code, NameCare::kAnyCase);
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
  ForEachNamed(PlaceCodes(), "parts", [&](std::string_view code, std::string_view name) {
    if (!code.starts_with("US-") || !IsChineseName(name)) return;
    constexpr size_t kShortestAlone = 9;  // three characters
    for (const std::string& one : {std::string(name), std::string(name) + "州"}) {
      if (one.size() >= kShortestAlone && !finder_.Has(one)) add(one, code, NameCare::kAnyCase);
    }
  });
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
  const std::string upper = AsciiUpper(name);
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

std::vector<PlaceNamed> Catalogue::RegionalNames() const {
  std::vector<PlaceNamed> countries;
  for (const Place& place : places_) {
    if (place.parent.empty()) countries.push_back({place.code, place.name_en});
  }
  for (const PlaceNamed& other : names_) {
    if (other.code.size() == 2) countries.push_back(other);
  }
  return RegionalChineseNames(countries);
}

void Catalogue::FillLookup() const {
  for (const OtherCodes& one : other_codes_) {
    lookup_.AddCountry(one.alpha_3, one.code);
    lookup_.AddCountry(one.numeric, one.code);
  }
  for (const auto& [code, name] : RegionalNames()) lookup_.AddCountry(name, code);
  for (const Place& place : places_) {
    if (!place.parent.empty()) continue;
    for (const std::string& name : NamesOfOurs(place.code)) lookup_.AddCountry(name, place.code);
  }
  ForEachNamed(PlaceCodes(), "shared names", [&](std::string_view name, std::string_view code) {
    lookup_.AddShared(name, code);
  });
  for (const TableFile* table : {&PlaceCodes(), &PlaceNames()}) {
    ForEachNamed(*table, "parts", [&](std::string_view code, std::string_view name) {
      lookup_.AddPart(name, code, PlaceLookup::Rank::kUsual);
    });
  }
  for (const Place& place : places_) {
    if (place.parent.empty()) continue;
    lookup_.AddPart(place.name_en, place.code, PlaceLookup::Rank::kListed);
    lookup_.AddPart(place.name_zh, place.code, PlaceLookup::Rank::kListed);
  }
  for (const PlaceNamed& other : names_) {
    if (other.code.size() > 2) {
      lookup_.AddPart(other.name, other.code, PlaceLookup::Rank::kListed);
    }
  }
}

std::vector<const Place*> Catalogue::Meant(std::string_view given) const {
  const std::string_view text = Trim(given, kAsciiSpace);
  std::string upper = AsciiUpper(text);
  if (upper.starts_with("UK-")) upper.replace(0, 2, "GB");
  if (const Place* place = Find(upper)) return {place};
  std::call_once(lookup_filled_, [this] { FillLookup(); });
  const std::string simplified = SimplifiedChinese(text);
  for (const std::string_view name : {text, std::string_view(simplified)}) {
    const std::vector<std::string> shared = lookup_.Shared(name);
    const Place* const country = shared.empty() ? FindCountry(name) : nullptr;
    if (country) return {country};
    const std::vector<std::string> codes = shared.empty() ? lookup_.Find(name) : shared;
    std::vector<const Place*> meant;
    for (const std::string& code : codes) meant.push_back(Find(code));
    // Of a province and the region of the same name that it is in, the region.
    std::erase_if(meant, [&](const Place* place) {
      return std::any_of(meant.begin(), meant.end(), [&](const Place* other) {
        return other != place && place->parent == other->code;
      });
    });
    if (!meant.empty()) return meant;
  }
  // "Punjab, Pakistan".
  const size_t comma = text.rfind(',');
  if (comma == text.npos) return {};
  const std::vector<const Place*> country = Meant(text.substr(comma + 1));
  if (country.size() != 1) return {};
  const std::string_view within = Trim(text.substr(0, comma), kAsciiSpace);
  for (const std::string& name : {std::string(within), SimplifiedChinese(within)}) {
    if (const Place* part = FindPart(country.front()->code, name)) return {part};
  }
  return {};
}

std::vector<std::string> Catalogue::CodesOf(std::string_view code) const {
  const Place* const place = Find(code);
  if (!place) return {std::string(code)};
  std::vector<std::string> codes = {place->code};
  for (const auto& [twin, meant] : twins_) {
    if (meant == place->code) codes.push_back(twin);
  }
  std::sort(codes.begin() + 1, codes.end());
  return codes;
}

std::vector<PlaceMention> Catalogue::Mentions(std::string_view utf8) const {
  std::call_once(finder_filled_, [this] { FillFinder(); });
  // In traditional characters the names are those of the simplified ones, at the same bytes.
  const std::string simplified = SimplifiedChinese(utf8);
  return finder_.Find(simplified.size() == utf8.size() ? std::string_view(simplified) : utf8);
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

std::vector<std::string> PlaceCatalogue::Canonical(std::vector<std::string> codes) const {
  std::vector<std::string> canonical;
  for (std::string& code : codes) {
    const Place* const place = Find(code);
    if (place) code = place->code;
    if (std::find(canonical.begin(), canonical.end(), code) == canonical.end()) {
      canonical.push_back(std::move(code));
    }
  }
  return canonical;
}

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
