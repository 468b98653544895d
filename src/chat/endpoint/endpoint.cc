#include "chat/endpoint/endpoint.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/random.h"
#include "chat/endpoint/endpoint_address.h"
#include "chat/endpoint/endpoint_http.h"
#include "chat/endpoint/endpoint_service.h"
#include "chat/endpoint/endpoint_wire.h"

namespace mores::chat {
namespace {

constexpr double kStopSeconds = 0.2;  // a stop is looked for at least this often
constexpr double kNever = 1e300;

// At most so many starts a minute, and a second's worth of them at once.
class RateBound {
 public:
  explicit RateBound(double per_minute)
      : per_second_(per_minute / 60), most_(std::max(1.0, per_second_)), tokens_(1) {}

  // Seconds from `now` until a start is allowed.
  double SecondsLeft(double now) {
    if (per_second_ <= 0) return 0;
    if (last_ >= 0) tokens_ = std::min(most_, tokens_ + (now - last_) * per_second_);
    last_ = now;
    return tokens_ >= 1 ? 0 : (1 - tokens_) / per_second_;
  }
  void Take() { tokens_ -= per_second_ > 0 ? 1 : 0; }

 private:
  double per_second_, most_, tokens_;
  double last_ = -1;
};

// What is known of a task's requests: what the server takes of them, and whether it ever took one.
struct Support {
  Features features;
  bool proven = false;
};

// What lives as long as the model: totals, the rate, and what the server is known to take.
struct Shared {
  explicit Shared(const EndpointOptions& given)
      : options(given),
        rate(given.requests_per_minute),
        jitter(given.jitter_seed != 0 ? given.jitter_seed : FreshSeed()) {}

  EndpointOptions options;
  std::string name;
  std::string key_source;
  Redactor redactor{""};
  std::unique_ptr<HttpPool> http;
  RateBound rate;
  Random jitter;
  ChatTotals totals;
  int64_t answered = 0;  // attempts that came to a complete reply
  double slowest = 0;    // seconds of the slowest of them
  std::map<std::pair<std::string, bool>, Support> support;  // by task and log-probabilities
  BoundName bound_name = BoundName::kMaxTokens;
};

// One call of Chat.
class Call {
 public:
  Call(Shared& shared, std::span<const ChatRequest> requests, const ChatModel::OnReply& on_reply)
      : shared_(shared),
        options_(shared.options),
        requests_(requests),
        on_reply_(on_reply),
        states_(requests.size()),
        open_(requests.size()) {
    replies_.reserve(requests.size());
    for (size_t i = 0; i < requests.size(); ++i) replies_.emplace_back(ChatReply{});
  }
  ~Call() { shared_.http->Abort(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Expected<std::vector<Expected<ChatReply>>> Run() {
    while (open_ > 0) {
      MORES_RETURN_IF_ERROR(options_.stop.Check());
      MORES_RETURN_IF_ERROR(StartWhatIsDue());
      if (open_ == 0) break;
      if (ending_ && shared_.http->running() == 0) return tl::unexpected<Error>(*ending_);
      MORES_ASSIGN_OR_RETURN(std::vector<HttpResult> results, shared_.http->Wait(SecondsToWait()));
      Status failed;
      for (HttpResult& result : results) {  // all of them: what came is handed on
        running_.erase(result.ticket);
        const Status handled = Handle(result);
        if (failed) failed = handled;
      }
      MORES_RETURN_IF_ERROR(failed);
      BreakOffStalled();
      MORES_RETURN_IF_ERROR(CheckSilence());
    }
    return std::move(replies_);
  }

 private:
  struct State {
    double first = -1;   // when its first attempt began
    double latest = -1;  // when its latest began
    int attempts = 0;
    int stalls = 0;                                // attempts that were broken off as stalled
    Features features;                             // of the attempt that is in flight
    BoundName bound_name = BoundName::kMaxTokens;  // the same
    std::optional<Features> ask;  // of the next one, where it differs from what is known
    std::string reason;           // why the last attempt failed
    int schema_failures = 0;      // 500s in a row while a reply format was asked for
    bool lowered = false;         // asks for less than is known to work
  };
  using Due = std::pair<double, size_t>;  // when, and which request

  static double Now() { return SystemClock().MonotonicSeconds(); }
  Support& SupportOf(size_t i) {
    const ChatRequest& request = requests_[i];
    return shared_
        .support[{request.task != nullptr ? request.task->name : "", request.top_logprobs > 0}];
  }
  double DeadlineOf(size_t i) const { return states_[i].first + options_.deadline_seconds; }

  // An attempt that takes far longer than any that was answered waits for a reply that won't come,
  // such as one on a connection that the other side forgot. Each time the request gets
  // longer.
  double PatienceWith(const State& state) const {
    constexpr int64_t kEnough = 20;  // answers, to know what is long
    constexpr double kTimesSlowest = 5, kLeastSeconds = 5, kLonger = 2;
    if (shared_.answered < kEnough) return options_.attempt_seconds;
    const double seconds = std::max(kLeastSeconds, kTimesSlowest * shared_.slowest);
    return std::min(options_.attempt_seconds,
                    seconds * std::pow(kLonger, std::min(state.stalls, 30)));
  }

  void BreakOffStalled() {
    const double now = Now();
    for (auto running = running_.begin(); running != running_.end();) {
      const size_t i = *running;
      State& state = states_[i];
      const double seconds = now - state.latest;
      // The last attempt that there is time for gets all of it.
      const bool last = now + options_.attempt_seconds > DeadlineOf(i);
      if (last || seconds < PatienceWith(state)) {
        ++running;
        continue;
      }
      running = running_.erase(running);
      shared_.http->Cancel(i);
      ++state.stalls;
      TryAgain(i, fmt::format("no answer within {:.3g} s, far longer than the others", seconds), 0);
    }
  }

  // Ends the call once nothing is in flight any more.
  void End(Error error) {
    if (!ending_) ending_ = std::move(error);
  }

  void CheckBounds() {
    const ChatTotals& totals = shared_.totals;
    if (options_.max_requests > 0 && totals.asked + totals.retried >= options_.max_requests) {
      End({ErrorKind::kUsage, fmt::format("{}: stopped at the bound of {} requests", shared_.name,
                                          options_.max_requests)});
    }
    if (options_.max_cost > 0 && totals.cost > options_.max_cost) {
      End({ErrorKind::kUsage, fmt::format("{}: stopped at a cost of {:.4f}, beyond the bound of {}",
                                          shared_.name, totals.cost, options_.max_cost)});
    }
  }

  // What waits for another attempt goes before what has had none.
  Status StartWhatIsDue() {
    for (;;) {
      const double now = Now();
      const bool again = !waiting_.empty() && waiting_.top().first <= now;
      if (again && now >= DeadlineOf(waiting_.top().second)) {
        GiveUp(waiting_.top().second);
        waiting_.pop();
        continue;
      }
      if (!again && next_ == requests_.size()) return {};
      if (!ending_) CheckBounds();
      if (ending_ || shared_.http->idle() == 0 || shared_.rate.SecondsLeft(now) > 0) return {};
      size_t i = next_;
      if (again) {
        i = waiting_.top().second;
        waiting_.pop();
      } else {
        ++next_;
      }
      MORES_RETURN_IF_ERROR(Start(i, now));
    }
  }

  Status Start(size_t i, double now) {
    State& state = states_[i];
    if (state.attempts++ == 0) {
      state.first = now;
      ++shared_.totals.asked;
    } else {
      ++shared_.totals.retried;
    }
    if (silent_since_ < 0) silent_since_ = now;
    state.latest = now;
    running_.insert(i);
    shared_.rate.Take();
    state.features = state.ask ? *state.ask : SupportOf(i).features;
    state.bound_name = shared_.bound_name;
    return shared_.http->Post(
        i, RequestBody(options_.address.model, requests_[i], state.features, shared_.bound_name),
        std::min(options_.attempt_seconds, DeadlineOf(i) - now));
  }

  double SecondsToWait() {
    const double now = Now();
    double next = kNever;
    if (!waiting_.empty()) next = waiting_.top().first;
    if (next_ < requests_.size() && !ending_) next = now;
    if (shared_.http->idle() == 0 || ending_) next = kNever;
    if (next != kNever) next = std::max(next, now + shared_.rate.SecondsLeft(now));
    return std::clamp(next - now, 0.0, kStopSeconds);
  }

  Status CheckSilence() {
    // A server that has answered may yet fail single requests for ever: those have deadlines.
    if (shared_.answered > 0 || silent_since_ < 0 ||
        Now() - silent_since_ < options_.deadline_seconds) {
      return {};
    }
    return MakeError(ErrorKind::kIo, "{}: no request was answered for {:g} s (last: {})",
                     shared_.name, options_.deadline_seconds,
                     last_reason_.empty() ? "no answer" : last_reason_);
  }

  void Answered() { silent_since_ = shared_.http->running() > 0 || !waiting_.empty() ? Now() : -1; }

  void Finish(size_t i, Expected<ChatReply> reply) {
    if (!reply) ++shared_.totals.failed;
    replies_[i] = std::move(reply);
    --open_;
    if (on_reply_) on_reply_(i, replies_[i]);
  }

  void GiveUp(size_t i) {
    Finish(i, MakeError(ErrorKind::kIo, "{}: given up after {} attempts in {:g} s (last: {})",
                        shared_.name, states_[i].attempts, options_.deadline_seconds,
                        states_[i].reason));
  }

  // On top of what the server asks for.
  void TryAgain(size_t i, std::string reason, double server_seconds) {
    State& state = states_[i];
    const double wait =
        server_seconds + BackoffSeconds(options_.backoff_seconds, state.attempts, shared_.jitter);
    if (server_seconds > 0) reason += fmt::format(", asks to wait {:g} s", server_seconds);
    last_reason_ = reason;
    state.reason = std::move(reason);
    waiting_.emplace(std::min(Now() + wait, DeadlineOf(i)), i);
  }

  void Completed(size_t i, Completion completion) {
    Support& support = SupportOf(i);
    // What one request had to do without says nothing of the others.
    if (!states_[i].lowered && !support.proven) {
      support = {.features = states_[i].features, .proven = true};
    }
    ++shared_.answered;
    shared_.slowest = std::max(shared_.slowest, Now() - states_[i].latest);
    ChatTotals& totals = shared_.totals;
    const ChatUsage& usage = completion.reply.usage;
    totals.usage.prompt_tokens += usage.prompt_tokens;
    totals.usage.completion_tokens += usage.completion_tokens;
    totals.cost += (static_cast<double>(usage.prompt_tokens) * options_.price_in +
                    static_cast<double>(usage.completion_tokens) * options_.price_out) /
                   1e6;
    if (options_.max_cost > 0 && !completion.has_usage) {
      End({ErrorKind::kUnsupported,
           fmt::format("{}: tells no usage, so a bound on cost can't be kept", shared_.name)});
    }
    Answered();
    Finish(i, std::move(completion.reply));
  }

  // 400 and 422: what the server can't do is asked for no more; else the item's own fault.
  void Refused(size_t i, const HttpResult& result) {
    State& state = states_[i];
    const Support& support = SupportOf(i);
    const std::string message = ServerMessage(result.body, shared_.redactor);
    Features less = state.features;
    bool again = false;
    if (message.find("max_completion_tokens") != std::string::npos &&
        state.bound_name == BoundName::kMaxTokens) {
      shared_.bound_name = BoundName::kMaxCompletionTokens;  // perhaps another request found out
      again = true;
    } else if (support.proven) {
      again = !(state.features == support.features);
      less = support.features;
    } else {
      again = AskLess(requests_[i], message, less);
    }
    if (again) {
      state.ask = less;
      state.reason = last_reason_ = fmt::format("{}: {}", result.status, message);
      waiting_.emplace(Now(), i);
      return;
    }
    Answered();
    Finish(i, MakeError(ErrorKind::kInput, "{}: refused with {}: {}", shared_.name, result.status,
                        message.empty() ? "no message" : message));
  }

  // An error is one of the call.
  Status Handle(const HttpResult& result) {
    const size_t i = result.ticket;
    const int64_t status = result.status;
    if (result.too_large) {
      Answered();
      Finish(i, MakeError(ErrorKind::kIo, "{}: the answer is longer than {} MiB", shared_.name,
                          HttpPool::kMaxBody >> 20));
    } else if (status == 0) {
      TryAgain(i, result.problem, 0);
    } else if (status >= 200 && status < 300) {
      Expected<Completion> completion = ParseCompletion(result.body, shared_.redactor);
      if (completion) {
        Completed(i, std::move(*completion));
      } else {
        TryAgain(i, std::move(completion.error().message), 0);
      }
    } else if (status == 400 || status == 422) {
      Refused(i, result);
    } else if (MayPass(status)) {
      const std::string message = ServerMessage(result.body, shared_.redactor);
      if (status == 500) LowerAfterFailures(i);
      TryAgain(i,
               message.empty() ? fmt::format("{}", status) : fmt::format("{}: {}", status, message),
               result.retry_after);
    } else if (status == 413) {
      Answered();
      Finish(i, MakeError(ErrorKind::kInput, "{}: refused with 413: too long", shared_.name));
    } else {
      return tl::unexpected<Error>(ServiceError(
          shared_.name, status, ServerMessage(result.body, shared_.redactor), shared_.key_source));
    }
    return {};
  }

  // Some servers hold a model to a schema, and answer 500 where it doesn't end its object in time:
  // again and again, for that request alone.
  void LowerAfterFailures(size_t i) {
    constexpr int kFailures = 3;
    State& state = states_[i];
    if (requests_[i].task == nullptr || state.features.format == ReplyFormat::kNone ||
        ++state.schema_failures < kFailures) {
      return;
    }
    state.ask = {.format = ReplyFormat::kNone, .logprobs = state.features.logprobs};
    state.lowered = true;
  }

  Shared& shared_;
  const EndpointOptions& options_;
  std::span<const ChatRequest> requests_;
  const ChatModel::OnReply& on_reply_;
  std::vector<State> states_;
  std::vector<Expected<ChatReply>> replies_;
  size_t open_;               // requests without a result
  size_t next_ = 0;           // the first without an attempt
  std::set<size_t> running_;  // in flight
  std::priority_queue<Due, std::vector<Due>, std::greater<>> waiting_;
  double silent_since_ = -1;  // since when something is asked and nothing answered; -1: no time
  std::string last_reason_;
  std::optional<Error> ending_;
};

class Endpoint : public ChatModel {
 public:
  explicit Endpoint(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}

  std::string name() const override { return shared_->name; }
  // Until the server is known to refuse them.
  bool has_logprobs() const override {
    return std::none_of(shared_->support.begin(), shared_->support.end(), [](const auto& entry) {
      return entry.first.second && !entry.second.features.logprobs;
    });
  }
  ChatTotals totals() const override { return shared_->totals; }

  Expected<std::vector<Expected<ChatReply>>> Chat(std::span<const ChatRequest> requests,
                                                  const OnReply& on_reply) override {
    return Call(*shared_, requests, on_reply).Run();
  }

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace

Expected<std::unique_ptr<ChatModel>> OpenEndpoint(const EndpointOptions& options) {
  MORES_CHECK(options.in_flight > 0 && options.attempt_seconds > 0 && options.deadline_seconds > 0);
  if (options.max_cost > 0 && options.price_in <= 0 && options.price_out <= 0) {
    return MakeError(ErrorKind::kUsage, "a bound on cost needs prices");
  }
  auto shared = std::make_unique<Shared>(options);
  shared->name = EndpointName(options.address);
  MORES_ASSIGN_OR_RETURN(ApiKey key, ReadApiKey(HostOf(options.address).host));
  shared->key_source = std::move(key.source);
  shared->redactor = Redactor(key.value);
  MORES_ASSIGN_OR_RETURN(shared->http,
                         OpenHttpPool({.url = options.address.base + "/chat/completions",
                                       .key = std::move(key.value),
                                       .in_flight = options.in_flight}));
  return std::unique_ptr<ChatModel>(new Endpoint(std::move(shared)));
}

}  // namespace mores::chat
