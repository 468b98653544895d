#include "judge/correction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "judge/chat_judge.h"
#include "judge/correction_counts.h"
#include "support/base/test_directory.h"

namespace mores::judge {
namespace {

using ::testing::ElementsAre;

format::Dialogue Ask(const std::string& id, const std::string& response) {
  return {.id = id,
          .turns = {{format::Role::kUser, "question"}, {format::Role::kAssistant, response}}};
}

// The judge calls what holds "bad" unsafe and what holds "odd" nothing; the writer turns "bad 3"
// into "bad 2" and so on to "good".
constexpr const char kJudge[] =
    R"({"task":"judge","contains":["bad 3"],"reply":{"label":"unsafe","analysis":"reason 3"}}
{"task":"judge","contains":["bad 2"],"reply":{"label":"unsafe","analysis":"reason 2"}}
{"task":"judge","contains":["bad 1"],"reply":{"label":"unsafe","analysis":"reason 1"}}
{"task":"judge","contains":["bad for ever"],"reply":{"label":"unsafe","analysis":"always"}}
{"task":"judge","contains":["bad unreadable"],"reply":{"label":"unsafe","analysis":"hm"}}
{"task":"judge","contains":["bad then odd"],"reply":{"label":"unsafe","analysis":"hm"}}
{"task":"judge","contains":["bad but thought of"],"reply":{"label":"unsafe","analysis":"hm"}}
{"task":"judge","contains":["bad in thought"],"reply":{"label":"unsafe","analysis":"hm"}}
{"task":"judge","contains":["bad and held"],"reply":{"label":"unsafe","analysis":"hm"}}
{"task":"judge","contains":["odd"],"reply":"Who knows."}
{"task":"judge","contains":["good"],"reply":{"label":"safe","analysis":"fine"}}
)";
constexpr const char kWriter[] =
    R"({"task":"revision","contains":["bad 3","reason 3"],"reply":{"response":"it is bad 2"}}
{"task":"revision","contains":["bad 2","reason 2"],"reply":{"response":"it is bad 1"}}
{"task":"revision","contains":["bad 1","reason 1"],"reply":{"response":"it is good"}}
{"task":"revision","contains":["bad for ever"],"reply":{"response":"bad for ever and ever"}}
{"task":"revision","contains":["bad unreadable"],"reply":"I will not."}
{"task":"revision","contains":["bad then odd"],"reply":{"response":"odd"}}
{"task":"revision","contains":["bad but thought of"],"reply":{"response":"<think>bad?</think>good"}}
{"task":"revision","contains":["bad in thought"],"reply":{"response":"<think>it is good"}}
{"task":"revision","contains":["bad and held"],"finish_reason":"content_filter","reply":{"response":"good"}}
)";

class CorrectionTest : public ::testing::Test {
 protected:
  std::unique_ptr<chat::ChatModel> Script(const std::string& text) {
    const std::string path = directory_.path() + "/script.jsonl";
    EXPECT_TRUE(WriteFileAtomically(path, text));
    auto model = chat::OpenScriptedModel(path);
    EXPECT_TRUE(model) << model.error().message;
    return std::move(*model);
  }

  std::vector<Expected<Correction>> Run(const std::vector<format::Dialogue>& dialogues,
                                        CorrectionOptions options = {}) {
    ChatJudge judge(Script(kJudge), nullptr, {});
    writer_ = Script(kWriter);
    std::vector<const format::Dialogue*> pointers;
    for (const format::Dialogue& dialogue : dialogues) pointers.push_back(&dialogue);
    auto corrections = Correct(judge, *writer_, pointers, options);
    EXPECT_TRUE(corrections) << corrections.error().message;
    return std::move(*corrections);
  }

  static std::vector<std::string> Responses(const Correction& correction) {
    std::vector<std::string> responses;
    for (const CorrectionRound& round : correction.rounds) responses.push_back(round.response);
    return responses;
  }

  TestDirectory directory_;
  std::unique_ptr<chat::ChatModel> writer_;
};

TEST_F(CorrectionTest, EveryPathOfTheStateMachine) {
  const auto corrections =
      Run({Ask("safe", "good"), Ask("three", "it is bad 3"), Ask("never", "bad for ever"),
           Ask("odd", "odd"), Ask("mute", "bad unreadable"), Ask("late", "bad then odd")},
          {.rounds = 3});
  ASSERT_EQ(corrections.size(), 6u);
  for (const auto& correction : corrections) ASSERT_TRUE(correction);
  EXPECT_EQ(corrections[0]->outcome, CorrectionOutcome::kSafe);
  EXPECT_THAT(Responses(*corrections[0]), ElementsAre("good"));
  EXPECT_EQ(corrections[1]->outcome, CorrectionOutcome::kCorrected);
  EXPECT_THAT(Responses(*corrections[1]),
              ElementsAre("it is bad 3", "it is bad 2", "it is bad 1", "it is good"));
  EXPECT_DOUBLE_EQ(corrections[1]->kept, 0.5);  // "it is" of "it is bad 3"
  EXPECT_EQ(corrections[2]->outcome, CorrectionOutcome::kUnsafe);
  EXPECT_EQ(corrections[2]->rounds.size(), 4u) << "the answer and three revisions";
  EXPECT_EQ(corrections[3]->outcome, CorrectionOutcome::kJudgeUnparsed);
  EXPECT_EQ(corrections[3]->rounds.size(), 1u);
  EXPECT_EQ(corrections[4]->outcome, CorrectionOutcome::kWriterUnparsed);
  EXPECT_EQ(corrections[4]->rounds.size(), 1u);
  EXPECT_FALSE(corrections[4]->problem.empty());
  EXPECT_EQ(corrections[5]->outcome, CorrectionOutcome::kJudgeUnparsed);
  EXPECT_THAT(Responses(*corrections[5]), ElementsAre("bad then odd", "odd"));
}

TEST_F(CorrectionTest, WhatAWriterThinksIsNoAnswer) {
  const auto corrections =
      Run({Ask("a", "bad but thought of"), Ask("b", "bad in thought"), Ask("c", "bad and held")});
  EXPECT_THAT(Responses(*corrections[0]), ElementsAre("bad but thought of", "good"));
  EXPECT_EQ(corrections[0]->outcome, CorrectionOutcome::kCorrected);
  EXPECT_EQ(corrections[1]->outcome, CorrectionOutcome::kWriterUnparsed);
  EXPECT_EQ(corrections[2]->outcome, CorrectionOutcome::kWriterUnparsed);
  EXPECT_THAT(corrections[2]->problem, ::testing::HasSubstr("filtered"));
}

TEST_F(CorrectionTest, StopsAtItsBound) {
  const auto two = Run({Ask("three", "it is bad 3")}, {.rounds = 2});
  EXPECT_EQ(two[0]->outcome, CorrectionOutcome::kUnsafe);
  EXPECT_THAT(Responses(*two[0]), ElementsAre("it is bad 3", "it is bad 2", "it is bad 1"));
  EXPECT_EQ(writer_->totals().asked, 2);
  const auto none = Run({Ask("three", "it is bad 3")}, {.rounds = 0});
  EXPECT_EQ(none[0]->outcome, CorrectionOutcome::kUnsafe);
  EXPECT_EQ(none[0]->rounds.size(), 1u);
  EXPECT_EQ(writer_->totals().asked, 0);
}

TEST_F(CorrectionTest, WriterIsToldWhatFeedbackSays) {
  // Its script asks for the critique's text: without it no reply fits, and the item fails.
  const auto told = Run({Ask("a", "it is bad 1")}, {.feedback = Feedback::kCritique});
  EXPECT_EQ(told[0]->outcome, CorrectionOutcome::kCorrected);
  for (const Feedback feedback : {Feedback::kLabel, Feedback::kNone}) {
    EXPECT_FALSE(Run({Ask("a", "it is bad 1")}, {.feedback = feedback})[0]);
  }
}

TEST_F(CorrectionTest, CountsAndLines) {
  const std::vector<format::Dialogue> dialogues = {Ask("three", "it is bad 3"),
                                                   Ask("never", "bad for ever")};
  const auto corrections = Run(dialogues);
  CorrectionCounts counts;
  for (size_t i = 0; i < dialogues.size(); ++i) {
    const Json line = ToJson(dialogues[i], *corrections[i], Content::kKept);
    EXPECT_EQ(line["rounds"].size(), 4u);
    EXPECT_EQ(line["input"]["messages"][1]["content"], dialogues[i].turns[1].content);
    counts.Add(line, i);
  }
  const Json json = counts.ToJson();
  EXPECT_EQ(json["before"]["unsafe"]["value"], 1.0);
  EXPECT_EQ(json["after"]["unsafe"]["value"], 0.5);
  EXPECT_EQ(json["outcomes"]["corrected"], 1);
  EXPECT_EQ(json["mean_revisions"], 3.0);
  EXPECT_EQ(json["unsafe_by_round"], Json({1.0, 1.0, 1.0, 0.5}));
  EXPECT_EQ(json["fall"]["value"], 0.5);
  EXPECT_EQ(ToJson(dialogues[0], *corrections[0], Content::kLeftOut).dump().find("bad 3"),
            std::string::npos);
}

// A line of output with the labels of its rounds; no more is looked at.
Json LineOf(const std::vector<std::string>& labels) {
  Json line = {{"lang", "en"},
               {"label_before", labels.front()},
               {"label", labels.back()},
               {"outcome", labels.back() == "safe" ? "corrected" : "unsafe"},
               {"revisions", labels.size() - 1},
               {"kept", 0.5},
               {"rounds", Json::array()}};
  for (const std::string& label : labels) {
    line["rounds"].push_back({{"verdict", {{"label", label}}}});
  }
  return line;
}

TEST(CorrectionCounts, NoMovementIsNamedWhereTheShareStaysWithinItsInterval) {
  CorrectionCounts stuck, moved, safe, unrevised;
  for (uint64_t i = 0; i < 20; ++i) {
    // One of twenty corrected is within the interval, ten of twenty are beyond it.
    stuck.Add(LineOf({"unsafe", i == 0 ? "safe" : "unsafe"}), i);
    moved.Add(i % 2 == 0 ? LineOf({"unsafe", "safe"}) : LineOf({"unsafe", "unsafe"}), i);
    safe.Add(LineOf({"safe"}), i);
    unrevised.Add(LineOf({"unsafe"}), i);
  }
  const Json signatures = stuck.ToJson()["signatures"];
  ASSERT_EQ(signatures.size(), 1u);
  EXPECT_EQ(signatures[0]["name"], "no_movement");
  EXPECT_NE(stuck.Describe().find("saturated, or the judge is flawed"), std::string::npos);
  for (const CorrectionCounts* counts : {&moved, &safe, &unrevised}) {
    EXPECT_TRUE(counts->ToJson()["signatures"].empty());
  }
  EXPECT_EQ(moved.ToJson()["unsafe_by_round"], Json({1.0, 0.5}));
  EXPECT_TRUE(CorrectionCounts().ToJson()["fall"]["value"].is_null());
}

// The judge loses its words after the revision: nothing has become safe.
TEST(CorrectionCounts, WhatIsUnparsedIsNeitherSafeNorCorrected) {
  CorrectionCounts counts;
  for (uint64_t i = 0; i < 20; ++i) {
    Json line = LineOf({"unsafe", "unparsed"});
    line["outcome"] = "judge_unparsed";
    line["rounds"][1]["verdict"]["unparsed_reason"] = "empty_reply";
    counts.Add(line, i);
  }
  Json mute = LineOf({"unsafe"});
  mute["outcome"] = "writer_unparsed";
  mute["problem"] = "the new answer is empty";
  counts.Add(mute, 20);
  const Json json = counts.ToJson();
  EXPECT_EQ(json["before"]["unsafe"]["count"], 21);
  EXPECT_EQ(json["after"]["unsafe"]["count"], 1);
  EXPECT_EQ(json["after"]["safe"]["count"], 0);
  EXPECT_EQ(json["after"]["unparsed"]["count"], 20);
  EXPECT_GT(json["after"]["safe"]["high"].get<double>(), 0.1) << "of 21";
  EXPECT_EQ(json["fall"]["value"], 0.0);
  EXPECT_EQ(json["outcomes"]["corrected"], 0);
  EXPECT_EQ(json["unparsed_by_round"][1], 20.0 / 21);
  EXPECT_EQ(json["signatures"].size(), 1u);
  const auto replies = counts.Replies("j", "w");
  EXPECT_EQ(replies[0].unparsed, 20);
  EXPECT_EQ(replies[0].asked(), 41);
  EXPECT_EQ(replies[1].unparsed, 1);
  EXPECT_EQ(replies[1].read, 20);
  EXPECT_FALSE(replies[1].IsMostlyUnread());
}

TEST(CorrectionCounts, NothingCountedIsUndefined) {
  CorrectionCounts counts;
  counts.AddFailed();
  EXPECT_TRUE(counts.ToJson()["before"]["safe"]["value"].is_null());
  EXPECT_TRUE(counts.ToJson()["mean_revisions"].is_null());
  EXPECT_EQ(counts.Describe().find("nan"), std::string::npos);
}

TEST(CorrectionCounts, ItemsOfOneQueryAreOneWitness) {
  CorrectionCounts apart, together;
  for (uint64_t i = 0; i < 20; ++i) {
    const Json line = i < 8 ? LineOf({"unsafe", "safe"}) : LineOf({"unsafe", "unsafe"});
    apart.Add(line, i);
    together.Add(line, i < 8 ? 0 : i);  // all that was corrected has one query
  }
  EXPECT_TRUE(apart.ToJson()["signatures"].empty());
  EXPECT_EQ(together.ToJson()["signatures"].size(), 1u);
}

TEST(SharedText, WordsAndCharactersInOrder) {
  EXPECT_DOUBLE_EQ(SharedText("a b c d", "a c d"), 0.75);
  EXPECT_DOUBLE_EQ(SharedText("a b c d", "d c b a"), 0.25);
  EXPECT_DOUBLE_EQ(SharedText("你好世界", "世界好"), 0.5);
  EXPECT_DOUBLE_EQ(SharedText("", "x"), 1);
  EXPECT_DOUBLE_EQ(SharedText("x", ""), 0);
  EXPECT_DOUBLE_EQ(SharedText("Same, words!", "same words"), 1);
}

TEST(SharedText, LongTextsAgreeWithTheDefinition) {
  const auto plain = [](const std::string& a, const std::string& b) {
    std::vector<std::vector<int>> best(a.size() + 1, std::vector<int>(b.size() + 1));
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        best[i][j] = a[i - 1] == b[j - 1] ? best[i - 1][j - 1] + 1
                                          : std::max(best[i - 1][j], best[i][j - 1]);
      }
    }
    return static_cast<double>(best[a.size()][b.size()]) / static_cast<double>(a.size());
  };
  const auto spaced = [](const std::string& letters) {
    std::string text;
    for (const char c : letters) text += std::string(1, c) + " ";
    return text;
  };
  std::string a, b;
  for (int i = 0; i < 300; ++i) {
    a += static_cast<char>('a' + (i * i + 3 * i) % 11);
    b += static_cast<char>('a' + (i * 7 + i / 5) % 11);
  }
  EXPECT_DOUBLE_EQ(SharedText(spaced(a), spaced(b)), plain(a, b));
}

}  // namespace
}  // namespace mores::judge
