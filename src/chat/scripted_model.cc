// Replies from a file (OpenScriptedModel in chat/chat_model.h).
#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/json_fields.h"
#include "base/json_lines.h"
#include "chat/chat_model.h"
#include "chat/reply_json.h"

namespace mores::chat {
namespace {

struct ScriptLine {
  std::optional<std::string> task;  // "": free text; nullopt: any
  std::vector<std::string> contains;
  ChatReply reply;
};

Expected<ScriptLine> ParseLine(const JsonLine& read) {
  MORES_RETURN_IF_ERROR(RequireObject(read.value, read.where));
  const JsonFields fields(read.value, read.where);
  ScriptLine line;
  if (const auto task = read.value.find("task"); task != read.value.end()) {
    if (!task->is_null() && !task->is_string()) {
      return fields.Wrong("task", "must be the name of a task, or null for free text");
    }
    line.task = task->is_null() ? "" : task->get<std::string>();
  }
  const Json contains = read.value.value("contains", Json::array());
  for (const Json& text : contains.is_array() ? contains : Json::array({contains})) {
    if (!text.is_string()) return fields.Wrong("contains", "must hold texts");
    line.contains.push_back(text.get<std::string>());
  }
  const auto reply = read.value.find("reply");
  if (reply == read.value.end()) return fields.Wrong("reply", "missing");
  line.reply.text = reply->is_string() ? reply->get<std::string>() : DumpJson(*reply);
  if (fields.Has("finish_reason")) {
    MORES_ASSIGN_OR_RETURN(line.reply.finish_reason, ParseFinishReason(fields));
  }
  MORES_ASSIGN_OR_RETURN(line.reply.refusal, fields.OptionalString("refusal"));
  if (read.value.contains("logprobs")) {
    MORES_ASSIGN_OR_RETURN(line.reply.tokens, ParseReplyTokens(read.value["logprobs"], read.where));
  }
  if (const Json* usage = fields.Find("usage")) {
    const JsonFields counts(*usage, read.where);
    for (const auto& [name, tokens] :
         {std::pair{"prompt_tokens", &line.reply.usage.prompt_tokens},
          {"completion_tokens", &line.reply.usage.completion_tokens}}) {
      const Expected<int64_t> count = counts.Count(name);
      if (!usage->is_object() || !count) {
        return fields.Wrong(fmt::format("usage.{}", name), "must be a number of tokens");
      }
      *tokens = *count;
    }
  }
  return line;
}

bool Fits(const ScriptLine& line, const ChatRequest& request) {
  if (line.task && *line.task != (request.task != nullptr ? request.task->name : "")) return false;
  return std::all_of(line.contains.begin(), line.contains.end(), [&](const std::string& text) {
    return std::any_of(request.turns.begin(), request.turns.end(), [&](const format::Turn& turn) {
      // The instructions of a task are the same for all its requests: nothing to tell them by.
      const bool instructions = request.task != nullptr && turn.role == format::Role::kSystem;
      return !instructions && turn.content.find(text) != std::string::npos;
    });
  });
}

class ScriptedModel : public ChatModel {
 public:
  ScriptedModel(std::vector<ScriptLine> lines, std::string name, StopToken stop)
      : lines_(std::move(lines)), name_(std::move(name)), stop_(stop) {
    for (const ScriptLine& line : lines_) has_logprobs_ |= !line.reply.tokens.empty();
  }

  std::string name() const override { return name_; }
  bool has_logprobs() const override { return has_logprobs_; }
  ChatTotals totals() const override { return totals_; }

  Expected<std::vector<Expected<ChatReply>>> Chat(std::span<const ChatRequest> requests,
                                                  const OnReply& on_reply) override {
    std::vector<Expected<ChatReply>> replies;
    for (size_t i = 0; i < requests.size(); ++i) {
      MORES_RETURN_IF_ERROR(stop_.Check());
      replies.push_back(Answer(requests[i]));
      ++totals_.asked;
      if (replies.back()) {
        totals_.usage.prompt_tokens += replies.back()->usage.prompt_tokens;
        totals_.usage.completion_tokens += replies.back()->usage.completion_tokens;
        CountOddities(*replies.back(), totals_);
      } else {
        ++totals_.failed;
      }
      if (on_reply) on_reply(i, replies.back());
    }
    return replies;
  }

 private:
  Expected<ChatReply> Answer(const ChatRequest& request) const {
    for (const ScriptLine& line : lines_) {
      if (Fits(line, request)) return line.reply;
    }
    return MakeError(ErrorKind::kMissing, "no scripted reply fits this request ({})",
                     request.task != nullptr ? request.task->name : "free text");
  }

  std::vector<ScriptLine> lines_;
  std::string name_;
  StopToken stop_;
  bool has_logprobs_ = false;
  ChatTotals totals_;
};

}  // namespace

Expected<std::unique_ptr<ChatModel>> OpenScriptedModel(const std::string& path, StopToken stop) {
  std::vector<ScriptLine> lines;
  const auto add = [&](const JsonLine& read) -> Status {
    MORES_ASSIGN_OR_RETURN(ScriptLine line, ParseLine(read));
    lines.push_back(std::move(line));
    return {};
  };
  MORES_ASSIGN_OR_RETURN(const JsonLinesRead read,
                         ForEachJsonLine(path, {.hash = JsonLinesOptions::Hash::kMade}, add));
  const std::string name = std::filesystem::path(path).stem().string();
  return std::unique_ptr<ChatModel>(new ScriptedModel(
      std::move(lines), fmt::format("{}@{}", name, std::string_view(read.hash).substr(0, 12)),
      stop));
}

}  // namespace mores::chat
