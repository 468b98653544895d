#include <algorithm>
#include <utility>

#include "format/profile/reply_tokens.h"
#include "format/sft.h"
#include "train/messages.h"
#include "train/preference/preference_data.h"
#include "train/shorten.h"
#include "train/turn_tokens.h"

namespace mores::train {
namespace {

// Of a template, its start token, and some words.
constexpr int64_t kShortestSequence = 16;

// A prompt and completions as they are, before they are cut, but for a judge's critiques.
struct UncutPreference {
  std::vector<int32_t> prompt;
  std::vector<std::vector<int32_t>> completions;
  std::vector<std::vector<uint8_t>> learned;
  bool critiques_cut = false;  // a judge's, in becoming tokens

  size_t longest() const {
    size_t most = 0;
    for (const auto& completion : completions) most = std::max(most, completion.size());
    return most;
  }
};

void AddCompletion(const TurnTokens& tokens, UncutPreference& uncut) {
  const auto begin = static_cast<std::ptrdiff_t>(tokens.prompt);
  if (uncut.prompt.empty()) {
    uncut.prompt.assign(tokens.ids.begin(), tokens.ids.begin() + begin);
  }
  uncut.completions.emplace_back(tokens.ids.begin() + begin, tokens.ids.end());
  uncut.learned.emplace_back(tokens.learned.begin() + begin, tokens.learned.end());
}

class TemplatePreferenceTokenizer : public PreferenceTokenizer {
 public:
  TemplatePreferenceTokenizer(const text::ModelTexts& texts, const text::Tokenizer& tokenizer,
                              const format::JudgeProfile* profile, const format::JudgeConfig& judge)
      : texts_(texts), tokenizer_(tokenizer), profile_(profile), judge_(judge) {}

  Expected<PreferenceSet> Tokenize(const std::vector<PreferenceRecord>& records,
                                   std::string_view where,
                                   const PreferenceTokenOptions& options) const override;

 private:
  const text::ModelTexts& texts_;
  const text::Tokenizer& tokenizer_;
  const format::JudgeProfile* profile_;
  const format::JudgeConfig judge_;
};

// One call of Tokenize.
class PreferenceRun {
 public:
  PreferenceRun(const TurnTokenizer& turns, const text::Tokenizer& tokenizer,
                const format::JudgeProfile* profile, format::JudgeConfig judge,
                const PreferenceTokenOptions& options)
      : turns_(turns),
        tokenizer_(tokenizer),
        profile_(profile),
        judge_(std::move(judge)),
        room_(static_cast<size_t>(options.max_length)),
        longest_completion_(options.max_completion > 0 ? static_cast<size_t>(options.max_completion)
                                                       : room_) {
    judge_.context_length =
        static_cast<int>(std::min(options.max_length, int64_t{judge_.context_length}));
    if (options.max_completion > 0) {
      judge_.max_critique_tokens =
          static_cast<int>(std::min(options.max_completion, int64_t{judge_.max_critique_tokens}));
    }
  }

  Status Add(const PreferenceRecord& record);
  PreferenceSet set;

 private:
  Expected<UncutPreference> EncodeMessages(const PreferenceRecord& record,
                                           const Json& prompt) const;
  Expected<UncutPreference> EncodeTexts(const PreferenceRecord& record) const;
  Expected<UncutPreference> EncodeReplies(const PreferenceRecord& record);
  Status Shorten(const PreferenceRecord& record, UncutPreference& uncut);

  const TurnTokenizer& turns_;
  const text::Tokenizer& tokenizer_;
  const format::JudgeProfile* profile_;
  format::JudgeConfig judge_;
  size_t room_, longest_completion_;
};

Expected<UncutPreference> PreferenceRun::EncodeMessages(const PreferenceRecord& record,
                                                        const Json& prompt) const {
  UncutPreference uncut;
  for (const Json& turns : record.turns) {
    Json all = prompt;
    std::vector<size_t> learned;
    for (size_t i = 0; i < turns.size(); ++i) {
      if (RoleIn(turns, i) == "assistant") learned.push_back(all.size());
      all.push_back(turns[i]);
    }
    MORES_ASSIGN_OR_RETURN(const TurnTokens tokens, turns_.Encode(all, learned, record.variables));
    AddCompletion(tokens, uncut);
  }
  return uncut;
}

Expected<UncutPreference> PreferenceRun::EncodeTexts(const PreferenceRecord& record) const {
  UncutPreference uncut;
  if (record.common) {
    MORES_ASSIGN_OR_RETURN(const std::vector<TurnTokens> all,
                           turns_.EncodeWithCommon(record.text, record.texts));
    for (const TurnTokens& tokens : all) AddCompletion(tokens, uncut);
    return uncut;
  }
  for (const std::string& text : record.texts) {
    MORES_ASSIGN_OR_RETURN(const TurnTokens tokens, turns_.EncodeText(record.text, text));
    AddCompletion(tokens, uncut);
  }
  return uncut;
}

Expected<UncutPreference> PreferenceRun::EncodeReplies(const PreferenceRecord& record) {
  if (profile_ == nullptr) {
    return MakeError(ErrorKind::kUnsupported,
                     "a dialogue with a judge's replies needs a judge profile to be asked by");
  }
  if (!record.dialogue->guideline.empty() && profile_->name() != format::JudgeConfig().profile) {
    return MakeError(ErrorKind::kUnsupported, "profile '{}' has no place for a guideline",
                     profile_->name());
  }
  UncutPreference uncut;
  const int room = format::MaxPromptTokens(judge_, *profile_, tokenizer_);
  if (room < format::kShortestPrompt) {
    return MakeError(ErrorKind::kInput, "{} tokens less a critique of {} leave {} for the prompt",
                     judge_.context_length, judge_.max_critique_tokens, room);
  }
  MORES_ASSIGN_OR_RETURN(format::PromptTokens prompt,
                         profile_->Tokenize(*record.dialogue, tokenizer_, room));
  set.prompts_truncated += prompt.truncated ? 1 : 0;
  uncut.prompt = std::move(prompt.ids);
  for (const JudgeReply& reply : record.replies) {
    const format::SftRecord one{
        .dialogue = {.expected = reply.label}, .critique = reply.critique, .lang = record.lang};
    MORES_ASSIGN_OR_RETURN(
        const format::CompletionTokens tokens,
        format::EncodeCompletion(*profile_, tokenizer_, one, judge_.max_critique_tokens));
    uncut.critiques_cut = uncut.critiques_cut || tokens.critique_cut;
    const auto begin = tokens.ids.begin() + tokens.lead_length;
    // What leads to the label is given, as in judging.
    if (uncut.completions.empty())
      uncut.prompt.insert(uncut.prompt.end(), tokens.ids.begin(), begin);
    uncut.completions.emplace_back(begin, tokens.ids.end());
    uncut.learned.emplace_back(uncut.completions.back().size(), 1);
  }
  MORES_RETURN_IF_ERROR(turns_.CheckIds(uncut.prompt));
  for (const auto& completion : uncut.completions) {
    MORES_RETURN_IF_ERROR(turns_.CheckIds(completion));
  }
  set.completions_cut += uncut.critiques_cut ? 1 : 0;
  return uncut;
}

bool AreTheSame(const UncutPreference& uncut) {
  return uncut.completions.size() == 2 && uncut.completions[0] == uncut.completions[1];
}

// To at most the room. Completions may have what the prompt leaves, and half of it at least.
Status PreferenceRun::Shorten(const PreferenceRecord& record, UncutPreference& uncut) {
  size_t longest = std::min(uncut.longest(), longest_completion_);
  const size_t prompt_room = PromptRoom(room_, longest);
  if (uncut.prompt.size() > prompt_room) {
    if (record.kind == PreferenceRecord::Kind::kMessages) {
      const auto count = [&](const Json& messages) -> Expected<size_t> {
        MORES_ASSIGN_OR_RETURN(const UncutPreference counted, EncodeMessages(record, messages));
        return counted.prompt.size();
      };
      MORES_ASSIGN_OR_RETURN(const Json shorter,
                             ShortenPrompt(record.messages, prompt_room, tokenizer_, count));
      MORES_ASSIGN_OR_RETURN(uncut, EncodeMessages(record, shorter));
    } else {
      ShortenText(prompt_room, tokenizer_, uncut.prompt);
    }
    ++set.prompts_truncated;
  }
  longest = std::min(longest_completion_, room_ - uncut.prompt.size());
  if (uncut.longest() <= longest) return {};
  for (size_t i = 0; i < uncut.completions.size(); ++i) {
    const size_t size = std::min(uncut.completions[i].size(), longest);
    uncut.completions[i].resize(size);
    uncut.learned[i].resize(size);
  }
  ++set.completions_cut;
  return {};
}

Status PreferenceRun::Add(const PreferenceRecord& record) {
  Expected<UncutPreference> encoded =
      record.kind == PreferenceRecord::Kind::kMessages ? EncodeMessages(record, record.messages)
      : record.kind == PreferenceRecord::Kind::kText   ? EncodeTexts(record)
                                                       : EncodeReplies(record);
  MORES_ASSIGN_OR_RETURN(UncutPreference uncut, std::move(encoded));
  // Critiques that were cut differ in what they lost: their texts are known to be different.
  if (AreTheSame(uncut) && !uncut.critiques_cut) {
    return MakeError(ErrorKind::kInput, "chosen and rejected are the same tokens");
  }
  if (record.kind != PreferenceRecord::Kind::kDialogue) {
    MORES_RETURN_IF_ERROR(Shorten(record, uncut));
  }
  if (AreTheSame(uncut)) {
    ++set.left_out;
    return {};
  }
  PreferenceExample example{.id = record.id,
                            .prompt = std::move(uncut.prompt),
                            .completions = std::move(uncut.completions),
                            .learned = std::move(uncut.learned),
                            .wanted = record.wanted,
                            .weight = static_cast<float>(record.weight)};
  set.tokens += example.rows();
  set.examples.push_back(std::move(example));
  return {};
}

Expected<PreferenceSet> TemplatePreferenceTokenizer::Tokenize(
    const std::vector<PreferenceRecord>& records, std::string_view where,
    const PreferenceTokenOptions& options) const {
  if (options.max_length < kShortestSequence) {
    return MakeError(ErrorKind::kInput, "a prompt and a completion need {} tokens or more, not {}",
                     kShortestSequence, options.max_length);
  }
  const TurnTokenizer turns(texts_, tokenizer_,
                            {.chat_format = options.chat_format,
                             .end_ids = options.end_ids,
                             .vocab_size = options.vocab_size});
  PreferenceRun run(turns, tokenizer_, profile_, judge_, options);
  for (const PreferenceRecord& record : records) {
    if (Status added = run.Add(record); !added) {
      return MakeError(added.error().kind, "{}: record '{}': {}", record.where, record.id,
                       added.error().message);
    }
  }
  if (run.set.examples.empty()) {
    return MakeError(ErrorKind::kInput, "{}: in {} tokens no pair is left whose completions differ",
                     where, options.max_length);
  }
  return std::move(run.set);
}

}  // namespace

int32_t PreferenceExample::rows() const {
  size_t rows = prompt.size();
  for (const std::vector<int32_t>& completion : completions) rows += completion.size() - 1;
  return static_cast<int32_t>(rows);
}

Json PreferenceSet::Summary() const {
  return {{"examples", examples.size()},
          {"tokens", tokens},
          {"prompts_truncated", prompts_truncated},
          {"completions_cut", completions_cut},
          {"left_out", left_out}};
}

Expected<std::unique_ptr<PreferenceTokenizer>> PreferenceTokenizer::Open(
    const text::ModelTexts& texts, const text::Tokenizer& tokenizer,
    const format::JudgeProfile* profile, const format::JudgeConfig& judge) {
  return std::make_unique<TemplatePreferenceTokenizer>(texts, tokenizer, profile, judge);
}

}  // namespace mores::train
