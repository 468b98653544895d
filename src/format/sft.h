// Supervised examples of our judge (docs/formats/sft.md), and the one place where a completion
// becomes tokens: training and judging both call it, so what is trained is what is asked.
#ifndef MORES_FORMAT_SFT_H_
#define MORES_FORMAT_SFT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json_fields.h"
#include "format/category.h"
#include "format/dialogue.h"
#include "format/profile/judge_profile.h"
#include "text/language.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::format {

// Who gave a label: a person, a model that judges, or a rule (the example was made so, or its kind
// says so).
enum class LabelBy { kUnknown, kPerson, kModel, kRule };
std::string_view Name(LabelBy by);  // "unknown", "person", "model", "rule"

// What an example's parts count beside its own weight: each from 0, at most 1000.
struct PartWeights {
  double label = 1, category = 1, critique = 1;
};

// One line of SFT data:
// {"id","messages","rules"?,"guideline"?,"completion","label","lang","source","weight"?,
//  "category"?,"label_weight"?,"category_weight"?,"critique_weight"?,"label_by"?}.
struct SftRecord {
  Dialogue dialogue;  // `expected` holds the label
  std::string critique;
  bool label_only = false;  // what follows the label isn't known, so nothing is learned of it
  text::Language lang = text::Language::kOther;  // of the completion
  std::string source;
  double weight = 1;  // above 0, at most 1000
  PartWeights parts = {};
  std::optional<Category> category;  // one of ours; of a reply whose label is unsafe
  LabelBy label_by = LabelBy::kUnknown;
};

// The category that a critique opens with in square brackets, where it is one of ours.
std::optional<Category> OpeningCategory(std::string_view critique);

// What a record says beside its completion; of labelled dialogues too (train/judge_records.h).
Expected<PartWeights> ParsePartWeights(const JsonFields& fields);
// The field `category`, or what the critique opens with; nullopt where neither is one of ours.
std::optional<Category> CategoryField(const JsonFields& fields, std::string_view critique);

// The completion must be a label string of `lang` that states `label`, then nothing or a line break
// and the critique. kInput with `where` ("FILE:LINE") and field otherwise.
Expected<SftRecord> ParseSftRecord(const Json& value, std::string_view where, int64_t number,
                                   const JudgeProfile& profile);
// JSON lines. Ids must be unique; an empty file is an error.
Expected<std::vector<SftRecord>> ReadSftRecords(const std::string& path,
                                                const JudgeProfile& profile);

// A completion is the beginning of a reply as judging has it (format/profile/reply_tokens.h), with
// the first string of the form that states the label, and the critique, encoded on its own.
struct CompletionTokens {
  // Lead, label, category's lead and category, separator, critique, end token. The category is
  // there where the form lists it and the label is unsafe; the last three are where what follows
  // the label is known.
  std::vector<int32_t> ids;
  int32_t lead_length = 0;      // ids that judging gives the model
  int32_t label_length = 0;     // ids that are the label
  int32_t category_begin = 0;   // among ids
  int32_t category_length = 0;  // 0: there is none
  // The first token of the other label that differs from this one's, behind so many that both have.
  int32_t other_label_token = -1;  // -1: it begins with this one
  int32_t labels_shared = 0;
  bool critique_cut = false;  // the critique was too long: cut, without an end token
  bool critique_out = false;  // the reply ends with the label: no separator, and no critique
};

// kUnsupported if the tokenizer has no end token.
Expected<CompletionTokens> EncodeCompletion(const JudgeProfile& profile,
                                            const text::Tokenizer& tokenizer,
                                            const SftRecord& record, int max_critique_tokens);

// Tokens that a prompt may have: the context less the longest label and category of any language,
// the separator, `max_critique_tokens` and the end token. Below 1 when the context is too short.
int MaxPromptTokens(const JudgeConfig& config, const JudgeProfile& profile,
                    const text::Tokenizer& tokenizer);

}  // namespace mores::format

#endif  // MORES_FORMAT_SFT_H_
