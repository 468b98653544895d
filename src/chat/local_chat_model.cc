#include "chat/local_chat_model.h"

#include <algorithm>
#include <utility>

#include "format/profile/judge_profile.h"
#include "templates/chat_format.h"

namespace mores::chat {
namespace {

// Requests of one call of the engine, which it runs side by side: between calls a stop is seen.
constexpr size_t kGroup = 64;

// A dialogue in our own form, up to where the assistant speaks.
format::RenderedPrompt RenderOurs(const std::vector<format::Turn>& turns) {
  using Kind = format::PromptPiece::Kind;
  format::RenderedPrompt prompt;
  prompt.pieces.push_back({Kind::kSpecial, "<s>"});
  for (const format::Turn& turn : turns) {
    prompt.pieces.push_back({Kind::kSpecial, fmt::format("<|{}|>", Name(turn.role))});
    prompt.pieces.push_back({Kind::kText, turn.content});
  }
  prompt.pieces.push_back({Kind::kSpecial, "<|assistant|>"});
  return prompt;
}

class LocalChatModel : public ChatModel {
 public:
  LocalChatModel(std::unique_ptr<LanguageModel> model, ChatPrompt prompt, std::string chat_format,
                 StopToken stop)
      : model_(std::move(model)),
        prompt_(std::move(prompt)),
        chat_format_(std::move(chat_format)),
        stop_(stop) {}

  std::string name() const override { return model_->name(); }
  bool has_logprobs() const override { return false; }
  Json identity() const override {
    Json identity = {{"chat_format", chat_format_}};
    if (const auto computation = model_->computation()) identity.update(ToJson(*computation));
    return identity;
  }
  ChatTotals totals() const override { return totals_; }

  Expected<std::vector<Expected<ChatReply>>> Chat(std::span<const ChatRequest> requests,
                                                  const OnReply& on_reply) override {
    std::vector<Expected<ChatReply>> replies;
    replies.reserve(requests.size());
    for (size_t begin = 0; begin < requests.size(); begin += kGroup) {
      MORES_RETURN_IF_ERROR(stop_.Check());
      MORES_ASSIGN_OR_RETURN(
          std::vector<Expected<ChatReply>> group,
          Answer(requests.subspan(begin, std::min(kGroup, requests.size() - begin))));
      for (Expected<ChatReply>& reply : group) {
        ++totals_.asked;
        if (!reply) ++totals_.failed;
        replies.push_back(std::move(reply));
        if (on_reply) on_reply(replies.size() - 1, replies.back());
      }
    }
    return replies;
  }

 private:
  Expected<std::vector<Expected<ChatReply>>> Answer(std::span<const ChatRequest> requests) {
    std::vector<Expected<ChatReply>> replies;
    std::vector<std::vector<int32_t>> prompts;  // of the entries of `batch`
    std::vector<engine::GenerateItem> batch;
    prompts.reserve(requests.size());
    std::vector<size_t> places;  // in `replies`, one an entry of `batch`
    for (const ChatRequest& request : requests) {
      Expected<std::vector<int32_t>> ids =
          prompt_.Encode(format::TurnsToJson(request.turns), "request", model_->tokenizer());
      if (!ids) {
        replies.push_back(tl::unexpected<Error>(std::move(ids.error())));
        continue;
      }
      places.push_back(replies.size());
      replies.push_back(ChatReply{});
      prompts.push_back(std::move(*ids));
      batch.push_back({.id = request.id, .prompt = prompts.back(), .sampling = request.sampling});
    }
    if (batch.empty()) return replies;
    MORES_ASSIGN_OR_RETURN(auto results, model_->Generate(batch));
    for (size_t i = 0; i < results.size(); ++i) {
      replies[places[i]] = std::move(results[i]).map([&](const engine::Generated& result) {
        return ToReply(batch[i], result);
      });
    }
    return replies;
  }

  ChatReply ToReply(const engine::GenerateItem& item, const engine::Generated& result) {
    ChatReply reply;
    reply.text = model_->tokenizer().Decode(result.ids);
    reply.finish_reason = result.stopped ? FinishReason::kStop : FinishReason::kLength;
    reply.usage = {.prompt_tokens = static_cast<int64_t>(item.prompt.size()),
                   .completion_tokens = static_cast<int64_t>(result.ids.size())};
    totals_.usage.prompt_tokens += reply.usage.prompt_tokens;
    totals_.usage.completion_tokens += reply.usage.completion_tokens;
    return reply;
  }

  std::unique_ptr<LanguageModel> model_;
  ChatPrompt prompt_;
  std::string chat_format_;
  StopToken stop_;
  ChatTotals totals_;
};

}  // namespace

Expected<ChatPrompt> ChatPrompt::Open(const text::ModelTexts& texts,
                                      const std::string& chat_format) {
  ChatPrompt prompt;
  MORES_ASSIGN_OR_RETURN(prompt.special_tokens_, texts.special_tokens);
  MORES_ASSIGN_OR_RETURN(const std::optional<text::NamedText> judge, texts.judge);
  if (!chat_format.empty()) {
    MORES_ASSIGN_OR_RETURN(prompt.form_, templates::FindChatFormat(chat_format));
  } else if (!judge) {
    MORES_ASSIGN_OR_RETURN(prompt.form_, templates::ReadChatTemplate(texts));
  }
  return prompt;
}

Expected<std::vector<int32_t>> ChatPrompt::Encode(const Json& messages, std::string_view where,
                                                  const text::Tokenizer& tokenizer) const {
  MORES_ASSIGN_OR_RETURN(const std::vector<format::Turn> turns,
                         format::ParseTurns(messages, where));
  if (turns.empty()) {
    return MakeError(ErrorKind::kInput, "{}: field 'messages': must have at least one turn", where);
  }
  if (!form_) return format::EncodePrompt(RenderOurs(turns), tokenizer);
  templates::ChatTemplateInput input;
  input.messages = messages;
  input.special_tokens = special_tokens_;
  input.add_generation_prompt = true;
  MORES_ASSIGN_OR_RETURN(const text::MarkedText text, form_->Render(input));
  return tokenizer.EncodeMarked(text);
}

Expected<std::unique_ptr<ChatModel>> MakeLocalChatModel(std::unique_ptr<LanguageModel> model,
                                                        const text::ModelTexts& texts,
                                                        const std::string& chat_format,
                                                        StopToken stop) {
  if (!model->has_tokenizer()) {
    return MakeError(ErrorKind::kMissing, "{}: no tokenizer, so it can't be asked in text",
                     texts.model);
  }
  MORES_ASSIGN_OR_RETURN(ChatPrompt prompt, ChatPrompt::Open(texts, chat_format));
  return std::unique_ptr<ChatModel>(
      new LocalChatModel(std::move(model), std::move(prompt), chat_format, stop));
}

}  // namespace mores::chat
