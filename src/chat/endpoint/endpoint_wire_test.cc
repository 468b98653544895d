// What is asked of servers, and what is read of their replies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "chat/endpoint/endpoint.h"
#include "support/chat/endpoint_requests.h"

namespace mores::chat {
namespace {

using ::testing::HasSubstr;

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
  const auto model = Open(FastOptions(server.base()));
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
    EndpointOptions options = FastOptions(server.base());
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
  EndpointOptions options = FastOptions(server.base());
  options.in_flight = 1;
  const auto model = Open(options);
  const auto replies = model->Chat(Numbered(5), {});
  ASSERT_TRUE(replies);
  for (const auto& reply : *replies) EXPECT_TRUE(reply);
  EXPECT_EQ(refused, 1);
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
  const auto replies = Open(FastOptions(server.base()))->Chat(Numbered(1), {});
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
    Json& choice = body["choices"][0];
    if (content == "thoughts") {
      const Json thought = {{"type", "text"}, {"text", "t"}, {"thought", true}};
      const Json summary = {{"type", "summary_text"}, {"text", "s"}};
      message["content"] = Json::array({thought, summary, {{"type", "text"}, {"text", "a"}}});
    }
    if (content == "moderated") choice["finish_reason"] = "moderation";
    if (content == "unknown") choice["finish_reason"] = "whatever";
    if (content == "filtered") {
      choice["content_filter_results"] = {{"hate", {{"filtered", true}}}};
    }
    if (content == "refused") choice["stop_reason"] = "refusal";
    if (content == "differ") {
      Json other = choice;
      other["message"]["content"] = "y";
      body["choices"].push_back(other);
    }
    if (content == "bare") body = {{"choices", body["choices"]}};
    return {.body = DumpJson(body)};
  });
  const std::vector<ChatRequest> requests = {Ask("null"),      Ask("refusal"), Ask("parts"),
                                             Ask("length"),    Ask("bare"),    Ask("thoughts"),
                                             Ask("moderated"), Ask("unknown"), Ask("filtered"),
                                             Ask("refused"),   Ask("differ")};
  const auto replies = Open(FastOptions(server.base()))->Chat(requests, {});
  ASSERT_TRUE(replies);
  EXPECT_EQ((*replies)[0]->text, "");
  EXPECT_EQ((*replies)[1]->text, "");
  EXPECT_EQ((*replies)[1]->refusal, "no");
  EXPECT_EQ((*replies)[2]->text, "aa");
  EXPECT_EQ((*replies)[3]->finish_reason, FinishReason::kLength);
  EXPECT_EQ((*replies)[4]->usage.prompt_tokens, 0);
  EXPECT_EQ((*replies)[5]->text, "a");
  EXPECT_EQ(HeldBack(*(*replies)[6]), format::UnparsedReason::kFiltered);
  EXPECT_EQ(HeldBack(*(*replies)[7]), format::UnparsedReason::kServerError);
  EXPECT_EQ(HeldBack(*(*replies)[8]), format::UnparsedReason::kFiltered);
  EXPECT_EQ(HeldBack(*(*replies)[9]), format::UnparsedReason::kFiltered);
  EXPECT_EQ(HeldBack(*(*replies)[10]), format::UnparsedReason::kSeveralAnswers);
  EXPECT_EQ(asked, 11);
}

}  // namespace
}  // namespace mores::chat
