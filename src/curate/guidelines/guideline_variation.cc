// Guidelines varied for the groups and regions of their place (VaryGuidelines in
// curate/guidelines/guideline_building.h).
#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/strings.h"
#include "curate/guidelines/building_run.h"
#include "curate/guidelines/guideline_texts.h"
#include "curate/record.h"
#include "guidelines/store/model_source.h"

namespace mores::curate {
namespace {

using guidelines::Guideline;

// A group, or a part of a place.
struct Division {
  std::string id;  // "tiv", "NG-BE"
  std::string name_en, name_zh;
  std::vector<std::string> places;
  bool is_part = false;

  const std::string& Name(text::Language language) const {
    return language == text::Language::kChinese && !name_zh.empty() ? name_zh : name_en;
  }
};

// What is asked at once: a guideline, and some of the groups of its place.
struct Asked {
  const Guideline* guideline = nullptr;
  size_t number = 0;  // from 1, of the requests about this guideline
  std::vector<const Division*> divisions;
};

bool AreRelated(const std::string& a, const std::string& b) {
  return a == b || a.starts_with(b + "-") || b.starts_with(a + "-");
}

class Variation {
 public:
  explicit Variation(const VariationOptions& options)
      : options_(options),
        database_(*options.building.database),
        model_(*options.building.model),
        task_(chat::FindTask("guideline_variation")),
        generator_(GeneratorOf(model_.name(), task_)),
        known_(database_) {}

  Status Load() {
    MORES_RETURN_IF_ERROR(LoadDivisions());
    for (const Guideline& guideline : options_.guidelines) {
      std::vector<const Division*> divisions;
      for (const Division& one : divisions_) {
        if (IsOf(one, guideline)) divisions.push_back(&one);
      }
      without_groups_ += divisions.empty() ? 1 : 0;
      for (size_t begin = 0; begin < divisions.size(); begin += kGroupsShown) {
        const size_t end = std::min(divisions.size(), begin + kGroupsShown);
        asked_.push_back({.guideline = &guideline,
                          .number = begin / kGroupsShown + 1,
                          .divisions = {divisions.begin() + static_cast<ptrdiff_t>(begin),
                                        divisions.begin() + static_cast<ptrdiff_t>(end)}});
      }
      for (const std::string& place : guideline.places) MORES_RETURN_IF_ERROR(known_.Load(place));
    }
    for (const Division& one : divisions_) {
      if (one.is_part) MORES_RETURN_IF_ERROR(known_.Load(one.id));
    }
    if (!asked_.empty()) return {};
    return MakeError(ErrorKind::kInput, "{}: no group of these guidelines' places is known",
                     database_.path());
  }

  std::string model_name() const { return model_.name(); }

  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    for (const Asked& one : asked_) keys.push_back(Key(one));
    return keys;
  }

  Json Fingerprint() const {
    std::string input;
    for (const Asked& one : asked_) {
      input += fmt::format("{} {}", Key(one), one.guideline->version);
      for (const Division* division : one.divisions) input += " " + division->id;
      input += "\n";
    }
    return {{"input", Sha256Hex(input)},
            {"writer", model_.name()},
            {"task", task_.hash},
            {"sampling", SamplingFingerprint(sampling())}};
  }

  Expected<std::vector<job::ItemResult>> Ask(std::span<const size_t> items) const {
    std::vector<chat::ChatRequest> requests;
    for (const size_t item : items) {
      const Asked& asked = asked_[item];
      requests.push_back(
          chat::AskTask(task_, LanguageOf(*asked.guideline), Material(asked), sampling()));
      requests.back().id = Key(asked);
    }
    return AskJournalled(model_, requests);
  }

  Expected<Sorted> Sort(size_t item, const Json& result) {
    const Asked& asked = asked_[item];
    if (IsUnreadable(result)) return Unreadable(ItemRecord(item), result);
    Sorted sorted;
    for (const Json& one : result["variants"]) {
      const std::string group = one["group"].get<std::string>();
      const auto found = std::find_if(asked.divisions.begin(), asked.divisions.end(),
                                      [&](const Division* shown) { return shown->id == group; });
      if (found == asked.divisions.end()) {
        Json record = ItemRecord(item);
        record["group"] = group;
        record["text"] = one["text"];
        sorted.rejected.push_back(Rejected(std::move(record), "unknown_group"));
        continue;
      }
      Guideline variant =
          Make(*asked.guideline, **found, one["text"].get_ref<const std::string&>());
      Json details = Json::object();
      const char* reason = ProblemOf(variant.text);
      if (reason == nullptr && AreAlike(variant.text, asked.guideline->text) &&
          !Names(variant.text, **found)) {
        reason = "unchanged";
      }
      if (reason == nullptr) {
        MORES_ASSIGN_OR_RETURN(const std::string duplicate_of,
                               AddUnlessThere(*asked.guideline, variant));
        if (!duplicate_of.empty()) {
          reason = "duplicate";
          details["of"] = duplicate_of;
        }
      }
      Json record = GuidelineRecord(variant, generator_);
      record["variant_of"] = asked.guideline->id;
      if (reason != nullptr) {
        sorted.rejected.push_back(Rejected(std::move(record), reason, details));
        continue;
      }
      ++by_group_[group];
      sorted.kept.push_back(std::move(record));
    }
    return sorted;
  }

  Json ItemRecord(size_t item) const {
    return {{"id", Key(asked_[item])},
            {"variant_of", asked_[item].guideline->id},
            {"generator", generator_}};
  }

  Json Summary() const {
    Json summary = {{"guidelines", options_.guidelines.size()},
                    {"without_groups", without_groups_},
                    {"by_group", Json::object()}};
    for (const auto& [name, count] : by_group_) summary["by_group"][name] = count;
    summary["chat"] = {{model_.name(), chat::ToJson(model_.totals())}};
    return summary;
  }

 private:
  const chat::Sampling& sampling() const { return options_.building.sampling; }

  // "NG-3fa2c1d0b7/1".
  static std::string Key(const Asked& asked) {
    return fmt::format("{}/{}", asked.guideline->id, asked.number);
  }

  Status LoadDivisions() {
    MORES_ASSIGN_OR_RETURN(std::vector<guidelines::Group> groups, database_.Groups());
    std::vector<std::string> wanted = options_.groups;
    for (guidelines::Group& group : groups) {
      const auto named = std::find(wanted.begin(), wanted.end(), group.id);
      if (!options_.groups.empty() && named == wanted.end()) continue;
      if (named != wanted.end()) wanted.erase(named);
      divisions_.push_back({.id = std::move(group.id),
                            .name_en = std::move(group.name_en),
                            .name_zh = std::move(group.name_zh),
                            .places = std::move(group.places)});
    }
    for (const std::string& code : wanted) {
      const guidelines::Place* part = database_.places().Find(code);
      if (part == nullptr || part->parent.empty()) {
        return MakeError(ErrorKind::kInput, "there is no group or part of a place '{}'", code);
      }
      divisions_.push_back({.id = part->code,
                            .name_en = part->name_en,
                            .name_zh = part->name_zh,
                            .places = {part->code},
                            .is_part = true});
    }
    return {};
  }

  // A part lies within the guideline's place; a group may also live beyond it.
  static bool IsOf(const Division& division, const Guideline& guideline) {
    for (const std::string& place : guideline.places) {
      for (const std::string& home : division.places) {
        if (division.is_part ? home.starts_with(place + "-") : AreRelated(home, place)) return true;
      }
    }
    return false;
  }

  Json Material(const Asked& asked) const {
    const Guideline& guideline = *asked.guideline;
    const text::Language language = LanguageOf(guideline);
    std::string place;
    for (const std::string& code : guideline.places) {
      place += (place.empty() ? "" : "; ") + PlaceName(database_.places(), code, language);
    }
    Json groups = Json::array();
    for (const Division* division : asked.divisions) {
      groups.push_back({{"id", division->id}, {"name", division->Name(language)}});
    }
    return {{"guideline",
             {{"kind", guidelines::Name(guideline.kind)},
              {"topic", guideline.topic},
              {"text", guideline.text}}},
            {"place", place},
            {"groups", std::move(groups)}};
  }

  static bool Names(const std::string& text, const Division& division) {
    return text.find(division.name_en) != std::string::npos ||
           (!division.name_zh.empty() && text.find(division.name_zh) != std::string::npos);
  }

  Guideline Make(const Guideline& guideline, const Division& division,
                 const std::string& text) const {
    Guideline variant;
    variant.kind = guideline.kind;
    variant.places = division.is_part ? division.places : guideline.places;
    if (!division.is_part) variant.groups = {division.id};
    variant.topic = guideline.topic;
    variant.text = Trim(text, kAsciiSpace);
    variant.lang = text::Name(text::DetectLanguage(variant.text));
    variant.polarity = guideline.polarity;
    variant.sources = {guidelines::ModelSource(model_.name(), task_.name, task_.hash)};
    return variant;
  }

  // The id of the one that is there; "" where it was added.
  Expected<std::string> AddUnlessThere(const Guideline& guideline, Guideline& variant) {
    const Guideline* alike = known_.FindAlike(variant.text, [&](const Guideline& one) {
      return one.places == variant.places && one.groups == variant.groups;
    });
    if (alike != nullptr) return alike->id;
    MORES_ASSIGN_OR_RETURN(
        const bool added,
        AddNew(database_, variant, {.by = model_.name(), .reason = "variant of " + guideline.id}));
    if (!added) return variant.id;
    known_.Add(variant);
    return std::string();
  }

  const VariationOptions& options_;
  guidelines::Database& database_;
  chat::ChatModel& model_;
  const chat::Task& task_;
  const Json generator_;
  KnownGuidelines known_;
  std::vector<Division> divisions_;
  std::vector<Asked> asked_;
  std::map<std::string, int64_t> by_group_;
  int64_t without_groups_ = 0;
};

}  // namespace

Expected<CurationResult> VaryGuidelines(const VariationOptions& options) {
  MORES_CHECK(options.building.model != nullptr && options.building.database != nullptr);
  Variation variation(options);
  MORES_RETURN_IF_ERROR(variation.Load());
  return RunBuilding(options.building.run,
                     {"guidelines vary", "varying guidelines", "requests", "writer"}, variation);
}

}  // namespace mores::curate
