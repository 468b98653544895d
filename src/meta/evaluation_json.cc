// Evaluations as lines of JSON (docs/formats/meta.md).
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "meta/evaluation.h"
#include "text/unicode.h"

namespace mores::meta {
namespace {

tl::unexpected<Error> EvaluationFieldError(std::string_view where, std::string_view field,
                                           std::string_view problem) {
  return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where, field, problem);
}

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

Expected<RulingOutcome> ParseOutcome(const std::string& name, std::string_view where) {
  for (const RulingOutcome outcome :
       {RulingOutcome::kCorrect, RulingOutcome::kIncorrect, RulingOutcome::kUnparsed}) {
    if (name == Name(outcome)) return outcome;
  }
  return EvaluationFieldError(where, "outcome", "must be 'correct', 'incorrect' or 'unparsed'");
}

Status ParseRulings(const Json& value, const char* field, std::string_view where,
                    std::vector<std::string>& aius, std::vector<Ruling>& rulings) {
  const auto list = value.find(field);
  if (list == value.end() || !list->is_array()) {
    return EvaluationFieldError(where, field, "must be a list of rulings");
  }
  for (const Json& one : *list) {
    const std::string inner = fmt::format("{}: field '{}[{}]'", where, field, aius.size());
    if (!one.is_object()) return MakeError(ErrorKind::kInput, "{}: must be an object", inner);
    MORES_ASSIGN_OR_RETURN(std::string text, RequiredString(one, "text", inner));
    MORES_ASSIGN_OR_RETURN(const std::string name, RequiredString(one, "outcome", inner));
    Ruling ruling;
    MORES_ASSIGN_OR_RETURN(ruling.outcome, ParseOutcome(name, inner));
    MORES_ASSIGN_OR_RETURN(ruling.analysis, RequiredString(one, "analysis", inner));
    aius.push_back(std::move(text));
    rulings.push_back(std::move(ruling));
  }
  return {};
}

Expected<text::Language> ParseLanguage(const Json& value, std::string_view where) {
  MORES_ASSIGN_OR_RETURN(const std::string name, RequiredString(value, "lang", where));
  for (const text::Language language :
       {text::Language::kEnglish, text::Language::kChinese, text::Language::kOther}) {
    if (name == text::Name(language)) return language;
  }
  return EvaluationFieldError(where, "lang", "must be 'en', 'zh' or 'other'");
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
  if (!value.is_object()) {
    return MakeError(ErrorKind::kInput, "{}: must be an object, not {}", where, value.type_name());
  }
  Evaluation evaluation;
  MORES_ASSIGN_OR_RETURN(evaluation.id, RequiredString(value, "id", where));
  MORES_ASSIGN_OR_RETURN(evaluation.lang, ParseLanguage(value, where));
  MORES_ASSIGN_OR_RETURN(evaluation.judge, RequiredString(value, "judge", where));
  const auto length = value.find("critique_code_points");
  if (length == value.end() || !length->is_number_integer() || *length < 0) {
    return EvaluationFieldError(where, "critique_code_points", "must be a whole number, 0 or more");
  }
  evaluation.critique_code_points = length->get<int64_t>();
  MORES_RETURN_IF_ERROR(ParseRulings(value, "aius", where, evaluation.aius, evaluation.precision));
  MORES_RETURN_IF_ERROR(
      ParseRulings(value, "reference", where, evaluation.reference, evaluation.recall));
  if (value.contains("extraction_error")) {
    MORES_ASSIGN_OR_RETURN(evaluation.extraction_error,
                           RequiredString(value, "extraction_error", where));
  }
  return evaluation;
}

Expected<std::vector<Evaluation>> ReadEvaluations(const std::string& path, size_t* failed) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::vector<Evaluation> evaluations;
  std::unordered_map<std::string, int64_t> first;
  std::string line;
  bool any = false;
  if (failed != nullptr) *failed = 0;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    any = true;
    const int64_t number = reader->line_number();
    const std::string where = fmt::format("{}:{}", path, number);
    MORES_ASSIGN_OR_RETURN(const Json value, ParseJson(line, where));
    if (value.is_object() && value.contains("error") && !value.contains("aius")) {
      if (failed != nullptr) ++*failed;
      continue;
    }
    MORES_ASSIGN_OR_RETURN(Evaluation evaluation, ParseEvaluation(value, where));
    const auto [seen, fresh] = first.emplace(evaluation.id, number);
    if (!fresh) {
      return EvaluationFieldError(where, "id",
                                  fmt::format("already the id of line {}", seen->second));
    }
    evaluations.push_back(std::move(evaluation));
  }
  if (!any) return MakeError(ErrorKind::kInput, "{}: no evaluations in it", path);
  return evaluations;
}

}  // namespace mores::meta
