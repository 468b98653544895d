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

  chat::Capabilities capabilities() const override { return {.label_first = label_first_}; }
  const text::Tokenizer& tokenizer() const override { return tokenizer_; }
  int context_length() const override { return context_; }
  std::string name() const override { return "scripted@0123456789ab"; }

  Expected<std::vector<Expected<chat::ScoreResult>>> Score(
      std::span<const chat::ScoreRequest>) override {
    return MakeError(ErrorKind::kUnsupported, "not scripted");
  }
  Expected<std::vector<Expected<chat::GenerateResult>>> Generate(
      std::span<const chat::GenerateRequest>) override {
    return MakeError(ErrorKind::kUnsupported, "not scripted");
  }
  Expected<std::vector<Expected<chat::DecideResult>>> DecideAndGenerate(
      std::span<const chat::DecideRequest> requests) override {
    if (broken_after_ >= 0 && calls_ == broken_after_) {
      return MakeError(ErrorKind::kCorrupt, "the model broke");
    }
    ++calls_;
    std::vector<Expected<chat::DecideResult>> results;
    for (const chat::DecideRequest& request : requests) results.push_back(Answer(request));
    return results;
  }

  void BreakAfter(int calls) { broken_after_ = calls; }
  void ForgetLabelFirst() { label_first_ = false; }
  const std::vector<std::string>& prompts() const { return prompts_; }

 private:
  Expected<chat::DecideResult> Answer(const chat::DecideRequest& request) {
    prompts_.push_back(tokenizer_.Show(request.prompt_ids));
    const ScriptedReply reply = script_(prompts_.back());
    if (!reply.error.empty()) return MakeError(ErrorKind::kInput, "{}", reply.error);
    chat::DecideResult result;
    for (const auto& choice : request.choices) {
      const std::string label = tokenizer_.Decode(choice);
      const bool unsafe = label == "unsafe" || label == "不安全";
      result.choice_logprobs.push_back(std::log(unsafe ? reply.unsafe : reply.safe));
    }
    result.chosen = request.decide(result.choice_logprobs);
    if (result.chosen >= 0 && request.sampling.max_new_tokens > 0) {
      result.text.ids = tokenizer_.Encode(reply.critique);
    }
    return result;
  }

  Script script_;
  const int context_;
  format::ByteTokenizer tokenizer_;
  std::vector<std::string> prompts_;
  int calls_ = 0, broken_after_ = -1;
  bool label_first_ = true;
};

}  // namespace mores::judge

#endif  // MORES_SUPPORT_JUDGE_SCRIPTED_MODEL_H_
