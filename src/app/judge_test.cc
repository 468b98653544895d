#include "app/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/run.h"
#include "base/files.h"
#include "support/base/test_directory.h"
#include "support/chat/fake_server.h"

namespace mores::app {
namespace {

using ::testing::HasSubstr;

TEST(JudgeOptionsTest, CritiqueFirstIsOfModelsThatAreAskedByMessagesAlone) {
  JudgeOptions options{.judge = "models/mini", .order = judge::Order::kCritiqueFirst};
  EXPECT_EQ(CheckOrder(options).error().kind, ErrorKind::kUsage);
  options.judge = "scripted:replies.jsonl";
  EXPECT_TRUE(CheckOrder(options));
  options.profile = "shieldlm";
  EXPECT_THAT(CheckOrder(options).error().message, HasSubstr("a profile has an order of its own"));
}

TEST(JudgeOptionsTest, AChatFormatIsOfDirectoriesAlone) {
  JudgeOptions options{.judge = "http://127.0.0.1:1/v1#m"};
  EXPECT_TRUE(CheckChatFormat(options));
  options.chat.chat_format = "chatml";
  EXPECT_EQ(CheckChatFormat(options).error().kind, ErrorKind::kUsage);
  options.judge = "models/mini";
  EXPECT_TRUE(CheckChatFormat(options));
}

TEST(JudgeOptionsTest, ADirectoryWithoutJudgeConfigNeedsAProfile) {
  const TestDirectory directory;
  JudgeOptions options{.judge = directory.path()};
  EXPECT_EQ(CheckProfile(options).error().kind, ErrorKind::kMissing);
  EXPECT_EQ(OpenJudge(options, "-").error().kind, ErrorKind::kMissing);
  options.profile = "shieldlm";
  EXPECT_TRUE(CheckProfile(options));
}

TEST(JudgeTest, ByMessagesHasTheThresholdsGiven) {
  const TestDirectory directory;
  const std::string replies = directory.path() + "/replies.jsonl";
  ASSERT_TRUE(WriteFileAtomically(replies, "{\"reply\":{\"label\":\"safe\"}}\n"));
  JudgeOptions options{.judge = "scripted:" + replies};
  options.thresholds.zh = 0.9;
  const auto judge = OpenJudge(options, "-");
  ASSERT_TRUE(judge) << judge.error().message;
  EXPECT_FALSE((*judge)->runs_locally());
  EXPECT_EQ((*judge)->options().config.threshold_zh, 0.9);
  EXPECT_EQ((*judge)->options().config.threshold_en, 0.5);
  EXPECT_FALSE(NoteOnRules(**judge, {{.rules = {"Be kind."}}}));
}

TEST(ChatTest, AFreshRunWithAnotherBoundAsksAgainForWhatWasCutOffAlone) {
  const TestDirectory directory;
  const std::string output = directory.path() + "/out.jsonl";
  std::atomic<int> asked = 0;
  const chat::FakeServer server([&](const chat::FakeServer::Request& request) {
    ++asked;
    Json body = Json::parse(chat::FakeServer::Completion("x"));
    if (chat::FakeServer::LastContent(request) == "long") {
      body["choices"][0]["finish_reason"] = "length";
    }
    return chat::FakeServer::Answer{.body = DumpJson(body)};
  });
  const auto ask = [&](int64_t bound) {
    ChatOptions options{.model = server.base() + "#m", .fresh = true};
    options.max_reply_tokens = bound;
    const auto model = OpenChatModel(options, {}, output);
    EXPECT_TRUE(model) << model.error().message;
    std::vector<chat::ChatRequest> requests(2);
    requests[0].turns = {{format::Role::kUser, "long"}};
    requests[1].turns = {{format::Role::kUser, "short"}};
    EXPECT_TRUE((*model)->Chat(requests, {}));
    Json manifest = {{"fingerprint", {{"asked", {{"max_reply_tokens", bound}}}}}};
    if (bound == 0) manifest["fingerprint"]["asked"] = nullptr;
    EXPECT_TRUE(WriteFileAtomically(output + ".manifest.json", DumpJson(manifest)));
    return asked.exchange(0);
  };
  EXPECT_EQ(ask(0), 2);
  EXPECT_EQ(ask(100'000), 1);
  EXPECT_EQ(ask(100'000), 2) << "nothing else differs: all afresh";
}

TEST(RunTest, AnOutputIsNeitherAnInputNorBesideOneThatItWouldWriteOver) {
  const TestDirectory directory;
  const std::string input = directory.path() + "/in.jsonl";
  ASSERT_TRUE(WriteFileAtomically(input, "{}\n"));
  const std::string part = directory.path() + "/out.jsonl.part";
  ASSERT_TRUE(WriteFileAtomically(part, "{}\n"));
  EXPECT_TRUE(CheckOutput(input, directory.path() + "/out.jsonl"));
  EXPECT_EQ(CheckOutput(input, "").error().kind, ErrorKind::kUsage);
  EXPECT_THAT(CheckOutput(input, input).error().message, HasSubstr("is the input itself"));
  EXPECT_THAT(
      CheckOutputs(std::vector{input, part}, directory.path() + "/out.jsonl").error().message,
      HasSubstr("would write over"));
  EXPECT_EQ(CheckOutput(input, directory.path() + "/no/out.jsonl").error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace mores::app
