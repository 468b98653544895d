// Human rulings as a file, and agreement as a file and a table (docs/formats/human-rulings.md).
#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/json_fields.h"
#include "base/json_lines.h"
#include "meta/agreement.h"
#include "meta/figures.h"
#include "meta/references.h"
#include "stats/estimate_json.h"
#include "text/unicode.h"

namespace mores::meta {
namespace {

constexpr const char* kKindNames[] = {"precision", "recall", "both"};
constexpr const char* kAgreementMeasures[] = {"precision", "recall", "f1"};

class RulingsReader {
 public:
  explicit RulingsReader(std::span<const Evaluation> evaluations) : evaluations_(evaluations) {
    for (size_t i = 0; i < evaluations.size(); ++i) positions_.emplace(evaluations[i].id, i);
  }

  Status Add(const JsonLine& line) {
    const JsonFields fields(line.value, line.where);
    MORES_ASSIGN_OR_RETURN(const std::optional<std::string> id, fields.Id());
    if (!id) return fields.Wrong("id", "missing");
    const auto position = positions_.find(*id);
    if (position == positions_.end()) return fields.Wrong("id", "no critique has this id");
    MORES_ASSIGN_OR_RETURN(const std::string name, fields.OptionalString("by"));
    HumanCritique& critique = Rater(fields.Has("by") ? name : "human").critiques[position->second];
    if (line.value.contains("kind")) return AddOne(fields, critique);
    if (!line.value.contains("aius") && !line.value.contains("reference")) {
      return fields.Wrong("aius", "missing (and no 'reference' or 'kind' either)");
    }
    MORES_RETURN_IF_ERROR(AddList(fields, "aius", critique.precision, critique.any));
    return AddList(fields, "reference", critique.recall, critique.any);
  }

  std::vector<HumanRater> Take() && { return std::move(raters_); }

 private:
  HumanRater& Rater(const std::string& name) {
    const auto [found, fresh] = rater_of_.emplace(name, raters_.size());
    if (fresh) {
      HumanRater rater{.name = name, .critiques = {}};
      for (const Evaluation& evaluation : evaluations_) {
        HumanCritique critique;
        critique.precision.resize(evaluation.aius.size());
        critique.recall.resize(evaluation.reference.size());
        rater.critiques.push_back(std::move(critique));
      }
      raters_.push_back(std::move(rater));
    }
    return raters_[found->second];
  }

  static Status Rule(const Json& value, const JsonFields& fields, const std::string& name,
                     std::optional<bool>& ruling, bool& any) {
    if (value.is_null()) return {};
    if (!value.is_boolean()) return fields.Wrong(name, "must be true, false or null");
    if (ruling) return fields.Wrong(name, "ruled over before by the same person");
    ruling = value.get<bool>();
    any = true;
    return {};
  }

  static Status AddList(const JsonFields& fields, const char* name,
                        std::vector<std::optional<bool>>& rulings, bool& any) {
    const Json* list = fields.Find(name);
    if (list == nullptr) return {};
    if (!list->is_array()) return fields.Wrong(name, "must be a list of true, false or null");
    if (list->size() != rulings.size()) {
      return fields.Wrong(
          name, fmt::format("has {} rulings; the critique was measured with {} AIUs", list->size(),
                            rulings.size()));
    }
    for (size_t i = 0; i < rulings.size(); ++i) {
      MORES_RETURN_IF_ERROR(
          Rule((*list)[i], fields, fmt::format("{}[{}]", name, i), rulings[i], any));
    }
    return {};
  }

  static Status AddOne(const JsonFields& fields, HumanCritique& critique) {
    constexpr std::array<std::string_view, 2> kOneKinds = {"precision", "recall"};
    MORES_ASSIGN_OR_RETURN(const size_t kind, fields.OneOf("kind", kOneKinds));
    auto& rulings = kind == 0 ? critique.precision : critique.recall;
    const auto most = static_cast<int64_t>(rulings.size()) - 1;
    const auto index = fields.Whole("index", {.least = 0, .most = most});
    if (!index || !index->has_value()) {
      return fields.Wrong("index",
                          fmt::format("must count AIUs from 0; there are {}", rulings.size()));
    }
    const auto correct = fields.object().find("correct");
    if (correct == fields.object().end()) return fields.Wrong("correct", "missing");
    return Rule(*correct, fields, "correct", rulings[static_cast<size_t>(**index)], critique.any);
  }

  std::span<const Evaluation> evaluations_;
  std::unordered_map<std::string, size_t> positions_, rater_of_;
  std::vector<HumanRater> raters_;
};

Json AgreementsToJson(const KindAgreements& agreements) {
  Json json = Json::object();
  for (size_t kind = 0; kind < agreements.size(); ++kind) {
    const RulingAgreement& one = agreements[kind];
    json[kKindNames[kind]] = {{"rulings", one.rulings()},
                              {"unparsed", one.table[2][0] + one.table[2][1]},
                              {"table", one.table},
                              {"share", ToJson(one.share)},
                              {"kappa", ToJson(one.kappa)}};
  }
  return json;
}

Json AgreementScopeToJson(const AgreementScope& scope, const std::vector<std::string>& raters) {
  Json with = Json::array();
  for (size_t r = 0; r < raters.size(); ++r) {
    Json one = {{"by", raters[r]}};
    one.update(AgreementsToJson(scope.with_raters[r]));
    with.push_back(std::move(one));
  }
  Json json = {{"critiques", scope.critiques}, {"judge_and_humans", std::move(with)}};
  if (scope.with_majority) json["judge_and_majority"] = AgreementsToJson(*scope.with_majority);
  for (size_t measure = 0; measure < scope.scores.size(); ++measure) {
    json["tau_b"][kAgreementMeasures[measure]] = ToJson(scope.scores[measure].tau);
    json["tau_b"][kAgreementMeasures[measure]]["critiques"] = scope.scores[measure].critiques;
  }
  if (!scope.alpha) return json;
  Json pairs = Json::array();
  for (const auto& [who, agreements] : scope.among_raters) {
    Json one = {{"first", raters[who[0]]}, {"second", raters[who[1]]}};
    one.update(AgreementsToJson(agreements));
    pairs.push_back(std::move(one));
  }
  json["among_humans"]["pairs"] = std::move(pairs);
  for (size_t kind = 0; kind < scope.alpha->size(); ++kind) {
    json["among_humans"]["alpha"][kKindNames[kind]] = ToJson((*scope.alpha)[kind]);
  }
  return json;
}

std::string Rows(const std::string& who, const KindAgreements& agreements) {
  std::string out;
  for (size_t kind = 0; kind < agreements.size(); ++kind) {
    const RulingAgreement& one = agreements[kind];
    out += fmt::format("  {:<28} {:<10} {:>8} {:>9} {:<24} {}\n", text::FitColumns(who, 28),
                       kKindNames[kind], one.rulings(), one.table[2][0] + one.table[2][1],
                       FormatEstimate(one.share, stats::kPercentStyle),
                       FormatEstimate(one.kappa, {.undefined = "-"}));
  }
  return out;
}

}  // namespace

Expected<std::vector<HumanRater>> ReadHumanRulings(const std::string& path,
                                                   std::span<const Evaluation> evaluations) {
  RulingsReader rulings(evaluations);
  MORES_RETURN_IF_ERROR(
      ForEachJsonLine(path, {}, [&](const JsonLine& line) { return rulings.Add(line); }));
  std::vector<HumanRater> raters = std::move(rulings).Take();
  std::erase_if(raters, [](const HumanRater& rater) {
    return std::none_of(rater.critiques.begin(), rater.critiques.end(),
                        [](const HumanCritique& critique) { return critique.any; });
  });
  if (raters.empty()) return MakeError(ErrorKind::kInput, "{}: no rulings in it", path);
  return raters;
}

Json ToJson(const AgreementReport& report) {
  Json scopes = Json::object();
  for (const AgreementScope& scope : report.scopes) {
    scopes[scope.name] = AgreementScopeToJson(scope, report.raters);
  }
  Json json = {{"kind", "mores-agreement"},
               {"version", 1},
               {"judge", report.judge},
               {"humans", report.raters},
               {"bootstrap",
                {{"resamples", report.bootstrap.resamples},
                 {"seed", report.bootstrap.seed},
                 {"coverage", report.bootstrap.coverage}}},
               {"scopes", std::move(scopes)}};
  chat::PutReplies(report.replies, json);
  return json;
}

std::string FormatTable(const AgreementReport& report) {
  std::string out = fmt::format(
      "{:.0f}% intervals by critique; an unparsed ruling agrees with "
      "nothing\n",
      100 * report.bootstrap.coverage);
  for (const AgreementScope& scope : report.scopes) {
    out += fmt::format("\n{}: {} critiques\n  {:<28} {:<10} {:>8} {:>9} {:<24} {}\n", scope.name,
                       scope.critiques, "between", "AIUs for", "rulings", "unparsed", "the same %",
                       "kappa");
    for (size_t r = 0; r < report.raters.size(); ++r) {
      out += Rows(fmt::format("judge, {}", report.raters[r]), scope.with_raters[r]);
    }
    if (scope.with_majority) out += Rows("judge, majority", *scope.with_majority);
    for (const auto& [who, agreements] : scope.among_raters) {
      out += Rows(fmt::format("{}, {}", report.raters[who[0]], report.raters[who[1]]), agreements);
    }
    for (size_t kind = 0; scope.alpha && kind < scope.alpha->size(); ++kind) {
      out += fmt::format(
          "  alpha among humans, {}: {}\n", kKindNames[kind],
          FormatEstimate((*scope.alpha)[kind],
                         {.undefined = "undefined (no two rulings of one AIU, or all the same)"}));
    }
    for (size_t measure = 0; measure < scope.scores.size(); ++measure) {
      out += fmt::format("  tau-b of {} over {} critiques: {}\n", kAgreementMeasures[measure],
                         scope.scores[measure].critiques,
                         FormatEstimate(scope.scores[measure].tau,
                                        {.undefined = "undefined (no two critiques differ)"}));
    }
  }
  for (const chat::ReplyTally& replies : report.replies) {
    const std::string warning = chat::WarningOf(replies);
    if (!warning.empty()) out += fmt::format("warning: {}\n", warning);
  }
  return out;
}

}  // namespace mores::meta
