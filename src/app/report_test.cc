#include "app/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/compare.h"
#include "base/files.h"
#include "support/report/report_files.h"

namespace mores::app {
namespace {

using ::testing::HasSubstr;

class ReportJobTest : public report::FolderTest {
 protected:
  std::string Verdicts(const std::string& name, double p_unsafe) {
    return Write(name, {report::StoredVerdict("a", p_unsafe, "unsafe", "q1"),
                        report::StoredVerdict("b", 0.1, "safe", "q2")});
  }
};

TEST_F(ReportJobTest, MeasuresVerdictsByNewThresholdsAndWritesBothFiles) {
  ReportJob job{.verdicts = {Verdicts("v.jsonl", 0.4)}, .thresholds = {.en = 0.3}};
  job.files = {.page = Path("page.html"), .summary = Path("summary.json")};
  const auto report = ReportVerdicts(job, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_DOUBLE_EQ(report::FigureOf(*report, {.figure = "accuracy"}).value, 1);
  const auto summary = ReadFile(job.files.summary);
  ASSERT_TRUE(summary);
  EXPECT_EQ(*summary, DumpJson(report::Summarize(*report)) + "\n");
  EXPECT_TRUE(FileExists(job.files.page));
}

TEST_F(ReportJobTest, BaselinesAreTrainedOrLoaded) {
  ReportJob job{.verdicts = {Verdicts("v.jsonl", 0.9)}};
  job.baselines = {.train = "train.jsonl", .load = "baselines.bin"};
  EXPECT_EQ(ReportVerdicts(job, {}).error().kind, ErrorKind::kUsage);
  job.baselines = {.save = "baselines.bin"};
  EXPECT_EQ(ReportVerdicts(job, {}).error().kind, ErrorKind::kUsage);
}

TEST_F(ReportJobTest, EndsWhereAStopIsAskedForAndWritesNothing) {
  StopSource stop;
  stop.Request();
  ReportJob job{.verdicts = {Verdicts("v.jsonl", 0.9)}};
  job.files.summary = Path("summary.json");
  const auto report = ReportVerdicts(job, {.stop = stop.token()});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kCancelled);
  EXPECT_FALSE(FileExists(job.files.summary));
}

TEST_F(ReportJobTest, ComparesTwoSetsAndSaysWhatIsMissing) {
  CompareJob job{.first = Verdicts("first.jsonl", 0.9), .second = Verdicts("second.jsonl", 0.4)};
  job.files.summary = Path("summary.json");
  const auto comparison = CompareVerdicts(job);
  ASSERT_TRUE(comparison) << comparison.error().message;
  EXPECT_EQ(comparison->became_safe, 1u);
  EXPECT_TRUE(FileExists(job.files.summary));
  job.second = Path("missing.jsonl");
  EXPECT_THAT(CompareVerdicts(job).error().message, HasSubstr("missing.jsonl"));
}

}  // namespace
}  // namespace mores::app
