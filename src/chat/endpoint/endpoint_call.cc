#include "chat/endpoint/endpoint_call.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <queue>
#include <set>
#include <utility>

#include "base/clock.h"
#include "chat/endpoint/endpoint_errors.h"
#include "chat/endpoint/endpoint_wire.h"

namespace mores::chat {
namespace {

constexpr double kStopSeconds = 0.2;  // a stop is looked for at least this often
constexpr double kNever = 1e300;

// One call of Chat.
class Call {
 public:
  Call(EndpointState& shared, std::span<const ChatRequest> requests,
       const ChatModel::OnReply& on_reply)
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
      if (ending_ && (shared_.http->running() == 0 || Now() > ending_until_)) {
        return tl::unexpected<Error>(*ending_);
      }
      MORES_ASSIGN_OR_RETURN(const std::vector<HttpResult> results,
                             shared_.http->Wait(SecondsToWait()));
      for (const HttpResult& result : results) {
        running_.erase(result.ticket);
        Handle(result);
      }
      BreakOffStalled();
      MORES_RETURN_IF_ERROR(CheckSilence());
      TellSilence();
    }
    return std::move(replies_);
  }

 private:
  struct State {
    double first = -1;   // when its first attempt began
    double latest = -1;  // when its latest began
    int attempts = 0;
    int stalls = 0;               // attempts that were broken off as stalled
    int odd_bodies = 0;           // answers that were no chat completions
    Features features;            // of the attempt that is in flight
    std::optional<Features> ask;  // of the next one, where it differs from what is known
    std::string reason;           // why the last attempt failed
    bool server_failed = false;   // the server itself failed at it (500), and is there
    int refusals = 0;             // of something beside its messages
    int schema_failures = 0;      // 500s in a row while a reply format was asked for
    ServerSupport::Lowered lowered = ServerSupport::Lowered::kNo;
  };
  using Due = std::pair<double, size_t>;  // when, and which request

  static double Now() { return SystemClock().MonotonicSeconds(); }
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

  // Ends the call once nothing is in flight any more: what is there may have been paid for.
  void End(Error error) {
    if (!ending_) ending_ = std::move(error);
  }
  // The same for a server that is of no use: it isn't waited for much longer.
  void EndSoon(Error error) {
    constexpr double kGraceSeconds = 5;
    if (!ending_) ending_until_ = Now() + kGraceSeconds;
    error.message += shared_.via;
    End(std::move(error));
  }

  void CheckBounds() {
    const ChatTotals& totals = shared_.totals;
    if (options_.max_requests > 0 && totals.asked + totals.retried >= options_.max_requests) {
      End({ErrorKind::kUsage,
           fmt::format("{}: stopped at the bound of {} requests: raise it, or repeat the command "
                       "for as many more",
                       shared_.name, options_.max_requests)});
    }
    if (options_.max_cost > 0 && totals.cost > options_.max_cost) {
      End({ErrorKind::kUsage,
           fmt::format("{}: stopped at a cost of {:.6g}, beyond the bound of {}: raise it, or "
                       "repeat the command for as much again",
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
    state.features = state.ask ? *state.ask : shared_.support.For(requests_[i]);
    return shared_.http->Post(
        i, RequestBody(options_.address.model, requests_[i], state.features, shared_.extras),
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
    if (silent_since_ < 0 || Now() - silent_since_ < options_.deadline_seconds) return {};
    // A server that has answered may yet fail single requests for ever: those have deadlines. One
    // that several were given up on since its last answer isn't there any more.
    constexpr int kGone = 3;
    if (shared_.answered > 0 && given_up_ < kGone) return {};
    return MakeError(ErrorKind::kIo, "{}: no request was answered for {:g} s (last: {})",
                     shared_.name, options_.deadline_seconds,
                     last_reason_.empty() ? "no answer" + shared_.via : last_reason_);
  }

  void TellSilence() {
    // Models may take long to write: without a failure that is nothing to tell at once.
    constexpr double kSlowOfNew = 5, kSlowOfKnown = 15, kTimesSlowest = 3;
    if (silent_since_ < 0 || ending_) return;
    std::string reason = last_reason_;
    if (reason.empty() && shared_.http->running() > 0 && !shared_.http->connected()) {
      reason = "no connection yet" + shared_.via;
    }
    const auto note = shared_.waiting.Tell(
        {.now = Now(),
         .since = silent_since_,
         .until = silent_since_ + options_.deadline_seconds,
         .slow = shared_.answered > 0 ? std::max(kSlowOfKnown, kTimesSlowest * shared_.slowest)
                                      : kSlowOfNew,
         .reason = std::move(reason)});
    if (note) shared_.Tell(*note);
  }

  void Answered() {
    silent_since_ = shared_.http->running() > 0 || !waiting_.empty() ? Now() : -1;
    last_reason_.clear();
    given_up_ = 0;
    shared_.odd_bodies = 0;
  }

  void Finish(size_t i, Expected<ChatReply> reply) {
    if (!reply) ++shared_.totals.failed;
    replies_[i] = std::move(reply);
    --open_;
    if (on_reply_) on_reply_(i, replies_[i]);
  }

  void GiveUp(size_t i) {
    if (!states_[i].server_failed) ++given_up_;
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
    reason += shared_.via;
    last_reason_ = reason;
    state.reason = std::move(reason);
    waiting_.emplace(std::min(Now() + wait, DeadlineOf(i)), i);
  }

  void Completed(size_t i, Completion completion) {
    NoteAll(shared_.support.Accepted(requests_[i], states_[i].features, states_[i].lowered), "");
    ++shared_.answered;
    shared_.slowest = std::max(shared_.slowest, Now() - states_[i].latest);
    ChatTotals& totals = shared_.totals;
    ChatReply& reply = completion.reply;
    if (reply.finish_reason == FinishReason::kLength) reply.bound = options_.max_reply_tokens;
    CountOddities(reply, totals);
    const ChatUsage& usage = reply.usage;
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

  // Content that a server won't have is settled: asked again, it won't either.
  void Filtered(size_t i, const ServerError& error) {
    ChatReply reply{.finish_reason = FinishReason::kFilter,
                    .refusal = error.Shown(),
                    .oddities = {"refused_by_filter"}};
    CountOddities(reply, shared_.totals);
    Answered();
    Finish(i, std::move(reply));
  }

  void NoteAll(const std::vector<std::string>& notes, const std::string& because) {
    for (const std::string& note : notes) {
      const std::string line = because.empty() ? note : fmt::format("{} ({})", note, because);
      shared_.totals.notes.push_back(line);
      shared_.Tell(line);
    }
  }

  // What the server can't do is asked for no more; else the refusal is the item's own.
  void Refused(size_t i, int64_t status, const ServerError& error) {
    constexpr int kMostRefusals = 16;  // more than there are steps down
    State& state = states_[i];
    const std::string said = fmt::format("{}: {}", StatusText(status), error.Shown());
    auto next = shared_.support.Refused(requests_[i], state.features, error);
    if (next && ++state.refusals <= kMostRefusals) {
      NoteAll(next->notes, said);
      state.ask = next->features;
      if (next->alone) state.lowered = ServerSupport::Lowered::kAlone;
      state.reason = last_reason_ = said;
      waiting_.emplace(Now(), i);
      return;
    }
    if (const std::string name = ExtraNamed(error.message); !name.empty()) {
      return EndSoon(
          {ErrorKind::kUsage, fmt::format("{}: refused with {}; '{}' is set by the extra "
                                          "body",
                                          shared_.name, said, name)});
    }
    Fails(i, status, error);
  }

  // An item's own error.
  void Fails(size_t i, int64_t status, const ServerError& error) {
    Answered();
    Finish(i, MakeError(ErrorKind::kInput, "{}: refused with {}: {}", shared_.name,
                        StatusText(status), error.Shown()));
  }

  // The member of the extra body that a refusal speaks of, where no request was taken yet.
  std::string ExtraNamed(const std::string& message) const {
    constexpr size_t kLeast = 3;  // letters, to be found by chance no more
    if (shared_.answered > 0) return "";
    for (const auto& [name, value] : options_.extra_body.items()) {
      if (name.size() >= kLeast && message.find(name) != std::string::npos) return name;
    }
    return "";
  }

  void Handle(const HttpResult& result) {
    const size_t i = result.ticket;
    states_[i].server_failed = result.status == 500;
    if (result.too_large) {
      Answered();
      Finish(i, MakeError(ErrorKind::kIo, "{}: the answer is longer than {} MiB", shared_.name,
                          HttpPool::kMaxBody >> 20));
    } else if (result.bad_encoding) {
      OddBody(i, "a body that isn't compressed as it says");
    } else if (result.status == 0) {
      TryAgain(i, result.problem, 0);
    } else if (result.status >= 200 && result.status < 300) {
      HandleAnswer(i, result);
    } else {
      HandleError(i, result, ReadServerError(result.body, shared_.redactor));
    }
  }

  void HandleAnswer(size_t i, const HttpResult& result) {
    const Expected<WireJson> body = ParseWireJson(result.body);
    if (body) {
      if (const auto error = FindServerError(body->value, shared_.redactor)) {
        return HandleError(i, result, *error);
      }
      Expected<Completion> completion = ReadCompletion(*body, shared_.redactor);
      if (completion) return Completed(i, std::move(*completion));
    }
    const BodyKind kind = KindOf(result.body, result.content_type);
    const std::string what = DescribeBody(result.body, result.content_type, shared_.redactor);
    if (kind == BodyKind::kTornJson || kind == BodyKind::kEmpty) {
      return TryAgain(i, "the answer is no chat completion: " + what, 0);
    }
    OddBody(i, what);
  }

  // An answer that is whole and something else than was asked. Once that may be an accident of what
  // stands between; again and again it is no server of chats.
  void OddBody(size_t i, const std::string& what) {
    constexpr int kOfNew = 4, kOfKnown = 30, kOfItem = 8;
    ++shared_.odd_bodies;
    if (shared_.odd_bodies >= (shared_.answered > 0 ? kOfKnown : kOfNew)) {
      return EndSoon({ErrorKind::kMissing,
                      fmt::format("{}: answers with {} where a chat completion was asked for",
                                  shared_.name, what)});
    }
    if (++states_[i].odd_bodies < kOfItem) {
      return TryAgain(i, "the answer is no chat completion: " + what, 0);
    }
    Finish(i,
           MakeError(ErrorKind::kIo, "{}: answered {} times with {}", shared_.name, kOfItem, what));
  }

  void HandleError(size_t i, const HttpResult& result, const ServerError& error) {
    const int64_t status = result.status;
    const BodyKind kind = KindOf(result.body, result.content_type);
    const bool page = kind != BodyKind::kJson && kind != BodyKind::kEmpty;
    const std::string said =
        page ? DescribeBody(result.body, result.content_type, shared_.redactor) : error.Shown();
    const ServiceRefusal refusal = {status, said, shared_.key_source};
    switch (MeaningOf(status, error)) {
      case Meaning::kAgain:
        if (MayBeRefusal(i, status, error)) return Refused(i, status, error);
        return Again(i, result, page || !error.message.empty() ? said : "");
      case Meaning::kQuota:
        return EndSoon(QuotaError(shared_.name, refusal));
      case Meaning::kKey:
        // A wall between keeps some contents out, with a page of its own.
        if (page && shared_.answered > 0) return Fails(i, status, {.message = said});
        if (!page) return EndSoon(KeyError(shared_.name, refusal));
        return EndSoon(
            {ErrorKind::kUsage, fmt::format("{}: lets nobody in ({}), and says so with {}; "
                                            "{}",
                                            shared_.name, status, said, shared_.key_source)});
      case Meaning::kService:
        if (MayBeRefusal(i, status, error)) return Refused(i, status, error);
        return EndSoon(ServiceError(options_.address, refusal));
      case Meaning::kFilter:
        return Filtered(i, error);
      case Meaning::kItem:
        return Fails(i, status, error);
      case Meaning::kRequest:
        return Refused(i, status, error);
    }
  }

  // Whether a status that means something else speaks of what was asked all the same.
  bool MayBeRefusal(size_t i, int64_t status, const ServerError& error) const {
    if (status != 200 && status != 404 && status != 500 && status != 501) return false;
    return !RefusedParameters(error, requests_[i], states_[i].features).empty();
  }

  void Again(size_t i, const HttpResult& result, const std::string& said) {
    const std::string reason = said.empty()
                                   ? StatusText(result.status)
                                   : fmt::format("{}: {}", StatusText(result.status), said);
    if (result.retry_after > options_.deadline_seconds) {
      return EndSoon({ErrorKind::kIo, fmt::format("{}: asks to wait {:g} s, beyond the deadline of "
                                                  "{:g} s ({})",
                                                  shared_.name, result.retry_after,
                                                  options_.deadline_seconds, reason)});
    }
    if (result.status == 500) LowerAfterFailures(i);
    TryAgain(i, reason, result.retry_after);
  }

  // Some servers hold a model to a schema, and answer 500 where it doesn't end its object in time:
  // again and again, for that request alone.
  void LowerAfterFailures(size_t i) {
    constexpr int kFailures = 3;
    State& state = states_[i];
    if (!Carries(Parameter::kFormat, requests_[i], state.features) ||
        ++state.schema_failures < kFailures) {
      return;
    }
    state.ask = state.features;
    state.ask->Set(Parameter::kFormat, Features::Last(Parameter::kFormat));
    state.lowered = ServerSupport::Lowered::kAlone;
  }

  EndpointState& shared_;
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
  std::string last_reason_;   // of a failure since the last answer
  int given_up_ = 0;          // requests since the last answer, on a server that isn't there
  std::optional<Error> ending_;
  double ending_until_ = kNever;
};

}  // namespace

Expected<std::vector<Expected<ChatReply>>> CallEndpoint(EndpointState& state,
                                                        std::span<const ChatRequest> requests,
                                                        const ChatModel::OnReply& on_reply) {
  return Call(state, requests, on_reply).Run();
}

}  // namespace mores::chat
