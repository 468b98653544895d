#include "chat/endpoint/endpoint_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/chat/endpoint_requests.h"

namespace mores::chat {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum Parameter;

// That carries all there is.
ChatRequest Full() {
  ChatRequest request =
      AskTask(FindTask("aiu_precision"), text::Language::kEnglish, {{"statement", "x"}}, {});
  request.sampling.temperature = 0.5;
  request.top_logprobs = 20;
  return request;
}

std::vector<Parameter> Named(const std::string& message, const std::string& param = "") {
  return RefusedParameters({.message = message, .param = param}, Full(), {});
}

TEST(RefusedParameters, AreThoseThatAMessageNames) {
  EXPECT_THAT(Named("Unsupported value: 'temperature' does not support 0.5"),
              ElementsAre(kTemperature));
  EXPECT_THAT(Named("Only the default (1) value is supported.", "temperature"),
              ElementsAre(kTemperature));
  EXPECT_THAT(Named("temperature and top_p cannot both be specified"),
              ElementsAre(kTemperature, kTopP));
  EXPECT_THAT(Named("Unknown field \"seed\""), ElementsAre(kSeed));
  EXPECT_THAT(Named("body.seed: Extra inputs are not permitted"), ElementsAre(kSeed));
  EXPECT_THAT(Named("unknown field `seed`, expected one of `model`, `temperature`, `top_p`"),
              ElementsAre(kSeed));
  EXPECT_THAT(Named("Requested sample logprobs of 20, which is greater than max allowed: 5"),
              ElementsAre(kLogprobs));
  EXPECT_THAT(Named("Unrecognized request argument supplied: top_logprobs"),
              ElementsAre(kLogprobs));
  EXPECT_THAT(Named("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
              ElementsAre(kBound));
  EXPECT_THAT(Named("This response_format type is unavailable now"), ElementsAre(kFormat));
  EXPECT_THAT(Named("Invalid schema for response_format 'judge'", "response_format"),
              ElementsAre(kFormat));
  EXPECT_THAT(Named("参数 temperature 不支持"), ElementsAre(kTemperature));
}

TEST(RefusedParameters, AreNoneWhereTheMessageIsAboutSomethingElse) {
  EXPECT_THAT(Named("max_tokens is too large: 300. At most 256."), IsEmpty());
  EXPECT_THAT(Named("Invalid value", "messages[0].content"), IsEmpty());
  EXPECT_THAT(Named("Unknown field 'reseeded'"), IsEmpty());
  EXPECT_THAT(Named("no message"), IsEmpty());
  Features bare;
  bare.Set(kSeed, 1);
  EXPECT_THAT(RefusedParameters({.message = "unknown field 'seed'"}, Full(), bare), IsEmpty());
}

TEST(ServerSupport, LowersOnceThoughManyInFlightAreRefused) {
  ServerSupport support;
  const ServerError error = {.message = "so many top_logprobs are not supported"};
  const auto first = support.Refused(Full(), {}, error);
  const auto second = support.Refused(Full(), {}, error);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->features, second->features);
  EXPECT_EQ(first->features.top_logprobs(), 5);
  EXPECT_EQ(first->notes.size(), 1u);
  EXPECT_THAT(second->notes, IsEmpty());
  EXPECT_EQ(support.For(Full()).top_logprobs(), 5);
  const auto third = support.Refused(Full(), first->features, error);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->features.top_logprobs(), 0);
  EXPECT_FALSE(support.takes_logprobs());
}

TEST(ServerSupport, WhatWasTakenOnceIsLeftOutForOneRequestAlone) {
  ServerSupport support;
  support.Accepted(Full(), {}, ServerSupport::Lowered::kNo);
  const auto next = support.Refused(Full(), {}, {.message = "unsupported 'temperature'"});
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->alone);
  EXPECT_FALSE(next->features.has(kTemperature));
  EXPECT_TRUE(support.For(Full()).has(kTemperature));
  EXPECT_FALSE(support.Refused(Full(), {}, {.message = "no"}));
}

TEST(ServerSupport, AnUnclearRefusalComesToAnEnd) {
  ServerSupport support;
  Features sent;
  int steps = 0;
  for (;; ++steps) {
    const auto next = support.Refused(Full(), sent, {.message = "bad request"});
    if (!next) break;
    sent = next->features;
    ASSERT_LT(steps, 10);
  }
  EXPECT_EQ(steps, 5);
  EXPECT_EQ(support.For(Full()), Features()) << "what never worked is not remembered";
}

TEST(ServerSupport, WhatWorksWithMoreTakesBackALowerGuess) {
  ServerSupport support;
  Features less;
  less.Set(kFormat, 2);
  EXPECT_EQ(support.Accepted(Full(), less, ServerSupport::Lowered::kNo).size(), 1u);
  EXPECT_EQ(support.For(Full()), less);
  support.Accepted(Full(), {}, ServerSupport::Lowered::kNo);
  EXPECT_EQ(support.For(Full()), Features());
}

TEST(RequestBody, TakesExtraMembers) {
  ChatRequest request = Ask("hi");
  request.sampling.max_new_tokens = 9;
  const auto body = [&](const char* extra, int64_t bound = 0) {
    return Json::parse(RequestBody(
        "m", request, {}, {.max_reply_tokens = bound, .extra_body = *ParseExtraBody(extra)}));
  };
  const Json more = body(R"({"enable_thinking":false,"temperature":1,"top_k":{"a":[1]}})");
  EXPECT_EQ(more["enable_thinking"], false);
  EXPECT_EQ(more["temperature"], 1);
  EXPECT_EQ(more["top_k"]["a"][0], 1);
  EXPECT_EQ(more["max_tokens"], 9);
  EXPECT_FALSE(body(R"({"temperature":null})").contains("temperature"));
  EXPECT_FALSE(body(R"({"max_completion_tokens":5})").contains("max_tokens"));
  EXPECT_EQ(body("{}", 77)["max_tokens"], 77);
}

TEST(ExtraBody, IsAnObjectThatSetsNothingOfOurs) {
  for (const char* text : {"", "[]", "1", "null", "{", R"({"model":"x"})", R"({"messages":[]})",
                           R"({"stream":true})", R"({"n":2})"}) {
    const auto parsed = ParseExtraBody(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kUsage);
  }
  const Json masked = MaskCredentials(Json::parse(
      R"({"api_key":"a","x":{"Authorization":"b","max_tokens":3,"stop_token":"c"},"l":["sk-d"],"prompt_cache_key":"e"})"));
  EXPECT_EQ(
      DumpJson(masked),
      R"({"api_key":"[masked]","x":{"Authorization":"[masked]","max_tokens":3,"stop_token":"c"},"l":["[masked]"],"prompt_cache_key":"e"})");
}

}  // namespace
}  // namespace mores::chat
