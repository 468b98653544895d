#include "chat/reply_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::chat {
namespace {

using ::testing::HasSubstr;

ChatRequest Ask(const std::string& text) {
  return {.turns = {{format::Role::kUser, text}}, .id = text};
}

// Says what was asked, and counts how often.
class Echo : public ChatModel {
 public:
  explicit Echo(int& asked) : asked_(asked) {}
  std::string name() const override { return "echo@0"; }
  bool has_logprobs() const override { return false; }
  ChatTotals totals() const override { return {.asked = asked_}; }
  Expected<std::vector<Expected<ChatReply>>> Chat(std::span<const ChatRequest> requests,
                                                  const OnReply& on_reply) override {
    std::vector<Expected<ChatReply>> replies;
    for (size_t i = 0; i < requests.size(); ++i) {
      ++asked_;
      const std::string& text = requests[i].turns.back().content;
      if (text == "stop") return MakeError(ErrorKind::kIo, "stopped");
      if (text == "fail") {
        replies.push_back(MakeError(ErrorKind::kInput, "failed"));
      } else {
        replies.push_back(ChatReply{.text = text, .usage = {1, 2}});
      }
      on_reply(i, replies.back());
    }
    return replies;
  }

 private:
  int& asked_;
};

class ReplyCacheTest : public ::testing::Test {
 protected:
  std::unique_ptr<ReplyCache> Open(CacheStart start = CacheStart::kKeep) const {
    auto cache = ReplyCache::Open(path_, start);
    EXPECT_TRUE(cache) << cache.error().message;
    return cache ? std::move(*cache) : nullptr;
  }
  void Append(const std::string& bytes) const { std::ofstream(path_, std::ios::app) << bytes; }

  TestDirectory directory_;
  std::string path_ = directory_.path() + "/replies";
};

TEST_F(ReplyCacheTest, KeepsRepliesAsTheyCame) {
  ChatReply reply{.text = "line\nbreak, 中文, \x01 and \"quotes\"",
                  .finish_reason = FinishReason::kLength,
                  .tokens = {{.chosen = {"\xE4\xB8", -0.125}, .top = {{"a", -0.1}, {"\xFF", -3}}},
                             {.chosen = {"", 0}}},
                  .usage = {3, 4}};
  ASSERT_TRUE(Open()->Add("k", reply));
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto cache = Open();
  const auto found = cache->Find("k");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->text, reply.text);
  EXPECT_EQ((*found)->finish_reason, FinishReason::kLength);
  EXPECT_EQ((*found)->usage.completion_tokens, 4);
  ASSERT_EQ((*found)->tokens.size(), 2u);
  EXPECT_EQ((*found)->tokens[0].chosen.token, "\xE4\xB8");
  EXPECT_EQ((*found)->tokens[0].top[1].token, "\xFF");
  EXPECT_EQ((*found)->tokens[0].top[1].logprob, -3);
  EXPECT_TRUE((*found)->tokens[1].top.empty());
  EXPECT_FALSE(*cache->Find("other"));
}

TEST_F(ReplyCacheTest, ATornEndAndStrangeLinesAreSkipped) {
  ASSERT_TRUE(Open()->Add("a", {.text = "one"}));
  Append("garbage\n[1]\n{\"key\":1}\n\n{\"key\":\"b\",\"text\":\"cut o");
  const auto cache = Open();
  EXPECT_FALSE(*cache->Find("b"));
  ASSERT_TRUE(cache->Add("b", {.text = "two"}));
  ASSERT_TRUE(cache->Add("c", {.text = "three"}));
  for (const ReplyCache* one : {cache.get(), Open().release()}) {
    EXPECT_EQ((*one->Find("a"))->text, "one");
    EXPECT_EQ((*one->Find("b"))->text, "two");
    EXPECT_EQ((*one->Find("c"))->text, "three");
    if (one != cache.get()) delete one;
  }
}

TEST_F(ReplyCacheTest, TwoModelsMayShareAFile) {
  const auto first = Open(CacheStart::kFresh), second = Open(CacheStart::kFresh);
  for (int i = 0; i < 50; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_TRUE((i % 3 == 0 ? first : second)->Add(key, {.text = "text " + key}));
  }
  EXPECT_EQ((*first->Find("3"))->text, "text 3");
  EXPECT_EQ((*second->Find("4"))->text, "text 4");
  const auto both = Open();
  for (int i = 0; i < 50; ++i) {
    const std::string key = std::to_string(i);
    EXPECT_EQ((*both->Find(key))->text, "text " + key);
  }
  EXPECT_FALSE(*Open(CacheStart::kFresh)->Find("3"));
  EXPECT_EQ(first->Find("3").error().kind, ErrorKind::kCorrupt);
}

TEST_F(ReplyCacheTest, OnlyARegularFileCanBeOne) {
  EXPECT_EQ(ReplyCache::Open("/dev/null").error().kind, ErrorKind::kUsage);
  EXPECT_EQ(ReplyCache::Open(directory_.path() + "/no/file").error().kind, ErrorKind::kIo);
  EXPECT_FALSE(ReplyCache::Open(directory_.path()));
}

TEST_F(ReplyCacheTest, NothingIsAskedTwice) {
  int asked = 0;
  const std::vector<ChatRequest> requests = {Ask("a"), Ask("b"), Ask("a"), Ask("fail"), Ask("a")};
  {
    const auto model = WithCache(std::make_unique<Echo>(asked), Open());
    std::vector<int> seen(requests.size());
    const auto replies =
        model->Chat(requests, [&](size_t i, const Expected<ChatReply>&) { ++seen[i]; });
    ASSERT_TRUE(replies);
    EXPECT_EQ(asked, 3);
    EXPECT_THAT(seen, ::testing::Each(1));
    EXPECT_EQ((*replies)[4]->text, "a");
    EXPECT_FALSE((*replies)[0]->cached);
    EXPECT_TRUE((*replies)[4]->cached);
    EXPECT_FALSE((*replies)[3]);
    EXPECT_EQ(model->totals().cached, 2);
  }
  const auto model = WithCache(std::make_unique<Echo>(asked), Open());
  const auto replies = model->Chat(requests, {});
  ASSERT_TRUE(replies);
  EXPECT_EQ(asked, 4);  // what failed
  EXPECT_TRUE((*replies)[0]->cached);
  EXPECT_EQ((*replies)[1]->text, "b");
}

TEST_F(ReplyCacheTest, WhatCameBeforeACallFailedIsKept) {
  int asked = 0;
  const std::vector<ChatRequest> requests = {Ask("a"), Ask("stop")};
  EXPECT_FALSE(WithCache(std::make_unique<Echo>(asked), Open())->Chat(requests, {}));
  EXPECT_TRUE(*Open()->Find(ReplyKey("echo@0", requests[0])));
}

TEST_F(ReplyCacheTest, AStopIsSeenBeforeAnythingIsAsked) {
  int asked = 0;
  StopSource source;
  source.Request();
  const auto model = WithCache(std::make_unique<Echo>(asked), Open(), source.token());
  const auto replies = model->Chat(std::vector<ChatRequest>{Ask("a")}, {});
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(asked, 0);
}

TEST(ReplyKey, HoldsAllThatIsAskedAndNothingElse) {
  ChatRequest request = Ask("a");
  const std::string key = ReplyKey("m", request);
  EXPECT_EQ(key.size(), 64u);
  EXPECT_NE(ReplyKey("n", request), key);
  EXPECT_NE(ReplyKey("m", Ask("b")), key);
  ChatRequest other = request;
  other.id = "x";  // greedy: draws nothing
  other.sampling.seed = 5;
  other.given = {"g"};
  EXPECT_EQ(ReplyKey("m", other), key);
  other.sampling.temperature = 1;
  const std::string drawn = ReplyKey("m", other);
  EXPECT_NE(drawn, key);
  other.id = "y";
  EXPECT_NE(ReplyKey("m", other), drawn);
  for (const auto& change : std::vector<void (*)(ChatRequest&)>{
           [](ChatRequest& r) { r.task = &FindTask("judge"); },
           [](ChatRequest& r) { r.top_logprobs = 3; },
           [](ChatRequest& r) { r.sampling.max_new_tokens = 3; },
           [](ChatRequest& r) { r.turns[0].role = format::Role::kSystem; },
           [](ChatRequest& r) {
             r.turns.push_back({format::Role::kUser, ""});
           }}) {
    ChatRequest changed = request;
    change(changed);
    EXPECT_NE(ReplyKey("m", changed), key);
  }
}

}  // namespace
}  // namespace mores::chat
