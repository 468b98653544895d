#include "chat/endpoint/endpoint_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores::chat {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Meaning MeaningOfBody(int64_t status, const char* body) {
  return MeaningOf(status, ReadServerError(body, Redactor("")));
}

TEST(ServerErrors, InsideAnAnswerMeanWhatTheirCodesSay) {
  struct Said {
    const char* body;
    Meaning meaning;
  };
  for (const Said& said : std::initializer_list<Said>{
           {R"({"error":{"message":"slow down","code":429}})", Meaning::kAgain},
           {R"({"error":{"message":"slow down","code":"429"}})", Meaning::kAgain},
           {R"({"error":{"message":"x","code":"rate_limit_exceeded"}})", Meaning::kAgain},
           {R"({"error":{"message":"x","code":500}})", Meaning::kAgain},
           {R"({"error":{"message":"x","type":"server_error"}})", Meaning::kAgain},
           {R"({"error":"overloaded"})", Meaning::kAgain},
           {R"({"error":{"message":"x","code":"insufficient_quota"}})", Meaning::kQuota},
           {R"({"error":{"message":"x","code":402}})", Meaning::kQuota},
           {R"({"error":{"message":"x","code":"invalid_api_key"}})", Meaning::kKey},
           {R"({"error":{"message":"x","code":401}})", Meaning::kKey},
           {R"({"error":{"message":"x","code":"model_not_found"}})", Meaning::kService},
           {R"({"error":{"message":"x","code":"context_length_exceeded"}})", Meaning::kItem},
           {R"({"error":{"message":"x","code":400}})", Meaning::kRequest},
           {R"({"error":{"message":"x","code":"content_filter"}})", Meaning::kFilter},
           {R"({"object":"error","message":"x","code":40001})", Meaning::kRequest},
           {R"({"object":"error","message":"x","code":50001})", Meaning::kAgain},
           {R"({"choices":[{"error":{"code":503,"message":"x"},"message":{"content":""}}]})",
            Meaning::kAgain},
           {R"({"choices":[{"error":{"code":401,"message":"x"}}]})", Meaning::kKey},
           {R"([{"error":{"code":400,"message":"API key not valid."}}])", Meaning::kKey},
           {R"({"code":429,"msg":"x"})", Meaning::kAgain}}) {
    const Json body = Json::parse(said.body);
    const auto error = FindServerError(body, Redactor(""));
    ASSERT_TRUE(error) << said.body;
    EXPECT_EQ(MeaningOf(200, *error), said.meaning) << said.body;
  }
  for (const char* body :
       {R"({"choices":[{"message":{"content":"x"}}],"error":null})", R"({"choices":[]})",
        R"({"choices":[{"message":{"content":"x"}}],"error":{"code":0,"message":""}})",
        R"({"choices":[{"message":{"content":"x"},"error":null}],"error":{}})", "[]", "1", "{}"}) {
    EXPECT_FALSE(FindServerError(Json::parse(body), Redactor(""))) << body;
  }
}

TEST(ServerErrors, MeanWhatStatusAndMessageSay) {
  struct Said {
    int64_t status;
    const char* body;
    Meaning meaning;
  };
  for (
      const Said& said : std::initializer_list<Said>{
          {429, R"({"error":{"message":"You exceeded your current quota, see billing"}})",
           Meaning::kQuota},
          {429,
           R"({"error":{"message":"Rate limit reached; add a payment method at /account/billing","code":"rate_limit_exceeded"}})",
           Meaning::kAgain},
          {429, R"({"error":{"message":"Quota exceeded for requests per minute"}})",
           Meaning::kAgain},
          {429, R"({"error":{"message":"Insufficient Balance"}})", Meaning::kQuota},
          {429, "", Meaning::kAgain},
          {402, "", Meaning::kQuota},
          {400, R"({"error":{"message":"Your credit balance is too low"}})", Meaning::kQuota},
          {403, R"({"error":{"message":"Input was flagged by moderation"}})", Meaning::kFilter},
          {403, R"({"error":{"message":"no"}})", Meaning::kKey},
          {400, R"({"error":{"message":"maximum context length is 4096","param":"messages"}})",
           Meaning::kItem},
          {400, R"({"error":{"message":"the response was filtered: content management policy"}})",
           Meaning::kFilter},
          {400, R"({"error":{"message":"The model `x` does not exist"}})", Meaning::kService},
          {400, "{}", Meaning::kRequest},
          {422, R"({"detail":[{"loc":["body","seed"],"msg":"Extra inputs are not permitted"}]})",
           Meaning::kRequest},
          {413, "", Meaning::kItem},
          {404, "", Meaning::kService},
          {404,
           R"({"error":{"message":"No endpoints found that can handle the requested parameters."}})",
           Meaning::kRequest},
          {404, R"({"error":{"message":"No endpoints found for a/b."}})", Meaning::kService},
          {307, "", Meaning::kService},
          {503, R"({"error":{"message":"billing"}})", Meaning::kAgain}}) {
    EXPECT_EQ(MeaningOfBody(said.status, said.body), said.meaning) << said.status << said.body;
  }
}

TEST(ServerErrors, AreShownOnOneHarmlessLine) {
  const Redactor redactor("sk-test-0123456789abcdef");
  const auto error = ReadServerError(
      R"({"error":{"message":"bad\n\u001b[2J sk-test-0123456789abcdef","code":"rate_limit_exceeded"}})",
      redactor);
  EXPECT_THAT(error.Shown(), HasSubstr("[redacted] (rate_limit_exceeded)"));
  EXPECT_THAT(error.Shown(), Not(HasSubstr("\x1b")));
  EXPECT_EQ(ReadServerError("<html>", redactor).Shown(), "no message");
  EXPECT_EQ(
      ReadServerError(
          R"({"detail":[{"loc":["body","seed"],"msg":"not permitted","input":{"x":1}}]})", redactor)
          .Shown(),
      "body.seed: not permitted");
}

TEST(BodyKinds, AreToldApart) {
  EXPECT_EQ(KindOf("{\"a\":1}", ""), BodyKind::kJson);
  EXPECT_EQ(KindOf("{\"a\":", ""), BodyKind::kTornJson);
  EXPECT_EQ(KindOf(" \n", ""), BodyKind::kEmpty);
  EXPECT_EQ(KindOf("\n<!DOCTYPE html>", ""), BodyKind::kHtml);
  EXPECT_EQ(KindOf("data: {\"choices\":[]}\n\n", "text/event-stream"), BodyKind::kEventStream);
  EXPECT_EQ(KindOf(": ping\n\ndata: {}", "text/event-stream; charset=utf-8"),
            BodyKind::kEventStream);
  EXPECT_EQ(KindOf("\x1F\x8B\x08", "application/json"), BodyKind::kCompressed);
  EXPECT_EQ(KindOf("Welcome", "text/plain"), BodyKind::kText);
}

TEST(BodyKinds, AreDescribedByTypeAndFirstWords) {
  const Redactor redactor("sk-test-0123456789abcdef");
  EXPECT_EQ(DescribeBody("<html><head><title>Sign in\n to continue</title></head><body>x",
                         "text/html; charset=utf-8", redactor),
            "an HTML page (text/html; charset=utf-8: \"Sign in to continue\")");
  EXPECT_EQ(DescribeBody("\x1F\x8B\x08\x01", "application/json", redactor),
            "compressed bytes (application/json)");
  const std::string text = DescribeBody("hi \x1b[2J sk-test-0123456789abcdef \xFF", "", redactor);
  EXPECT_THAT(text, HasSubstr("[redacted]"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace mores::chat
