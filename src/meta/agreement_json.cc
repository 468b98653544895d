// Human rulings as a file, and agreement as a file and a table (docs/formats/human-rulings.md).
#include <cmath>
#include <memory>
#include <unordered_map>

#include "base/files.h"
#include "meta/agreement.h"
#include "meta/figures.h"
#include "meta/references.h"
#include "text/unicode.h"

namespace mores::meta {
namespace {

constexpr const char* kKindNames[] = {"precision", "recall", "both"};
constexpr const char* kAgreementMeasures[] = {"precision", "recall", "f1"};

tl::unexpected<Error> RulingFieldError(std::string_view where, std::string_view field,
                                       std::string_view problem) {
  return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where, field, problem);
}

class RulingsReader {
 public:
  explicit RulingsReader(std::span<const Evaluation> evaluations) : evaluations_(evaluations) {
    for (size_t i = 0; i < evaluations.size(); ++i) positions_.emplace(evaluations[i].id, i);
  }

  Status Add(const Json& line, const std::string& where) {
    const auto given = line.find("id");
    if (given == line.end()) return RulingFieldError(where, "id", "missing");
    MORES_ASSIGN_OR_RETURN(const std::string id, ParseId(*given, where));
    const auto position = positions_.find(id);
    if (position == positions_.end())
      return RulingFieldError(where, "id", "no critique has this id");
    std::string name = "human";
    if (line.contains("by") && !line["by"].is_null()) {
      MORES_ASSIGN_OR_RETURN(name, RequiredString(line, "by", where));
    }
    HumanCritique& critique = Rater(name).critiques[position->second];
    if (line.contains("kind")) return AddOne(line, where, critique);
    if (!line.contains("aius") && !line.contains("reference")) {
      return RulingFieldError(where, "aius", "missing (and no 'reference' or 'kind' either)");
    }
    MORES_RETURN_IF_ERROR(AddList(line, "aius", where, critique.precision, critique.any));
    return AddList(line, "reference", where, critique.recall, critique.any);
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

  static Status Rule(const Json& value, const std::string& where, const std::string& field,
                     std::optional<bool>& ruling, bool& any) {
    if (value.is_null()) return {};
    if (!value.is_boolean()) return RulingFieldError(where, field, "must be true, false or null");
    if (ruling) return RulingFieldError(where, field, "ruled over before by the same person");
    ruling = value.get<bool>();
    any = true;
    return {};
  }

  static Status AddList(const Json& line, const char* field, const std::string& where,
                        std::vector<std::optional<bool>>& rulings, bool& any) {
    const auto list = line.find(field);
    if (list == line.end() || list->is_null()) return {};
    if (!list->is_array())
      return RulingFieldError(where, field, "must be a list of true, false or null");
    if (list->size() != rulings.size()) {
      return RulingFieldError(where, field,
                              fmt::format("has {} rulings; the critique was measured with {} AIUs",
                                          list->size(), rulings.size()));
    }
    for (size_t i = 0; i < rulings.size(); ++i) {
      MORES_RETURN_IF_ERROR(
          Rule((*list)[i], where, fmt::format("{}[{}]", field, i), rulings[i], any));
    }
    return {};
  }

  static Status AddOne(const Json& line, const std::string& where, HumanCritique& critique) {
    MORES_ASSIGN_OR_RETURN(const std::string kind, RequiredString(line, "kind", where));
    if (kind != "precision" && kind != "recall") {
      return RulingFieldError(where, "kind", "must be 'precision' or 'recall'");
    }
    auto& rulings = kind == "precision" ? critique.precision : critique.recall;
    const auto index = line.find("index");
    if (index == line.end() || !index->is_number_integer() || *index < 0 ||
        *index >= static_cast<int64_t>(rulings.size())) {
      return RulingFieldError(where, "index",
                              fmt::format("must count AIUs from 0; there are {}", rulings.size()));
    }
    const auto correct = line.find("correct");
    if (correct == line.end()) return RulingFieldError(where, "correct", "missing");
    return Rule(*correct, where, "correct", rulings[index->get<size_t>()], critique.any);
  }

  std::span<const Evaluation> evaluations_;
  std::unordered_map<std::string, size_t> positions_, rater_of_;
  std::vector<HumanRater> raters_;
};

Json AgreementEstimate(const stats::Estimate& estimate) {
  return {{"value", NumberOrNull(estimate.value)},
          {"low", NumberOrNull(estimate.interval.low)},
          {"high", NumberOrNull(estimate.interval.high)}};
}

Json AgreementsToJson(const KindAgreements& agreements) {
  Json json = Json::object();
  for (size_t kind = 0; kind < agreements.size(); ++kind) {
    const RulingAgreement& one = agreements[kind];
    json[kKindNames[kind]] = {{"rulings", one.rulings()},
                              {"unparsed", one.table[2][0] + one.table[2][1]},
                              {"table", one.table},
                              {"share", AgreementEstimate(one.share)},
                              {"kappa", AgreementEstimate(one.kappa)}};
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
    json["tau_b"][kAgreementMeasures[measure]] = AgreementEstimate(scope.scores[measure].tau);
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
    json["among_humans"]["alpha"][kKindNames[kind]] = AgreementEstimate((*scope.alpha)[kind]);
  }
  return json;
}

std::string Show(const stats::Estimate& estimate) {
  if (!std::isfinite(estimate.value)) return "undefined";
  if (!std::isfinite(estimate.interval.low)) return fmt::format("{:.3f}", estimate.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", estimate.value, estimate.interval.low,
                     estimate.interval.high);
}

std::string Rows(const std::string& who, const KindAgreements& agreements) {
  std::string out;
  for (size_t kind = 0; kind < agreements.size(); ++kind) {
    const RulingAgreement& one = agreements[kind];
    out += fmt::format("  {:<28} {:<10} {:>8} {:>9} {:<24} {}\n", text::FitColumns(who, 28),
                       kKindNames[kind], one.rulings(), one.table[2][0] + one.table[2][1],
                       Show(one.share), Show(one.kappa));
  }
  return out;
}

}  // namespace

Expected<std::vector<HumanRater>> ReadHumanRulings(const std::string& path,
                                                   std::span<const Evaluation> evaluations) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  RulingsReader rulings(evaluations);
  std::string line;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = fmt::format("{}:{}", path, reader->line_number());
    MORES_ASSIGN_OR_RETURN(const Json value, ParseJson(line, where));
    MORES_RETURN_IF_ERROR(rulings.Add(value, where));
  }
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
  return {{"kind", "mores-agreement"},
          {"version", 1},
          {"judge", report.judge},
          {"humans", report.raters},
          {"bootstrap",
           {{"resamples", report.bootstrap.resamples},
            {"seed", report.bootstrap.seed},
            {"coverage", report.bootstrap.coverage}}},
          {"scopes", std::move(scopes)}};
}

std::string FormatTable(const AgreementReport& report) {
  std::string out = fmt::format(
      "{:.0f}% intervals by critique; an unparsed ruling agrees with "
      "nothing\n",
      100 * report.bootstrap.coverage);
  for (const AgreementScope& scope : report.scopes) {
    out += fmt::format("\n{}: {} critiques\n  {:<28} {:<10} {:>8} {:>9} {:<24} {}\n", scope.name,
                       scope.critiques, "between", "AIUs for", "rulings", "unparsed", "the same",
                       "kappa");
    for (size_t r = 0; r < report.raters.size(); ++r) {
      out += Rows(fmt::format("judge, {}", report.raters[r]), scope.with_raters[r]);
    }
    if (scope.with_majority) out += Rows("judge, majority", *scope.with_majority);
    for (const auto& [who, agreements] : scope.among_raters) {
      out += Rows(fmt::format("{}, {}", report.raters[who[0]], report.raters[who[1]]), agreements);
    }
    for (size_t kind = 0; scope.alpha && kind < scope.alpha->size(); ++kind) {
      out += fmt::format("  alpha among humans, {}: {}\n", kKindNames[kind],
                         Show((*scope.alpha)[kind]));
    }
    for (size_t measure = 0; measure < scope.scores.size(); ++measure) {
      out += fmt::format("  tau-b of {} over {} critiques: {}\n", kAgreementMeasures[measure],
                         scope.scores[measure].critiques, Show(scope.scores[measure].tau));
    }
  }
  return out;
}

}  // namespace mores::meta
