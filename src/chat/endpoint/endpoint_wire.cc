#include "chat/endpoint/endpoint_wire.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "base/ascii_lower.h"
#include "base/json.h"
#include "chat/token_alignment.h"

namespace mores::chat {
namespace {

constexpr std::string_view kBody = "the answer";

const Json* Find(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

bool IsText(const Json* value) { return value != nullptr && value->is_string(); }
bool HasText(const Json* value) {
  return IsText(value) && !value->get_ref<const std::string&>().empty();
}

void AddOddity(std::string_view name, ChatReply& reply) {
  std::vector<std::string>& oddities = reply.oddities;
  if (std::find(oddities.begin(), oddities.end(), name) == oddities.end()) {
    oddities.emplace_back(name);
  }
}

// Of a list of parts: what is answered, without what is thought.
void ReadParts(const Json& parts, std::string& text, std::string& refusal) {
  for (const Json& part : parts) {
    if (part.is_string()) text += part.get<std::string>();
    const Json* type = Find(part, "type");
    const std::string name = IsText(type) ? type->get<std::string>() : "";
    // Not "thinking", "summary_text", "tool_result": nothing but text is answered.
    const bool answers =
        name.empty() || name == "text" || name == "output_text" || name == "refusal";
    const Json* thought = Find(part, "thought");
    const Json* channel = Find(part, "channel");
    const bool final = channel == nullptr || !channel->is_string() || *channel == "final";
    if (!answers || !final || (thought != nullptr && *thought == true)) continue;
    if (const Json* one = Find(part, "text"); IsText(one)) text += one->get<std::string>();
    if (const Json* one = Find(part, "refusal"); IsText(one)) refusal += one->get<std::string>();
  }
}

// `content`: a string, a list of parts, or null where nothing was written.
void ReadContent(const Json& message, ChatReply& reply) {
  if (const Json* refusal = Find(message, "refusal"); IsText(refusal)) {
    reply.refusal = refusal->get<std::string>();
  }
  const Json* content = Find(message, "content");
  if (content == nullptr || content->is_null()) {
    const Json* calls = Find(message, "tool_calls");
    if (calls != nullptr && !calls->empty()) AddOddity("tool_call", reply);
  } else if (content->is_string()) {
    reply.text = content->get<std::string>();
  } else if (content->is_array()) {
    ReadParts(*content, reply.text, reply.refusal);
  } else {
    const Json* text = Find(*content, "text");
    reply.text = IsText(text) ? text->get<std::string>() : DumpJson(*content);
    if (!IsText(text)) AddOddity("content_no_text", reply);
  }
}

// Whether the bound was spent, or the reply ended, before anything was answered.
bool OnlyThought(const Json& body, const Json& message, const ChatReply& reply) {
  if (reply.text.find_first_not_of(" \t\r\n") != std::string::npos) return false;
  if (HasText(Find(message, "reasoning_content")) || HasText(Find(message, "reasoning"))) {
    return true;
  }
  const Json* usage = Find(body, "usage");
  const Json* details = usage != nullptr ? Find(*usage, "completion_tokens_details") : nullptr;
  const Json* thought = details != nullptr ? Find(*details, "reasoning_tokens") : nullptr;
  return thought != nullptr && thought->is_number() && *thought > 0;
}

std::optional<TokenLogprob> ReadLogprob(const Json& value) {
  constexpr double kMostRounding = 0.01;  // above 0, beyond which it is no logarithm of a share
  const Json* token = Find(value, "token");
  const Json* logprob = Find(value, "logprob");
  if (!IsText(token) || logprob == nullptr || !logprob->is_number()) return std::nullopt;
  TokenLogprob one{token->get<std::string>(), logprob->get<double>()};
  if (!std::isfinite(one.logprob) || one.logprob > kMostRounding) return std::nullopt;
  one.logprob = std::min(one.logprob, 0.0);
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

// The likelihood of a chosen token that tells none itself, from the alternatives.
std::optional<TokenLogprob> FindChosen(const Json& value, const ReplyToken& token) {
  const Json* chosen = Find(value, "token");
  for (const TokenLogprob& other : token.top) {
    if (IsText(chosen) && *chosen == other.token) return other;
  }
  return std::nullopt;
}

// Empty where a server gives none, or in a form that we don't know.
std::vector<ReplyToken> ReadLogprobs(const Json& choice, ChatReply& reply) {
  const Json* logprobs = Find(choice, "logprobs");
  const Json* content = logprobs != nullptr ? Find(*logprobs, "content") : nullptr;
  if (content == nullptr || !content->is_array()) return {};
  std::vector<ReplyToken> tokens;
  for (const Json& one : *content) {
    ReplyToken token;
    const Json* top = Find(one, "top_logprobs");
    if (top != nullptr && top->is_array()) {
      for (const Json& other : *top) {
        std::optional<TokenLogprob> read = ReadLogprob(other);
        if (read) token.top.push_back(std::move(*read));
        if (!read) AddOddity("alternatives_left_out", reply);
      }
    }
    std::stable_sort(token.top.begin(), token.top.end(),
                     [](const auto& a, const auto& b) { return a.logprob > b.logprob; });
    std::optional<TokenLogprob> chosen = ReadLogprob(one);
    if (!chosen) chosen = FindChosen(one, token);
    if (!chosen) {
      AddOddity("logprobs_left_out", reply);
      return {};
    }
    token.chosen = std::move(*chosen);
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
  struct Spelling {
    std::string_view name;
    FinishReason reason;
  };
  using enum FinishReason;
  constexpr std::array<Spelling, 36> kSpellings = {{{"stop", kStop},
                                                    {"eos", kStop},
                                                    {"eos_token", kStop},
                                                    {"end_turn", kStop},
                                                    {"stop_sequence", kStop},
                                                    {"complete", kStop},
                                                    {"completed", kStop},
                                                    {"finished", kStop},
                                                    {"tool_calls", kStop},
                                                    {"tool_use", kStop},
                                                    {"function_call", kStop},
                                                    {"length", kLength},
                                                    {"max_tokens", kLength},
                                                    {"max_output_tokens", kLength},
                                                    {"max_length", kLength},
                                                    {"model_length", kLength},
                                                    {"model_context_window_exceeded", kLength},
                                                    {"content_filter", kFilter},
                                                    {"content_filtered", kFilter},
                                                    {"content-filter", kFilter},
                                                    {"safety", kFilter},
                                                    {"recitation", kFilter},
                                                    {"blocklist", kFilter},
                                                    {"prohibited_content", kFilter},
                                                    {"spii", kFilter},
                                                    {"refusal", kFilter},
                                                    {"sensitive", kFilter},
                                                    {"guardrail_intervened", kFilter},
                                                    {"model_armor", kFilter},
                                                    {"error", kError},
                                                    {"error_finish", kError},
                                                    {"network_error", kError},
                                                    {"insufficient_system_resource", kError},
                                                    {"abort", kError},
                                                    {"cancelled", kError},
                                                    {"malformed_function_call", kError}}};
  const std::string lower = AsciiLower(name);
  for (const Spelling& spelling : kSpellings) {
    if (lower == spelling.name) return spelling.reason;
  }
  for (const std::string_view word : {"filter", "safety", "moderat", "block", "refus"}) {
    if (lower.find(word) != std::string::npos) return kFilter;
  }
  return lower.find("timeout") != std::string::npos ? kError : kOther;
}

// Whether a server's filter says that it held something back: Azure's results, one a category.
bool IsFiltered(const Json& choice) {
  const Json* results = Find(choice, "content_filter_results");
  if (results == nullptr || !results->is_object()) return false;
  return std::any_of(results->begin(), results->end(), [](const Json& result) {
    const Json* filtered = Find(result, "filtered");
    return filtered != nullptr && *filtered == true;
  });
}

FinishReason ReadFinishReason(const Json& choice, const Json& message) {
  const Json* reason = Find(choice, "finish_reason");
  if (!IsText(reason)) reason = Find(choice, "stop_reason");
  FinishReason read =
      IsText(reason) ? FinishReasonOf(reason->get<std::string>()) : FinishReason::kStop;
  for (const Json* holder : {&choice, &message}) {
    for (const char* name : {"stop_reason", "native_finish_reason"}) {
      const Json* other = Find(*holder, name);
      if (IsText(other) && FinishReasonOf(other->get<std::string>()) == FinishReason::kFilter) {
        read = FinishReason::kFilter;
      }
    }
    if (IsFiltered(*holder)) read = FinishReason::kFilter;
  }
  return read;
}

// Whether another choice says something else than the first.
bool ChoicesDiffer(const Json& choices, const ChatReply& first) {
  return std::any_of(choices.begin() + 1, choices.end(), [&](const Json& choice) {
    const Json* message = Find(choice, "message");
    if (message == nullptr || !message->is_object()) return false;
    ChatReply other;
    ReadContent(*message, other);
    return other.text != first.text;
  });
}

}  // namespace

Expected<Completion> ReadCompletion(const WireJson& body, const Redactor& redactor) {
  const auto wrong = [](std::string_view problem) {
    return MakeError(ErrorKind::kInput, "{} is no chat completion: {}", kBody, problem);
  };
  const Json* choices = Find(body.value, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return wrong("no choices");
  const Json& choice = choices->front();
  const Json* message = Find(choice, "message");
  if (message == nullptr || !message->is_object()) return wrong("no message");
  Completion completion;
  ChatReply& reply = completion.reply;
  ReadContent(*message, reply);
  if (choices->size() > 1) AddOddity("several_choices", reply);
  if (ChoicesDiffer(*choices, reply)) AddOddity("choices_differ", reply);
  if (body.surrogates) AddOddity("surrogate_replaced", reply);
  if (body.bytes) AddOddity("bytes_replaced", reply);
  if (OnlyThought(body.value, *message, reply)) AddOddity("spent_on_thinking", reply);
  reply.tokens = Redacted(Aligned(ReadLogprobs(choice, reply), reply.text), redactor);
  reply.text = redactor.Redact(reply.text);
  reply.refusal = redactor.Redact(reply.refusal);
  reply.finish_reason = ReadFinishReason(choice, *message);
  completion.has_usage = ReadUsage(body.value, reply.usage);
  return completion;
}

}  // namespace mores::chat
