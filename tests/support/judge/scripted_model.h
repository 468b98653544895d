// For tests: a language model that answers from a function of the prompt's text.
#ifndef MORES_SUPPORT_JUDGE_SCRIPTED_MODEL_H_
#define MORES_SUPPORT_JUDGE_SCRIPTED_MODEL_H_

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chat/language_model.h"
#include "support/format/byte_tokenizer.h"

namespace mores::judge {

struct ScriptedReply {
  double safe = 0.5;  // probability of the whole label string
  double unsafe = 0.5;
  std::string critique = "Why.";
  std::string error;  // fails the item when not empty
  // Of what is asked behind a choice, by its text; 0.01 of what isn't named.
  std::map<std::string, double> next = {};
};

class ScriptedModel : public chat::LanguageModel {
 public:
  using Script = std::function<ScriptedReply(const std::string& prompt)>;

  explicit ScriptedModel(Script script, int context = 1024)
      : script_(std::move(script)), context_(context) {}

  const text::Tokenizer& tokenizer() const override { return tokenizer_; }
  int context_length() const override { return context_; }
  std::string name() const override { return "scripted@0123456789ab"; }

  Expected<std::vector<Expected<Scores>>> Score(std::span<const engine::ScoreItem>) override {
    return MakeError(ErrorKind::kUnsupported, "not scripted");
  }
  Expected<std::vector<Expected<engine::Features>>> FindFeatures(
      std::span<const engine::ScoreItem>) override {
    return MakeError(ErrorKind::kUnsupported, "not scripted");
  }
  Expected<std::vector<Expected<engine::Generated>>> Generate(
      std::span<const engine::GenerateItem>) override {
    return MakeError(ErrorKind::kUnsupported, "not scripted");
  }
  Expected<std::vector<Expected<engine::Decided>>> Decide(
      std::span<const engine::DecideItem> items) override {
    if (broken_after_ >= 0 && calls_ == broken_after_) {
      return MakeError(ErrorKind::kCorrupt, "the model broke");
    }
    ++calls_;
    std::vector<Expected<engine::Decided>> results;
    for (const engine::DecideItem& item : items) results.push_back(Answer(item));
    return results;
  }

  void BreakAfter(int calls) { broken_after_ = calls; }
  const std::vector<std::string>& prompts() const { return prompts_; }
  // What a critique was written behind, after the prompt.
  const std::vector<std::string>& forced() const { return forced_; }

 private:
  Expected<engine::Decided> Answer(const engine::DecideItem& item) {
    prompts_.push_back(tokenizer_.Show(item.prompt));
    const ScriptedReply reply = script_(prompts_.back());
    if (!reply.error.empty()) return MakeError(ErrorKind::kInput, "{}", reply.error);
    engine::Decided result;
    for (const auto& choice : item.choices) {
      const std::string label = tokenizer_.Decode(choice);
      const bool unsafe = label == "unsafe" || label == "不安全";
      result.choice_logprobs.push_back(std::log(unsafe ? reply.unsafe : reply.safe));
    }
    std::string likeliest;
    double most = 0;
    for (const auto& choice : item.next.choices) {
      const std::string text = tokenizer_.Decode(choice);
      const auto named = reply.next.find(text);
      const double probability = named == reply.next.end() ? 0.01 : named->second;
      if (probability > most) {
        most = probability;
        likeliest = text;
        result.next_chosen = static_cast<int>(result.next_logprobs.size());
      }
      result.next_logprobs.push_back(std::log(probability));
    }
    result.chosen = item.decide(result.choice_logprobs);
    if (result.chosen >= 0 && item.sampling.max_new_tokens > 0) {
      result.text.ids = tokenizer_.Encode(reply.critique);
      const bool behind = result.chosen == item.next.after;
      forced_.push_back(tokenizer_.Decode(item.choices[static_cast<size_t>(result.chosen)]) +
                        (behind ? tokenizer_.Decode(item.next.lead) + likeliest : "") +
                        tokenizer_.Decode(item.separator));
    }
    return result;
  }

  Script script_;
  const int context_;
  format::ByteTokenizer tokenizer_;
  std::vector<std::string> prompts_, forced_;
  int calls_ = 0, broken_after_ = -1;
};

}  // namespace mores::judge

#endif  // MORES_SUPPORT_JUDGE_SCRIPTED_MODEL_H_
