// A judge that is asked by messages: an endpoint, or any chat model. It is asked the task `judge`,
// in the order of the options, or as a judge profile says, and its label is read from the reply;
// where log-probabilities come with it, the threshold decides on the share of unsafe. A critique
// that explained the other label is written anew, or left out where a profile asks.
#ifndef MORES_JUDGE_CHAT_JUDGE_H_
#define MORES_JUDGE_CHAT_JUDGE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"
#include "format/profile/judge_profile.h"
#include "judge/judge.h"
#include "judge/judge_reply.h"
#include "judge/label_logprobs.h"

namespace mores::judge {

class ChatJudge : public Judge {
 public:
  // `profile`: how a published judge model is asked; null: by the task `judge`.
  ChatJudge(std::unique_ptr<chat::ChatModel> model, std::unique_ptr<format::JudgeProfile> profile,
            JudgeOptions options);

  Expected<std::vector<Expected<format::Verdict>>> JudgeBatch(
      std::span<const format::Dialogue* const> dialogues) override {
    return JudgeTelling(dialogues, {});
  }
  Expected<std::vector<Expected<format::Verdict>>> JudgeTelling(
      std::span<const format::Dialogue* const> dialogues,
      const JudgePlan::OnReceived& on_received) override;

  // The task `judge_place`, once a question. A reply that can't be read is unparsed.
  Expected<std::vector<Expected<PlaceAnswer>>> AskInPlaces(
      std::span<const PlaceQuestion> questions) override;
  Status CheckPlaces() const override;
  bool tells_response_type() const override { return true; }

  std::string model_name() const override { return model_->name(); }
  std::string prompt_name(const format::Dialogue& dialogue) const override;
  std::string prompt_hash() const override;
  bool tells_probabilities() const override { return model_->has_logprobs(); }
  chat::ChatTotals totals() const override { return model_->totals(); }
  Json Fingerprint() const override;

 private:
  static constexpr int kTopLogprobs = 20;  // the most that endpoints give
  // A label and the frame of a JSON object around it and the critique.
  static constexpr int kFrameTokens = 48;

  const chat::Task& task(const std::vector<std::string>& rules) const;
  Json Material(const format::Dialogue& dialogue) const;
  Expected<chat::ChatRequest> Ask(const format::Dialogue& dialogue) const;
  StatedVerdict Read(const format::Dialogue& dialogue, const chat::ChatRequest& request,
                     const chat::ChatReply& reply) const;
  std::optional<LabelShares> Shares(const StatedVerdict& stated, const chat::ChatReply& reply,
                                    text::Language language) const;
  chat::ChatRequest AskInPlace(const PlaceQuestion& question) const;
  PlaceAnswer ReadInPlace(const PlaceQuestion& question, const chat::ChatRequest& request,
                          const chat::ChatReply& reply) const;
  // The verdict, and whether its critique explains another label than was decided.
  struct Draft {
    format::Verdict verdict;
    bool critique_contradicts = false;
  };
  Draft ReadVerdict(const format::Dialogue& dialogue, const chat::ChatRequest& request,
                    const chat::ChatReply& reply) const;
  Status Rewrite(std::span<const format::Dialogue* const> dialogues,
                 std::vector<Expected<Draft>>& drafts);

  std::unique_ptr<chat::ChatModel> model_;
  std::unique_ptr<format::JudgeProfile> profile_;  // null: the task `judge`
};

}  // namespace mores::judge

#endif  // MORES_JUDGE_CHAT_JUDGE_H_
