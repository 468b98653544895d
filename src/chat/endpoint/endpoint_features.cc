#include "chat/endpoint/endpoint_features.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <span>

#include "base/ascii_lower.h"
#include "base/random.h"

namespace mores::chat {
namespace {

constexpr int kMostTopLogprobs = 20;  // what the protocol allows
constexpr int kFewTopLogprobs = 5;    // what the strictest servers that have any give

constexpr std::array<Parameter, kParameters> kAllParameters = {
    Parameter::kTemperature, Parameter::kTopP,  Parameter::kSeed,
    Parameter::kLogprobs,    Parameter::kBound, Parameter::kFormat};

// How refusals call it.
std::span<const std::string_view> NamesOf(Parameter parameter) {
  static constexpr std::array<std::string_view, 1> kTemperature = {"temperature"};
  static constexpr std::array<std::string_view, 2> kTopP = {"top_p", "topp"};
  static constexpr std::array<std::string_view, 1> kSeed = {"seed"};
  static constexpr std::array<std::string_view, 5> kLogprobs = {
      "top_logprobs", "logprobs", "logprob", "log probabilities", "toplogprobs"};
  static constexpr std::array<std::string_view, 2> kBound = {"max_tokens", "max_completion_tokens"};
  static constexpr std::array<std::string_view, 10> kFormat = {
      "response_format",    "json_schema", "json_object", "json mode", "structured output",
      "structured outputs", "guided_json", "grammar",     "schema",    "text_format"};
  switch (parameter) {
    case Parameter::kTemperature:
      return kTemperature;
    case Parameter::kTopP:
      return kTopP;
    case Parameter::kSeed:
      return kSeed;
    case Parameter::kLogprobs:
      return kLogprobs;
    case Parameter::kBound:
      return kBound;
    case Parameter::kFormat:
      break;
  }
  return kFormat;
}

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// How `name` stands in a text: not at all, as a word, or in quotes.
enum class Stands { kNot, kAsWord, kQuoted };
Stands StandsIn(std::string_view text, std::string_view name) {
  Stands found = Stands::kNot;
  for (size_t at = 0; (at = text.find(name, at)) != std::string_view::npos; at += name.size()) {
    const size_t end = at + name.size();
    if (at > 0 && IsNameCharacter(text[at - 1])) continue;
    if (end < text.size() && IsNameCharacter(text[end])) continue;
    constexpr std::string_view kQuotes = "'\"`";
    if (at > 0 && kQuotes.find(text[at - 1]) != std::string_view::npos) return Stands::kQuoted;
    found = Stands::kAsWord;
  }
  return found;
}

bool SaysAny(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// That a field as such isn't taken.
bool RefusesField(std::string_view text) {
  return SaysAny(
      text, {"unsupported",   "not support",    "n't support",   "unknown",         "unrecognized",
             "unrecognised",  "unexpected",     "extra ",        "extra_",          "not permitted",
             "not allowed",   "forbidden",      "instead",       "deprecated",      "invalid param",
             "invalid field", "not available",  "unavailable",   "not implemented", "incompatible",
             "disabled",      "cannot be used", "can't be used", "cannot use",      "not enabled",
             "not accepted",  "no such",        "ignored",       "不支持",          "未知",
             "无效"});
}

// That, or that its value isn't.
bool RefusesValue(std::string_view text) {
  return RefusesField(text) ||
         SaysAny(text,
                 {"invalid",  "must be",        "must not",  "must contain", "only",    "should be",
                  "at most",  "greater than",   "less than", "max allowed",  "maximum", "minimum",
                  "range",    "too large",      "too high",  "cannot",       "can't",   "not valid",
                  "required", "does not exist", "required",  "期望",         "必须"});
}

// What stands before a list of what would be taken instead.
std::string_view WithoutAlternatives(std::string_view text) {
  for (const std::string_view mark :
       {"expected one of", "expected:", ", expected", "allowed:", "allowed are", "allowed fields",
        "allowed param", "valid fields", "valid param", "valid options", "supported fields",
        "supported param", "permitted fields", "available param", "one of:"}) {
    const size_t at = text.find(mark);
    // "Unsupported parameter: x" holds "supported param" as well.
    if (at == std::string_view::npos || at == 0 || IsNameCharacter(text[at - 1])) continue;
    text = text.substr(0, at);
  }
  return text;
}

bool Names(std::string_view text, Parameter parameter, bool refuses_field, bool refuses_value) {
  for (const std::string_view name : NamesOf(parameter)) {
    const Stands stands = StandsIn(text, name);
    if (stands == Stands::kNot) continue;
    // "max_tokens is too large" is about the value: the caller's, not the server's.
    if (parameter == Parameter::kBound) return refuses_field;
    if (refuses_value || stands == Stands::kQuoted) return true;
  }
  return false;
}

std::string_view Head(std::string_view path) { return path.substr(0, path.find_first_of(".[")); }

// 0.7f as 0.7, not as the double next to it.
double AsWritten(float value) { return std::strtod(fmt::format("{}", value).c_str(), nullptr); }

Json ResponseFormat(const Task& task, Features::Format format) {
  if (format == Features::Format::kObject) return {{"type", "json_object"}};
  return {{"type", "json_schema"},
          {"json_schema", {{"name", task.name}, {"strict", true}, {"schema", task.schema}}}};
}

void PutExtras(const Json& extras, Json& body) {
  const bool bounded = extras.contains("max_tokens") || extras.contains("max_completion_tokens");
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    if (bounded) body.erase(name);
  }
  for (const auto& [name, value] : extras.items()) {
    if (value.is_null()) {
      body.erase(name);
    } else {
      body[name] = value;
    }
  }
}

// What a step lower means, for people.
std::string StepNote(Parameter parameter, int level) {
  switch (parameter) {
    case Parameter::kTemperature:
      return "temperature is not taken, and left out: replies follow the server's own";
    case Parameter::kTopP:
      return "top_p is not taken, and left out";
    case Parameter::kSeed:
      return "seed is not taken, and left out: draws can't be repeated";
    case Parameter::kLogprobs:
      return level < Features::Last(parameter)
                 ? fmt::format("so many top_logprobs are not taken: asked for {}", kFewTopLogprobs)
                 : "logprobs are not taken, and left out: replies come without probabilities";
    case Parameter::kBound:
      return level < Features::Last(parameter)
                 ? "max_tokens is not taken: asked by max_completion_tokens"
                 : "no bound on tokens is taken, and none is sent";
    case Parameter::kFormat:
      break;
  }
  return level < Features::Last(parameter)
             ? "a schema is not taken as response_format: asked for a JSON object"
             : "response_format is not taken, and left out";
}

}  // namespace

int Features::Last(Parameter parameter) {
  const bool two = parameter == Parameter::kLogprobs || parameter == Parameter::kBound ||
                   parameter == Parameter::kFormat;
  return two ? 2 : 1;
}

int Features::top_logprobs() const {
  constexpr std::array<int, 3> kLevels = {kMostTopLogprobs, kFewTopLogprobs, 0};
  return kLevels[static_cast<size_t>(level(Parameter::kLogprobs))];
}

Features Features::LeastOf(const Features& other) const {
  Features least;
  for (const Parameter parameter : kAllParameters) {
    least.Set(parameter, std::max(level(parameter), other.level(parameter)));
  }
  return least;
}

bool Carries(Parameter parameter, const ChatRequest& request, const Features& features) {
  if (!features.has(parameter)) return false;
  switch (parameter) {
    case Parameter::kTopP:
    case Parameter::kSeed:
      return request.sampling.temperature > 0;
    case Parameter::kLogprobs:
      return request.top_logprobs > 0;
    case Parameter::kFormat:
      return request.task != nullptr;
    case Parameter::kTemperature:
    case Parameter::kBound:
      break;
  }
  return true;
}

std::string RequestBody(const std::string& model, const ChatRequest& request,
                        const Features& features, const RequestExtras& extras) {
  const Sampling& sampling = request.sampling;
  const auto carries = [&](Parameter parameter) { return Carries(parameter, request, features); };
  Json body = {{"model", model}, {"messages", format::TurnsToJson(request.turns)}};
  if (carries(Parameter::kBound)) {
    const bool completion = features.bound() == Features::Bound::kMaxCompletionTokens;
    body[completion ? "max_completion_tokens" : "max_tokens"] =
        extras.max_reply_tokens > 0 ? extras.max_reply_tokens : sampling.max_new_tokens;
  }
  if (carries(Parameter::kTemperature)) body["temperature"] = AsWritten(sampling.temperature);
  if (carries(Parameter::kTopP)) body["top_p"] = AsWritten(sampling.top_p);
  if (carries(Parameter::kSeed)) {
    // 31 bits: what every server takes.
    body["seed"] = MixBits(sampling.seed ^ HashBytes(request.id)) >> 33;
  }
  if (carries(Parameter::kFormat)) {
    body["response_format"] = ResponseFormat(*request.task, features.format());
  }
  if (carries(Parameter::kLogprobs)) {
    body["logprobs"] = true;
    body["top_logprobs"] = std::min(request.top_logprobs, features.top_logprobs());
  }
  PutExtras(extras.extra_body, body);
  return DumpJson(body);
}

std::vector<Parameter> RefusedParameters(const ServerError& error, const ChatRequest& request,
                                         const Features& sent) {
  std::vector<Parameter> carried;
  for (const Parameter parameter : kAllParameters) {
    if (Carries(parameter, request, sent)) carried.push_back(parameter);
  }
  const std::string whole = AsciiLower(fmt::format("{} {}", error.code, error.message));
  const bool refuses_field = RefusesField(whole), refuses_value = RefusesValue(whole);
  const std::string param = AsciiLower(Head(error.param));
  for (const Parameter parameter : carried) {
    const auto names = NamesOf(parameter);
    if (std::find(names.begin(), names.end(), param) == names.end()) continue;
    if (parameter == Parameter::kBound && !refuses_field) return {};
    return {parameter};
  }
  const auto named_in = [&](std::string_view text) {
    std::vector<Parameter> named;
    for (const Parameter parameter : carried) {
      if (Names(text, parameter, refuses_field, refuses_value)) named.push_back(parameter);
    }
    return named;
  };
  std::vector<Parameter> named = named_in(WithoutAlternatives(whole));
  return named.empty() ? named_in(whole) : named;
}

std::pair<std::string, bool> ServerSupport::KeyOf(const ChatRequest& request) {
  return {request.task != nullptr ? request.task->name : "", request.top_logprobs > 0};
}

Features ServerSupport::For(const ChatRequest& request) const {
  const auto known = tasks_.find(KeyOf(request));
  return known == tasks_.end() ? refused_ : refused_.LeastOf(known->second.features);
}

std::optional<ServerSupport::Next> ServerSupport::Refused(const ChatRequest& request,
                                                          const Features& sent,
                                                          const ServerError& error) {
  const std::vector<Parameter> named = RefusedParameters(error, request, sent);
  if (!named.empty()) {
    Next next{.features = sent};
    for (const Parameter parameter : named) {
      int lower = sent.level(parameter) + 1;
      const bool few = request.top_logprobs <= kFewTopLogprobs;
      if (parameter == Parameter::kLogprobs && few) lower = Features::Last(parameter);
      next.features.Set(parameter, lower);
      const auto index = static_cast<size_t>(parameter);
      // Another request has found it out, or had it taken: then this one goes without alone.
      if (refused_.level(parameter) >= lower) continue;
      next.alone |= accepted_[index];
      if (accepted_[index]) continue;
      refused_.Set(parameter, lower);
      accepted_[index] = false;
      next.notes.push_back(StepNote(parameter, lower));
    }
    next.features = next.features.LeastOf(refused_);
    return next;
  }
  const Features known = For(request);
  const auto task = tasks_.find(KeyOf(request));
  if (task != tasks_.end() && task->second.proven) {
    if (sent == known) return std::nullopt;
    return Next{.features = known};
  }
  // Nothing is named: with less and less, log-probabilities last.
  Next next{.features = sent};
  if (Carries(Parameter::kFormat, request, sent)) {
    next.features.Set(Parameter::kFormat, sent.level(Parameter::kFormat) + 1);
  } else if (Carries(Parameter::kLogprobs, request, sent)) {
    next.features.Set(Parameter::kLogprobs, Features::Last(Parameter::kLogprobs));
    next.features.Set(Parameter::kFormat, known.level(Parameter::kFormat));
  } else {
    return std::nullopt;
  }
  return next;
}

std::vector<std::string> ServerSupport::Accepted(const ChatRequest& request, const Features& sent,
                                                 Lowered lowered) {
  for (const Parameter parameter : kAllParameters) {
    const bool taken =
        Carries(parameter, request, sent) && sent.level(parameter) == refused_.level(parameter);
    if (taken) accepted_[static_cast<size_t>(parameter)] = true;
  }
  OfTask& task = tasks_[KeyOf(request)];
  // What one request had to do without says nothing of the others, and what works with more says
  // that less isn't needed.
  const bool fuller =
      task.proven && sent.LeastOf(task.features) == task.features && !(sent == task.features);
  if (lowered == Lowered::kAlone || (task.proven && !fuller)) return {};
  const Features before = For(request);
  task = {.features = sent, .proven = true};
  std::vector<std::string> notes;
  for (const Parameter parameter : kAllParameters) {
    if (sent.level(parameter) > before.level(parameter)) {
      notes.push_back(StepNote(parameter, sent.level(parameter)));
    }
  }
  return notes;
}

bool ServerSupport::takes_logprobs() const {
  if (!refused_.has(Parameter::kLogprobs)) return false;
  return std::none_of(tasks_.begin(), tasks_.end(), [](const auto& entry) {
    return entry.first.second && !entry.second.features.has(Parameter::kLogprobs);
  });
}

}  // namespace mores::chat
