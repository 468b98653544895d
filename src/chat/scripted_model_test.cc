#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "chat/chat_model.h"
#include "support/base/test_directory.h"

namespace mores::chat {
namespace {

using ::testing::HasSubstr;

class Scripted : public ::testing::Test {
 protected:
  Expected<std::unique_ptr<ChatModel>> Open(const std::string& script, StopToken stop = {}) const {
    const std::string path = directory_.path() + "/script.jsonl";
    EXPECT_TRUE(WriteFileAtomically(path, script));
    return OpenScriptedModel(path, stop);
  }
  TestDirectory directory_;
};

TEST_F(Scripted, TheFirstLineThatFitsAnswers) {
  const auto model = Open(R"({"task":"judge","contains":["alpha","beta"],"reply":"both"}
{"task":"judge","contains":"alpha","reply":{"label":"safe"}}

{"task":null,"reply":"free","logprobs":[{"token":"free","logprob":-0.5,"top":[{"token":"x","logprob":-1}]}]}
{"contains":["gamma"],"reply":"any"}
)");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_TRUE((*model)->has_logprobs());
  EXPECT_THAT((*model)->name(), ::testing::MatchesRegex("script@[0-9a-f]{12}"));
  const auto ask = [](const char* task, const std::string& text) {
    ChatRequest request{.turns = {{format::Role::kUser, text}}};
    if (task != nullptr) request.task = &FindTask(task);
    return request;
  };
  const auto replies = (*model)->Chat(
      std::vector<ChatRequest>{ask("judge", "beta and alpha"), ask("judge", "alpha"),
                               ask("judge", "gamma"), ask(nullptr, "gamma"), ask("judge", "delta")},
      {});
  ASSERT_TRUE(replies);
  EXPECT_EQ((*replies)[0]->text, "both");
  EXPECT_EQ((*replies)[1]->text, R"({"label":"safe"})");
  EXPECT_EQ((*replies)[2]->text, "any");
  EXPECT_EQ((*replies)[3]->text, "free");
  EXPECT_EQ((*replies)[3]->tokens.at(0).top.at(0).token, "x");
  ASSERT_FALSE((*replies)[4]);
  EXPECT_THAT((*replies)[4].error().message, HasSubstr("no scripted reply fits"));
  EXPECT_EQ((*model)->totals().failed, 1);
}

TEST_F(Scripted, UsageIsToldAndAddedUp) {
  const auto model =
      Open(R"({"contains":"a","reply":"x","usage":{"prompt_tokens":7,"completion_tokens":2}})"
           "\n{\"reply\":\"y\"}");
  ASSERT_TRUE(model) << model.error().message;
  const ChatRequest paid{.turns = {{format::Role::kUser, "a"}}};
  const ChatRequest free{.turns = {{format::Role::kUser, "b"}}};
  const auto replies = (*model)->Chat(std::vector<ChatRequest>{paid, free, paid}, {});
  ASSERT_TRUE(replies);
  EXPECT_EQ((*replies)[0]->usage.prompt_tokens, 7);
  EXPECT_EQ((*replies)[1]->usage.prompt_tokens, 0);
  EXPECT_EQ((*model)->totals().usage.prompt_tokens, 14);
  EXPECT_EQ((*model)->totals().usage.completion_tokens, 4);
}

TEST_F(Scripted, AStopEndsTheCallBetweenRequests) {
  StopSource source;
  const auto model = Open(R"({"reply":"x"})", source.token());
  ASSERT_TRUE(model) << model.error().message;
  const std::vector<ChatRequest> requests(3, {.turns = {{format::Role::kUser, "a"}}});
  const auto replies = (*model)->Chat(requests, [&](size_t i, const Expected<ChatReply>&) {
    if (i == 1) source.Request();
  });
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ((*model)->totals().asked, 2);
}

TEST_F(Scripted, BrokenLinesAreNamed) {
  const auto message = [&](const std::string& script) {
    const auto model = Open(script);
    return model ? std::string() : model.error().message;
  };
  EXPECT_THAT(message("{\"reply\":\"a\"}\n{}"), HasSubstr("script.jsonl:2: field 'reply'"));
  EXPECT_THAT(message(R"({"task":3,"reply":"a"})"), HasSubstr(":1: field 'task'"));
  EXPECT_THAT(message(R"({"contains":[3],"reply":"a"})"), HasSubstr("field 'contains'"));
  EXPECT_THAT(message(R"({"reply":"a","logprobs":[{"token":"x"}]})"), HasSubstr("'logprobs'"));
  EXPECT_THAT(message(R"({"reply":"a","usage":{"prompt_tokens":-1}})"),
              HasSubstr("'usage.prompt_tokens'"));
  EXPECT_THAT(message(R"({"reply":"a","usage":3})"), HasSubstr("'usage.prompt_tokens'"));
  EXPECT_THAT(message("[1]"), HasSubstr("must be an object"));
}

}  // namespace
}  // namespace mores::chat
