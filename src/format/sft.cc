#include "format/sft.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/json_fields.h"
#include "base/json_lines.h"
#include "format/profile/reply_tokens.h"
#include "format/verdict_fields.h"

namespace mores::format {
namespace {

constexpr std::string_view kSeparator = "\n";
constexpr double kMaxWeight = 1000;

// Splits the completion into the label string, which must state `label`, and the critique.
Expected<std::string> CritiqueOf(std::string_view completion, Label label,
                                 const LabelStrings& strings, std::string_view where) {
  const std::string& wanted = label == Label::kUnsafe ? strings.unsafe : strings.safe;
  const size_t end = std::min(completion.find(kSeparator), completion.size());
  if (completion.substr(0, end) != wanted) {
    return FieldError(
        where, "completion",
        fmt::format("its first line must be '{}', as 'label' and 'lang' say", wanted));
  }
  if (end == completion.size()) return std::string();
  return std::string(completion.substr(end + kSeparator.size()));
}

Expected<double> ParseWeight(const JsonFields& fields) {
  const Json* found = fields.Find("weight");
  if (found == nullptr) return 1.0;
  const Json number = NumberValue(*found);
  if (!number.is_number()) return fields.Wrong("weight", "must be a number");
  const auto weight = number.get<double>();
  if (!std::isfinite(weight) || weight <= 0 || weight > kMaxWeight) {
    return fields.Wrong("weight", "must be above 0 and at most 1000");
  }
  return weight;
}

Expected<double> ParsePartWeight(const JsonFields& fields, const char* name) {
  const Json* found = fields.Find(name);
  if (found == nullptr) return 1.0;
  const Json number = NumberValue(*found);
  const double weight = number.is_number() ? number.get<double>() : -1;
  if (!(weight >= 0 && weight <= kMaxWeight)) {
    return fields.Wrong(name, "must be a number from 0 to 1000");
  }
  return weight;
}

}  // namespace

std::string_view Name(LabelBy by) {
  constexpr std::array<std::string_view, 4> kNames = {"unknown", "person", "model", "rule"};
  return kNames[static_cast<size_t>(by)];
}

std::optional<Category> OpeningCategory(std::string_view critique) {
  const size_t end = critique.find(']');
  if (!critique.starts_with('[') || end == std::string_view::npos) return std::nullopt;
  return ParseCategory(critique.substr(1, end - 1));
}

// Others' categories are left alone: the field may hold anything.
std::optional<Category> CategoryField(const JsonFields& fields, std::string_view critique) {
  const Json* found = fields.Find("category");
  const auto known = found != nullptr && found->is_string()
                         ? ParseCategory(found->get<std::string>())
                         : std::optional<Category>();
  return known ? known : OpeningCategory(critique);
}

Expected<PartWeights> ParsePartWeights(const JsonFields& fields) {
  PartWeights parts;
  MORES_ASSIGN_OR_RETURN(parts.label, ParsePartWeight(fields, "label_weight"));
  MORES_ASSIGN_OR_RETURN(parts.category, ParsePartWeight(fields, "category_weight"));
  MORES_ASSIGN_OR_RETURN(parts.critique, ParsePartWeight(fields, "critique_weight"));
  return parts;
}

Expected<SftRecord> ParseSftRecord(const Json& value, std::string_view where, int64_t number,
                                   const JudgeProfile& profile) {
  SftRecord record;
  MORES_ASSIGN_OR_RETURN(record.dialogue, ParseDialogue(value, where, number));
  if (!record.dialogue.expected) return FieldError(where, "label", "missing");
  const JsonFields fields(value, where);
  MORES_ASSIGN_OR_RETURN(record.lang, ParseLanguage(fields));
  MORES_ASSIGN_OR_RETURN(const std::string completion, fields.RequiredString("completion"));
  MORES_ASSIGN_OR_RETURN(record.critique, CritiqueOf(completion, *record.dialogue.expected,
                                                     profile.labels(record.lang), where));
  MORES_ASSIGN_OR_RETURN(record.source, fields.RequiredString("source"));
  MORES_ASSIGN_OR_RETURN(record.weight, ParseWeight(fields));
  MORES_ASSIGN_OR_RETURN(record.parts, ParsePartWeights(fields));
  if (fields.Has("label_by")) {
    MORES_ASSIGN_OR_RETURN(
        record.label_by,
        fields.Choice("label_by", {LabelBy::kPerson, LabelBy::kModel, LabelBy::kRule}));
  }
  record.category = CategoryField(fields, record.critique);
  record.dialogue.input = Json();
  if (fields.Has("guideline")) {
    MORES_ASSIGN_OR_RETURN(record.dialogue.guideline, fields.RequiredString("guideline"));
  }
  return record;
}

Expected<std::vector<SftRecord>> ReadSftRecords(const std::string& path,
                                                const JudgeProfile& profile) {
  std::vector<SftRecord> records;
  IdLines ids;
  const JsonLinesOptions options{.when_empty = "holds no examples"};
  const auto add = [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(SftRecord record,
                           ParseSftRecord(line.value, line.where, line.number, profile));
    MORES_RETURN_IF_ERROR(ids.PutOnce(record.dialogue.id, line));
    records.push_back(std::move(record));
    return {};
  };
  MORES_RETURN_IF_ERROR(ForEachJsonLine(path, options, add));
  return records;
}

namespace {

// The place of the record's category in the form's list; -1 where the reply names none.
int CategoryOf(const ReplyForm& form, const SftRecord& record) {
  if (!record.category || *record.dialogue.expected != Label::kUnsafe) return -1;
  for (size_t i = 0; i < form.categories.size(); ++i) {
    if (form.categories[i].means == *record.category) return static_cast<int>(i);
  }
  return -1;
}

// A critique whose category has a line of its own doesn't open with it.
std::string_view CritiqueBehindCategory(const ReplyForm& form, std::string_view critique) {
  if (form.categories.empty() || !OpeningCategory(critique)) return critique;
  critique.remove_prefix(critique.find(']') + 1);
  return critique.substr(std::min(critique.find_first_not_of(' '), critique.size()));
}

}  // namespace

Expected<CompletionTokens> EncodeCompletion(const JudgeProfile& profile,
                                            const text::Tokenizer& tokenizer,
                                            const SftRecord& record, int max_critique_tokens) {
  MORES_CHECK(record.dialogue.expected.has_value());
  const std::optional<int32_t> end = tokenizer.eos_id();
  if (!end) return MakeError(ErrorKind::kUnsupported, "the tokenizer has no end token");
  const ReplyForm& form = profile.form(record.lang);
  const ReplyTokens reply = EncodeReply(form, tokenizer);
  const int stated = reply.ChoiceThatMeans(*record.dialogue.expected);
  MORES_CHECK(stated >= 0);
  const auto choice = static_cast<size_t>(stated);
  CompletionTokens tokens;
  const auto add = [&](const std::vector<int32_t>& ids) {
    tokens.ids.insert(tokens.ids.end(), ids.begin(), ids.end());
  };
  add(reply.lead);
  add(reply.choices[choice]);
  tokens.lead_length = static_cast<int32_t>(reply.lead.size());
  tokens.label_length = static_cast<int32_t>(reply.choices[choice].size());
  const bool unsafe = *record.dialogue.expected == Label::kUnsafe;
  const auto other =
      static_cast<size_t>(reply.ChoiceThatMeans(unsafe ? Label::kSafe : Label::kUnsafe));
  const auto& own = reply.choices[choice];
  const auto& others = reply.choices[other];
  const auto differ = std::mismatch(own.begin(), own.end(), others.begin(), others.end());
  tokens.labels_shared = static_cast<int32_t>(differ.first - own.begin());
  if (differ.second != others.end()) tokens.other_label_token = *differ.second;
  const int category = CategoryOf(form, record);
  if (category >= 0) {
    add(reply.category_lead);
    tokens.category_begin = static_cast<int32_t>(tokens.ids.size());
    add(reply.categories[static_cast<size_t>(category)]);
    tokens.category_length = static_cast<int32_t>(tokens.ids.size()) - tokens.category_begin;
  }
  if (record.label_only) return tokens;
  if (reply.ends[choice]) {
    tokens.critique_out = !record.critique.empty();
    tokens.ids.push_back(*end);
    return tokens;
  }
  add(reply.separator);
  std::vector<int32_t> critique =
      EncodeCritique(form, CritiqueBehindCategory(form, record.critique), tokenizer);
  tokens.critique_cut = critique.size() > static_cast<size_t>(max_critique_tokens);
  if (tokens.critique_cut) critique.resize(static_cast<size_t>(max_critique_tokens));
  add(critique);
  if (!tokens.critique_cut) tokens.ids.push_back(*end);
  return tokens;
}

int MaxPromptTokens(const JudgeConfig& config, const JudgeProfile& profile,
                    const text::Tokenizer& tokenizer) {
  size_t reply = 0;
  for (const text::Language language :
       {text::Language::kEnglish, text::Language::kChinese, text::Language::kOther}) {
    reply = std::max(reply, EncodeReply(profile.form(language), tokenizer).longest());
  }
  return config.context_length - static_cast<int>(reply) - config.max_critique_tokens - 1;
}

}  // namespace mores::format
