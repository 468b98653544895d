#include "meta/meta_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::meta {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Takes each critique as one claim; "true" ones hold and are stated. Breaks down, or fails a
// critique's request, when it meets the critique it is told of.
class FakeJudge : public AiuJudge {
 public:
  std::string breaks_at, fails_at, version = "1";
  std::vector<std::string> extracted;

  std::string name() const override { return "fake"; }
  Json fingerprint() const override { return {{"judge", name()}, {"version", version}}; }

  Expected<std::vector<Expected<std::vector<std::string>>>> Extract(
      std::span<const CritiqueItem* const> items) override {
    std::vector<Expected<std::vector<std::string>>> all;
    for (const CritiqueItem* item : items) {
      if (item->critique == breaks_at) return MakeError(ErrorKind::kIo, "no answer");
      extracted.push_back(item->id);
      all.push_back(std::vector<std::string>{item->critique});
      if (item->critique == fails_at) all.back() = MakeError(ErrorKind::kIo, "refused");
    }
    return all;
  }
  Expected<std::vector<Ruling>> RuleOnPrecision(std::span<const Claim> claims) override {
    return Rule(claims);
  }
  Expected<std::vector<Ruling>> RuleOnRecall(std::span<const Claim> claims) override {
    return Rule(claims);
  }

 private:
  static std::vector<Ruling> Rule(std::span<const Claim> claims) {
    std::vector<Ruling> rulings;
    for (const Claim& claim : claims) {
      const bool holds = claim.item->critique.starts_with("true");
      rulings.push_back({holds ? RulingOutcome::kCorrect : RulingOutcome::kIncorrect, "because"});
    }
    return rulings;
  }
};

class MetaRunTest : public ::testing::Test {
 protected:
  MetaRunTest() {
    for (const char* critique : {"true one", "false two", "true three"}) {
      CritiqueItem item;
      item.id = std::to_string(items_.size() + 1);
      item.critique = critique;
      item.dialogue.turns = {{format::Role::kAssistant, "the answer"}};
      item.reference_aius = {"reference"};
      items_.push_back(item);
    }
  }

  Expected<MetaRun> Run(FakeJudge& judge, Content content = Content::kKept) {
    MetaRunOptions options;
    options.output = output_;
    options.content = content;
    options.batch_size = 1;
    return RunMeta(judge, items_, options);
  }

  TestDirectory directory_;
  const std::string output_ = directory_.path() + "/out.jsonl";
  std::vector<CritiqueItem> items_;
};

TEST_F(MetaRunTest, WritesALineACritique) {
  FakeJudge judge;
  const auto run = Run(judge);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->job.failed, 0u);
  const auto read = ReadEvaluations(output_);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 3u);
  EXPECT_EQ((*read)[1].id, "2");
  EXPECT_EQ(ScoresOf((*read)[1]).f1, 0);
  EXPECT_EQ(ScoresOf((*read)[2]).f1, 1);
  EXPECT_EQ(run->lines[0]["critique"], "true one");
  EXPECT_EQ(run->lines[0]["messages"][0]["content"], "the answer");
  EXPECT_TRUE(FileExists(output_ + ".manifest.json"));
}

TEST_F(MetaRunTest, GoesOnWhereItWasStopped) {
  FakeJudge judge;
  judge.breaks_at = "true three";
  const auto stopped = Run(judge);
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("2 of 3 critiques are finished"));
  EXPECT_FALSE(FileExists(output_));

  judge.breaks_at.clear();
  const auto resumed = Run(judge);
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_THAT(judge.extracted, ElementsAre("1", "2", "3"));
  EXPECT_EQ(resumed->job.resumed, 2u);

  // The same as at one go.
  const auto bytes = ReadFile(output_);
  FakeJudge fresh;
  ASSERT_TRUE(Run(fresh));
  EXPECT_EQ(*ReadFile(output_), *bytes);
}

TEST_F(MetaRunTest, RefusesToGoOnWithAnotherJudgeOrInput) {
  FakeJudge judge;
  judge.breaks_at = "true three";
  ASSERT_FALSE(Run(judge));
  FakeJudge other;
  other.version = "2";
  const auto refused = Run(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  items_[0].reference_aius.push_back("one more");
  judge.breaks_at.clear();
  EXPECT_FALSE(Run(judge));
}

TEST_F(MetaRunTest, AFailedRequestIsAFailedItem) {
  FakeJudge judge;
  judge.fails_at = "false two";
  const auto run = Run(judge);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->job.failed, 1u);
  EXPECT_EQ(run->evaluations.size(), 2u);
  ASSERT_EQ(run->failures.size(), 1u);
  EXPECT_EQ(run->failures[0].id, "2");
  EXPECT_EQ(run->failures[0].message, "refused");
  size_t failed = 0;
  const auto read = ReadEvaluations(output_, &failed);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), 2u);
  EXPECT_EQ(failed, 1u);
}

TEST_F(MetaRunTest, LeavesTheDialogueOut) {
  FakeJudge judge;
  ASSERT_TRUE(Run(judge, Content::kLeftOut));
  EXPECT_EQ(ReadFile(output_)->find("the answer"), std::string::npos);
}

}  // namespace
}  // namespace mores::meta
