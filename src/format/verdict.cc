#include "format/verdict.h"

#include <array>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "format/rules.h"
#include "format/verdict_reader.h"

namespace mores::format {
namespace {

Expected<text::Language> ParseLang(const FieldReader& reader, const Json& value,
                                   std::string_view where) {
  MORES_ASSIGN_OR_RETURN(const std::string name, RequiredString(value, "lang", where));
  for (const text::Language language :
       {text::Language::kEnglish, text::Language::kChinese, text::Language::kOther}) {
    if (name == text::Name(language)) return language;
  }
  return reader.Wrong("lang", "must be 'en', 'zh' or 'other'");
}

Expected<std::optional<Review>> ParseReview(const FieldReader& reader, std::string_view where) {
  const Json* value = reader.Find("reviewed");
  if (value == nullptr) return std::optional<Review>();
  if (!value->is_object()) return reader.Wrong("reviewed", "must be an object");
  const std::string inner = std::string(where) + ": field 'reviewed'";
  const FieldReader review_reader(*value, inner);
  Review review{};
  MORES_ASSIGN_OR_RETURN(review.label, review_reader.RequiredLabel("label"));
  MORES_ASSIGN_OR_RETURN(review.by, review_reader.OptionalString("by"));
  MORES_ASSIGN_OR_RETURN(review.reason, review_reader.OptionalString("reason"));
  return std::optional<Review>(std::move(review));
}

Expected<Usage> ParseUsage(const FieldReader& reader, std::string_view where) {
  Usage usage;
  const Json* value = reader.Find("usage");
  if (value == nullptr) return usage;
  if (!value->is_object()) return reader.Wrong("usage", "must be an object");
  const std::string inner = std::string(where) + ": field 'usage'";
  const FieldReader usage_reader(*value, inner);
  MORES_ASSIGN_OR_RETURN(usage.prompt_tokens, usage_reader.Count("prompt_tokens"));
  MORES_ASSIGN_OR_RETURN(usage.completion_tokens, usage_reader.Count("completion_tokens"));
  return usage;
}

}  // namespace

Json ToJson(const Verdict& verdict) {
  Json json = {{"id", verdict.id},
               {"label", Name(verdict.label)},
               {"p_unsafe", NullOr(verdict.p_unsafe)},
               {"other_mass", NullOr(verdict.other_mass)},
               {"threshold", verdict.threshold},
               {"lang", text::Name(verdict.lang)},
               {"critique", verdict.critique}};
  if (verdict.category) json["category"] = *verdict.category;
  if (verdict.rule) json["rule"] = *verdict.rule;
  if (verdict.truncated) json["truncated"] = true;
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
                     value.type_name());
  }
  const FieldReader reader(value, where);
  Verdict verdict;
  MORES_ASSIGN_OR_RETURN(verdict.id, RequiredString(value, "id", where));
  MORES_ASSIGN_OR_RETURN(verdict.label, reader.RequiredLabel("label"));
  MORES_ASSIGN_OR_RETURN(verdict.p_unsafe, reader.Probability("p_unsafe"));
  MORES_ASSIGN_OR_RETURN(verdict.other_mass, reader.Probability("other_mass"));
  MORES_ASSIGN_OR_RETURN(const std::optional<double> threshold, reader.Probability("threshold"));
  if (!threshold) return reader.Wrong("threshold", "missing");
  verdict.threshold = *threshold;
  MORES_ASSIGN_OR_RETURN(verdict.lang, ParseLang(reader, value, where));
  MORES_ASSIGN_OR_RETURN(verdict.critique, reader.OptionalString("critique"));
  if (reader.Find("category") != nullptr) {
    MORES_ASSIGN_OR_RETURN(verdict.category, reader.OptionalString("category"));
  }
  if (const Json* rule = reader.Find("rule")) {
    if (!rule->is_number_integer() || *rule < 1 || *rule > kMaxRules) {
      return reader.Wrong("rule", fmt::format("must be the number of a rule, 1 to {}", kMaxRules));
    }
    verdict.rule = rule->get<int>();
  }
  MORES_ASSIGN_OR_RETURN(verdict.truncated, reader.Flag("truncated"));
  if (reader.Find("expected") != nullptr) {
    MORES_ASSIGN_OR_RETURN(verdict.expected, reader.RequiredLabel("expected"));
  }
  MORES_ASSIGN_OR_RETURN(verdict.reviewed, ParseReview(reader, where));
  MORES_ASSIGN_OR_RETURN(verdict.findings, ParseFindings(value, where));
  MORES_ASSIGN_OR_RETURN(verdict.model, reader.OptionalString("model"));
  MORES_ASSIGN_OR_RETURN(verdict.prompt, reader.OptionalString("prompt"));
  MORES_ASSIGN_OR_RETURN(verdict.usage, ParseUsage(reader, where));
  if (const Json* input = reader.Find("input")) {
    if (!input->is_object()) return reader.Wrong("input", "must be an object");
    verdict.input = *input;
  }
  return verdict;
}

Expected<std::vector<Verdict>> ReadVerdicts(const std::string& path, size_t* failed) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::vector<Verdict> verdicts;
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
    // An item that failed is a line of the output, and no verdict.
    if (value.is_object() && value.contains("error") && !value.contains("label")) {
      if (failed != nullptr) ++*failed;
      continue;
    }
    MORES_ASSIGN_OR_RETURN(Verdict verdict, ParseVerdict(value, where));
    const auto [seen, fresh] = first.emplace(verdict.id, number);
    if (!fresh) {
      return MakeError(ErrorKind::kInput, "{}: field 'id': already the id of line {}", where,
                       seen->second);
    }
    verdicts.push_back(std::move(verdict));
  }
  if (!any) return MakeError(ErrorKind::kInput, "{}: no verdicts in it", path);
  return verdicts;
}

Label Decide(double p_unsafe, double other_mass, double threshold) {
  if (!(other_mass <= 0.5)) return Label::kUnparsed;
  return p_unsafe > threshold ? Label::kUnsafe : Label::kSafe;
}

}  // namespace mores::format
