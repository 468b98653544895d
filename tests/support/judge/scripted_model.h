// For tests: a language model that answers from a function of the prompt's text.
#ifndef MORES_SUPPORT_JUDGE_SCRIPTED_MODEL_H_
#define MORES_SUPPORT_JUDGE_SCRIPTED_MODEL_H_

#include <cmath>
#include <functional>
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
    result.chosen = item.decide(result.choice_logprobs);
    if (result.chosen >= 0 && item.sampling.max_new_tokens > 0) {
      result.text.ids = tokenizer_.Encode(reply.critique);
    }
    return result;
  }

  Script script_;
  const int context_;
  format::ByteTokenizer tokenizer_;
  std::vector<std::string> prompts_;
  int calls_ = 0, broken_after_ = -1;
};

}  // namespace mores::judge

#endif  // MORES_SUPPORT_JUDGE_SCRIPTED_MODEL_H_
