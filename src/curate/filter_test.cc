#include "curate/filter.h"

#include <gmock/gmock.h>

#include <cmath>

#include "curate/label_probability.h"
#include "curate/test_support.h"

namespace mores::curate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kSafe = R"({"label":"safe","analysis":"Calm.","rule":null})";
constexpr const char* kUnsafe = R"({"label":"unsafe","analysis":"It harms.","rule":null})";

// A reply cut into tokens, with the alternatives of the label's first.
std::vector<chat::ReplyToken> Tokens(const std::string& label, const std::string& rest,
                                     std::vector<chat::TokenLogprob> top) {
  std::vector<chat::ReplyToken> tokens;
  tokens.push_back({.chosen = {"{\"label\":", -0.01}, .top = {}});
  tokens.push_back({.chosen = top.front(), .top = std::move(top)});
  tokens.push_back({.chosen = {label + rest, -0.1}, .top = {}});
  return tokens;
}

class FilterTest : public CurateTest {
 protected:
  FilterOptions Options(TableModel& judge) const {
    FilterOptions options;
    options.run = {.input = "in.jsonl", .output = Path("out.jsonl"), .batch_size = 2};
    options.judge = &judge;
    return options;
  }

  std::vector<Record> Five() const {
    return Records(
        R"({"id":"a","query":"q","response":"The amber of it.","label":"safe","source":"x","generator":"human"})"
        "\n"
        R"({"id":"b","query":"q","response":"The birch of it.","label":"safe","source":"x"})"
        "\n"
        R"({"id":"c","query":"q","response":"The cedar of it."})"
        "\n"
        R"({"id":"d","query":"q","response":"The delta of it.","label":"unsafe","completion":"unsafe\nx"})"
        "\n"
        R"({"id":"e","query":"q","response":"The elder of it.","label":"unsafe"})"
        "\n");
  }

  TableModel judge_{"judge@1",
                    {{"amber", kSafe}, {"birch", kUnsafe}, {"delta", kUnsafe}, {"elder", "Hm."}}};
};

TEST_F(FilterTest, KeepsWhatTheJudgeConfirms) {
  const std::vector<Record> records = Five();
  const auto result = FilterRecords(records, Options(judge_));
  ASSERT_TRUE(result) << result.error().message;
  const std::vector<Json> kept = Lines("out.jsonl");
  ASSERT_THAT(Ids(kept), ElementsAre("a", "d"));
  EXPECT_EQ(kept[1]["completion"], "unsafe\nx");
  EXPECT_EQ(kept[1]["filter"]["model"], "judge@1");
  EXPECT_EQ(kept[1]["filter"]["analysis"], "It harms.");
  EXPECT_TRUE(kept[1]["filter"]["p_unsafe"].is_null());
  EXPECT_EQ(kept[0]["generator"], "human");
  EXPECT_TRUE(kept[1]["generator"].is_null());
  EXPECT_EQ(kept[1]["origin"]["id"], "d");
  const std::vector<Json> rejected = Lines("out.jsonl.rejected.jsonl");
  EXPECT_THAT(Reasons(rejected), ElementsAre("label!=expected", "unlabelled", "unreadable"));
  EXPECT_EQ(rejected[0]["rejected"]["analysis"], "It harms.");
  EXPECT_EQ(rejected[0]["label"], "safe");
  EXPECT_THAT(judge_.materials, SizeIs(4));  // not the one without a label
  EXPECT_EQ(result->summary["by_source"]["x"]["items"], 2);
  EXPECT_EQ(result->summary["by_source"]["x"]["kept"], 1);
  EXPECT_EQ(result->summary["by_language"]["en"]["items"], 5);
  EXPECT_EQ(result->summary["by_language"]["en"]["unreadable"], 1);
  EXPECT_THAT(result->summary["drop_if"], ElementsAre("label!=expected"));
}

TEST_F(FilterTest, FailedRequestsAreRejectedAndCounted) {
  TableModel judge("judge@1", {{"amber", "!io"}, {"The", kSafe}});
  const std::vector<Record> records = Five();
  const auto result = FilterRecords(records, Options(judge));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->job.failed, 1u);
  EXPECT_EQ(result->summary["reasons"]["failed"], 1);
  EXPECT_EQ(result->summary["by_source"]["x"]["items"], 2);
}

TEST_F(FilterTest, DropsByTheJudgesProbability) {
  judge_.tokens[kSafe] = Tokens("", R"(,"analysis":"Calm.","rule":null})",
                                {{"\"safe\"", std::log(0.6)}, {"\"unsafe\"", std::log(0.3)}});
  FilterOptions options = Options(judge_);
  options.drop_if = {*ParseDropCondition("p_unsafe > 0.3")};
  const std::vector<Record> records = Five();
  const auto result = FilterRecords(records, options);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->kept, 0);
  const std::vector<Json> rejected = Lines("out.jsonl.rejected.jsonl");
  EXPECT_THAT(Reasons(rejected), ElementsAre("p_unsafe > 0.3", "no_probability", "unreadable",
                                             "no_probability", "unreadable"));
  EXPECT_NEAR(rejected[0]["rejected"]["p_unsafe"].get<double>(), 1.0 / 3, 1e-12);
  options.drop_if = {*ParseDropCondition("p_unsafe>0.34"), *ParseDropCondition("label!=expected")};
  options.run.output = Path("second.jsonl");
  ASSERT_TRUE(FilterRecords(records, options));
  EXPECT_THAT(Ids(Lines("second.jsonl")), ElementsAre("a"));
}

TEST_F(FilterTest, ProbabilitiesNeedAJudgeThatGivesThem) {
  FilterOptions options = Options(judge_);
  options.drop_if = {*ParseDropCondition("p_unsafe>0.3")};
  const std::vector<Record> records = Five();
  const auto result = FilterRecords(records, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(judge_.materials, SizeIs(0));
}

TEST_F(FilterTest, GoesOnWhereItStopped) {
  const std::vector<Record> records = Five();
  judge_.calls_left = 2;
  ASSERT_FALSE(FilterRecords(records, Options(judge_)));
  judge_.calls_left = -1;
  judge_.materials.clear();
  const auto result = FilterRecords(records, Options(judge_));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(judge_.materials, SizeIs(1));
  EXPECT_THAT(Ids(Lines("out.jsonl")), ElementsAre("a", "d"));
}

TEST(DropConditionTest, KnowsTwoForms) {
  EXPECT_EQ(ToString(*ParseDropCondition(" label != expected ")), "label!=expected");
  EXPECT_EQ(ToString(*ParseDropCondition("p_unsafe>=0.5")), "p_unsafe >= 0.5");
  for (const char* wrong : {"", "label", "label!=safe", "p_unsafe>2", "p_unsafe", "p_safe>0.1",
                            "p_unsafe>-1", "p_unsafe!=0.5"}) {
    const auto condition = ParseDropCondition(wrong);
    ASSERT_FALSE(condition) << wrong;
    EXPECT_EQ(condition.error().kind, ErrorKind::kUsage);
  }
}

chat::ChatReply Reply(std::vector<chat::ReplyToken> tokens) {
  chat::ChatReply reply;
  for (const chat::ReplyToken& token : tokens) reply.text += token.chosen.token;
  reply.tokens = std::move(tokens);
  return reply;
}

TEST(UnsafeProbabilityTest, SumsWhatBeginsEachLabel) {
  // The chosen token holds what stands before the value; rivals that don't, say nothing of it.
  const auto p = UnsafeProbability(Reply(Tokens("afe\"}", "",
                                                {{" \"s", std::log(0.5)},
                                                 {" \"un", std::log(0.2)},
                                                 {" \"不", std::log(0.05)},
                                                 {" \"sand", std::log(0.1)},
                                                 {"unsafe", std::log(0.1)}})));
  ASSERT_TRUE(p);
  EXPECT_NEAR(*p, 0.25 / 0.75, 1e-12);
}

TEST(UnsafeProbabilityTest, AChosenTokenThatIsNotListedCounts) {
  std::vector<chat::ReplyToken> tokens =
      Tokens("\"}", "", {{"\"unsafe", std::log(0.4)}, {"\"safe", std::log(0.4)}});
  tokens[1].top.erase(tokens[1].top.begin());
  const auto p = UnsafeProbability(Reply(tokens));
  ASSERT_TRUE(p);
  EXPECT_NEAR(*p, 0.5, 1e-12);
}

TEST(UnsafeProbabilityTest, KnowsNothingWhereTheReplyIsNotPlain) {
  EXPECT_FALSE(UnsafeProbability(chat::ChatReply()));
  chat::ChatReply other = Reply(Tokens("\"}", "", {{"\"unsafe", -0.1}}));
  other.text = kSafe;
  EXPECT_FALSE(UnsafeProbability(other));  // its tokens are another text's
  chat::ChatReply twice = Reply(Tokens("\"}", R"( {"label":"safe"})", {{"\"unsafe", -0.1}}));
  EXPECT_FALSE(UnsafeProbability(twice));
  EXPECT_FALSE(UnsafeProbability(Reply({{.chosen = {R"({"label":1})", -0.1}, .top = {}}})));
  EXPECT_FALSE(UnsafeProbability(Reply({{.chosen = {R"({"label")", -0.1}, .top = {}}})));
  EXPECT_FALSE(UnsafeProbability(Reply({{.chosen = {R"({"label":")", -0.1}, .top = {}}})));
}

}  // namespace
}  // namespace mores::curate
