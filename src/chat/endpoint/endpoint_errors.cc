#include "chat/endpoint/endpoint_errors.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <span>
#include <utility>

#include "base/ascii_lower.h"
#include "chat/endpoint/wire_json.h"
#include "text/unicode.h"

namespace mores::chat {
namespace {

constexpr size_t kShownColumns = 200;   // of a server's message
constexpr size_t kMessageBytes = 4096;  // looked at of it
constexpr size_t kFirstWords = 60;      // columns of a body that is none of ours

const Json* Member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool IsSomething(const Json* value) {
  if (value == nullptr) return false;
  if (value->is_string()) return !value->get_ref<const std::string&>().empty();
  if (value->is_boolean()) return value->get<bool>();
  return value->is_number() ? *value != 0 : !value->empty();
}

bool HasAny(std::string_view text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}
bool HasAny(std::string_view text, std::initializer_list<std::string_view> words) {
  return HasAny(text, std::span(words.begin(), words.size()));
}

// [{"loc":["body","seed"],"msg":"Extra inputs are not permitted","input":...}] as
// "body.seed: Extra inputs are not permitted"; what was sent, which it may repeat, left out.
std::string DetailsText(const Json& details) {
  std::string text;
  for (const Json& detail : details) {
    const Json* said = Member(detail, "msg");
    if (said == nullptr || !said->is_string()) return DumpJson(details);
    if (!text.empty()) text += "; ";
    if (const Json* place = Member(detail, "loc"); place != nullptr && place->is_array()) {
      std::string path;
      for (const Json& part : *place) {
        path += (path.empty() ? "" : ".") +
                (part.is_string() ? part.get<std::string>() : DumpJson(part));
      }
      text += path + ": ";
    }
    text += said->get<std::string>();
  }
  return text;
}

// A member as text, without the key, cut after it was taken out.
std::string TextOf(const Json* value, const Redactor& redactor) {
  if (value == nullptr) return "";
  std::string text = redactor.Redact(value->is_string()  ? value->get<std::string>()
                                     : value->is_array() ? DetailsText(*value)
                                                         : DumpJson(*value));
  if (text.size() > kMessageBytes) text = text::ReplaceInvalidUtf8(text.substr(0, kMessageBytes));
  return text;
}

std::string FirstText(const Json& object, std::initializer_list<const char*> names,
                      const Redactor& redactor) {
  for (const char* name : names) {
    const Json* value = Member(object, name);
    if (IsSomething(value)) return TextOf(value, redactor);
  }
  return "";
}

constexpr std::initializer_list<const char*> kMessageNames = {
    "message", "msg", "detail", "status_msg", "errorMessage", "error_description", "error"};
constexpr std::initializer_list<const char*> kCodeNames = {"code", "status_code", "status",
                                                           "error_code", "errorCode"};

// `error`, with what stands beside it in `around`.
ServerError FromMember(const Json& error, const Json& around, const Redactor& redactor) {
  ServerError read;
  if (error.is_object()) {
    read = {.message = FirstText(error, kMessageNames, redactor),
            .code = FirstText(error, kCodeNames, redactor),
            .type = FirstText(error, {"type", "status"}, redactor),
            .param = FirstText(error, {"param"}, redactor)};
    if (read.message.empty()) read.message = TextOf(&error, redactor);
  } else if (!error.is_null()) {
    read.message = TextOf(&error, redactor);
  }
  if (read.message.empty()) read.message = FirstText(around, kMessageNames, redactor);
  if (read.code.empty()) read.code = FirstText(around, kCodeNames, redactor);
  if (read.type.empty()) read.type = FirstText(around, {"type"}, redactor);
  return read;
}

// The status that a code stands for; 0: none that is known.
int64_t StatusOf(std::string_view code) {
  int64_t number = 0;
  const auto end = std::from_chars(code.data(), code.data() + code.size(), number);
  if (end.ec == std::errc() && end.ptr == code.data() + code.size()) {
    // Some servers count on within a status: 40303.
    while (number > 999 && number < 1'000'000) number /= 10;
    return number >= 300 && number <= 599 ? number : 0;
  }
  struct Named {
    std::string_view name;
    int64_t status;
  };
  constexpr std::array<Named, 36> kNames = {{{"rate_limit_exceeded", 429},
                                             {"rate_limit_error", 429},
                                             {"rate_limit", 429},
                                             {"ratelimiterror", 429},
                                             {"too_many_requests", 429},
                                             {"throttling", 429},
                                             {"resource_exhausted", 429},
                                             {"tokens", 429},
                                             {"requests", 429},
                                             {"insufficient_quota", 402},
                                             {"invalid_api_key", 401},
                                             {"authentication_error", 401},
                                             {"unauthenticated", 401},
                                             {"unauthorized", 401},
                                             {"autherror", 401},
                                             {"permission_error", 403},
                                             {"permission_denied", 403},
                                             {"model_not_found", 404},
                                             {"not_found_error", 404},
                                             {"not_found", 404},
                                             {"notfounderror", 404},
                                             {"context_length_exceeded", 400},
                                             {"content_filter", 400},
                                             {"content_policy_violation", 400},
                                             {"invalid_request_error", 400},
                                             {"invalid_argument", 400},
                                             {"badrequesterror", 400},
                                             {"bad_request", 400},
                                             {"invalid_prompt", 400},
                                             {"unsupported_parameter", 400},
                                             {"unsupported_value", 400},
                                             {"unknown_parameter", 400},
                                             {"overloaded_error", 529},
                                             {"timeout", 408},
                                             {"deadline_exceeded", 504},
                                             {"unavailable", 503}}};
  const std::string lower = AsciiLower(code);
  for (const Named& named : kNames) {
    if (lower == named.name) return named.status;
  }
  return HasAny(lower, {"server_error", "internal", "api_error", "overloaded"}) ? 500 : 0;
}

int64_t StatusOf(const ServerError& error) {
  const int64_t by_code = StatusOf(error.code);
  return by_code != 0 ? by_code : StatusOf(error.type);
}

constexpr std::array<std::string_view, 19> kQuotaWords = {"insufficient_quota",
                                                          "exceeded your current quota",
                                                          "billing",
                                                          "insufficient balance",
                                                          "insufficient_balance",
                                                          "insufficient credit",
                                                          "insufficient funds",
                                                          "credit balance",
                                                          "out of credits",
                                                          "not enough credits",
                                                          "no credits",
                                                          "payment required",
                                                          "payment_required",
                                                          "quota is used up",
                                                          "spending limit",
                                                          "budget has been exceeded",
                                                          "arrearage",
                                                          "欠费",
                                                          "余额不足"};
constexpr std::array<std::string_view, 6> kKeyWords = {"invalid_api_key", "api key not valid",
                                                       "invalid api key", "incorrect api key",
                                                       "api key expired", "no api key"};
constexpr std::array<std::string_view, 21> kFilterWords = {"content policy",
                                                           "content_policy",
                                                           "content filter",
                                                           "content_filter",
                                                           "contentfilter",
                                                           "content management",
                                                           "responsibleai",
                                                           "flagged",
                                                           "moderation",
                                                           "data_inspection_failed",
                                                           "inappropriate content",
                                                           "policy violation",
                                                           "violates our",
                                                           "usage policies",
                                                           "content exists risk",
                                                           "prohibited content",
                                                           "sensitive content",
                                                           "敏感",
                                                           "违规",
                                                           "不合规",
                                                           "安全审核"};
constexpr std::array<std::string_view, 22> kLengthWords = {"context length",
                                                           "context_length",
                                                           "context window",
                                                           "context size",
                                                           "maximum context",
                                                           "max_model_len",
                                                           "too long",
                                                           "too many tokens",
                                                           "maximum length",
                                                           "string_above_max",
                                                           "reduce the length",
                                                           "reduce your prompt",
                                                           "input length",
                                                           "prompt length",
                                                           "token count exceeds",
                                                           "longer than",
                                                           "exceeds the limit",
                                                           "too large for",
                                                           "request too large",
                                                           "上下文",
                                                           "过长",
                                                           "超长"};

bool SpeaksOfModel(std::string_view text) {
  if (text.find("model_not_found") != std::string_view::npos) return true;
  if (text.find("model") == std::string_view::npos) return false;
  return HasAny(text, {"not exist", "not found", "not a valid model", "unknown model",
                       "invalid model", "no such model", "不存在"});
}

bool SpeaksOfRate(const ServerError& error, std::string_view text) {
  return AsciiLower(error.code).starts_with("rate_limit") ||
         AsciiLower(error.type).starts_with("rate_limit") ||
         HasAny(text, {"rate limit", "per min", "per second", "per hour", "try again in",
                       "retry in", "requests/min", "tokens/min"});
}

bool Passes(int64_t status) {
  return status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
}

// The first words of a body, without marks of HTML.
std::string FirstWords(std::string_view body, BodyKind kind, const Redactor& redactor) {
  std::string text = redactor.Redact(body.substr(0, kMessageBytes));
  if (kind == BodyKind::kHtml) {
    const std::string lower = AsciiLower(text);
    const size_t title = lower.find("<title");
    if (title != std::string::npos) text.erase(0, title);
    const size_t end = AsciiLower(text).find("</title");
    if (title != std::string::npos && end != std::string::npos) text.erase(end);
    std::string bare;
    bool inside = false;
    for (const char c : text) {
      if (c == '<') inside = true;
      if (!inside) bare += c;
      if (c == '>') {
        inside = false;
        bare += ' ';
      }
    }
    text = std::move(bare);
  }
  std::string words;
  for (const char c : text::ReplaceInvalidUtf8(text)) {
    const bool space = static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
    if (!space) words += c;
    if (space && !words.empty() && words.back() != ' ') words += ' ';
  }
  if (words.ends_with(' ')) words.pop_back();
  return text::FitColumns(words, kFirstWords);
}

}  // namespace

std::string ServerError::Shown() const {
  std::string shown = message;
  const bool said = code.empty() || StatusOf(code) == 0 || message.find(code) != std::string::npos;
  if (!said) shown = message.empty() ? code : fmt::format("{} ({})", message, code);
  if (shown.empty()) shown = "no message";
  return text::FitColumns(shown, kShownColumns);
}

std::optional<ServerError> FindServerError(const Json& body, const Redactor& redactor) {
  if (body.is_array()) {  // as some gateways wrap it
    return body.empty() ? std::nullopt : FindServerError(body.front(), redactor);
  }
  if (!body.is_object()) return std::nullopt;
  const Json* error = Member(body, "error");
  const Json* choices = Member(body, "choices");
  const bool chosen = choices != nullptr && choices->is_array() && !choices->empty();
  if (IsSomething(error)) {
    ServerError found = FromMember(*error, body, redactor);
    // An error that says nothing beside a reply is a field that is always there.
    const Json* message = error->is_object() ? Member(*error, "message") : nullptr;
    if (!chosen || !error->is_object() || IsSomething(message) || StatusOf(found) != 0) {
      return found;
    }
  }
  if (chosen) {
    const Json* inner = Member(choices->front(), "error");
    if (!IsSomething(inner)) return std::nullopt;
    return FromMember(*inner, choices->front(), redactor);
  }
  if (const Json* errors = Member(body, "errors");
      errors != nullptr && errors->is_array() && !errors->empty()) {
    return FromMember(errors->front(), body, redactor);
  }
  if (const Json* base = Member(body, "base_resp"); base != nullptr && base->is_object()) {
    return FromMember(*base, body, redactor);
  }
  const Json* object = Member(body, "object");
  const bool named = object != nullptr && *object == "error";
  const ServerError around = FromMember(Json(nullptr), body, redactor);
  if (named || StatusOf(around) != 0) return around;
  const bool said = Member(body, "message") != nullptr || Member(body, "detail") != nullptr ||
                    Member(body, "msg") != nullptr;
  const bool other = Member(body, "done") != nullptr || choices != nullptr;
  return said && !other ? std::optional(around) : std::nullopt;
}

ServerError ReadServerError(std::string_view body, const Redactor& redactor) {
  const Expected<WireJson> parsed = ParseWireJson(body);
  if (!parsed) return {};
  if (auto found = FindServerError(parsed->value, redactor)) return std::move(*found);
  if (parsed->value.is_string()) return {.message = TextOf(&parsed->value, redactor)};
  return FromMember(Json(nullptr), parsed->value, redactor);
}

Meaning MeaningOf(int64_t status, const ServerError& error) {
  const std::string text =
      AsciiLower(fmt::format("{} {} {}", error.code, error.type, error.message));
  if (status >= 200 && status < 300) status = StatusOf(error);
  if (status == 402) return Meaning::kQuota;
  const bool refusal = status == 0 || (status >= 400 && status < 500);
  if (refusal && HasAny(text, kQuotaWords) &&
      (text.find("insufficient_quota") != std::string::npos || !SpeaksOfRate(error, text))) {
    return Meaning::kQuota;
  }
  if (status == 401) return Meaning::kKey;
  if (Passes(status)) return Meaning::kAgain;
  if (refusal && status != 404 && HasAny(text, kFilterWords)) return Meaning::kFilter;
  if (status == 403) return Meaning::kKey;
  if (status == 413) return Meaning::kItem;
  if ((status == 0 || status == 400) && HasAny(text, kKeyWords)) return Meaning::kKey;
  // A router that knows no server for all that a request carries: less may do.
  const bool unroutable = status == 404 && text.find("no endpoints found") != std::string::npos &&
                          text.find("parameter") != std::string::npos;
  if (unroutable) return Meaning::kRequest;
  const bool request = status == 0 || status == 400 || status == 422;
  if (!request) return status == 451 ? Meaning::kFilter : Meaning::kService;
  if (HasAny(text, kLengthWords)) return Meaning::kItem;
  if (SpeaksOfModel(text)) return Meaning::kService;
  // What is said with status 200 and means nothing that we know may pass.
  return status == 0 ? Meaning::kAgain : Meaning::kRequest;
}

BodyKind KindOf(std::string_view body, std::string_view content_type) {
  constexpr std::string_view kGzip = "\x1F\x8B", kZstandard = "\x28\xB5\x2F\xFD";
  if (body.starts_with(kGzip) || body.starts_with(kZstandard)) return BodyKind::kCompressed;
  const std::string type = AsciiLower(content_type);
  const size_t begin = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (begin == std::string_view::npos) return BodyKind::kEmpty;
  const std::string_view text = body.substr(begin);
  if (text.starts_with("data:") || text.starts_with("event:") || text.starts_with("id:") ||
      (type.find("event-stream") != std::string::npos && !text.starts_with('{'))) {
    return BodyKind::kEventStream;
  }
  if (text.starts_with('<')) return BodyKind::kHtml;
  if (text[0] != '{' && text[0] != '[') return BodyKind::kText;
  return ParseWireJson(body) ? BodyKind::kJson : BodyKind::kTornJson;
}

std::string DescribeBody(std::string_view body, std::string_view content_type,
                         const Redactor& redactor) {
  const BodyKind kind = KindOf(body, content_type);
  constexpr std::array<std::string_view, 7> kNames = {"JSON that is no chat completion",
                                                      "broken JSON",
                                                      "nothing",
                                                      "an HTML page",
                                                      "an event stream",
                                                      "compressed bytes",
                                                      "a text"};
  std::string described(kNames[static_cast<size_t>(kind)]);
  if (kind == BodyKind::kEmpty) return described;
  std::string about = text::FitColumns(
      text::ReplaceInvalidUtf8(redactor.Redact(content_type.substr(0, kFirstWords))), kFirstWords);
  if (kind == BodyKind::kCompressed) {
    return about.empty() ? described : fmt::format("{} ({})", described, about);
  }
  const std::string words = FirstWords(body, kind, redactor);
  if (!about.empty() && !words.empty()) about += ": ";
  if (!words.empty()) about += fmt::format("\"{}\"", words);
  return about.empty() ? described : fmt::format("{} ({})", described, about);
}

}  // namespace mores::chat
