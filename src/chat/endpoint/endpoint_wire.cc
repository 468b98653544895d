#include "chat/endpoint/endpoint_wire.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/random.h"
#include "chat/reply_json.h"
#include "chat/token_alignment.h"
#include "text/unicode.h"

namespace mores::chat {
namespace {

constexpr int kMaxTopLogprobs = 20;      // what the protocol allows
constexpr size_t kMessageColumns = 200;  // of a server's message
constexpr size_t kMessageBytes = 4096;   // looked at of it
constexpr std::string_view kBody = "the answer";

const Json* Find(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// 0.7f as 0.7, not as the double next to it.
double AsWritten(float value) { return std::strtod(fmt::format("{}", value).c_str(), nullptr); }

// Text of `content`: a string, a list of parts with `text`, or null where nothing was written.
std::optional<std::string> ContentText(const Json& message) {
  const Json* content = Find(message, "content");
  if (content != nullptr && content->is_string()) return content->get<std::string>();
  if (content != nullptr && content->is_array()) {
    std::string text;
    for (const Json& part : *content) {
      const Json* one = Find(part, "text");
      if (one != nullptr && one->is_string()) text += one->get<std::string>();
    }
    return text;
  }
  if (content != nullptr && !content->is_null()) return std::nullopt;
  const Json* refusal = Find(message, "refusal");
  if (refusal != nullptr && refusal->is_string()) return refusal->get<std::string>();
  return "";
}

std::optional<TokenLogprob> ReadLogprob(const Json& value) {
  const Json* token = Find(value, "token");
  const Json* logprob = Find(value, "logprob");
  if (token == nullptr || !token->is_string() || logprob == nullptr || !logprob->is_number()) {
    return std::nullopt;
  }
  TokenLogprob one{token->get<std::string>(), logprob->get<double>()};
  const Json* bytes = Find(value, "bytes");
  if (bytes == nullptr || !bytes->is_array() || bytes->empty()) return one;
  std::string text;
  for (const Json& byte : *bytes) {
    if (!byte.is_number_integer() || byte < 0 || byte > 255) return one;
    text.push_back(static_cast<char>(byte.get<int>()));
  }
  one.token = std::move(text);
  return one;
}

// Empty where a server gives none, or in a form that we don't know.
std::vector<ReplyToken> ReadLogprobs(const Json& choice) {
  const Json* logprobs = Find(choice, "logprobs");
  const Json* content = logprobs != nullptr ? Find(*logprobs, "content") : nullptr;
  if (content == nullptr || !content->is_array()) return {};
  std::vector<ReplyToken> tokens;
  for (const Json& one : *content) {
    std::optional<TokenLogprob> chosen = ReadLogprob(one);
    if (!chosen) return {};
    ReplyToken token{.chosen = std::move(*chosen)};
    const Json* top = Find(one, "top_logprobs");
    if (top != nullptr && top->is_array()) {
      for (const Json& other : *top) {
        std::optional<TokenLogprob> read = ReadLogprob(other);
        if (!read) return {};
        token.top.push_back(std::move(*read));
      }
    }
    std::stable_sort(token.top.begin(), token.top.end(),
                     [](const auto& a, const auto& b) { return a.logprob > b.logprob; });
    tokens.push_back(std::move(token));
  }
  return tokens;
}

// Without the tokens before and after the text, where a server tells those as well: those of
// reasoning that it took out, and llama.cpp's, which writes a fence around an object that is held
// to a schema, and leaves it out of the text.
std::vector<ReplyToken> Aligned(std::vector<ReplyToken> tokens, std::string_view text) {
  const std::optional<std::ptrdiff_t> begin = TextBegin(tokens, text);
  if (!begin) return tokens;  // the text was cleaned: bytes of no character
  std::vector<ReplyToken> aligned;
  const std::ptrdiff_t text_end = *begin + static_cast<std::ptrdiff_t>(text.size());
  std::ptrdiff_t at = 0;
  for (ReplyToken& token : tokens) {
    const std::ptrdiff_t end = at + static_cast<std::ptrdiff_t>(token.chosen.token.size());
    if (end > *begin && at < text_end) aligned.push_back(std::move(token));
    at = end;
  }
  return aligned;
}

// A key that is spread over tokens can't be taken out of them: then they go as a whole.
std::vector<ReplyToken> Redacted(std::vector<ReplyToken> tokens, const Redactor& redactor) {
  std::string joined;
  for (const ReplyToken& token : tokens) joined += token.chosen.token;
  if (redactor.Occurs(joined)) return {};
  for (ReplyToken& token : tokens) {
    for (TokenLogprob& other : token.top) other.token = redactor.Redact(other.token);
  }
  return tokens;
}

bool ReadUsage(const Json& body, ChatUsage& usage) {
  const Json* counts = Find(body, "usage");
  if (counts == nullptr) return false;
  const Json* in = Find(*counts, "prompt_tokens");
  const Json* out = Find(*counts, "completion_tokens");
  if (in == nullptr || !in->is_number_unsigned() || out == nullptr || !out->is_number_unsigned()) {
    return false;
  }
  constexpr int64_t kMost = int64_t{1} << 40;  // beyond, it is no count of tokens
  if (*in > kMost || *out > kMost) return false;
  usage = {.prompt_tokens = in->get<int64_t>(), .completion_tokens = out->get<int64_t>()};
  return true;
}

FinishReason FinishReasonOf(std::string_view name) {
  for (const FinishReason reason :
       {FinishReason::kStop, FinishReason::kLength, FinishReason::kFilter, FinishReason::kError}) {
    if (name == Name(reason)) return reason;
  }
  return name == "eos" || name == "tool_calls" ? FinishReason::kStop : FinishReason::kOther;
}

Json ResponseFormat(const Task& task, ReplyFormat format) {
  if (format == ReplyFormat::kObject) return {{"type", "json_object"}};
  return {{"type", "json_schema"},
          {"json_schema", {{"name", task.name}, {"strict", true}, {"schema", task.schema}}}};
}

}  // namespace

bool Redactor::Occurs(std::string_view text) const {
  return !key_.empty() && text.find(key_) != std::string_view::npos;
}

std::string Redactor::Redact(std::string_view text) const {
  std::string out;
  if (!key_.empty()) {
    for (size_t at; (at = text.find(key_)) != std::string_view::npos;) {
      out.append(text.substr(0, at)).append("[redacted]");
      text.remove_prefix(at + key_.size());
    }
  }
  return out.append(text);
}

bool AskLess(const ChatRequest& request, std::string_view message, Features& features) {
  const bool logprobs = request.top_logprobs > 0 && features.logprobs;
  if (logprobs && message.find("logprob") != std::string_view::npos) {
    features.logprobs = false;
    return true;
  }
  if (request.task != nullptr && features.format != ReplyFormat::kNone) {
    features.format =
        features.format == ReplyFormat::kSchema ? ReplyFormat::kObject : ReplyFormat::kNone;
    return true;
  }
  if (!logprobs) return false;
  features = {.format = ReplyFormat::kSchema, .logprobs = false};
  return true;
}

std::string RequestBody(const std::string& model, const ChatRequest& request,
                        const Features& features, BoundName bound) {
  const Sampling& sampling = request.sampling;
  Json body = {{"model", model}, {"messages", format::TurnsToJson(request.turns)}};
  body[bound == BoundName::kMaxTokens ? "max_tokens" : "max_completion_tokens"] =
      sampling.max_new_tokens;
  body["temperature"] = AsWritten(sampling.temperature);
  if (sampling.temperature > 0) {
    body["top_p"] = AsWritten(sampling.top_p);
    // 31 bits: what every server takes.
    body["seed"] = MixBits(sampling.seed ^ HashBytes(request.id)) >> 33;
  }
  if (request.task != nullptr && features.format != ReplyFormat::kNone) {
    body["response_format"] = ResponseFormat(*request.task, features.format);
  }
  if (request.top_logprobs > 0 && features.logprobs) {
    body["logprobs"] = true;
    body["top_logprobs"] = std::min(request.top_logprobs, kMaxTopLogprobs);
  }
  return DumpJson(body);
}

Expected<Completion> ParseCompletion(std::string_view body, const Redactor& redactor) {
  const auto wrong = [](std::string_view problem) {
    return MakeError(ErrorKind::kInput, "{} is no chat completion: {}", kBody, problem);
  };
  const Expected<Json> parsed = ParseJson(body, kBody);
  if (!parsed) return wrong("broken JSON");
  const Json* choices = Find(*parsed, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return wrong("no choices");
  const Json& choice = choices->front();
  const Json* message = Find(choice, "message");
  if (message == nullptr || !message->is_object()) return wrong("no message");
  const std::optional<std::string> text = ContentText(*message);
  if (!text) return wrong("the content is no text");
  Completion completion;
  completion.reply.tokens = Redacted(Aligned(ReadLogprobs(choice), *text), redactor);
  completion.reply.text = redactor.Redact(*text);
  const Json* reason = Find(choice, "finish_reason");
  if (reason != nullptr && reason->is_string()) {
    completion.reply.finish_reason = FinishReasonOf(reason->get<std::string>());
  }
  const Json* refusal = Find(*message, "refusal");
  if (refusal != nullptr && refusal->is_string()) {
    completion.reply.refusal = redactor.Redact(refusal->get<std::string>());
  }
  completion.has_usage = ReadUsage(*parsed, completion.reply.usage);
  return completion;
}

std::string ServerMessage(std::string_view body, const Redactor& redactor) {
  const Expected<Json> parsed = ParseJson(body, kBody);
  if (!parsed) return "";
  const Json* message = Find(*parsed, "error");
  if (message != nullptr && message->is_object()) message = Find(*message, "message");
  for (const char* name : {"message", "detail"}) {
    if (message == nullptr) message = Find(*parsed, name);
  }
  if (message == nullptr) return "";
  // Before it is cut, so that no part of the key is left over.
  std::string text =
      redactor.Redact(message->is_string() ? message->get<std::string>() : DumpJson(*message));
  if (text.size() > kMessageBytes) text = text::ReplaceInvalidUtf8(text.substr(0, kMessageBytes));
  return text::FitColumns(text, kMessageColumns);
}

}  // namespace mores::chat
