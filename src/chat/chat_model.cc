#include "chat/chat_model.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace mores::chat {
namespace {

// Every text in a value.
void CollectTexts(const Json& value, std::vector<std::string>& texts) {
  if (value.is_string()) {
    texts.push_back(value.get<std::string>());
  } else if (value.is_structured()) {
    for (const Json& part : value) CollectTexts(part, texts);
  }
}

// The value of a reply, unless its server held it back. `unsafe` stands also then: doubt makes
// nothing safer.
Expected<Json> ValueOf(const ChatRequest& request, const ChatReply& reply) {
  const std::vector<std::string_view> given(request.given.begin(), request.given.end());
  const auto held = HeldBack(reply);
  Expected<Json> value = ReadReply(*request.task, reply.text, given);
  if (!held || (value && value->value("label", Json()) == format::Name(format::Label::kUnsafe))) {
    return value;
  }
  return MakeError(ErrorKind::kInput, "the server held the reply back: {}", format::Name(*held));
}

}  // namespace

std::optional<format::UnparsedReason> HeldBack(const ChatReply& reply) {
  if (reply.finish_reason == FinishReason::kFilter) return format::UnparsedReason::kFiltered;
  if (reply.finish_reason == FinishReason::kError) return format::UnparsedReason::kServerError;
  if (!reply.refusal.empty()) return format::UnparsedReason::kRefused;
  // A reason that we don't know may be a filter's.
  if (reply.finish_reason == FinishReason::kOther) return format::UnparsedReason::kServerError;
  const auto& oddities = reply.oddities;
  if (std::find(oddities.begin(), oddities.end(), "choices_differ") != oddities.end()) {
    return format::UnparsedReason::kSeveralAnswers;
  }
  return std::nullopt;
}

Json ToJson(const ChatTotals& totals) {
  Json json = {{"asked", totals.asked},
               {"cached", totals.cached},
               {"retried", totals.retried},
               {"failed", totals.failed},
               {"prompt_tokens", totals.usage.prompt_tokens},
               {"completion_tokens", totals.usage.completion_tokens},
               {"cost", totals.cost}};
  if (totals.cut_off > 0) json["cut_off"] = totals.cut_off;
  if (!totals.oddities.empty()) json["oddities"] = totals.oddities;
  if (!totals.notes.empty()) json["notes"] = totals.notes;
  return json;
}

void CountOddities(const ChatReply& reply, ChatTotals& totals) {
  if (reply.finish_reason == FinishReason::kLength) ++totals.cut_off;
  if (reply.finish_reason == FinishReason::kFilter) ++totals.oddities["content_filter"];
  if (reply.finish_reason == FinishReason::kError) ++totals.oddities["server_error"];
  if (!reply.refusal.empty()) ++totals.oddities["refusal"];
  for (const std::string& oddity : reply.oddities) ++totals.oddities[oddity];
}

Json UsageToJson(std::span<const ModelUse> uses) {
  Json usage = Json::array();
  for (const ModelUse& use : uses) {
    Json entry = {{"role", use.role}, {"model", use.model}};
    entry.update(ToJson(use.totals));
    usage.push_back(std::move(entry));
  }
  return {{"usage", std::move(usage)}};
}

ChatRequest AskTask(const Task& task, text::Language language, const Json& material,
                    const Sampling& sampling) {
  ChatRequest request;
  request.task = &task;
  request.turns = {{format::Role::kSystem, task.instructions(language)},
                   {format::Role::kUser, DumpJson(material)}};
  request.sampling = sampling;
  CollectTexts(material, request.given);
  return request;
}

Expected<std::vector<Expected<TaskReply>>> AskTasks(ChatModel& model,
                                                    std::span<const ChatRequest> requests,
                                                    const ChatModel::OnReply& on_reply) {
  MORES_ASSIGN_OR_RETURN(std::vector<Expected<ChatReply>> replies, model.Chat(requests, on_reply));
  MORES_CHECK(replies.size() == requests.size());
  std::vector<Expected<TaskReply>> results;
  results.reserve(replies.size());
  for (size_t i = 0; i < replies.size(); ++i) {
    MORES_CHECK(requests[i].task != nullptr);
    if (!replies[i]) {
      Error error = std::move(replies[i].error());
      if (error.kind == ErrorKind::kInput) error.kind = ErrorKind::kUnsupported;
      results.push_back(tl::unexpected<Error>(std::move(error)));
      continue;
    }
    Expected<Json> value = ValueOf(requests[i], *replies[i]);
    if (!value) {
      results.push_back(tl::unexpected<Error>(std::move(value.error())));
      continue;
    }
    results.push_back(TaskReply{std::move(*value), std::move(*replies[i])});
  }
  return results;
}

}  // namespace mores::chat
