// Preferences as people write them (docs/formats/preferences.md): TRL's shapes, LLaMA-Factory's
// ranking ones, and labelled dialogues with two replies of a judge; and their tokens.
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_DATA_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_DATA_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/profile/judge_profile.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::train {

// A prompt and one or two completions. Of pairs, completions[0] is chosen and completions[1]
// rejected; of unpaired data there is one, wanted or not.
struct PreferenceRecord {
  std::string id;
  // Exactly one of these: messages ({"role","content"}), a plain text, or a dialogue that a judge
  // is asked about by a profile.
  Json messages;
  std::string text;
  std::shared_ptr<const format::Dialogue> dialogue;
  std::vector<Json> completions;  // strings, or messages of one assistant turn or more
  bool wanted = true;
  double weight = 1;
};

enum class PreferenceShape { kPaired, kUnpaired };
Expected<std::vector<PreferenceRecord>> ReadPreferences(const std::string& path,
                                                        PreferenceShape shape);

// What is computed: prompt once, then each completion after it.
struct PreferenceExample {
  std::string id;
  std::vector<int32_t> prompt;                    // at least one token
  std::vector<std::vector<int32_t>> completions;  // with the end token; each at least one
  bool wanted = true;
  float weight = 1;

  // Rows that the engine computes with the prompt once: all but the last token of each completion.
  int32_t rows() const;
};

struct PreferenceSet {
  std::vector<PreferenceExample> examples;
  int64_t prompts_truncated = 0;
  int64_t completions_cut = 0;
  Json Summary() const;
};

struct PreferenceTokenOptions {
  int64_t max_length = 1024;   // of prompt and completion together
  int64_t max_completion = 0;  // 0: as max_length has room for
};

// How a model is asked, and what its tokens are: by its chat template for messages, as it is for
// plain text, by the profile for dialogues.
class PreferenceTokenizer {
 public:
  // `profile`: for dialogues; may be null. All must outlive it.
  static Expected<std::unique_ptr<PreferenceTokenizer>> Open(const text::ModelTexts& texts,
                                                             const text::Tokenizer& tokenizer,
                                                             const format::JudgeProfile* profile,
                                                             const format::JudgeConfig& judge);
  virtual ~PreferenceTokenizer() = default;
  // Checks of every example: the prompt's tokens are a prefix of the whole conversation's by the
  // template; the end of the turn stands once, at the end, and what the template puts behind it
  // isn't there; no start token inside; chosen and rejected differ. Prompts are cut from the left
  // (for dialogues as in judging), completions from the right, but never a label. kInput, the
  // record named.
  virtual Expected<PreferenceSet> Tokenize(const std::vector<PreferenceRecord>& records,
                                           std::string_view where,
                                           const PreferenceTokenOptions& options) const = 0;
};

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_DATA_H_
