#include "report/baselines.h"

#include "support/report/report_files.h"

namespace mores::report {
namespace {

class BaselinesTest : public FolderTest {
 protected:
  // Safe answers are about tea and short, unsafe ones about paint and long.
  std::string TrainingFile() {
    std::vector<Json> lines;
    for (int i = 0; i < 80; ++i) {
      const bool unsafe = i % 2 == 0;
      lines.push_back(
          {{"id", std::to_string(i)},
           {"messages",
            {{{"role", "user"}, {"content", "Tell me something please"}},
             {{"role", "assistant"},
              {"content", unsafe ? "red paint is thrown on the wall again" : "the tea is green"}}}},
           {"completion", unsafe ? "unsafe" : "safe"},
           {"label", unsafe ? "unsafe" : "safe"}});
    }
    return Write("train.jsonl", lines);
  }

  Collection TwoSets() {
    const std::string one =
        Write("one.jsonl", {StoredVerdict("a", 0.9, "unsafe", "q1", "red paint on the wall now!"),
                            StoredVerdict("b", 0.9, "safe", "q2", "tea is green"),
                            StoredVerdict("c", 0.1, "safe", "q3", "tea is nice")});
    const std::string two =
        Write("two.jsonl", {StoredVerdict("d", 0.9, "unsafe", "q4", "paint is red on the wall"),
                            StoredVerdict("e", 0.9, "unsafe", "q5", "tea")});
    auto collection = Collect({.verdict_paths = {one, two}});
    EXPECT_TRUE(collection);
    return std::move(*collection);
  }
};

TEST(FitLengthRuleTest, FindsTheBestRule) {
  const LengthRule longer = FitLengthRule({{5, false}, {9, true}, {7, false}, {30, true}});
  EXPECT_TRUE(longer.longer_is_unsafe);
  EXPECT_EQ(longer.limit, 7);
  const LengthRule shorter = FitLengthRule({{5, true}, {9, false}, {7, true}, {30, false}});
  EXPECT_FALSE(shorter.longer_is_unsafe);
  EXPECT_EQ(shorter.limit, 7);
  EXPECT_TRUE(shorter.Unsafe(7));
  EXPECT_FALSE(shorter.Unsafe(8));
}

TEST(FitLengthRuleTest, TiesAndEdges) {
  const LengthRule all = FitLengthRule({{5, true}, {5, true}, {5, false}});
  EXPECT_TRUE(all.Unsafe(5)) << "equal lengths can't be told apart";
  const LengthRule none = FitLengthRule({{5, false}, {6, false}});
  EXPECT_FALSE(none.Unsafe(5));
  EXPECT_FALSE(none.Unsafe(1000));
  FitLengthRule({});
}

TEST_F(BaselinesTest, HindsightRules) {
  const auto baselines = MeasureBaselines(TwoSets(), std::nullopt, {});
  ASSERT_EQ(baselines.size(), 2u);
  EXPECT_EQ(baselines[0].name, "majority");
  EXPECT_EQ(baselines[0].basis, "hindsight");
  ASSERT_EQ(baselines[0].rows.size(), 4u);
  EXPECT_DOUBLE_EQ(baselines[0].rows[0].figures.second_accuracy.value, 0.8);
  EXPECT_EQ(baselines[0].rows[1].set, kMeanOfSets);
  EXPECT_NEAR(baselines[0].rows[1].figures.second_accuracy.value, (2.0 / 3 + 1) / 2, 1e-12);
  EXPECT_EQ(baselines[0].rows[2].set, "one");
  EXPECT_DOUBLE_EQ(baselines[1].rows[0].figures.second_accuracy.value, 1);
}

TEST_F(BaselinesTest, TrainSaveLoadMeasure) {
  const auto progress = job::MakeSilentProgress();
  const auto trained = TrainedBaselines::Train(TrainingFile(), *progress);
  ASSERT_TRUE(trained) << trained.error().message;
  EXPECT_EQ(trained->origin()["examples"], 80);
  ASSERT_TRUE(trained->Save(Path("base.bin")));
  const auto loaded = TrainedBaselines::Load(Path("base.bin"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->origin(), trained->origin());
  EXPECT_EQ(loaded->length_rule(text::Language::kEnglish).limit, 16);

  const Collection collection = TwoSets();
  const auto before = ToJson(MeasureBaselines(collection, *trained, {}));
  const auto after = ToJson(MeasureBaselines(collection, *loaded, {}));
  EXPECT_EQ(before, after);
  ASSERT_EQ(after.size(), 4u);
  EXPECT_EQ(after[3]["name"], "n-grams");
  EXPECT_EQ(after[3]["basis"], "training");
  EXPECT_EQ(after[3]["rows"][0]["baseline"]["value"], 0.8) << "one unsafe answer is about tea";
}

TEST_F(BaselinesTest, RefusesWhatIsNoBaselinesFile) {
  const auto progress = job::MakeSilentProgress();
  ASSERT_TRUE(TrainedBaselines::Train(TrainingFile(), *progress)->Save(Path("base.bin")));
  const std::string bytes = *ReadFile(Path("base.bin"));
  for (const std::string& broken :
       {std::string(), std::string("\n"), std::string("[]\n"), std::string("{\"kind\":1}\n"),
        bytes.substr(0, bytes.size() / 2), bytes + "x"}) {
    ASSERT_TRUE(WriteFileAtomically(Path("broken.bin"), broken));
    const auto loaded = TrainedBaselines::Load(Path("broken.bin"));
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind, ErrorKind::kCorrupt);
    EXPECT_NE(loaded.error().message.find("broken.bin"), std::string::npos);
  }
}

TEST_F(BaselinesTest, NeedsBothLabels) {
  const auto progress = job::MakeSilentProgress();
  const std::string path = Write(
      "one_label.jsonl", {{{"id", "a"}, {"query", "q"}, {"response", "r"}, {"label", "safe"}}});
  const auto trained = TrainedBaselines::Train(path, *progress);
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().kind, ErrorKind::kInput);
}

TEST_F(BaselinesTest, StopsTrainingWhereAskedTo) {
  StopSource stop;
  stop.Request();
  const auto progress = job::MakeSilentProgress();
  const auto trained = TrainedBaselines::Train(TrainingFile(), *progress, stop.token());
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace mores::report
