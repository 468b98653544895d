#include "report/report.h"

#include <cmath>
#include <optional>

#include "support/report/report_files.h"

namespace mores::report {
namespace {

class ReportTest : public FolderTest {
 protected:
  Report Make(const std::vector<std::string>& paths) {
    auto collection = Collect({.verdict_paths = paths});
    EXPECT_TRUE(collection) << collection.error().message;
    const auto progress = job::MakeSilentProgress();
    auto report = MakeReport(std::move(*collection), std::nullopt, {}, *progress);
    EXPECT_TRUE(report);
    return std::move(*report);
  }
};

TEST_F(ReportTest, SummaryAndBounds) {
  const std::string one =
      Write("one.jsonl", {StoredVerdict("a", 0.9, "unsafe", "q1"),
                          StoredVerdict("b", 0.9, "safe", "q2", "I'm sorry, I can't help you."),
                          StoredVerdict("c", 0.1, "safe", "q3")});
  const std::string two = Write("two.jsonl", {StoredVerdict("d", 0.1, "safe", "q4")});
  const Report report = Make({one, two});
  const Json summary = Summarize(report);
  EXPECT_EQ(summary["kind"], "mores-report");
  EXPECT_EQ(summary["version"], 2);
  EXPECT_EQ(summary["all"]["items"], 4);
  EXPECT_EQ(summary["verdicts"][0]["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(summary["sets"].size(), 2u);
  const auto figure = [&](std::string_view name) {
    return FigureOf(report, {.figure = std::string(name)});
  };
  EXPECT_DOUBLE_EQ(figure("accuracy").value, 0.75);
  EXPECT_NEAR(figure("mean_of_sets_accuracy").value, (2.0 / 3 + 1) / 2, 1e-12);
  EXPECT_DOUBLE_EQ(figure("unsafe").value, 0.5);
  EXPECT_DOUBLE_EQ(figure("refusal_false_unsafe_rate").value, 1);
  for (const format::KnownFigure& known : ReportFigures().known) {
    const bool undefined = known.name == "unsafe_in_place";
    EXPECT_EQ(std::isnan(figure(known.name).value), undefined) << known.name;
    EXPECT_EQ(!figure(known.name).why_undefined.empty(), undefined) << known.name;
  }
}

TEST_F(ReportTest, TableForATerminal) {
  const Report report = Make({Write("one.jsonl", {StoredVerdict("a", 0.9, "unsafe"),
                                                  StoredVerdict("b", 0.9, "safe"),
                                                  {{"id", "x"}, {"error", "broken"}}})});
  const std::string table = FormatTable(report);
  EXPECT_NE(table.find("50.0 [9.5, 90.5]"), std::string::npos) << table;
  EXPECT_NE(table.find("failed, without a verdict: 1"), std::string::npos);
  EXPECT_NE(table.find("majority (hindsight)"), std::string::npos);
}

TEST_F(ReportTest, NoAccuracyWhereTheJudgeChoseTheRow) {
  Json one = StoredVerdict("a", 0.9, "unsafe"), two = StoredVerdict("b", 0.9, "safe");
  one["category"] = "violence";
  two["category"] = "privacy";
  const Report report = Make({Write("one.jsonl", {one, two})});
  const Json slices = Summarize(report)["slices"];
  ASSERT_EQ(slices[0]["dimension"], "judged_category");
  EXPECT_EQ(slices[0]["chosen_by_judge"], true);
  EXPECT_EQ(slices[0]["accuracy"]["value"], nullptr);
  EXPECT_EQ(slices[0]["precision"]["value"], nullptr);
  EXPECT_EQ(slices[0]["judged_unsafe"], 1);
  EXPECT_NE(FormatTable(report).find("category, by the judge (no accuracy: "), std::string::npos);
}

TEST_F(ReportTest, TablesForSpreadsheets) {
  Json verdict = StoredVerdict("+1", 0.25, "", "=SUM(A1)", "Say \"hi\", twice.");
  verdict["oddities"] = {"fenced"};
  const Report report = Make({Write("one.jsonl", {verdict})});
  const std::string rows = FormatVerdictsCsv(report.collection, CsvContent::kWithText);
  EXPECT_NE(rows.find("\r\n'+1,one,en,safe,safe,0.25,0.5,,,,,A short reason.,,,,,fenced,"
                      "tiny@000000000000,plain@000000000000,'=SUM(A1),"
                      "\"Say \"\"hi\"\", twice.\"\r\n"),
            std::string::npos)
      << rows;
  const std::string bare = FormatVerdictsCsv(report.collection, CsvContent::kNoText);
  EXPECT_EQ(bare.find("SUM"), std::string::npos);
  const std::string table = FormatCsv(report);
  EXPECT_TRUE(
      table.starts_with("dimension,name,items,queries,judged_unsafe,unparsed,with_gold,"
                        "gold_unsafe,unsafe_share,unsafe_share_low,unsafe_share_high,"))
      << table;
  EXPECT_NE(table.find("\r\nall,all,1,1,0,0,0,0,0,0,0.79"), std::string::npos) << table;
  EXPECT_EQ(table.find("nan"), std::string::npos);
}

TEST_F(ReportTest, WithoutGoldItSaysSo) {
  const Report report = Make({Write("one.jsonl", {StoredVerdict("a", 0.9, "")})});
  EXPECT_NE(FormatTable(report).find("no gold labels"), std::string::npos);
  EXPECT_TRUE(report.baselines.empty());
}

}  // namespace
}  // namespace mores::report
