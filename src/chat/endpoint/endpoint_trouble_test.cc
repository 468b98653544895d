// Servers that refuse, break the rules, or aren't what they should be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

#include "base/clock.h"
#include "chat/endpoint/endpoint.h"
#include "chat/reply_cache.h"
#include "net/proxy.h"
#include "support/base/test_directory.h"
#include "support/chat/endpoint_requests.h"

namespace mores::chat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ChatRequest Probing(const std::string& text) {
  ChatRequest request = Ask(text);
  request.sampling.temperature = 0.5;
  request.top_logprobs = 20;
  return request;
}

std::string Refusal(const std::string& message) {
  return DumpJson({{"error", {{"message", message}, {"code", nullptr}}}});
}

TEST(EndpointTrouble, WhatIsRefusedByNameIsAskedForNoMoreAndSaidOnce) {
  std::atomic<int> refused = 0;
  const FakeServer server([&](const Request& request) -> Answer {
    const Json body = Json::parse(request.body);
    for (const char* field : {"temperature", "seed", "max_tokens"}) {
      if (!body.contains(field)) continue;
      ++refused;
      return {.status = 400,
              .body = Refusal(std::string("Unsupported parameter: '") + field + "'")};
    }
    if (body.value("top_logprobs", 0) > 5) {
      ++refused;
      return {
          .status = 200,
          .body = DumpJson({{"error", {{"message", "top_logprobs: at most 5"}, {"code", 400}}}})};
    }
    return {.body = FakeServer::Completion(FakeServer::LastContent(request))};
  });
  EndpointOptions options = FastOptions(server.base());
  options.in_flight = 8;
  std::vector<std::string> told;
  options.on_note = [&](const std::string& note) { told.push_back(note); };
  const auto model = Open(options);
  std::vector<ChatRequest> requests;
  for (int i = 0; i < 40; ++i) requests.push_back(Probing(std::to_string(i)));
  const auto replies = model->Chat(requests, {});
  ASSERT_TRUE(replies) << replies.error().message;
  for (const auto& reply : *replies) EXPECT_TRUE(reply) << reply.error().message;
  EXPECT_LE(refused, 4 * options.in_flight);
  const int before = refused;
  ASSERT_TRUE(model->Chat(requests, {}));
  EXPECT_EQ(refused, before);
  EXPECT_EQ(told.size(), 4u);
  EXPECT_EQ(model->totals().notes.size(), 4u);
  EXPECT_THAT(told[0], HasSubstr("is not taken"));
  EXPECT_THAT(told[0], HasSubstr("400: Unsupported parameter"));
}

TEST(EndpointTrouble, AnItemsOwnRefusalTakesNothingFromTheOthers) {
  std::mutex mutex;
  std::vector<Json> asked;
  const FakeServer server([&](const Request& request) -> Answer {
    const std::string content = FakeServer::LastContent(request);
    {
      const std::lock_guard lock(mutex);
      asked.push_back(Json::parse(request.body));
    }
    if (content == "long") {
      return {.status = 400,
              .body = Refusal("maximum context length is 10; lower temperature, max_tokens")};
    }
    if (content == "bad") return {.status = 400, .body = Refusal("flagged by our content policy")};
    return {.body = FakeServer::Completion(content)};
  });
  EndpointOptions options = FastOptions(server.base());
  options.in_flight = 1;
  const auto model = Open(options);
  const auto replies =
      model->Chat(std::vector<ChatRequest>{Probing("long"), Probing("bad"), Probing("c")}, {});
  ASSERT_TRUE(replies);
  ASSERT_FALSE((*replies)[0]);
  EXPECT_THAT((*replies)[0].error().message, HasSubstr("maximum context length"));
  ASSERT_TRUE((*replies)[1]);
  EXPECT_EQ((*replies)[1]->finish_reason, FinishReason::kFilter);
  EXPECT_THAT((*replies)[1]->refusal, HasSubstr("content policy"));
  EXPECT_EQ((*replies)[1]->text, "");
  EXPECT_TRUE((*replies)[2]);
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_TRUE(asked[2].contains("temperature") && asked[2].contains("top_logprobs"));
  EXPECT_THAT(model->totals().notes, IsEmpty());
}

TEST(EndpointTrouble, AServerThatIsNoneOfChatsEndsTheRunSoonAndSaysWhatCame) {
  struct Case {
    Answer answer;
    const char* said;
  };
  for (const Case& one : std::vector<Case>{
           {{.headers = "Content-Type: text/html\r\n", .body = "<html><title>Sign in</title>"},
            "an HTML page (text/html: \"Sign in\")"},
           {{.headers = "Content-Type: text/event-stream\r\n", .body = "data: {\"a\":1}\n\n"},
            "an event stream (text/event-stream: \"data: {\"a\":1}\")"},
           {{.headers = "Content-Type: application/json\r\n", .body = "\x1F\x8B\x08"},
            "compressed bytes (application/json)"},
           {{.headers = "Content-Encoding: gzip\r\n", .body = "{}"}, "compressed as it says"},
           {{.body = R"({"done":true,"message":{"content":"x"}})"},
            "JSON that is no chat completion"},
           {{.status = 429, .body = Refusal("You exceeded your current quota")},
            "the quota or credit is used up (429): You exceeded your current quota"},
           {{.status = 402}, "used up (402)"},
           {{.body = R"({"error":{"message":"no","code":"insufficient_quota"}})"},
            "used up (an error inside the answer)"},
           {{.body = R"({"error":{"message":"no","code":"invalid_api_key"}})"},
            "the key is not accepted"},
           {{.status = 429, .headers = "Retry-After: 86400\r\n"}, "asks to wait 86400 s"},
           {{.status = 403, .headers = "Content-Type: text/html\r\n", .body = "<h1>Blocked</h1>"},
            "\"Blocked\""}}) {
    const FakeServer server([&](const Request&) { return one.answer; });
    const auto model = Open(FastOptions(server.base()));
    const double begin = SystemClock().MonotonicSeconds();
    const auto replies = model->Chat(Numbered(20), {});
    EXPECT_LT(SystemClock().MonotonicSeconds() - begin, 5);
    ASSERT_FALSE(replies) << one.said;
    EXPECT_THAT(replies.error().message, HasSubstr(one.said));
    EXPECT_LT(model->totals().asked, 20);
  }
}

TEST(EndpointTrouble, WhatIsOddAboutARepliesFormIsReadAndNamed) {
  const FakeServer server([](const Request& request) -> Answer {
    const std::string content = FakeServer::LastContent(request);
    Json body = Json::parse(FakeServer::Completion("x"));
    Json& choice = body["choices"][0];
    if (content == "thinking") {
      choice["message"] = {{"content", ""}, {"reasoning_content", "hm"}};
      choice["finish_reason"] = "max_tokens";
    }
    if (content == "parts") {
      choice["message"]["content"] = Json::array(
          {{{"type", "reasoning"}, {"text", "safe?"}}, {{"type", "text"}, {"text", "unsafe"}}});
    }
    if (content == "object") choice["message"]["content"] = {{"label", "unsafe"}};
    if (content == "filter") choice["finish_reason"] = "SAFETY";
    if (content == "surrogate") {
      std::string text = DumpJson(body);
      text.replace(text.find("\"x\""), 3, R"("x\ud800")");
      return {.body = text};
    }
    if (content == "infinite") {
      choice["logprobs"]["content"] = Json::array({{{"token", "x"}, {"logprob", -0.1}}});
      choice["logprobs"]["content"][0]["top_logprobs"] = Json::array(
          {{{"token", "x"}, {"logprob", -0.1}}, {{"token", "y"}, {"logprob", 987}}, nullptr});
      std::string text = DumpJson(body);
      text.replace(text.find("987"), 3, "-Infinity");
      return {.body = text};
    }
    return {.body = DumpJson(body)};
  });
  const std::vector<ChatRequest> requests = {Ask("thinking"), Ask("parts"),     Ask("object"),
                                             Ask("filter"),   Ask("surrogate"), Ask("infinite")};
  const auto model = Open(FastOptions(server.base()));
  const auto replies = model->Chat(requests, {});
  ASSERT_TRUE(replies);
  for (const auto& reply : *replies) ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ((*replies)[0]->finish_reason, FinishReason::kLength);
  EXPECT_THAT((*replies)[0]->oddities, ElementsAre("spent_on_thinking"));
  EXPECT_EQ((*replies)[1]->text, "unsafe");
  EXPECT_EQ((*replies)[2]->text, R"({"label":"unsafe"})");
  EXPECT_EQ((*replies)[3]->finish_reason, FinishReason::kFilter);
  EXPECT_EQ((*replies)[4]->text, "x\xEF\xBF\xBD");
  EXPECT_THAT((*replies)[4]->oddities, ElementsAre("surrogate_replaced"));
  ASSERT_EQ((*replies)[5]->tokens.size(), 1u);
  EXPECT_EQ((*replies)[5]->tokens[0].top.size(), 1u);
  EXPECT_THAT((*replies)[5]->oddities, ElementsAre("alternatives_left_out"));
  EXPECT_EQ(model->totals().asked, 6);
  EXPECT_EQ(model->totals().retried, 0);
  EXPECT_EQ(model->totals().cut_off, 1);
  EXPECT_EQ(model->totals().oddities.at("content_filter"), 1);
}

TEST(EndpointTrouble, ADeadOneIsToldSoonAndNotTooOften) {
  EndpointOptions options = FastOptions("http://127.0.0.1:9/v1");
  options.deadline_seconds = 1;
  options.tell_seconds = 0.2;
  std::vector<std::string> told;
  options.on_note = [&](const std::string& note) { told.push_back(note); };
  ASSERT_FALSE(Open(options)->Chat(Numbered(3), {}));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0], HasSubstr("m@127.0.0.1:9: no answer for 0 s (last: "));
  EXPECT_THAT(told[0], HasSubstr("trying again until "));
  EXPECT_THAT(told[0], HasSubstr("for 1 s more"));
}

TEST(EndpointTrouble, OneThatDiesOnTheWayEndsTheRunAfterADeadlineNotAfterOneAnItem) {
  std::atomic<int> answered = 0;
  const FakeServer server([&](const Request&) -> Answer {
    if (++answered > 5) return {.dropped = true};
    return {.body = FakeServer::Completion("x")};
  });
  EndpointOptions options = FastOptions(server.base());
  options.deadline_seconds = 0.5;
  options.in_flight = 4;
  const double begin = SystemClock().MonotonicSeconds();
  const auto replies = Open(options)->Chat(Numbered(100), {});
  EXPECT_LT(SystemClock().MonotonicSeconds() - begin, 3);
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kIo);
  EXPECT_THAT(replies.error().message, HasSubstr("no request was answered for 0.5 s (last: "));
}

TEST(EndpointTrouble, ProxiesAreNamedWithoutTheirSecretsAndNeverUsedForThisMachine) {
  setenv("http_proxy", "http://me:hunter2@127.0.0.1:9", 1);
  unsetenv("no_proxy");
  EXPECT_EQ(net::ProxyOf("http://h.example/v1"), "http://127.0.0.1:9 (http_proxy)");
  for (const char* here : {"http://127.0.0.1:1/v1", "http://localhost/v1", "http://a.localhost/v1",
                           "http://[::1]:80/v1", "http://127.3.2.1/"}) {
    EXPECT_EQ(net::ProxyOf(here), "") << here;
  }
  EXPECT_EQ(net::ProxyOf("http://127.0.0.1.example/v1"), "http://127.0.0.1:9 (http_proxy)");
  EndpointOptions options = FastOptions("http://h.example:81/v1");
  options.deadline_seconds = 0.3;
  const auto dead = Open(options)->Chat(Numbered(1), {});
  ASSERT_FALSE(dead);
  EXPECT_THAT(dead.error().message, HasSubstr("through the proxy http://127.0.0.1:9 (http_proxy)"));
  EXPECT_THAT(dead.error().message, Not(HasSubstr("hunter2")));
  const FakeServer server(
      [](const Request&) -> Answer { return {.body = FakeServer::Completion("x")}; });
  const auto here = Open(FastOptions(server.base()))->Chat(Numbered(1), {});
  setenv("no_proxy", "other, .example", 1);
  EXPECT_EQ(net::ProxyOf("http://h.example:81/v1"), "");
  unsetenv("no_proxy");
  unsetenv("http_proxy");
  ASSERT_TRUE(here && (*here)[0]);
}

TEST(EndpointTrouble, WholeAddressesAreTakenAndOthersToldWhatTheyAre) {
  for (const char* text :
       {"http://h:1/v1#m", "http://h:1/v1/#m", "http://h:1/v1/chat/completions#m",
        "http://h:1/v1/chat/completions//#m", "http://h:1/v1/models#m"}) {
    const auto address = ParseEndpoint(text);
    ASSERT_TRUE(address) << text << address.error().message;
    EXPECT_EQ(address->base, "http://h:1/v1");
  }
  const auto azure =
      ParseEndpoint("https://h/openai/deployments/d/chat/completions?api-version=2024-06-01#m");
  ASSERT_TRUE(azure) << azure.error().message;
  EXPECT_EQ(azure->base, "https://h/openai/deployments/d");
  EXPECT_EQ(azure->query, "api-version=2024-06-01");
  EXPECT_THAT(ParseEndpoint("http://h/v1/completions#m").error().message,
              HasSubstr("plain completions"));
  EXPECT_THAT(ParseEndpoint("http://h/v1/messages#m").error().message,
              HasSubstr("another interface"));
  for (const char* text :
       {"http://h/v1?api_key=hunter2#m", "http://h/v1?x=hunter2%20#m", "http://h/v1?hunter2#m"}) {
    EXPECT_THAT(ParseEndpoint(text).error().message, Not(HasSubstr("hunter2")));
  }
}

TEST(EndpointTrouble, WhatWasPaidForIsKeptAndOnlyCutOffRepliesAreAskedForAgain) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/replies";
  std::atomic<int> asked = 0;
  const FakeServer server([&](const Request& request) -> Answer {
    ++asked;
    const Json sent = Json::parse(request.body);
    if (sent.contains("temperature"))
      return {.status = 400, .body = Refusal("unsupported 'temperature'")};
    Json body = Json::parse(FakeServer::Completion("x"));
    const bool cut = FakeServer::LastContent(request) == "long" && sent["max_tokens"] < 1000;
    if (cut) body["choices"][0]["finish_reason"] = "length";
    return {.body = DumpJson(body)};
  });
  const auto ask = [&](int64_t bound) {
    EndpointOptions options = FastOptions(server.base());
    options.max_reply_tokens = bound;
    options.in_flight = 1;
    auto cache = ReplyCache::Open(path);
    EXPECT_TRUE(cache);
    const auto model = WithCache(Open(options), std::move(*cache));
    const auto replies = model->Chat(std::vector<ChatRequest>{Ask("long"), Ask("b")}, {});
    EXPECT_TRUE(replies && (*replies)[0] && (*replies)[1]);
    return asked.exchange(0);
  };
  EXPECT_EQ(ask(0), 3);  // one of them refused
  EXPECT_EQ(ask(0), 0);
  EXPECT_EQ(ask(500), 2);  // "long" alone, which is refused once
  EXPECT_EQ(ask(500), 0);
  EXPECT_EQ(ask(1000), 2);
  EXPECT_EQ(ask(0), 0);
}

TEST(EndpointTrouble, WhatIsAskedInAdditionIsPartOfTheIdentityAndOfKeysWithoutItsSecrets) {
  EndpointOptions options = FastOptions("http://127.0.0.1:9/v1");
  EXPECT_TRUE(Open(options)->identity().empty());
  options.extra_body = *ParseExtraBody(R"({"enable_thinking":false,"api_key":"hunter2"})");
  options.max_reply_tokens = 99;
  const Json identity = Open(options)->identity();
  EXPECT_EQ(
      DumpJson(identity),
      R"({"extra_body":{"enable_thinking":false,"api_key":"[masked]"},"max_reply_tokens":99})");
  const std::string plain = ReplyKey("m", Ask("a")),
                    extra = ReplyKey("m", Ask("a"), identity["extra_body"]);
  EXPECT_NE(plain, extra);
  options.extra_body = *ParseExtraBody(R"({"enable_thinking":false,"api_key":"another"})");
  EXPECT_EQ(Open(options)->identity(), identity);
}

TEST(EndpointTrouble, AnErrorOfTheRunSaysHowManyRepliesAreKept) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/replies";
  const FakeServer server(
      [](const Request&) -> Answer { return {.body = FakeServer::Completion("x")}; });
  EndpointOptions options = FastOptions(server.base());
  options.max_requests = 3;
  auto cache = ReplyCache::Open(path);
  ASSERT_TRUE(cache);
  const auto stopped = WithCache(Open(options), std::move(*cache))->Chat(Numbered(9), {});
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("raise it, or repeat the command"));
  EXPECT_THAT(stopped.error().message, HasSubstr("3 replies are kept in " + path));
}

}  // namespace
}  // namespace mores::chat
