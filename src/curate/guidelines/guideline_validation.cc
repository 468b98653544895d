// Guidelines checked against passages (ValidateGuidelines in
// curate/guidelines/guideline_building.h).
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/strings.h"
#include "curate/guidelines/building_run.h"
#include "curate/guidelines/guideline_texts.h"
#include "curate/record.h"
#include "guidelines/store/model_source.h"
#include "text/unicode.h"

namespace mores::curate {
namespace {

using guidelines::Guideline;
using guidelines::Standing;

constexpr size_t kSearched = 50;        // guidelines looked at for kGuidelinesShown
constexpr size_t kReasonColumns = 300;  // of an analysis, in the history

class Validation {
 public:
  explicit Validation(const ValidationOptions& options)
      : options_(options),
        database_(*options.building.database),
        model_(*options.building.model),
        task_(chat::FindTask("guideline_validation")),
        generator_(GeneratorOf(model_.name(), task_)) {}

  std::string model_name() const { return model_.name(); }

  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    for (const Guideline& one : options_.guidelines) keys.push_back(one.id);
    return keys;
  }

  Json Fingerprint() const {
    std::string input;
    for (const Guideline& one : options_.guidelines) {
      input += fmt::format("{} {}\n", one.id, one.version);
    }
    return {{"input", Sha256Hex(input)},
            {"model", model_.name()},
            {"task", task_.hash},
            {"sampling", SamplingFingerprint(sampling())}};
  }

  Expected<std::vector<job::ItemResult>> Ask(std::span<const size_t> items) const {
    std::vector<chat::ChatRequest> requests;
    std::vector<Json> shown;
    for (const size_t item : items) {
      const Guideline& guideline = options_.guidelines[item];
      MORES_ASSIGN_OR_RETURN(const Json material, Material(guideline));
      shown.push_back(Json::array());
      for (const char* list : {"passages", "guidelines"}) {
        for (const Json& one : material[list]) shown.back().push_back(one["id"]);
      }
      requests.push_back(chat::AskTask(task_, LanguageOf(guideline), material, sampling()));
      requests.back().id = guideline.id;
    }
    MORES_ASSIGN_OR_RETURN(auto replies, chat::AskTasks(model_, requests));
    std::vector<job::ItemResult> results;
    for (size_t i = 0; i < replies.size(); ++i) {
      results.push_back(Journalled(std::move(replies[i])));
      if (results.back()) (*results.back())["shown"] = std::move(shown[i]);
    }
    return results;
  }

  Expected<Sorted> Sort(size_t item, const Json& result) {
    Sorted sorted;
    Json record = ItemRecord(item);
    if (IsUnreadable(result)) return Unreadable(std::move(record), result);
    Finding finding = Read(result);
    ++verdicts_[finding.verdict];
    invented_ += finding.invented;
    without_evidence_ += finding.verdict == finding.stated ? 0 : 1;
    record["verdict"] = finding.verdict;
    if (finding.verdict != finding.stated) record["stated"] = finding.stated;
    record["evidence"] = finding.evidence;
    record["invented"] = finding.invented;
    record["analysis"] = finding.analysis;
    MORES_ASSIGN_OR_RETURN(const std::optional<Guideline> now,
                           Apply(options_.guidelines[item], finding));
    if (!now) {
      sorted.rejected.push_back(Rejected(std::move(record), "changed"));
      return sorted;
    }
    ++statuses_[std::string(guidelines::Name(now->status))];
    record["status"] = guidelines::Name(now->status);
    record["new_version"] = now->version;
    sorted.kept.push_back(std::move(record));
    return sorted;
  }

  Json ItemRecord(size_t item) const {
    const Guideline& guideline = options_.guidelines[item];
    return {{"id", guideline.id}, {"version", guideline.version}, {"generator", generator_}};
  }

  Json Summary() const {
    Json summary = {{"by_verdict", Json::object()},
                    {"by_status", Json::object()},
                    {"invented", invented_},
                    {"without_evidence", without_evidence_}};
    for (const auto& [name, count] : verdicts_) summary["by_verdict"][name] = count;
    for (const auto& [name, count] : statuses_) summary["by_status"][name] = count;
    summary["chat"] = {{model_.name(), chat::ToJson(model_.totals())}};
    return summary;
  }

 private:
  // What a reply says, without the ids that weren't shown.
  struct Finding {
    std::string stated, verdict;
    std::vector<std::string> evidence;
    int64_t invented = 0;
    std::string analysis;
  };

  const chat::Sampling& sampling() const { return options_.building.sampling; }

  Expected<std::vector<guidelines::Hit>> Search(const Guideline& guideline, guidelines::What what,
                                                size_t limit) const {
    guidelines::SearchOptions search{.what = what, .limit = limit};
    for (const std::string& place : guideline.places) {
      search.within.push_back({.place = place});
      for (const std::string& group : guideline.groups) search.within.push_back({place, group});
    }
    return options_.searcher->Search(guideline.topic + " " + guideline.text, search);
  }

  Expected<Json> Material(const Guideline& guideline) const {
    const text::Language language = LanguageOf(guideline);
    Json asked = {{"kind", guidelines::Name(guideline.kind)}, {"places", Json::array()}};
    for (const std::string& place : guideline.places) {
      asked["places"].push_back(PlaceName(database_.places(), place, language));
    }
    for (const std::string& id : guideline.groups) {
      MORES_ASSIGN_OR_RETURN(const auto group, database_.FindGroup(id));
      asked["groups"].push_back(group ? GroupName(*group, language) : id);
    }
    asked["topic"] = guideline.topic;
    asked["text"] = guideline.text;
    if (guideline.polarity == guidelines::Polarity::kViolation) asked["polarity"] = "violation";
    Json material = {{"guideline", std::move(asked)},
                     {"passages", Json::array()},
                     {"guidelines", Json::array()}};
    MORES_ASSIGN_OR_RETURN(const std::vector<guidelines::Hit> passages,
                           Search(guideline, guidelines::What::kPassages, kPassagesShown));
    for (const guidelines::Hit& hit : passages) {
      material["passages"].push_back({{"id", hit.passage.id},
                                      {"publisher", hit.passage.source.publisher},
                                      {"date", hit.passage.source.date_read},
                                      {"heading", hit.passage.heading},
                                      {"text", hit.passage.text}});
    }
    MORES_ASSIGN_OR_RETURN(const std::vector<guidelines::Hit> others,
                           Search(guideline, guidelines::What::kGuidelines, kSearched));
    for (const guidelines::Hit& hit : others) {
      if (material["guidelines"].size() == kGuidelinesShown) break;
      const Standing status = hit.guideline.status;
      if (hit.guideline.id == guideline.id) continue;
      // What nobody vouches for is no evidence.
      const bool vouched = status == Standing::kImported && hit.guideline.trusted;
      if (!vouched && status != Standing::kHumanValidated) continue;
      material["guidelines"].push_back({{"id", hit.guideline.id}, {"text", hit.guideline.text}});
    }
    return material;
  }

  static Finding Read(const Json& result) {
    Finding finding{.stated = result["verdict"].get<std::string>(),
                    .analysis = result["analysis"].get<std::string>()};
    finding.verdict = finding.stated;
    const Json& shown = result["shown"];
    for (const Json& one : result["evidence"]) {
      auto id = std::string(Trim(one.get_ref<const std::string&>(), kAsciiSpace));
      if (std::find(shown.begin(), shown.end(), Json(id)) == shown.end()) {
        ++finding.invented;
      } else if (std::find(finding.evidence.begin(), finding.evidence.end(), id) ==
                 finding.evidence.end()) {
        finding.evidence.push_back(std::move(id));
      }
    }
    if (finding.evidence.empty()) finding.verdict = "unknown";
    return finding;
  }

  // Whether a model's word is enough: for what decides already, or what a model wrote here. A text
  // that a person or a file brought waits for people, whatever it is called.
  Expected<bool> MayComeToDecide(const Guideline& asked) const {
    if (asked.status == Standing::kMachineValidated) return true;
    if (asked.status == Standing::kImported) return asked.trusted;
    MORES_ASSIGN_OR_RETURN(const std::vector<guidelines::Version> history,
                           database_.History(asked.id));
    const auto wrote = std::find_if(
        history.begin(), history.end(),
        [&](const guidelines::Version& version) { return version.guideline.text == asked.text; });
    return wrote != history.end() &&
           std::any_of(wrote->guideline.sources.begin(), wrote->guideline.sources.end(),
                       [&](const guidelines::Source& source) {
                         return guidelines::IsModelSource(source) &&
                                source.publisher == wrote->change.by;
                       });
  }

  // What the guideline becomes; nullopt where somebody changed it meanwhile.
  Expected<std::optional<Guideline>> Apply(const Guideline& asked, const Finding& finding) {
    Guideline wanted = asked;
    wanted.version = 0;
    if (finding.verdict == "refuted") wanted.status = Standing::kContested;
    if (finding.verdict == "supported") {
      // A group's guideline takes people of the group; the evidence is kept for them.
      MORES_ASSIGN_OR_RETURN(const bool may_decide, MayComeToDecide(asked));
      if (asked.groups.empty() && may_decide) wanted.status = Standing::kMachineValidated;
      for (const std::string& id : finding.evidence) {
        MORES_ASSIGN_OR_RETURN(const auto passage, database_.FindPassage(id));
        const bool listed =
            std::find(wanted.passages.begin(), wanted.passages.end(), id) != wanted.passages.end();
        if (passage && !listed) wanted.passages.push_back(id);
      }
    }
    std::optional<Guideline> now;
    const Status done = database_.connection().Transact([&]() -> Status {
      MORES_ASSIGN_OR_RETURN(const std::optional<guidelines::Version> current,
                             database_.Find(asked.id));
      if (!current) return {};
      // A run that was cut off after this was written finds what it wrote.
      const bool is_there = current->guideline.Hash() == wanted.Hash();
      if (current->guideline.version != asked.version && !is_there) return {};
      MORES_ASSIGN_OR_RETURN(
          guidelines::Version version,
          database_.PutInTransaction(wanted, {.by = model_.name(), .reason = Reason(finding)}));
      now = std::move(version.guideline);
      return {};
    });
    MORES_RETURN_IF_ERROR(done);
    return now;
  }

  std::string Reason(const Finding& finding) const {
    std::string by;
    for (const std::string& id : finding.evidence) by += (by.empty() ? "" : ", ") + id;
    return fmt::format("{} by {}: {}", finding.verdict, by,
                       text::FitColumns(finding.analysis, kReasonColumns));
  }

  const ValidationOptions& options_;
  guidelines::Database& database_;
  chat::ChatModel& model_;
  const chat::Task& task_;
  const Json generator_;
  std::map<std::string, int64_t> verdicts_, statuses_;
  int64_t invented_ = 0, without_evidence_ = 0;
};

}  // namespace

Expected<CurationResult> ValidateGuidelines(const ValidationOptions& options) {
  MORES_CHECK(options.building.model != nullptr && options.building.database != nullptr);
  MORES_CHECK(options.searcher != nullptr);
  for (const Guideline& one : options.guidelines) MORES_CHECK(MayBeValidated(one.status));
  Validation validation(options);
  return RunBuilding(options.building.run,
                     {"guidelines validate", "checking guidelines", "guidelines", "judge"},
                     validation);
}

}  // namespace mores::curate
