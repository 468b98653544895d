// A server of chats that does all that servers were seen to do, at random and repeatably: what it
// answers about an item follows from the item's number and a seed, and so does the label that a
// reader may take from it.
#ifndef MORES_SUPPORT_CHAT_MIXED_SERVER_H_
#define MORES_SUPPORT_CHAT_MIXED_SERVER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/json.h"
#include "base/random.h"
#include "support/chat/fake_server.h"

namespace mores::chat {

class MixedServer {
 public:
  enum class Kind {
    kObject,
    kPlainLabel,
    kBoldLabel,
    kThinking,        // drafts the other label in what it thinks
    kParts,           // the same, as a part of the content
    kTornByLength,    // after the label
    kSingleQuotes,
    kProse,           // around the object
    kSurrogate,       // half of one, in the critique
    kNullAlternatives,
    kOnlyThinking,    // from here on none has a label
    kUnfinishedThinking,
    kTornByFilter,
    kRefusal,
    kDuplicateKeys,
    kRefusedByFilter
  };
  static constexpr int kKinds = 16;
  struct Outcome {
    std::string label;
    std::string oddity;  // as totals name it; "" for none
  };

  explicit MixedServer(uint64_t seed) : seed_(seed) {}

  Kind KindOf(int item) const {
    return static_cast<Kind>(Random(seed_, static_cast<uint64_t>(item)).At(0) % kKinds);
  }
  // What the model says of it, were it read rightly.
  std::string LabelOf(int item) const {
    return Random(seed_, static_cast<uint64_t>(item)).At(1) % 2 == 0 ? "safe" : "unsafe";
  }
  Outcome OutcomeOf(int item) const {
    const Kind kind = KindOf(item);
    const std::string label = kind >= Kind::kOnlyThinking ? "unparsed" : LabelOf(item);
    switch (kind) {
      case Kind::kSurrogate: return {label, "surrogate_replaced"};
      case Kind::kNullAlternatives: return {label, "alternatives_left_out"};
      case Kind::kOnlyThinking: return {label, "spent_on_thinking"};
      case Kind::kTornByFilter: return {label, "content_filter"};
      case Kind::kRefusal: return {label, "refusal"};
      case Kind::kRefusedByFilter: return {label, "refused_by_filter"};
      default: return {label, ""};
    }
  }

  // The item that a request asks about stands in it as "item NUMBER.".
  FakeServer::Answer operator()(const FakeServer::Request& request) {
    if (held_) {
      while (held_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return {.dropped = true};
    }
    const Json body = Json::parse(request.body);
    if (const std::string refused = Refused(body); !refused.empty()) {
      return {.status = 400,
              .body = DumpJson({{"error", {{"message", "Unsupported parameter: " + refused}}}})};
    }
    const size_t at = request.body.rfind("item ");
    const int item = std::atoi(request.body.c_str() + at + 5);
    const int attempt = Attempt(item);
    const Random random(seed_ + 1, static_cast<uint64_t>(item) * 64 + static_cast<uint64_t>(attempt));
    FakeServer::Answer answer;
    if (attempt < kTroubledAttempts && Trouble(random, item, answer)) return answer;
    answer = Reply(item);
    Deliver(item);
    return answer;
  }

  // Replies that were sent whole, by item.
  std::map<int, int> delivered() const {
    const std::lock_guard lock(mutex_);
    return delivered_;
  }
  // From here on whoever asks waits until Release, and is told nothing then.
  void Hold() { held_ = true; }
  void Release() { held_ = false; }

 private:
  static constexpr int kTroubledAttempts = 3;

  static std::string Refused(const Json& body) {
    if (body.contains("temperature")) return "'temperature'";
    if (body.value("top_logprobs", 0) > 5) return "'top_logprobs' above 5";
    const Json format = body.value("response_format", Json::object());
    return format.value("type", "") == "json_schema" ? "'response_format' of type json_schema" : "";
  }

  int Attempt(int item) {
    const std::lock_guard lock(mutex_);
    return attempts_[item]++;
  }
  void Deliver(int item) {
    const std::lock_guard lock(mutex_);
    ++delivered_[item];
  }

  bool Trouble(const Random& random, int item, FakeServer::Answer& answer) {
    const auto error = [](Json said) { return DumpJson({{"error", std::move(said)}}); };
    switch (random.At(0) % 20) {
      case 0: answer = {.dropped = true}; return true;
      case 1: {
        answer = Reply(item);
        answer.status = 200;
        answer.sent = random.At(1) % answer.body.size();
        return true;
      }
      case 2: answer = {.status = 429, .headers = "Retry-After: 1\r\n"}; return true;
      case 3: answer = {.status = 500, .body = "oh no"}; return true;
      case 4:
        answer = {.status = 502,
                  .headers = "Content-Type: text/html\r\n",
                  .body = "<html><title>Bad Gateway</title></html>"};
        return true;
      case 5:
        answer = {.headers = "Content-Type: text/html\r\n", .body = "<html>One moment</html>"};
        return true;
      case 6: answer = {.body = error({{"message", "slow down"}, {"code", 429}})}; return true;
      case 7: answer = {.body = error({{"message", "overloaded"}})}; return true;
      case 8: std::this_thread::sleep_for(std::chrono::milliseconds(100)); return false;
      default: return false;
    }
  }

  FakeServer::Answer Reply(int item) const {
    const std::string label = LabelOf(item), other = label == "safe" ? "unsafe" : "safe";
    const auto object = [](const std::string& says) { return "{\"label\": \"" + says + "\"}"; };
    Json body = Json::parse(FakeServer::Completion(object(label)));
    Json& choice = body["choices"][0];
    Json& content = choice["message"]["content"];
    switch (KindOf(item)) {
      case Kind::kObject: break;
      case Kind::kPlainLabel: content = label == "safe" ? "Safe" : "Unsafe"; break;
      case Kind::kBoldLabel: content = label == "safe" ? "**Safe**" : "**Unsafe**"; break;
      case Kind::kThinking:
        content = "<think>\nSafety: " + other + "\n" + object(other) + "</think>\n" + object(label);
        break;
      case Kind::kParts:
        content = Json::array({{{"type", "thinking"}, {"text", object(other)}},
                               {{"type", "text"}, {"text", object(label)}}});
        break;
      case Kind::kTornByLength:
        content = "{\"label\": \"" + label + "\", \"analysis\": \"The ans";
        choice["finish_reason"] = "length";
        break;
      case Kind::kSingleQuotes: content = "{'label': '" + label + "'}"; break;
      case Kind::kProse: content = "Here is the verdict:\n\n" + object(label) + "\n\nDone."; break;
      case Kind::kSurrogate: content = "{\"label\": \"" + label + "\", \"analysis\": \"#\"}"; break;
      case Kind::kNullAlternatives: choice["logprobs"]["content"] = Logprobs(label, other); break;
      case Kind::kOnlyThinking:
        choice["message"] = {{"content", ""}, {"reasoning_content", "Is it safe? Safe."}};
        choice["finish_reason"] = "length";
        break;
      case Kind::kUnfinishedThinking:
        content = "<think>It is safe.\n" + object("safe");
        choice["finish_reason"] = "length";
        break;
      case Kind::kTornByFilter:
        content = "{\"label\": \"safe\", \"analysis\": \"The";
        choice["finish_reason"] = "content_filter";
        break;
      case Kind::kRefusal:
        choice["message"] = {{"content", nullptr}, {"refusal", "Safe completion is not possible."}};
        break;
      case Kind::kDuplicateKeys: content = R"({"label": "unsafe", "label": "safe"})"; break;
      case Kind::kRefusedByFilter:
        return {.status = 400,
                .body = DumpJson({{"error", {{"message", "Refused by our content policy: safe."}}}})};
    }
    std::string text = DumpJson(body);
    if (KindOf(item) == Kind::kSurrogate) text.replace(text.find('#'), 1, "\\ud83d");
    return {.body = text};
  }

  static Json Logprobs(const std::string& label, const std::string& other) {
    const auto token = [](const std::string& text, Json logprob) {
      return Json{{"token", text}, {"logprob", std::move(logprob)}};
    };
    Json said = token(label, -0.05);
    said["top_logprobs"] =
        Json::array({token(label, -0.05), token(other, -3.5), token("x", nullptr), nullptr});
    return Json::array({token("{\"label\": \"", -0.01), std::move(said), token("\"}", -0.01)});
  }

  const uint64_t seed_;
  std::atomic<bool> held_ = false;
  mutable std::mutex mutex_;
  std::map<int, int> attempts_, delivered_;
};

}  // namespace mores::chat

#endif  // MORES_SUPPORT_CHAT_MIXED_SERVER_H_
