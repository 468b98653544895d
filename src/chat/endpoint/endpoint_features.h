// What is asked of a server beside the messages, and what a server turned out not to take.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_FEATURES_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_FEATURES_H_

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "chat/chat_model.h"
#include "chat/endpoint/endpoint_errors.h"

namespace mores::chat {

// What a server may refuse.
enum class Parameter { kTemperature, kTopP, kSeed, kLogprobs, kBound, kFormat };
inline constexpr size_t kParameters = 6;

// How far each has been lowered. A step lower asks for less, and none is ever taken back for the
// requests of a run, so asking again comes to an end.
class Features {
 public:
  // How a reply is held to its schema: `response_format`, which not every server knows.
  enum class Format { kSchema, kObject, kNone };
  // The bound on what is written is `max_tokens`, or `max_completion_tokens` for servers that want
  // it so, or nothing.
  enum class Bound { kMaxTokens, kMaxCompletionTokens, kNone };

  Format format() const { return static_cast<Format>(level(Parameter::kFormat)); }
  Bound bound() const { return static_cast<Bound>(level(Parameter::kBound)); }
  int top_logprobs() const;  // alternatives at most; 0: no log-probabilities at all
  bool has(Parameter parameter) const { return level(parameter) < Last(parameter); }

  int level(Parameter parameter) const { return levels_[static_cast<size_t>(parameter)]; }
  void Set(Parameter parameter, int level) { levels_[static_cast<size_t>(parameter)] = level; }
  static int Last(Parameter parameter);  // the level at which it isn't asked for
  Features LeastOf(const Features& other) const;
  bool operator==(const Features&) const = default;

 private:
  std::array<int, kParameters> levels_{};
};

// Whether a request with these features carries the parameter.
bool Carries(Parameter parameter, const ChatRequest& request, const Features& features);

struct RequestExtras {
  int64_t max_reply_tokens = 0;  // in place of each request's own bound; 0: that
  // Members put into each request in place of ours; null takes one of ours out.
  Json extra_body = Json::object();
};

// The JSON of POST chat/completions. Seeds are sent where draws are random alone, and depend on the
// request's id, so that equal requests of other ids draw anew.
std::string RequestBody(const std::string& model, const ChatRequest& request,
                        const Features& features, const RequestExtras& extras);

// What of the request a refusal speaks of, as something that the server doesn't take; nothing for
// one about the request's content or about a value of the caller.
std::vector<Parameter> RefusedParameters(const ServerError& error, const ChatRequest& request,
                                         const Features& sent);

// What a server is known to take, over the run.
class ServerSupport {
 public:
  // Of the next request: without what was refused by name, and for its task what worked.
  Features For(const ChatRequest& request) const;

  struct Next {
    Features features;
    std::vector<std::string> notes;  // what is found out by this, for people
    bool alone = false;              // others had taken what this one is asked without
  };
  // With what a refused request is asked again; none: the refusal is its own.
  std::optional<Next> Refused(const ChatRequest& request, const Features& sent,
                              const ServerError& error);
  // Returns what is found out. kAlone: the request was given less than is known to work.
  enum class Lowered { kNo, kAlone };
  std::vector<std::string> Accepted(const ChatRequest& request, const Features& sent,
                                    Lowered lowered);
  bool takes_logprobs() const;

 private:
  // By task and log-probabilities: what works may differ with the schema.
  struct OfTask {
    Features features;
    bool proven = false;
  };
  static std::pair<std::string, bool> KeyOf(const ChatRequest& request);

  Features refused_;                          // by name
  std::array<bool, kParameters> accepted_{};  // at the level of refused_, at least once
  std::map<std::pair<std::string, bool>, OfTask> tasks_;
};

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_FEATURES_H_
