#include "chat/endpoint/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <map>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "chat/reply_cache.h"
#include "support/base/test_directory.h"
#include "support/chat/endpoint_requests.h"

namespace mores::chat {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

double ThreadCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::string HttpDate(int seconds_from_now) {
  const std::time_t when = std::time(nullptr) + seconds_from_now;
  std::tm parts{};
  gmtime_r(&when, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

// Answers badly at random, and counts the answers that were sent in whole.
class BadServer {
 public:
  explicit BadServer(bool waits = true) : waits_(waits) {}

  Answer operator()(const Request& request) {
    const std::string content = FakeServer::LastContent(request);
    const std::string whole = FakeServer::Completion("answer to " + content);
    const std::lock_guard lock(mutex_);
    const int attempt = attempts_[content]++;
    const Random random(HashBytes(content), static_cast<uint64_t>(attempt));
    switch (random.At(0) % 20) {
      case 0:
        return {.dropped = true};
      case 1:  // in the middle of the body
        return {.body = whole, .sent = random.At(1) % whole.size()};
      case 2:
        return {.status = 429, .headers = waits_ && attempt == 0 ? "Retry-After: 1\r\n" : ""};
      case 3:
        return {.status = 429, .body = R"({"error":{"message":"slow down"}})"};
      case 4:
        return {.status = 500, .body = "<html>broken</html>"};
      case 5:
        return {.status = 503, .headers = "Retry-After: 0\r\n"};
      case 6:  // broken JSON in an answer that is complete by its length
        return {.body = whole.substr(0, random.At(1) % whole.size())};
      case 7:
        return {.body = std::string("\0\x01garbage \xFF{{{", 14)};
      case 8:
        return {.body = R"({"choices":[]})"};
      case 9:
        return {.body = R"({"error":{"message":"overloaded"}})"};
      default:
        ++complete_[content];
        return {.body = whole};
    }
  }

  std::map<std::string, int> complete() {
    const std::lock_guard lock(mutex_);
    return complete_;
  }

 private:
  bool waits_;
  std::mutex mutex_;
  std::map<std::string, int> attempts_, complete_;
};

TEST(Endpoint, EveryRequestIsAnsweredOnceByAServerThatFailsHalfTheTime) {
  BadServer bad;
  const FakeServer server(std::ref(bad));
  EndpointOptions options = FastOptions(server.base());
  options.backoff_seconds = 0.001;
  options.in_flight = 64;
  const auto model = Open(options);
  const std::vector<ChatRequest> requests = Numbered(2000);
  std::vector<int> seen(requests.size());
  const auto replies = model->Chat(
      requests, [&](size_t i, const Expected<ChatReply>& reply) { seen[i] += reply ? 1 : 100; });
  ASSERT_TRUE(replies) << replies.error().message;
  for (size_t i = 0; i < requests.size(); ++i) {
    ASSERT_TRUE((*replies)[i]) << (*replies)[i].error().message;
    EXPECT_EQ((*replies)[i]->text, "answer to question " + std::to_string(i));
    EXPECT_EQ(seen[i], 1);
  }
  const std::map<std::string, int> complete = bad.complete();
  EXPECT_EQ(complete.size(), requests.size());
  for (const auto& [content, count] : complete) EXPECT_EQ(count, 1) << content;
  const ChatTotals totals = model->totals();
  EXPECT_EQ(totals.asked, 2000);
  EXPECT_GT(totals.retried, 1000);
  EXPECT_EQ(totals.failed, 0);
  EXPECT_EQ(totals.usage.prompt_tokens, 20000);
}

TEST(Endpoint, AfterAKillAtMostWhatWasInFlightIsRepeated) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/replies";
  const std::vector<ChatRequest> requests = Numbered(600);
  FakeServer server;  // no thread before the fork
  EndpointOptions options = FastOptions(server.base());
  options.backoff_seconds = 0.001;
  options.in_flight = 8;
  const auto run = [&]() -> Expected<std::vector<Expected<ChatReply>>> {
    MORES_ASSIGN_OR_RETURN(auto cache, ReplyCache::Open(path));
    MORES_ASSIGN_OR_RETURN(auto model, OpenEndpoint(options));
    return WithCache(std::move(model), std::move(cache))->Chat(requests, {});
  };
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(run() ? 0 : 1);
  BadServer bad(/*waits=*/false);
  std::atomic<int> asked{0};
  server.Start([&](const Request& request) {
    if (++asked == 400) kill(child, SIGKILL);
    return bad(request);
  });
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  size_t before = 0;
  for (const auto& [content, count] : bad.complete()) before += static_cast<size_t>(count);
  ASSERT_GT(before, 100u);
  ASSERT_LT(before, 500u);

  const auto replies = run();
  ASSERT_TRUE(replies) << replies.error().message;
  for (size_t i = 0; i < requests.size(); ++i) {
    ASSERT_TRUE((*replies)[i]);
    EXPECT_EQ((*replies)[i]->text, "answer to question " + std::to_string(i));
  }
  int repeated = 0;
  for (const auto& [content, count] : bad.complete()) repeated += count - 1;
  EXPECT_LE(repeated, options.in_flight);
}

TEST(Endpoint, OneThatNeverAnswersFailsTheCallWithinItsDeadline) {
  FakeServer silent;  // takes connections and says nothing
  for (const std::string& base : {silent.base(), std::string("http://127.0.0.1:9/v1")}) {
    EndpointOptions options = FastOptions(base);
    options.deadline_seconds = 0.5;
    const auto model = Open(options);
    const double begin = SystemClock().MonotonicSeconds();
    const auto replies = model->Chat(Numbered(50), {});
    EXPECT_LT(SystemClock().MonotonicSeconds() - begin, 2);
    ASSERT_FALSE(replies);
    EXPECT_EQ(replies.error().kind, ErrorKind::kIo);
    EXPECT_THAT(replies.error().message, HasSubstr("m@127.0.0.1:"));
    EXPECT_THAT(replies.error().message, HasSubstr("no request was answered for 0.5 s (last: "));
    EXPECT_THAT(replies.error().message, Not(HasSubstr("\n")));
  }
}

TEST(Endpoint, StopsWhenAskedTo) {
  FakeServer silent;
  StopSource source;
  EndpointOptions options = FastOptions(silent.base());
  options.stop = source.token();
  const auto model = Open(options);
  double asked = 0;
  std::thread asking([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    asked = SystemClock().MonotonicSeconds();
    source.Request();
  });
  const auto replies = model->Chat(Numbered(3), {});
  const double end = SystemClock().MonotonicSeconds();
  asking.join();
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kCancelled);
  EXPECT_GT(asked, 0);
  EXPECT_LT(end - asked, 1);
}

TEST(Endpoint, AnAttemptThatStallsIsMadeAgainLongBeforeItsTimeout) {
  std::atomic<bool> over = false;
  std::atomic<int> stalled = 0;
  const FakeServer server([&](const Request& request) -> Answer {
    const std::string content = FakeServer::LastContent(request);
    if (content == "stuck" && stalled++ == 0) {
      while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return {.dropped = true};
    }
    return {.body = FakeServer::Completion(content)};
  });
  EndpointOptions options = FastOptions(server.base());
  options.attempt_seconds = 100;
  options.deadline_seconds = 300;  // more than another attempt may take
  options.in_flight = 4;
  const auto model = Open(options);
  std::vector<ChatRequest> requests = Numbered(40);
  requests[0] = Ask("stuck");
  const double begin = SystemClock().MonotonicSeconds();
  const auto replies = model->Chat(requests, {});
  over = true;
  ASSERT_TRUE(replies) << replies.error().message;
  ASSERT_TRUE((*replies)[0]) << (*replies)[0].error().message;
  EXPECT_EQ((*replies)[0]->text, "stuck");
  EXPECT_EQ(stalled, 2);
  EXPECT_LT(SystemClock().MonotonicSeconds() - begin, 30);
}

TEST(Endpoint, ARequestThatIsNeverAnsweredFailsAlone) {
  const FakeServer server([](const Request& request) -> Answer {
    const std::string content = FakeServer::LastContent(request);
    if (content == "bad") return {.status = 500};
    return {.body = FakeServer::Completion(content)};
  });
  EndpointOptions options = FastOptions(server.base());
  options.deadline_seconds = 0.5;
  options.in_flight = 2;
  options.requests_per_minute = 60 * 20;
  const auto model = Open(options);
  std::vector<ChatRequest> requests = Numbered(20);
  requests[0] = Ask("bad");
  const auto replies = model->Chat(requests, {});
  ASSERT_TRUE(replies) << replies.error().message;
  ASSERT_FALSE((*replies)[0]);
  EXPECT_THAT((*replies)[0].error().message, HasSubstr("given up after"));
  for (size_t i = 1; i < requests.size(); ++i) EXPECT_TRUE((*replies)[i]);
  EXPECT_EQ(model->totals().failed, 1);
}

TEST(Endpoint, WaitsAsLongAsTheServerAsksFor) {
  for (const bool as_date : {false, true}) {
    std::atomic<int> asked{0};
    const FakeServer server([&](const Request&) -> Answer {
      if (asked++ > 0) return {.body = FakeServer::Completion("yes")};
      return {.status = 429,
              .headers = "Retry-After: " + (as_date ? HttpDate(2) : std::string("1")) + "\r\n"};
    });
    const auto model = Open(FastOptions(server.base()));
    const double begin = SystemClock().MonotonicSeconds();
    const auto replies = model->Chat(Numbered(1), {});
    const double seconds = SystemClock().MonotonicSeconds() - begin;
    ASSERT_TRUE(replies && (*replies)[0]);
    EXPECT_GE(seconds, 1.0 - 0.01);  // a date has whole seconds: between one and two
    EXPECT_LT(seconds, 4);
    EXPECT_EQ(asked, 2);
  }
}

TEST(Endpoint, TwoHundredInFlightLeaveACoreHalfFree) {
  const FakeServer server([](const Request& request) -> Answer {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    return {.body = FakeServer::Completion(FakeServer::LastContent(request))};
  });
  EndpointOptions options = FastOptions(server.base());
  options.in_flight = 200;
  const auto model = Open(options);
  const double begin = SystemClock().MonotonicSeconds(), cpu = ThreadCpuSeconds();
  const auto replies = model->Chat(Numbered(800), {});
  const double seconds = SystemClock().MonotonicSeconds() - begin;
  const double busy = (ThreadCpuSeconds() - cpu) / seconds;
  ASSERT_TRUE(replies);
  RecordProperty("busy", std::to_string(busy));
  EXPECT_LT(busy, 0.5);
  EXPECT_GE(seconds, 2.0);
  EXPECT_LE(server.accepted(), 200);  // connections are kept
}

TEST(EndpointBounds, StopTheCall) {
  std::atomic<int> asked{0};
  const FakeServer server([&](const Request&) -> Answer {
    ++asked;
    return {.body = FakeServer::Completion("x")};
  });
  EndpointOptions options = FastOptions(server.base());
  options.in_flight = 4;
  options.max_requests = 10;
  int replied = 0;
  const auto count = [&](size_t, const Expected<ChatReply>&) { ++replied; };
  auto replies = Open(options)->Chat(Numbered(30), count);
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(replies.error().message, HasSubstr("bound of 10 requests"));
  EXPECT_EQ(asked, 10);
  EXPECT_EQ(replied, 10);  // what is in flight is waited for

  options.max_requests = 0;
  options.price_in = 1e5;  // a reply costs 1 + 1
  options.price_out = 2e5;
  options.max_cost = 9;
  asked = 0;
  const auto model = Open(options);
  replies = model->Chat(Numbered(30), {});
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kUsage);
  EXPECT_GE(asked, 5);
  EXPECT_LE(asked, 5 + options.in_flight);
  EXPECT_DOUBLE_EQ(model->totals().cost, 2.0 * asked);

  options.price_in = options.price_out = 0;
  EXPECT_EQ(OpenEndpoint(options).error().kind, ErrorKind::kUsage);
}

TEST(EndpointBounds, HoldTheRate) {
  const FakeServer server(
      [&](const Request&) -> Answer { return {.body = FakeServer::Completion("x")}; });
  EndpointOptions options = FastOptions(server.base());
  options.requests_per_minute = 600;  // ten a second
  const double begin = SystemClock().MonotonicSeconds();
  ASSERT_TRUE(Open(options)->Chat(Numbered(11), {}));
  EXPECT_GE(SystemClock().MonotonicSeconds() - begin, 0.9);
}

TEST(Endpoint, WhatIsNotThereFailsTheCall) {
  const FakeServer server([&](const Request&) -> Answer {
    return {.status = 404, .body = R"({"error":{"message":"no model 'm'"}})"};
  });
  const auto replies = Open(FastOptions(server.base()))->Chat(Numbered(2), {});
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(replies.error().message, HasSubstr("no model 'm'"));
}

}  // namespace
}  // namespace mores::chat
