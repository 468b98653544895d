#include "format/sft.h"

#include <algorithm>
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

}  // namespace

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

Expected<CompletionTokens> EncodeCompletion(const JudgeProfile& profile,
                                            const text::Tokenizer& tokenizer,
                                            const SftRecord& record, int max_critique_tokens) {
  MORES_CHECK(record.dialogue.expected.has_value());
  const std::optional<int32_t> end = tokenizer.eos_id();
  if (!end) return MakeError(ErrorKind::kUnsupported, "the tokenizer has no end token");
  const ReplyTokens reply = EncodeReply(profile.form(record.lang), tokenizer);
  const auto means = std::find(reply.means.begin(), reply.means.end(), *record.dialogue.expected);
  MORES_CHECK(means != reply.means.end());
  const auto choice = static_cast<size_t>(means - reply.means.begin());
  CompletionTokens tokens;
  const auto add = [&](const std::vector<int32_t>& ids) {
    tokens.ids.insert(tokens.ids.end(), ids.begin(), ids.end());
  };
  add(reply.lead);
  add(reply.choices[choice]);
  tokens.lead_length = static_cast<int32_t>(reply.lead.size());
  tokens.label_length = static_cast<int32_t>(reply.choices[choice].size());
  if (record.label_only) return tokens;
  if (reply.ends[choice]) {
    tokens.critique_out = !record.critique.empty();
    tokens.ids.push_back(*end);
    return tokens;
  }
  add(reply.separator);
  std::vector<int32_t> critique = tokenizer.Encode(record.critique);
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
