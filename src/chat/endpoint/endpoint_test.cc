#include "chat/endpoint/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "chat/reply_cache.h"
#include "job/progress.h"
#include "support/base/test_directory.h"
#include "support/chat/fake_server.h"

namespace mores::chat {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Answer = FakeServer::Answer;
using Request = FakeServer::Request;

// Not a key of anyone's.
constexpr const char kKey[] = "sk-test-0123456789abcdef";

EndpointOptions Options(const std::string& base) {
  EndpointOptions options;
  options.address = {.base = base, .model = "m"};
  options.backoff_seconds = 0.01;
  options.jitter_seed = 7;
  options.attempt_seconds = 20;
  options.deadline_seconds = 60;
  return options;
}

std::unique_ptr<ChatModel> Open(const EndpointOptions& options) {
  Expected<std::unique_ptr<ChatModel>> model = OpenEndpoint(options);
  EXPECT_TRUE(model) << model.error().message;
  return model ? std::move(*model) : nullptr;
}

ChatRequest Ask(const std::string& text) {
  return {.turns = {{format::Role::kUser, text}}, .id = text};
}

std::vector<ChatRequest> Numbered(int count) {
  std::vector<ChatRequest> requests;
  for (int i = 0; i < count; ++i) requests.push_back(Ask("question " + std::to_string(i)));
  return requests;
}

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

class WithKey : public ::testing::Test {
 protected:
  void SetUp() override { setenv("MORES_API_KEY", kKey, 1); }
  void TearDown() override { unsetenv("MORES_API_KEY"); }
};

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
  EndpointOptions options = Options(server.base());
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
  EndpointOptions options = Options(server.base());
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
    EndpointOptions options = Options(base);
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
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    job::InstallStopHandlers();
    auto model = OpenEndpoint(Options(silent.base()));
    if (!model) _exit(1);
    const auto replies = (*model)->Chat(Numbered(3), {});
    _exit(!replies && replies.error().kind == ErrorKind::kCancelled ? 42 : 2);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const double begin = SystemClock().MonotonicSeconds();
  kill(child, SIGINT);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_LT(SystemClock().MonotonicSeconds() - begin, 1);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
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
  EndpointOptions options = Options(server.base());
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
  EndpointOptions options = Options(server.base());
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
    const auto model = Open(Options(server.base()));
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
  EndpointOptions options = Options(server.base());
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

TEST_F(WithKey, IsSentAndNeverKeptThoughTheServerRepeatsIt) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/replies";
  std::mutex mutex;
  std::set<std::string> heads;
  const FakeServer server([&](const Request& request) -> Answer {
    const std::lock_guard lock(mutex);
    heads.insert(request.head);
    const std::string content = FakeServer::LastContent(request);
    if (content == "refused") {
      return {.status = 400,
              .body = DumpJson({{"error", {{"message", std::string("bad\n\x1b[2J ") + kKey}}}})};
    }
    Json body = Json::parse(FakeServer::Completion("heard: " + request.head));
    const std::string key = kKey;
    const auto token = [](const std::string& text) {
      return Json{{"token", text}, {"logprob", -1}};
    };
    Json& logprobs = body["choices"][0]["logprobs"]["content"];
    if (content == "alternatives") {
      logprobs = Json::array({token("x")});
      logprobs[0]["top_logprobs"] = Json::array({token(key)});
    } else {  // spread over two tokens
      logprobs = Json::array({token(key.substr(0, 6)), token(key.substr(6))});
    }
    return {.body = DumpJson(body)};
  });
  auto cache = ReplyCache::Open(path);
  ASSERT_TRUE(cache);
  const auto model = WithCache(Open(Options(server.base())), std::move(*cache));
  const auto replies =
      model->Chat(std::vector<ChatRequest>{Ask("a"), Ask("refused"), Ask("alternatives")}, {});
  ASSERT_TRUE(replies);
  EXPECT_THAT(heads, ::testing::Each(HasSubstr(std::string("\r\nAuthorization: Bearer ") + kKey)));
  ASSERT_TRUE((*replies)[0]);
  EXPECT_THAT((*replies)[0]->text, HasSubstr("Authorization: Bearer [redacted]"));
  EXPECT_TRUE((*replies)[0]->tokens.empty());
  ASSERT_FALSE((*replies)[1]);
  EXPECT_THAT((*replies)[1].error().message, HasSubstr("[redacted]"));
  EXPECT_THAT((*replies)[1].error().message, Not(HasSubstr("\x1b")));
  ASSERT_TRUE((*replies)[2]);
  EXPECT_EQ((*replies)[2]->tokens.at(0).top.at(0).token, "[redacted]");
  const auto kept = ReadFile(path);
  ASSERT_TRUE(kept);
  const std::string everything = *kept + (*replies)[1].error().message + model->name();
  EXPECT_THAT(everything, Not(HasSubstr(kKey)));
  EXPECT_THAT(everything, Not(HasSubstr(std::string(kKey).substr(6))));
}

TEST_F(WithKey, OfAHostGoesBeforeTheGeneralOne) {
  setenv("MORES_API_KEY_127_0_0_1", "of-this-host", 1);
  std::string head;
  const FakeServer server([&](const Request& request) -> Answer {
    head = request.head;
    return {.status = 401, .body = R"({"error":{"message":"wrong key of-this-host"}})"};
  });
  const auto model = Open(Options(server.base()));
  const auto replies = model->Chat(Numbered(3), {});
  unsetenv("MORES_API_KEY_127_0_0_1");
  EXPECT_THAT(head, HasSubstr("Bearer of-this-host"));
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(replies.error().message, HasSubstr("MORES_API_KEY_127_0_0_1"));
  EXPECT_THAT(replies.error().message, Not(HasSubstr("of-this-host")));
}

TEST(EndpointKey, ThatCanBeNoHeaderIsRefused) {
  for (const char* key : {"abc", "with space", "line\nbreak: x", "schl\xC3\xBCssel"}) {
    setenv("MORES_API_KEY", key, 1);
    const auto model = OpenEndpoint(Options("http://127.0.0.1:9/v1"));
    unsetenv("MORES_API_KEY");
    ASSERT_FALSE(model) << key;
    EXPECT_EQ(model.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(model.error().message, Not(HasSubstr(key)));
  }
}

TEST_F(WithKey, DoesNotFollowARedirect) {
  std::atomic<int> elsewhere{0};
  const FakeServer other([&](const Request&) -> Answer {
    ++elsewhere;
    return {.body = FakeServer::Completion("stolen")};
  });
  const FakeServer server([&](const Request&) -> Answer {
    return {.status = 307, .headers = "Location: " + other.base() + "/chat/completions\r\n"};
  });
  const auto model = Open(Options(server.base()));
  const auto replies = model->Chat(Numbered(2), {});
  ASSERT_FALSE(replies);
  EXPECT_THAT(replies.error().message, HasSubstr("redirects are not followed"));
  EXPECT_EQ(elsewhere, 0);
}

// What a server that knows little takes, and what it was asked.
struct Picky {
  bool schema = false, object = false, logprobs = false;
  std::mutex mutex;
  std::vector<Json> asked;

  Answer operator()(const Request& request) {
    const Json body = Json::parse(request.body);
    const std::lock_guard lock(mutex);
    asked.push_back(body);
    const std::string form =
        body.contains("response_format") ? body["response_format"]["type"].get<std::string>() : "";
    if ((form == "json_schema" && !schema) || (form == "json_object" && !object) ||
        (body.contains("logprobs") && !logprobs)) {
      return {.status = 400, .body = R"({"error":{"message":"unknown field"}})"};
    }
    if (FakeServer::LastContent(request).find("too long") != std::string::npos) {
      return {.status = 400, .body = R"({"error":{"message":"too long"}})"};
    }
    return {.body = FakeServer::Completion(R"({"correct": true, "analysis": "x"})")};
  }
};

ChatRequest Task(const std::string& statement, int top_logprobs = 0) {
  ChatRequest request =
      AskTask(FindTask("aiu_precision"), text::Language::kEnglish, {{"statement", statement}}, {});
  request.top_logprobs = top_logprobs;
  return request;
}

TEST(EndpointFeatures, AreAskedForByNameAndSchema) {
  Picky picky{.schema = true, .logprobs = true};
  const FakeServer server(std::ref(picky));
  const auto model = Open(Options(server.base()));
  ChatRequest request = Task("a", 50);
  request.sampling = {.max_new_tokens = 9, .temperature = 0.7f, .top_p = 0.9f, .seed = 3};
  const auto replies = AskTasks(*model, std::vector<ChatRequest>{request, Task("b")});
  ASSERT_TRUE(replies && (*replies)[0] && (*replies)[1]);
  EXPECT_EQ((*replies)[0]->value["correct"], true);
  ASSERT_EQ(picky.asked.size(), 2u);
  const bool swapped = !picky.asked[0].contains("logprobs");
  const Json& body = picky.asked[swapped ? 1 : 0];
  EXPECT_EQ(body["model"], "m");
  EXPECT_EQ(body["max_tokens"], 9);
  EXPECT_EQ(body["temperature"], 0.7);
  EXPECT_EQ(body["top_p"], 0.9);
  EXPECT_TRUE(body["seed"].is_number_unsigned());
  EXPECT_EQ(body["top_logprobs"], 20);
  EXPECT_EQ(body["response_format"]["json_schema"]["name"], "aiu_precision");
  EXPECT_EQ(body["response_format"]["json_schema"]["strict"], true);
  EXPECT_EQ(body["response_format"]["json_schema"]["schema"], FindTask("aiu_precision").schema);
  EXPECT_FALSE(picky.asked[swapped ? 0 : 1].contains("seed"));
}

TEST(EndpointFeatures, ThatAServerRefusesAreDroppedOnce) {
  for (const bool object : {false, true}) {
    Picky picky{.object = object};
    const FakeServer server(std::ref(picky));
    EndpointOptions options = Options(server.base());
    options.in_flight = 1;
    const auto model = Open(options);
    const auto replies =
        AskTasks(*model, std::vector<ChatRequest>{Task("a"), Task("b"), Task("too long"),
                                                  Task("c", 5), Task("d", 5)});
    ASSERT_TRUE(replies) << replies.error().message;
    for (const size_t i : {0, 1, 3, 4}) EXPECT_TRUE((*replies)[i]);
    ASSERT_FALSE((*replies)[2]);
    EXPECT_EQ((*replies)[2].error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT((*replies)[2].error().message, HasSubstr("refused with 400: too long"));
    EXPECT_FALSE(model->has_logprobs());
    const Json& last = picky.asked.back();  // of "d": nothing has to be found out again
    EXPECT_EQ(last.contains("response_format"), object);
    EXPECT_FALSE(last.contains("logprobs"));
    EXPECT_NE(picky.asked[picky.asked.size() - 2]["messages"], last["messages"]);
  }
}

TEST(EndpointFeatures, AServerThatWantsTheOtherBoundGetsIt) {
  std::atomic<int> refused{0};
  const FakeServer server([&](const Request& request) -> Answer {
    const Json body = Json::parse(request.body);
    if (body.contains("max_completion_tokens")) return {.body = FakeServer::Completion("x")};
    ++refused;
    return {.status = 400,
            .body = R"({"error":{"message":"Use 'max_completion_tokens' instead."}})"};
  });
  EndpointOptions options = Options(server.base());
  options.in_flight = 1;
  const auto model = Open(options);
  const auto replies = model->Chat(Numbered(5), {});
  ASSERT_TRUE(replies);
  for (const auto& reply : *replies) EXPECT_TRUE(reply);
  EXPECT_EQ(refused, 1);
}

TEST(EndpointBounds, StopTheCall) {
  std::atomic<int> asked{0};
  const FakeServer server([&](const Request&) -> Answer {
    ++asked;
    return {.body = FakeServer::Completion("x")};
  });
  EndpointOptions options = Options(server.base());
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
  EndpointOptions options = Options(server.base());
  options.requests_per_minute = 600;  // ten a second
  const double begin = SystemClock().MonotonicSeconds();
  ASSERT_TRUE(Open(options)->Chat(Numbered(11), {}));
  EXPECT_GE(SystemClock().MonotonicSeconds() - begin, 0.9);
}

TEST(Endpoint, WhatIsNotThereFailsTheCall) {
  const FakeServer server([&](const Request&) -> Answer {
    return {.status = 404, .body = R"({"error":{"message":"no model 'm'"}})"};
  });
  const auto replies = Open(Options(server.base()))->Chat(Numbered(2), {});
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(replies.error().message, HasSubstr("no model 'm'"));
}

TEST(EndpointReplies, LogprobsAreThoseOfTheText) {
  const FakeServer server([](const Request&) -> Answer {
    Json body = Json::parse(FakeServer::Completion("{\"a\":1}"));
    Json& content = body["choices"][0]["logprobs"]["content"];
    for (const char* token : {"``", "`", "{\"a", "\":", "1}", "```", ""}) {
      content.push_back({{"token", token}, {"logprob", -0.5}});
    }
    content[3]["bytes"] = {0x22, 0x3A};
    content[3]["top_logprobs"] = Json::array({{{"token", "?"}, {"logprob", -3}, {"bytes", nullptr}},
                                              {{"token", "\":"}, {"logprob", -0.5}}});
    return {.body = DumpJson(body)};
  });
  const auto replies = Open(Options(server.base()))->Chat(Numbered(1), {});
  ASSERT_TRUE(replies && (*replies)[0]);
  const std::vector<ReplyToken>& tokens = (*replies)[0]->tokens;
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_EQ(tokens[0].chosen.token, "{\"a");
  EXPECT_EQ(tokens[1].chosen.token, "\":");
  ASSERT_EQ(tokens[1].top.size(), 2u);
  EXPECT_EQ(tokens[1].top[1].token, "?");  // likeliest first
  EXPECT_EQ(tokens[2].chosen.token, "1}");
}

TEST(EndpointReplies, OfManyFormsAreRead) {
  std::atomic<int> asked{0};
  const FakeServer server([&](const Request& request) -> Answer {
    ++asked;
    const std::string content = FakeServer::LastContent(request);
    Json body = Json::parse(FakeServer::Completion("x"));
    Json& message = body["choices"][0]["message"];
    if (content == "null") message = {{"role", "assistant"}, {"content", nullptr}};
    if (content == "refusal") message = {{"content", nullptr}, {"refusal", "no"}};
    if (content == "parts") {
      const Json part = {{"type", "text"}, {"text", "a"}};
      message["content"] = Json::array({part, part});
    }
    if (content == "length") body["choices"][0]["finish_reason"] = "length";
    if (content == "bare") body = {{"choices", body["choices"]}};
    return {.body = DumpJson(body)};
  });
  const std::vector<ChatRequest> requests = {Ask("null"), Ask("refusal"), Ask("parts"),
                                             Ask("length"), Ask("bare")};
  const auto replies = Open(Options(server.base()))->Chat(requests, {});
  ASSERT_TRUE(replies);
  EXPECT_EQ((*replies)[0]->text, "");
  EXPECT_EQ((*replies)[1]->text, "no");
  EXPECT_EQ((*replies)[2]->text, "aa");
  EXPECT_EQ((*replies)[3]->finish_reason, FinishReason::kLength);
  EXPECT_EQ((*replies)[4]->usage.prompt_tokens, 0);
  EXPECT_EQ(asked, 5);
}

TEST(EndpointAddress, IsTakenApart) {
  const auto address = ParseEndpoint("https://api.example.org/v1/#org/model:free");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->base, "https://api.example.org/v1");
  EXPECT_EQ(address->model, "org/model:free");
  EXPECT_EQ(Open({.address = *address})->name(), "org/model:free@api.example.org:443");
  EXPECT_EQ(Open({.address = {"http://h:81/a/v1", "m"}})->name(), "m@h:81/a/v1");
}

TEST(EndpointAddress, ThatHoldsASecretOrNoModelIsRefusedUnsaid) {
  for (const char* text : {"http://user:hunter2@h/v1#m", "http://h/v1?key=hunter2#m",
                           "http://h:hunter2/v1#m", "http://h/v1", "http://h/v1#", "ftp://h/v1#m",
                           "http:///v1#m", "http://h/hunter2 x#m", "http://h/v1#hunter2\n"}) {
    const auto address = ParseEndpoint(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(address.error().message, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace mores::chat
