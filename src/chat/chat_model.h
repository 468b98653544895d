// Language models that are asked by messages: endpoints, our engine behind a chat template, and
// scripted replies. What needs tokens (scores, labels decided first) is chat/language_model.h.
#ifndef MORES_CHAT_CHAT_MODEL_H_
#define MORES_CHAT_CHAT_MODEL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "chat/task.h"
#include "engine/sampler.h"
#include "format/dialogue.h"
#include "format/verdict.h"

namespace mores::chat {

using engine::Sampling;

struct ChatRequest {
  const Task* task = nullptr;  // null: free text
  std::vector<format::Turn> turns;
  Sampling sampling;
  std::string id;        // with seed and step, the key of random draws; no part of what is asked
  int top_logprobs = 0;  // alternatives wanted a token; 0: no log-probabilities

  // What was sent that isn't ours, for ReadReply.
  std::vector<std::string> given;
};

struct TokenLogprob {
  std::string token;   // its bytes, where the backend tells them; else its text
  double logprob = 0;  // natural logarithm
};

struct ReplyToken {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;  // likeliest first
};

struct ChatUsage {
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
};

// Why a reply ended: by itself, at the bound on tokens, held back by a filter of the server, by an
// error of the server, or for a reason that we don't know.
enum class FinishReason { kStop, kLength, kFilter, kError, kOther };

struct ChatReply {
  std::string text;  // valid UTF-8
  FinishReason finish_reason = FinishReason::kStop;
  std::string refusal;             // what a server says in place of an answer; "" for none
  std::vector<ReplyToken> tokens;  // of `text`; empty where the backend gives no log-probabilities
  ChatUsage usage;
  // Names of what was odd about how it came, such as "surrogate_replaced"; kept in the cache.
  std::vector<std::string> oddities;
  int64_t bound = 0;    // tokens it was allowed, where that isn't what its request says; else 0
  bool cached = false;  // taken from a reply cache: nothing was asked
};

// Why a server held a reply back, in part or as a whole: it said that it refuses, that its filter
// stopped it, or that it failed. What such a reply states of safety is in doubt.
std::optional<format::UnparsedReason> HeldBack(const ChatReply& reply);

// What was asked of a model so far.
struct ChatTotals {
  int64_t asked = 0, cached = 0, retried = 0, failed = 0;
  ChatUsage usage;  // of what was asked, not of what came from a cache
  double cost = 0;  // in the currency of the caller's prices

  // Of all replies, kept ones too.
  int64_t cut_off = 0;                      // ended at the bound on tokens
  std::map<std::string, int64_t> oddities;  // by name; "content_filter" and "refusal" among them
  std::vector<std::string> notes;           // what the model's server turned out not to take
};
// Without what there is none of.
Json ToJson(const ChatTotals& totals);
// What is odd about a reply.
void CountOddities(const ChatReply& reply, ChatTotals& totals);

// What one model of a run was asked, and for what: "judge", "writer".
struct ModelUse {
  std::string role, model;
  ChatTotals totals;
};
// {"usage":[{"role","model", and the totals}...]}: how every manifest tells it.
Json UsageToJson(std::span<const ModelUse> uses);

// One caller at a time.
class ChatModel {
 public:
  virtual ~ChatModel() = default;
  // "gpt-x@127.0.0.1:8080", "mini@1a2b3c4d5e6f", "scripted@1a2b3c4d5e6f": never a secret.
  virtual std::string name() const = 0;
  virtual bool has_logprobs() const = 0;
  // What shapes its replies beside its name, for a fingerprint: of a model that is computed here
  // how it is computed and asked; of an endpoint what is asked of it in addition. No secrets.
  virtual Json identity() const { return Json::object(); }
  // Tokens that a reply to this request may have.
  virtual int64_t ReplyBound(const ChatRequest& request) const {
    return request.sampling.max_new_tokens;
  }

  // Called once a request, as its result comes, in any order, on the caller's thread.
  using OnReply = std::function<void(size_t index, const Expected<ChatReply>&)>;
  // One result a request, in order. A request that fails alone is an error of its own; an error of
  // the call is the model's (no answer, wrong key, a bound on cost), or kCancelled when
  // a stop was asked for, by the token that the model was opened with.
  virtual Expected<std::vector<Expected<ChatReply>>> Chat(std::span<const ChatRequest> requests,
                                                          const OnReply& on_reply) = 0;
  virtual ChatTotals totals() const = 0;
};

// A task as it is asked of a model: the instructions as the system turn, and one JSON object with
// the material as the user turn, so that nothing in it can look like the end of the material.
ChatRequest AskTask(const Task& task, text::Language language, const Json& material,
                    const Sampling& sampling);

// Asks, and reads each reply by its task. A reply that can't be read, or was held back by its
// server (but for the label unsafe), is an error of kInput of its request, and nothing else is: a
// request that the model refuses as bad input is kUnsupported.
struct TaskReply {
  Json value;
  ChatReply reply;
};
// REQUIRES: each request has a task.
Expected<std::vector<Expected<TaskReply>>> AskTasks(ChatModel& model,
                                                    std::span<const ChatRequest> requests,
                                                    const ChatModel::OnReply& on_reply = {});

// Replies from a file (docs/formats/scripted-replies.md), for tests and examples: JSON lines of
//   {"task"?: NAME, "contains"?: [TEXT...], "reply": TEXT or OBJECT, "logprobs"?: [...],
//    "usage"?: {"prompt_tokens", "completion_tokens"}}
// of which the first that fits a request answers it: its task, and every text in one of its turns
// (but not in a task's instructions).
// "task" null fits free text. A request that none fits fails.
Expected<std::unique_ptr<ChatModel>> OpenScriptedModel(const std::string& path,
                                                       StopToken stop = {});

}  // namespace mores::chat

#endif  // MORES_CHAT_CHAT_MODEL_H_
