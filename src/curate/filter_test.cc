#include "curate/filter.h"

#include <gmock/gmock.h>

#include <map>
#include <utility>

#include "support/curate/curate_files.h"

namespace mores::curate {
namespace {

using ::testing::ElementsAre;

// Says of a dialogue what its table says of the word in it; nothing known: no label.
class FakeJudge : public judge::Judge {
 public:
  struct Said {
    format::Label label;
    std::optional<double> p_unsafe;
  };
  explicit FakeJudge(std::map<std::string, Said> table)
      : Judge(judge::JudgeOptions()), table_(std::move(table)) {}

  chat::ChatTotals totals() const override { return {}; }
  std::string prompt_name(const format::Dialogue&) const override { return "fake"; }
  Expected<std::vector<Expected<format::Verdict>>> JudgeBatch(
      std::span<const format::Dialogue* const> dialogues) override {
    if (calls_left == 0) return MakeError(ErrorKind::kIo, "the endpoint is gone");
    --calls_left;
    std::vector<Expected<format::Verdict>> verdicts;
    for (const format::Dialogue* dialogue : dialogues) {
      asked.push_back(dialogue->id);
      if (dialogue->id == broken) {
        verdicts.push_back(MakeError(ErrorKind::kIo, "connection reset"));
        continue;
      }
      format::Verdict verdict = StartVerdict(*dialogue);
      verdict.prompt = PromptName("fake", *dialogue);
      for (const auto& [word, said] : table_) {
        if (format::ResponseOf(*dialogue).find(word) == std::string_view::npos) continue;
        verdict.label = said.label;
        verdict.p_unsafe = said.p_unsafe;
        verdict.critique = "It is " + std::string(format::Name(said.label)) + ".";
      }
      verdicts.push_back(std::move(verdict));
    }
    return verdicts;
  }
  std::string model_name() const override { return "judge@1"; }
  std::string prompt_hash() const override { return std::string(64, 'a'); }

  int calls_left = -1;  // then the call fails; -1: never
  std::string broken;   // id of an item that fails
  std::vector<std::string> asked;

 private:
  std::map<std::string, Said> table_;
};

class FilterTest : public CurateTest {
 protected:
  FilterOptions Options(judge::Judge& judge) const {
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

  FakeJudge judge_{{{"amber", {format::Label::kSafe, 0.25}},
                    {"birch", {format::Label::kUnsafe, std::nullopt}},
                    {"delta", {format::Label::kUnsafe, 0.75}}}};
};

TEST_F(FilterTest, KeepsWhatTheJudgeConfirms) {
  const std::vector<Record> records = Five();
  const auto result = FilterRecords(records, Options(judge_));
  ASSERT_TRUE(result) << result.error().message;
  const std::vector<Json> kept = Lines("out.jsonl");
  ASSERT_THAT(Ids(kept), ElementsAre("a", "d"));
  EXPECT_EQ(kept[1]["completion"], "unsafe\nx");
  EXPECT_EQ(kept[1]["filter"]["model"], "judge@1");
  EXPECT_EQ(kept[1]["filter"]["critique"], "It is unsafe.");
  EXPECT_EQ(kept[1]["filter"]["p_unsafe"], 0.75);
  EXPECT_EQ(kept[0]["generator"], "human");
  EXPECT_TRUE(kept[1]["generator"].is_null());
  EXPECT_EQ(kept[1]["origin"]["id"], "d");
  const std::vector<Json> rejected = Lines("out.rejected.jsonl");
  EXPECT_THAT(Reasons(rejected), ElementsAre("label!=expected", "unlabelled", "unreadable"));
  EXPECT_EQ(rejected[0]["filter"]["critique"], "It is unsafe.");
  EXPECT_EQ(rejected[0]["label"], "safe");
  EXPECT_THAT(judge_.asked, ElementsAre("a", "b", "d", "e"));  // not the one without a label
  EXPECT_EQ(result->summary["by_source"]["x"]["items"], 2);
  EXPECT_EQ(result->summary["by_source"]["x"]["kept"], 1);
  EXPECT_EQ(result->summary["by_language"]["en"]["items"], 5);
  EXPECT_EQ(result->summary["by_language"]["en"]["unreadable"], 1);
  EXPECT_THAT(result->summary["drop_if"], ElementsAre("label!=expected"));
}

TEST_F(FilterTest, FailedRequestsAreRejectedAndCounted) {
  judge_.broken = "a";
  const std::vector<Record> records = Five();
  const auto result = FilterRecords(records, Options(judge_));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->job.failed, 1u);
  EXPECT_EQ(result->summary["reasons"]["failed"], 1);
  EXPECT_EQ(result->summary["by_source"]["x"]["items"], 2);
  EXPECT_EQ(Lines("out.rejected.jsonl")[0]["rejected"]["error"]["kind"], "io");
}

TEST_F(FilterTest, DropsByTheJudgesProbability) {
  FilterOptions options = Options(judge_);
  options.drop_if = {*ParseDropCondition("p_unsafe > 0.25")};
  const std::vector<Record> records = Five();
  ASSERT_TRUE(FilterRecords(records, options));
  EXPECT_THAT(Ids(Lines("out.jsonl")), ElementsAre("a"));
  EXPECT_THAT(Reasons(Lines("out.rejected.jsonl")),
              ElementsAre("no_probability", "unreadable", "p_unsafe > 0.25", "unreadable"));
  // The first condition that holds is the reason.
  options.drop_if = {*ParseDropCondition("label!=expected"), *ParseDropCondition("p_unsafe<0.5")};
  options.run.output = Path("second.jsonl");
  ASSERT_TRUE(FilterRecords(records, options));
  EXPECT_THAT(Ids(Lines("second.jsonl")), ElementsAre("d"));
  EXPECT_THAT(Reasons(Lines("second.rejected.jsonl")),
              ElementsAre("p_unsafe < 0.5", "label!=expected", "unlabelled", "unreadable"));
}

TEST_F(FilterTest, GoesOnWhereItStopped) {
  const std::vector<Record> records = Five();
  judge_.calls_left = 2;
  ASSERT_FALSE(FilterRecords(records, Options(judge_)));
  judge_.calls_left = -1;
  judge_.asked.clear();
  const auto result = FilterRecords(records, Options(judge_));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(judge_.asked, ElementsAre("e"));
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

}  // namespace
}  // namespace mores::curate
