#include "guidelines/import/safeworld.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "guidelines/import/lenient_json.h"
#include "guidelines/import/safeworld_texts.h"
#include "guidelines/places/region_names.h"

namespace mores::guidelines {
namespace {

constexpr std::string_view kAddress = "https://arxiv.org/abs/2412.06483";

// The two halves of the release, and how their fields are named.
struct Half {
  Kind kind;
  const char* folder;
  const char* noun;  // in names of fields: root_norm, violated_aug_norm, ...
};
constexpr std::array<Half, 2> kHalves = {
    {{Kind::kNorm, "culture", "norm"}, {Kind::kPolicy, "policy", "policy"}}};

struct File {
  const Half* half = nullptr;
  int type = 0;
  std::string name;  // culture/type1.json
  std::vector<LenientRecord> records;
};

bool HasGuidelines(const File& file) { return file.type == 1 || file.type == 4; }

Source SourceOf(const Half& half) {
  return {.title = fmt::format("SafeWorld, {}", half.folder),
          .publisher = "SafeWorld",
          .address = std::string(kAddress),
          .date_read = "",
          .licence = "",
          .redistributable = false};
}

// Whose text is a string that isn't empty; null otherwise.
const std::string* TextOf(const Json& fields, const std::string& name) {
  const auto found = fields.find(name);
  if (found == fields.end() || !found->is_string()) return nullptr;
  const auto& text = found->get_ref<const std::string&>();
  return text.find_first_not_of(" \t\r\n") == std::string::npos ? nullptr : &text;
}

std::string Prefixed(const File& file, std::string_view part) {
  const std::string_view violated = file.type == 4 || part == "root" ? "" : "violated_";
  return fmt::format("{}{}_{}", violated, part, file.half->noun);
}

class Release {
 public:
  Release(const PlaceCatalogue& places, Batch& batch)
      : places_(places), names_(places), batch_(batch) {}

  Status ReadFiles(const std::string& folder) {
    for (const Half& half : kHalves) {
      for (int type = 1; type <= 4; ++type) {
        File& file = files_.emplace_back();
        file.half = &half;
        file.type = type;
        file.name = fmt::format("{}/type{}.json", half.folder, type);
        MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + "/" + file.name));
        MORES_ASSIGN_OR_RETURN(file.records, ReadLenientRecords(text, file.name, batch_.repairs));
      }
    }
    return {};
  }

  Status Take() {
    for (const File& file : files_) {
      if (HasGuidelines(file)) MORES_RETURN_IF_ERROR(ObserveNames(file));
    }
    for (const File& file : files_) {
      for (size_t i = 0; i < file.records.size(); ++i) {
        MORES_RETURN_IF_ERROR(TakeRecord(file, i));
      }
    }
    for (auto& [id, group] : groups_) batch_.groups.push_back(std::move(group));
    return {};
  }

 private:
  static tl::unexpected<Error> Wrong(const File& file, size_t record, std::string_view field,
                                     std::string_view what) {
    return MakeError(ErrorKind::kInput, "{}:{}: field '{}': {}", file.name,
                     file.records[record].line, field, what);
  }

  void Note(const File& file, size_t record, std::string what) {
    batch_.repairs.push_back({.file = file.name,
                              .record = static_cast<int64_t>(record) + 1,
                              .line = file.records[record].line,
                              .what = std::move(what)});
  }

  // The one country of a record of type 1, 3 or 4.
  Expected<const Place*> CountryOf(const File& file, size_t record) const {
    const std::string* name = TextOf(file.records[record].fields, "country");
    if (!name) return Wrong(file, record, "country", "missing");
    const Place* country = places_.FindCountry(*name);
    if (!country) return Wrong(file, record, "country", "no country that is known");
    return country;
  }

  Status ObserveNames(const File& file) {
    for (size_t i = 0; i < file.records.size(); ++i) {
      const Json& fields = file.records[i].fields;
      MORES_ASSIGN_OR_RETURN(const Place* country, CountryOf(file, i));
      const std::string* name = TextOf(fields, "region_or_race");
      const std::string* text = TextOf(fields, Prefixed(file, "aug"));
      if (name) names_.Observe(country->code, *name, text ? *text : "");
    }
    return {};
  }

  Status TakeRecord(const File& file, size_t record) {
    const LenientRecord& from = file.records[record];
    BenchmarkQuery query;
    query.id = fmt::format("safeworld/{}/type{}/{}", file.half->folder, file.type, record + 1);
    query.kind = Name(file.half->kind);
    query.type = file.type;
    const std::string* text = TextOf(from.fields, "query");
    if (!text) return Wrong(file, record, "query", "missing");
    query.query = *text;
    query.fields = from.fields;
    Flag(file, from, query);
    if (file.type == 2) {
      MORES_RETURN_IF_ERROR(TakePlaces(file, record, query));
    } else {
      MORES_ASSIGN_OR_RETURN(const Place* country, CountryOf(file, record));
      query.places = {country->code};
      if (HasGuidelines(file)) MORES_RETURN_IF_ERROR(TakeGuideline(file, record, query));
    }
    batch_.queries.push_back(std::move(query));
    return {};
  }

  // Whether the text of a field lacks its end, by the file or by its words.
  static bool IsBrokenOff(const LenientRecord& record, const std::string& name,
                          std::string_view text) {
    return std::find(record.broken_fields.begin(), record.broken_fields.end(), name) !=
               record.broken_fields.end() ||
           BreaksOff(text);
  }

  static void Flag(const File& file, const LenientRecord& record, BenchmarkQuery& query) {
    if (record.mended) query.flags.push_back("repaired");
    const std::array<std::string, 5> names = {"query", "scene", Prefixed(file, "root"),
                                              Prefixed(file, "aug"), Prefixed(file, "specific")};
    for (const std::string& name : names) {
      const std::string* text = TextOf(record.fields, name);
      if (!text) continue;
      if (HasPromptDebris(*text)) query.flags.push_back("prompt-debris:" + name);
      if (IsBrokenOff(record, name, *text)) query.flags.push_back("broken-off:" + name);
    }
  }

  // Type 2: a list of countries, and guidelines of each in one text.
  Status TakePlaces(const File& file, size_t record, BenchmarkQuery& query) {
    const Json& fields = file.records[record].fields;
    const std::string* names = TextOf(fields, "country");
    const std::string field = Prefixed(file, "specific");
    const std::string* text = TextOf(fields, field);
    if (!names) return Wrong(file, record, "country", "missing");
    if (!text) return Wrong(file, record, field, "missing");
    CountryList list = ReadCountries(*names, places_);
    if (list.places.empty()) return Wrong(file, record, "country", "no country that is known");
    for (const std::string& odd : list.odd) {
      Note(file, record, fmt::format("field 'country': {}", odd));
    }
    query.places = list.places;
    std::set<std::string> named, listed;
    Json& split = query.fields["place_guidelines"] = Json::array();
    for (PlaceGuideline& one : SplitGuidelines(*text, list.places, places_)) {
      named.insert(one.place.substr(0, 2));
      split.push_back({{"place", one.place}, {"text", std::move(one.text)}});
    }
    for (const std::string& place : list.places) listed.insert(place.substr(0, 2));
    if (named != listed) query.flags.push_back("places-differ");
    return {};
  }

  Status TakeGuideline(const File& file, size_t record, BenchmarkQuery& query) {
    const Json& fields = file.records[record].fields;
    const std::string* national = TextOf(fields, Prefixed(file, "root"));
    const std::string* regional = TextOf(fields, Prefixed(file, "aug"));
    const std::string* topic = TextOf(fields, "topic");
    const std::string* name = TextOf(fields, "region_or_race");
    if (!national && !regional) return Wrong(file, record, Prefixed(file, "root"), "missing");
    Guideline guideline;
    guideline.kind = file.half->kind;
    guideline.places = query.places;
    guideline.topic = topic ? *topic : "";
    guideline.text = regional ? *regional : *national;
    // Nobody knows what a text without its end would have said: it doesn't decide until that is
    // settled.
    const bool broken_off = IsBrokenOff(file.records[record],
                                        Prefixed(file, regional ? "aug" : "root"), guideline.text);
    guideline.status = broken_off ? Standing::kContested : Standing::kImported;
    guideline.sources = {SourceOf(*file.half)};
    if (name && regional) TakeName(*name, guideline);
    guideline.id = GuidelineId(guideline);
    query.places = guideline.places;
    query.groups = guideline.groups;
    query.guidelines = {guideline.id};
    const auto [at, added] = taken_.emplace(guideline.id, batch_.guidelines.size());
    if (added) {
      if (broken_off) batch_.broken_off.push_back(guideline.id);
      batch_.guidelines.push_back(std::move(guideline));
    } else if (batch_.guidelines[at->second].text != guideline.text) {
      return MakeError(ErrorKind::kInternal, "two guidelines have the id {}", guideline.id);
    }
    return {};
  }

  void TakeName(const std::string& name, Guideline& guideline) {
    const std::string country = guideline.places.front();
    RegionReading reading = names_.Read(country, name);
    if (!reading.unmapped.empty()) {
      if (unmapped_.emplace(country, name).second) {
        batch_.unmapped.push_back({name, country, std::move(reading.unmapped)});
      }
      return;
    }
    guideline.places = std::move(reading.places);
    for (Group& group : reading.groups) {
      guideline.groups.push_back(group.id);
      const auto [at, added] = groups_.emplace(group.id, group);
      if (added) continue;
      for (std::string& place : group.places) {
        auto& known = at->second.places;
        if (std::find(known.begin(), known.end(), place) == known.end()) {
          known.push_back(std::move(place));
        }
      }
    }
  }

  const PlaceCatalogue& places_;
  RegionNames names_;
  Batch& batch_;
  std::vector<File> files_;
  std::map<std::string, size_t> taken_;  // position in batch_.guidelines by id
  std::map<std::string, Group> groups_;
  std::set<std::pair<std::string, std::string>> unmapped_;
};

}  // namespace

Expected<Batch> ReadSafeWorld(const std::string& folder, const PlaceCatalogue& places) {
  if (!DirectoryExists(folder)) {
    return MakeError(ErrorKind::kMissing, "{}: no such folder", folder);
  }
  Batch batch;
  batch.name = "safeworld";
  Release release(places, batch);
  MORES_RETURN_IF_ERROR(release.ReadFiles(folder));
  MORES_RETURN_IF_ERROR(release.Take());
  return batch;
}

}  // namespace mores::guidelines
