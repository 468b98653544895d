#include "format/sft.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "format/profile/reply_tokens.h"

namespace mores::format {
namespace {

constexpr std::string_view kSeparator = "\n";
constexpr double kMaxWeight = 1000;

tl::unexpected<Error> SftFieldError(std::string_view where, const char* name,
                                    std::string_view problem) {
  return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where, name, problem);
}

Expected<text::Language> ParseLanguage(const Json& value, std::string_view where) {
  MORES_ASSIGN_OR_RETURN(const std::string name, RequiredString(value, "lang", where));
  for (const text::Language language :
       {text::Language::kEnglish, text::Language::kChinese, text::Language::kOther}) {
    if (name == text::Name(language)) return language;
  }
  return SftFieldError(where, "lang", "must be 'en', 'zh' or 'other'");
}

// Splits the completion into the label string, which must state `label`, and the critique.
Expected<std::string> CritiqueOf(std::string_view completion, Label label,
                                 const LabelStrings& strings, std::string_view where) {
  const std::string& wanted = label == Label::kUnsafe ? strings.unsafe : strings.safe;
  const size_t end = std::min(completion.find(kSeparator), completion.size());
  if (completion.substr(0, end) != wanted) {
    return SftFieldError(
        where, "completion",
        fmt::format("its first line must be '{}', as 'label' and 'lang' say", wanted));
  }
  if (end == completion.size()) return std::string();
  return std::string(completion.substr(end + kSeparator.size()));
}

Expected<double> ParseWeight(const Json& value, std::string_view where) {
  const auto found = value.find("weight");
  if (found == value.end() || found->is_null()) return 1.0;
  if (!found->is_number()) return SftFieldError(where, "weight", "must be a number");
  const double weight = found->get<double>();
  if (!std::isfinite(weight) || weight <= 0 || weight > kMaxWeight) {
    return SftFieldError(where, "weight", "must be above 0 and at most 1000");
  }
  return weight;
}

}  // namespace

Expected<SftRecord> ParseSftRecord(const Json& value, std::string_view where, int64_t number,
                                   const JudgeProfile& profile) {
  SftRecord record;
  MORES_ASSIGN_OR_RETURN(record.dialogue, ParseDialogue(value, where, number));
  if (!record.dialogue.expected) return SftFieldError(where, "label", "missing");
  MORES_ASSIGN_OR_RETURN(record.lang, ParseLanguage(value, where));
  MORES_ASSIGN_OR_RETURN(const std::string completion, RequiredString(value, "completion", where));
  MORES_ASSIGN_OR_RETURN(record.critique, CritiqueOf(completion, *record.dialogue.expected,
                                                     profile.labels(record.lang), where));
  MORES_ASSIGN_OR_RETURN(record.source, RequiredString(value, "source", where));
  MORES_ASSIGN_OR_RETURN(record.weight, ParseWeight(value, where));
  record.dialogue.input = Json();
  if (const auto guideline = value.find("guideline");
      guideline != value.end() && !guideline->is_null()) {
    MORES_ASSIGN_OR_RETURN(record.dialogue.guideline, RequiredString(value, "guideline", where));
  }
  return record;
}

Expected<std::vector<SftRecord>> ReadSftRecords(const std::string& path,
                                                const JudgeProfile& profile) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::vector<SftRecord> records;
  std::unordered_map<std::string, int64_t> first;
  std::string line;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const int64_t number = reader->line_number();
    const std::string where = fmt::format("{}:{}", path, number);
    MORES_ASSIGN_OR_RETURN(const Json value, ParseJson(line, where));
    MORES_ASSIGN_OR_RETURN(SftRecord record, ParseSftRecord(value, where, number, profile));
    const auto [seen, fresh] = first.emplace(record.dialogue.id, number);
    if (!fresh) {
      return SftFieldError(where, "id", fmt::format("already the id of line {}", seen->second));
    }
    records.push_back(std::move(record));
  }
  if (records.empty()) return MakeError(ErrorKind::kInput, "{}: holds no examples", path);
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
