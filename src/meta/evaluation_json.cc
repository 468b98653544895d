// Evaluations as lines of JSON (docs/formats/meta.md).
#include <utility>

#include "base/check.h"
#include "base/json_fields.h"
#include "base/json_lines.h"
#include "format/verdict_fields.h"
#include "meta/evaluation.h"
#include "text/unicode.h"

namespace mores::meta {
namespace {

Json RulingsToJson(const std::vector<std::string>& aius, const std::vector<Ruling>& rulings) {
  MORES_CHECK(aius.size() == rulings.size());
  Json json = Json::array();
  for (size_t i = 0; i < aius.size(); ++i) {
    json.push_back({{"text", aius[i]},
                    {"outcome", Name(rulings[i].outcome)},
                    {"analysis", rulings[i].analysis}});
  }
  return json;
}

Status ParseRulings(const JsonFields& fields, const char* name, std::vector<std::string>& aius,
                    std::vector<Ruling>& rulings) {
  MORES_RETURN_IF_ERROR(fields.Required(name));
  MORES_ASSIGN_OR_RETURN(const std::vector<JsonFields> list, fields.Objects(name));
  for (const JsonFields& one : list) {
    MORES_ASSIGN_OR_RETURN(aius.emplace_back(), one.RequiredString("text"));
    Ruling& ruling = rulings.emplace_back();
    MORES_ASSIGN_OR_RETURN(
        ruling.outcome, one.Choice("outcome", {RulingOutcome::kCorrect, RulingOutcome::kIncorrect,
                                               RulingOutcome::kUnparsed}));
    MORES_ASSIGN_OR_RETURN(ruling.analysis, one.RequiredString("analysis"));
  }
  return {};
}

}  // namespace

Json ToJson(const Scores& scores) {
  return {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f1}};
}

Json ToJson(const Evaluation& evaluation) {
  MORES_CHECK(!evaluation.failure);
  Json json = {{"id", evaluation.id}, {"lang", text::Name(evaluation.lang)}};
  json.update(ToJson(ScoresOf(evaluation)));
  json["judge"] = evaluation.judge;
  json["critique_code_points"] = evaluation.critique_code_points;
  json["aius"] = RulingsToJson(evaluation.aius, evaluation.precision);
  json["reference"] = RulingsToJson(evaluation.reference, evaluation.recall);
  if (!evaluation.extraction_error.empty()) json["extraction_error"] = evaluation.extraction_error;
  return json;
}

Expected<Evaluation> ParseEvaluation(const Json& value, std::string_view where) {
  MORES_RETURN_IF_ERROR(RequireObject(value, where));
  const JsonFields fields(value, where);
  Evaluation evaluation;
  MORES_ASSIGN_OR_RETURN(evaluation.id, fields.RequiredId());
  MORES_ASSIGN_OR_RETURN(evaluation.lang, format::ParseLanguage(fields));
  MORES_ASSIGN_OR_RETURN(evaluation.judge, fields.RequiredString("judge"));
  MORES_RETURN_IF_ERROR(fields.Required("critique_code_points"));
  MORES_ASSIGN_OR_RETURN(evaluation.critique_code_points, fields.Count("critique_code_points"));
  MORES_RETURN_IF_ERROR(ParseRulings(fields, "aius", evaluation.aius, evaluation.precision));
  MORES_RETURN_IF_ERROR(ParseRulings(fields, "reference", evaluation.reference, evaluation.recall));
  MORES_ASSIGN_OR_RETURN(evaluation.extraction_error, fields.OptionalString("extraction_error"));
  return evaluation;
}

Expected<std::vector<Evaluation>> ReadEvaluations(const std::string& path, size_t* failed) {
  std::vector<Evaluation> evaluations;
  IdLines ids;
  const auto add = [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(Evaluation evaluation, ParseEvaluation(line.value, line.where));
    MORES_RETURN_IF_ERROR(ids.PutOnce(evaluation.id, line));
    evaluations.push_back(std::move(evaluation));
    return {};
  };
  const JsonLinesOptions options{.results = {"aius"}, .when_empty = "no evaluations in it"};
  MORES_ASSIGN_OR_RETURN(const JsonLinesRead read, ForEachJsonLine(path, options, add));
  if (failed != nullptr) *failed = static_cast<size_t>(read.failed);
  return evaluations;
}

}  // namespace mores::meta
