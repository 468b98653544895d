#include "report/compare.h"

#include <cmath>

#include "support/report/report_files.h"

namespace mores::report {
namespace {

class CompareTest : public FolderTest {
 protected:
  Collection Load(const std::string& name, const std::vector<Json>& verdicts) {
    auto collection = Collect({.verdict_paths = {Write(name, verdicts)}});
    EXPECT_TRUE(collection) << collection.error().message;
    return std::move(*collection);
  }
};

TEST_F(CompareTest, FlipsAndAccuracy) {
  auto comparison =
      Compare(Load("a.jsonl", {StoredVerdict("1", 0.9, "safe"), StoredVerdict("2", 0.1, "safe"),
                               StoredVerdict("3", 0.1, "unsafe"), StoredVerdict("4", 0.9, "unsafe"),
                               StoredVerdict("gone", 0.9, "")}),
              Load("b.jsonl", {StoredVerdict("new", 0.9, ""), StoredVerdict("4", 0.8, ""),
                               StoredVerdict("3", 0.7, ""), StoredVerdict("2", 0.6, ""),
                               StoredVerdict("1", 0.2, "")}),
              {});
  ASSERT_TRUE(comparison) << comparison.error().message;
  EXPECT_EQ(comparison->items.size(), 4u);
  EXPECT_EQ(comparison->only_first, std::vector<std::string>{"gone"});
  EXPECT_EQ(comparison->only_second, std::vector<std::string>{"new"});
  EXPECT_EQ(comparison->became_unsafe, 2u);
  EXPECT_EQ(comparison->became_safe, 1u);
  EXPECT_DOUBLE_EQ(comparison->agreement.value, 0.25);
  EXPECT_EQ(comparison->mended, 2u);
  EXPECT_EQ(comparison->broken, 1u);
  EXPECT_DOUBLE_EQ(comparison->accuracy.difference.value, 0.25);
  EXPECT_NEAR(comparison->mean_p_shift.value, (-0.7 + 0.5 + 0.6 - 0.1) / 4, 1e-12);
  const Json summary = Summarize(*comparison);
  EXPECT_EQ(summary["flips"].size(), 3u);
  EXPECT_EQ(summary["flips"][0]["expected"], "safe");
  EXPECT_DOUBLE_EQ(summary["accuracy"]["second"]["value"], 0.75);
  EXPECT_NE(FormatTable(*comparison).find("2: safe -> unsafe (expected safe)"), std::string::npos);
}

TEST_F(CompareTest, BoundsOnWhatChanged) {
  const auto comparison = Compare(
      Load("a.jsonl", {StoredVerdict("1", 0.9, "unsafe"), StoredVerdict("2", 0.1, "safe"),
                       StoredVerdict("3", 0.9, "unsafe"), StoredVerdict("gone", 0.1, "safe")}),
      Load("b.jsonl", {StoredVerdict("1", 0.2, ""),
                       StoredVerdict("2", 0.1, ""),
                       StoredVerdict("3", 0.9, ""),
                       {{"id", "x"}, {"error", "broken"}}}),
      {});
  ASSERT_TRUE(comparison);
  const auto value = [&](const std::string& name) {
    return FigureOf(*comparison, {.figure = name}).value;
  };
  EXPECT_NEAR(value("flips"), 1.0 / 3, 1e-12);
  EXPECT_NEAR(value("became_safe"), 1.0 / 3, 1e-12);
  EXPECT_EQ(value("became_unsafe"), 0);
  EXPECT_NEAR(value("accuracy_drop"), 1.0 / 3, 1e-12);
  EXPECT_LT(value("accuracy_drop_low"), value("accuracy_drop"));
  EXPECT_GT(value("accuracy_drop_high"), value("accuracy_drop"));
  EXPECT_NEAR(value("broken"), 1.0 / 3, 1e-12);
  EXPECT_EQ(value("mended"), 0);
  EXPECT_NEAR(value("agreement"), 2.0 / 3, 1e-12);
  EXPECT_EQ(value("missing"), 0.25);
  EXPECT_EQ(value("failed_second"), 0.25);
  EXPECT_EQ(value("undecided"), 0.25) << "what failed is what is missing";
  EXPECT_EQ(value("unparsed_second"), 0);
  EXPECT_EQ(value("thresholds_differ"), 0);
  for (const format::KnownFigure& figure : ComparisonFigures().known) {
    EXPECT_FALSE(std::isnan(value(std::string(figure.name)))) << figure.name;
  }
}

TEST_F(CompareTest, NoTestIsCertain) {
  std::vector<Json> wrong, right;
  for (int i = 0; i < 24; ++i) {
    wrong.push_back(StoredVerdict(std::to_string(i), 0.1, "unsafe"));
    right.push_back(StoredVerdict(std::to_string(i), 0.9, "unsafe"));
  }
  const auto comparison = Compare(Load("a.jsonl", wrong), Load("b.jsonl", right), {});
  ASSERT_TRUE(comparison);
  const std::string table = FormatTable(*comparison);
  EXPECT_NE(table.find("McNemar mid-p         < 0.0001"), std::string::npos) << table;
}

TEST_F(CompareTest, SaysThatThresholdsDiffer) {
  Json other = StoredVerdict("1", 0.6, "");
  other["threshold"] = 0.7;
  other["label"] = "safe";
  const auto comparison =
      Compare(Load("a.jsonl", {StoredVerdict("1", 0.6, "")}), Load("b.jsonl", {other}), {});
  ASSERT_TRUE(comparison);
  ASSERT_EQ(comparison->thresholds.size(), 1u);
  EXPECT_NE(FormatTable(*comparison).find("thresholds differ     0.5 and 0.7 (1 items)"),
            std::string::npos)
      << FormatTable(*comparison);
  EXPECT_EQ(Summarize(*comparison)["thresholds"][0]["second"], 0.7);
  EXPECT_EQ(FigureOf(*comparison, {.figure = "thresholds_differ"}).value, 1);
}

TEST_F(CompareTest, TablesForSpreadsheets) {
  const auto comparison =
      Compare(Load("a.jsonl", {StoredVerdict("=1", 0.9, "unsafe"), StoredVerdict("gone", 0.1, "")}),
              Load("b.jsonl", {StoredVerdict("=1", 0.1, ""), StoredVerdict("new", 0.9, "")}), {});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(FormatVerdictsCsv(*comparison),
            "id,place,first,second,flipped,expected,p_first,p_second,threshold_first,"
            "threshold_second,guidelines\r\n"
            "'=1,,unsafe,safe,true,unsafe,0.9,0.1,0.5,0.5,\r\n"
            "gone,,safe,,,,,,,,\r\n"
            "new,,,unsafe,,,,,,,\r\n");
  EXPECT_TRUE(FormatCsv(*comparison).starts_with("figure,value,low,high\r\nitems,1,,\r\n"));
}

TEST_F(CompareTest, WithoutGold) {
  const auto comparison = Compare(Load("a.jsonl", {StoredVerdict("1", 0.9, "")}),
                                  Load("b.jsonl", {StoredVerdict("1", 0.9, "")}), {});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->with_gold, 0u);
  EXPECT_EQ(Summarize(*comparison)["accuracy"], nullptr);
  const format::GateFigure drop = FigureOf(*comparison, {.figure = "accuracy_drop"});
  EXPECT_TRUE(std::isnan(drop.value));
  EXPECT_EQ(drop.why_undefined, "no item in both has an expected label");
}

TEST_F(CompareTest, NothingInCommonIsAnInputError) {
  const auto comparison = Compare(Load("a.jsonl", {StoredVerdict("1", 0.9, "")}),
                                  Load("b.jsonl", {StoredVerdict("2", 0.9, "")}), {});
  ASSERT_FALSE(comparison);
  EXPECT_EQ(comparison.error().kind, ErrorKind::kInput);
  EXPECT_EQ(ExitCode(comparison.error().kind), 2);
}

}  // namespace
}  // namespace mores::report
