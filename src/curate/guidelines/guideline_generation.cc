// Guidelines written for places (GenerateGuidelines in curate/guidelines/guideline_building.h).
#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/strings.h"
#include "curate/guidelines/building_run.h"
#include "curate/guidelines/guideline_texts.h"
#include "curate/record.h"
#include "guidelines/review/review.h"
#include "guidelines/store/model_source.h"

namespace mores::curate {
namespace {

using guidelines::Guideline;
using guidelines::Kind;
using guidelines::PlaceScope;

struct Wanted {
  PlaceScope scope;
  Kind kind = Kind::kNorm;
};

class Generation {
 public:
  explicit Generation(const GenerationOptions& options)
      : options_(options),
        database_(*options.building.database),
        model_(*options.building.model),
        task_(chat::FindTask("guideline_generation")),
        generator_(GeneratorOf(model_.name(), task_)),
        known_(database_) {
    for (const PlaceScope& scope : options.places) {
      for (const Kind kind : options.kinds) wanted_.push_back({scope, kind});
    }
  }

  Status Load() {
    for (const PlaceScope& scope : options_.places) {
      for (const std::string& place : database_.places().WithAncestors(scope.place)) {
        MORES_RETURN_IF_ERROR(known_.Load(place));
      }
    }
    return {};
  }

  std::string model_name() const { return model_.name(); }

  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    for (const Wanted& one : wanted_) keys.push_back(Key(one));
    return keys;
  }

  // What is there already is none of it: a run that goes on asks with what is there then.
  Json Fingerprint() const {
    std::string places;
    for (const Wanted& one : wanted_) places += Key(one) + "\n";
    return {{"input", Sha256Hex(places)},
            {"writer", model_.name()},
            {"task", task_.hash},
            {"sampling", SamplingFingerprint(sampling())},
            {"count", options_.count},
            {"topics", options_.topics},
            {"lang", text::Name(options_.language)}};
  }

  Expected<std::vector<job::ItemResult>> Ask(std::span<const size_t> items) const {
    std::vector<chat::ChatRequest> requests;
    for (const size_t item : items) {
      MORES_ASSIGN_OR_RETURN(const Json material, Material(wanted_[item]));
      requests.push_back(chat::AskTask(task_, options_.language, material, sampling()));
      requests.back().id = Key(wanted_[item]);
    }
    return AskJournalled(model_, requests);
  }

  Expected<Sorted> Sort(size_t item, const Json& result) {
    const Wanted& wanted = wanted_[item];
    if (IsUnreadable(result)) return Unreadable(ItemRecord(item), result);
    Sorted sorted;
    for (const Json& one : result["guidelines"]) {
      Guideline guideline = Make(wanted, one);
      Json details = Json::object();
      const char* reason = ProblemOf(guideline.text);
      if (reason == nullptr && guideline.kind != wanted.kind) reason = "other_kind";
      if (reason == nullptr && std::ssize(sorted.kept) >= options_.count) reason = "surplus";
      if (reason == nullptr) {
        MORES_ASSIGN_OR_RETURN(const std::string duplicate_of, AddUnlessThere(wanted, guideline));
        if (!duplicate_of.empty()) {
          reason = "duplicate";
          details["of"] = duplicate_of;
        }
      }
      Json record = GuidelineRecord(guideline, generator_);
      if (reason != nullptr) {
        sorted.rejected.push_back(Rejected(std::move(record), reason, details));
        continue;
      }
      ++by_place_[Key(wanted)];
      sorted.kept.push_back(std::move(record));
    }
    missing_ += options_.count - std::ssize(sorted.kept);
    return sorted;
  }

  Json ItemRecord(size_t item) const {
    return {{"id", Key(wanted_[item])}, {"generator", generator_}};
  }

  Json Summary() const {
    Json summary = {{"count", options_.count}, {"missing", missing_}, {"by_place", Json::object()}};
    for (const auto& [name, count] : by_place_) summary["by_place"][name] = count;
    summary["chat"] = {{model_.name(), chat::ToJson(model_.totals())}};
    return summary;
  }

 private:
  const chat::Sampling& sampling() const { return options_.building.sampling; }

  // "NG+tiv/norm".
  static std::string Key(const Wanted& wanted) {
    return fmt::format("{}/{}", guidelines::ScopeName(wanted.scope), guidelines::Name(wanted.kind));
  }

  // Whether a guideline holds where one that is wanted would hold.
  bool Covers(const Guideline& guideline, const PlaceScope& scope) const {
    const std::vector<std::string> places = database_.places().WithAncestors(scope.place);
    const bool there = std::any_of(
        guideline.places.begin(), guideline.places.end(), [&](const std::string& place) {
          return std::find(places.begin(), places.end(), place) != places.end();
        });
    return there &&
           (guideline.groups.empty() || std::find(guideline.groups.begin(), guideline.groups.end(),
                                                  scope.group) != guideline.groups.end());
  }

  Expected<Json> Material(const Wanted& wanted) const {
    Json material = {
        {"place", PlaceName(database_.places(), wanted.scope.place, options_.language)}};
    if (!wanted.scope.group.empty()) {
      MORES_ASSIGN_OR_RETURN(const auto group, database_.FindGroup(wanted.scope.group));
      material["group"] = group ? GroupName(*group, options_.language) : wanted.scope.group;
    }
    material["kind"] = guidelines::Name(wanted.kind);
    material["count"] = options_.count;
    if (!options_.topics.empty()) material["topics"] = options_.topics;
    material["known"] = Json::array();
    const auto same = [&](const Guideline& one) {
      return one.kind == wanted.kind && Covers(one, wanted.scope);
    };
    for (const Guideline* one : known_.List(same, kKnownShown)) {
      material["known"].push_back({{"topic", one->topic}, {"text", one->text}});
    }
    return material;
  }

  Guideline Make(const Wanted& wanted, const Json& reply) const {
    Guideline guideline;
    guideline.kind = *guidelines::ParseKind(reply["kind"].get<std::string>());
    guideline.places = {wanted.scope.place};
    if (!wanted.scope.group.empty()) guideline.groups = {wanted.scope.group};
    guideline.topic = Trim(reply["topic"].get_ref<const std::string&>(), kAsciiSpace);
    guideline.text = Trim(reply["text"].get_ref<const std::string&>(), kAsciiSpace);
    guideline.lang = text::Name(text::DetectLanguage(guideline.text));
    guideline.sources = {guidelines::ModelSource(model_.name(), task_.name, task_.hash)};
    return guideline;
  }

  // The id of the one that is there; "" where it was added.
  Expected<std::string> AddUnlessThere(const Wanted& wanted, Guideline& guideline) {
    const Guideline* alike = known_.FindAlike(
        guideline.text, [&](const Guideline& one) { return Covers(one, wanted.scope); });
    if (alike != nullptr) return alike->id;
    MORES_ASSIGN_OR_RETURN(const bool added,
                           AddNew(database_, guideline,
                                  {.by = model_.name(), .reason = "written for " + Key(wanted)}));
    if (!added) return guideline.id;
    known_.Add(guideline);
    return std::string();
  }

  const GenerationOptions& options_;
  guidelines::Database& database_;
  chat::ChatModel& model_;
  const chat::Task& task_;
  const Json generator_;
  KnownGuidelines known_;
  std::vector<Wanted> wanted_;
  std::map<std::string, int64_t> by_place_;
  int64_t missing_ = 0;
};

}  // namespace

Expected<CurationResult> GenerateGuidelines(const GenerationOptions& options) {
  MORES_CHECK(options.building.model != nullptr && options.building.database != nullptr);
  MORES_CHECK(!options.places.empty() && !options.kinds.empty());
  Generation generation(options);
  MORES_RETURN_IF_ERROR(generation.Load());
  return RunBuilding(options.building.run,
                     {"guidelines generate", "writing guidelines", "requests", "writer"},
                     generation);
}

}  // namespace mores::curate
