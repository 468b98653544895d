// Supervised examples of our judge (docs/formats/sft.md), and the one place where a completion
// becomes tokens: training and judging both call it, so what is trained is what is asked.
#ifndef MORES_FORMAT_SFT_H_
#define MORES_FORMAT_SFT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "format/dialogue.h"
#include "format/profile/judge_profile.h"
#include "text/language.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::format {

// One line of SFT data:
// {"id","messages","rules"?,"guideline"?,"completion","label","lang","source","weight"?}.
struct SftRecord {
  Dialogue dialogue;  // `expected` holds the label
  std::string critique;
  bool label_only = false;  // what follows the label isn't known, so nothing is learned of it
  text::Language lang = text::Language::kOther;  // of the completion
  std::string source;
  double weight = 1;  // above 0, at most 1000
};

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
  std::vector<int32_t> ids;   // lead, label, separator, critique, end token; or lead and label
  int32_t lead_length = 0;    // ids that judging gives the model
  int32_t label_length = 0;   // ids that are the label
  bool critique_cut = false;  // the critique was too long: cut, without an end token
  bool critique_out = false;  // the reply ends with the label: no separator, and no critique
};

// kUnsupported if the tokenizer has no end token.
Expected<CompletionTokens> EncodeCompletion(const JudgeProfile& profile,
                                            const text::Tokenizer& tokenizer,
                                            const SftRecord& record, int max_critique_tokens);

// Tokens that a prompt may have: the context less the longest label of any language, the separator,
// `max_critique_tokens` and the end token. Below 1 when the context is too short.
int MaxPromptTokens(const JudgeConfig& config, const JudgeProfile& profile,
                    const text::Tokenizer& tokenizer);

}  // namespace mores::format

#endif  // MORES_FORMAT_SFT_H_
