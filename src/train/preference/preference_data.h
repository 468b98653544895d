// Preferences as people write them (docs/formats/preferences.md): TRL's shapes, LLaMA-Factory's
// ranking ones, and labelled dialogues with two replies of a judge; and their tokens.
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_DATA_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_DATA_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/dialogue.h"
#include "format/profile/judge_profile.h"
#include "text/language.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::train {

// What a judge says of a dialogue.
struct JudgeReply {
  format::Label label = format::Label::kSafe;
  std::string critique;
};

// A prompt and one or two completions. Of pairs, the first completion is chosen and the second
// rejected; of unpaired data there is one, wanted or not.
struct PreferenceRecord {
  std::string id;     // the caller's, else the line's number
  std::string where;  // "FILE:7", for errors
  enum class Kind { kMessages, kText, kDialogue } kind = Kind::kText;

  // kMessages: as a chat template takes them (train/messages.h), and its further variables.
  Json messages = Json::array();
  std::vector<Json> turns;  // of each completion, a list that begins and ends with the assistant
  Json variables = Json::object();

  // kText
  std::string text;
  std::vector<std::string> texts;  // of each completion
  bool common = false;             // `text` is no more than what both completions began with

  // kDialogue: what the judge is asked about, and what it says.
  std::shared_ptr<const format::Dialogue> dialogue;
  std::vector<JudgeReply> replies;
  text::Language lang = text::Language::kOther;  // of the replies

  bool wanted = true;
  bool of_pair = false;  // one of the two completions of a pair
  double weight = 1;

  size_t completions() const { return turns.size() + texts.size() + replies.size(); }
};

// What the losses learn from. Where single completions are asked for, a pair is two of them.
enum class PreferenceShape { kPaired, kUnpaired };
// Lines of JSON or one array, plain or packed. kInput, with file, line and field, for the first
// line that is no preference, or one of another form than the first line's.
Expected<std::vector<PreferenceRecord>> ReadPreferences(const std::string& path,
                                                        PreferenceShape shape);

// What is computed: prompt once, then each completion after it.
struct PreferenceExample {
  std::string id;
  std::vector<int32_t> prompt;                    // at least one token
  std::vector<std::vector<int32_t>> completions;  // with the end token, unless cut before it
  // [completions][its tokens]: what the loss looks at, at least one token of each. What the
  // assistant doesn't say, such as a tool's result between two of its turns, is 0.
  std::vector<std::vector<uint8_t>> learned;
  bool wanted = true;
  float weight = 1;

  // Rows that the engine computes with the prompt once: all but the last token of each completion.
  int32_t rows() const;
};

struct PreferenceSet {
  std::vector<PreferenceExample> examples;
  int64_t prompts_truncated = 0;
  int64_t completions_cut = 0;  // examples with one that was
  int64_t left_out = 0;         // pairs that are equal once they are cut
  int64_t tokens = 0;           // rows() of all
  Json Summary() const;
};

struct PreferenceTokenOptions {
  int64_t max_length = 1024;   // of prompt and completion together
  int64_t max_completion = 0;  // 0: as max_length has room for
  std::string chat_format;     // of templates::ChatFormats(), instead of the model's template
  // Tokens that end a reply of the model, beside the tokenizer's end token; with any, turns must
  // end with one of them. Empty: the template says.
  std::vector<int32_t> end_ids;
  int32_t vocab_size = 0;  // of the model; 0: the tokenizer's
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
  // Checks of every example: those of TurnTokenizer (train/turn_tokens.h), and that chosen and
  // rejected differ. Prompts are cut from the left (for dialogues as in judging), completions from
  // the right, both at one bound, but never a label. Errors are "WHERE: record ID: ...", kInput but
  // for what the template or the tokenizer can't do. `where` names the file.
  virtual Expected<PreferenceSet> Tokenize(const std::vector<PreferenceRecord>& records,
                                           std::string_view where,
                                           const PreferenceTokenOptions& options) const = 0;
};

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_DATA_H_
