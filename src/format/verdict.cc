#include "format/verdict.h"

#include <array>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "base/json_lines.h"
#include "format/rules.h"
#include "format/verdict_fields.h"

namespace mores::format {
namespace {

constexpr std::initializer_list<UnparsedReason> kUnparsedReasons = {
    UnparsedReason::kNoLabel,     UnparsedReason::kInReasoning, UnparsedReason::kSeveralAnswers,
    UnparsedReason::kTorn,        UnparsedReason::kFiltered,    UnparsedReason::kRefused,
    UnparsedReason::kServerError, UnparsedReason::kLabelMass};

Expected<std::optional<Review>> ParseReview(const JsonFields& fields) {
  MORES_ASSIGN_OR_RETURN(const auto reviewed, fields.Object("reviewed"));
  if (!reviewed) return std::optional<Review>();
  Review review{};
  MORES_ASSIGN_OR_RETURN(review.label, ParseLabelName(*reviewed, "label"));
  MORES_ASSIGN_OR_RETURN(review.by, reviewed->OptionalString("by"));
  MORES_ASSIGN_OR_RETURN(review.reason, reviewed->OptionalString("reason"));
  return std::optional<Review>(std::move(review));
}

Expected<Usage> ParseUsage(const JsonFields& fields) {
  Usage usage;
  MORES_ASSIGN_OR_RETURN(const auto given, fields.Object("usage"));
  if (!given) return usage;
  MORES_ASSIGN_OR_RETURN(usage.prompt_tokens, given->Count("prompt_tokens"));
  MORES_ASSIGN_OR_RETURN(usage.completion_tokens, given->Count("completion_tokens"));
  return usage;
}

Expected<std::vector<std::pair<std::string, double>>> ParseScores(const JsonFields& fields) {
  std::vector<std::pair<std::string, double>> scores;
  MORES_ASSIGN_OR_RETURN(const auto given, fields.Object("category_scores"));
  if (!given) return scores;
  for (const auto& [name, value] : given->object().items()) {
    MORES_ASSIGN_OR_RETURN(const double score, given->RequiredProbability(name.c_str()));
    scores.emplace_back(name, score);
  }
  return scores;
}

}  // namespace

std::string_view Name(UnparsedReason reason) {
  constexpr std::array<std::string_view, 8> kNames = {
      "no_label", "in_reasoning", "several_answers", "torn",
      "filtered", "refused",      "server_error",    "label_mass"};
  return kNames[static_cast<size_t>(reason)];
}

Json ToJson(const Verdict& verdict) {
  Json json = {
      {"id", verdict.id}, {"label", Name(verdict.label)}, {"p_unsafe", NullOr(verdict.p_unsafe)}};
  if (verdict.p_raw) json["p_raw"] = *verdict.p_raw;
  json["other_mass"] = NullOr(verdict.other_mass);
  json["threshold"] = verdict.threshold;
  json["lang"] = text::Name(verdict.lang);
  json["critique"] = verdict.critique;
  if (verdict.category) json["category"] = *verdict.category;
  for (const auto& [name, score] : verdict.category_scores) json["category_scores"][name] = score;
  if (verdict.rule) json["rule"] = *verdict.rule;
  if (verdict.truncated) json["truncated"] = true;
  if (verdict.unparsed_reason) json["unparsed_reason"] = Name(*verdict.unparsed_reason);
  if (!verdict.finish_reason.empty()) json["finish_reason"] = verdict.finish_reason;
  if (!verdict.refusal.empty()) json["refusal"] = verdict.refusal;
  if (!verdict.oddities.empty()) json["oddities"] = verdict.oddities;
  if (verdict.expected) json["expected"] = Name(*verdict.expected);
  if (verdict.reviewed) {
    json["reviewed"] = {{"label", Name(verdict.reviewed->label)},
                        {"by", verdict.reviewed->by},
                        {"reason", verdict.reviewed->reason}};
  }
  if (verdict.findings) {
    json["general"] = {{"label", Name(verdict.label)},
                       {"p_unsafe", NullOr(verdict.p_unsafe)},
                       {"other_mass", NullOr(verdict.other_mass)}};
    AddToJson(*verdict.findings, json);
  }
  json["model"] = verdict.model;
  json["prompt"] = verdict.prompt;
  json["usage"] = {{"prompt_tokens", verdict.usage.prompt_tokens},
                   {"completion_tokens", verdict.usage.completion_tokens}};
  if (!verdict.input.is_null()) json["input"] = verdict.input;
  return json;
}

Expected<Verdict> ParseVerdict(const Json& value, std::string_view where) {
  if (!value.is_object()) {
    return MakeError(ErrorKind::kInput, "{}: a verdict must be an object, not {}", where,
                     TypeName(value));
  }
  const JsonFields fields(value, where);
  Verdict verdict;
  MORES_ASSIGN_OR_RETURN(verdict.id, fields.RequiredId());
  MORES_ASSIGN_OR_RETURN(verdict.label, ParseLabelName(fields, "label"));
  MORES_ASSIGN_OR_RETURN(verdict.p_unsafe, fields.Probability("p_unsafe"));
  MORES_ASSIGN_OR_RETURN(verdict.p_raw, fields.Probability("p_raw"));
  MORES_ASSIGN_OR_RETURN(verdict.other_mass, fields.Probability("other_mass"));
  MORES_ASSIGN_OR_RETURN(const std::optional<double> threshold, fields.Probability("threshold"));
  if (!threshold) return fields.Wrong("threshold", "missing");
  verdict.threshold = *threshold;
  MORES_ASSIGN_OR_RETURN(verdict.lang, ParseLanguage(fields));
  MORES_ASSIGN_OR_RETURN(verdict.critique, fields.OptionalString("critique"));
  if (fields.Has("category")) {
    MORES_ASSIGN_OR_RETURN(verdict.category, fields.OptionalString("category"));
  }
  MORES_ASSIGN_OR_RETURN(verdict.category_scores, ParseScores(fields));
  MORES_ASSIGN_OR_RETURN(
      const std::optional<int64_t> rule,
      fields.Whole("rule", {.least = 1, .most = static_cast<int64_t>(kMaxRules)}));
  if (rule) verdict.rule = static_cast<int>(*rule);
  MORES_ASSIGN_OR_RETURN(verdict.truncated, fields.Flag("truncated"));
  if (fields.Has("unparsed_reason")) {
    MORES_ASSIGN_OR_RETURN(verdict.unparsed_reason,
                           fields.Choice("unparsed_reason", kUnparsedReasons));
  }
  MORES_ASSIGN_OR_RETURN(verdict.finish_reason, fields.OptionalString("finish_reason"));
  MORES_ASSIGN_OR_RETURN(verdict.refusal, fields.OptionalString("refusal"));
  MORES_ASSIGN_OR_RETURN(verdict.oddities, fields.Strings("oddities"));
  if (fields.Has("expected")) {
    MORES_ASSIGN_OR_RETURN(verdict.expected, ParseLabelName(fields, "expected"));
  }
  MORES_ASSIGN_OR_RETURN(verdict.reviewed, ParseReview(fields));
  MORES_ASSIGN_OR_RETURN(verdict.findings, ParseFindings(fields));
  MORES_ASSIGN_OR_RETURN(verdict.model, fields.OptionalString("model"));
  MORES_ASSIGN_OR_RETURN(verdict.prompt, fields.OptionalString("prompt"));
  MORES_ASSIGN_OR_RETURN(verdict.usage, ParseUsage(fields));
  MORES_ASSIGN_OR_RETURN(const auto input, fields.Object("input"));
  if (input) verdict.input = input->object();
  return verdict;
}

Expected<std::vector<Verdict>> ReadVerdicts(const std::string& path, size_t* failed) {
  std::vector<Verdict> verdicts;
  IdLines ids;
  const JsonLinesOptions options{.results = {"label"}, .when_empty = "no verdicts in it"};
  MORES_ASSIGN_OR_RETURN(
      const JsonLinesRead read, ForEachJsonLine(path, options, [&](const JsonLine& line) -> Status {
        MORES_ASSIGN_OR_RETURN(Verdict verdict, ParseVerdict(line.value, line.where));
        MORES_RETURN_IF_ERROR(ids.PutOnce(verdict.id, line));
        verdicts.push_back(std::move(verdict));
        return {};
      }));
  if (failed != nullptr) *failed = static_cast<size_t>(read.failed);
  return verdicts;
}

Label Decide(double p_unsafe, double other_mass, double threshold) {
  if (!(other_mass <= 0.5)) return Label::kUnparsed;
  return p_unsafe > threshold ? Label::kUnsafe : Label::kSafe;
}

}  // namespace mores::format
