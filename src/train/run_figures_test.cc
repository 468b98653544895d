#include "train/run_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::train {
namespace {

using ::testing::HasSubstr;

Json FiguresOf(const std::vector<double>& losses) {
  const TestDirectory folder;
  std::string text;
  int step = 0;
  for (const double loss : losses) {
    const Json line = {
        {"kind", "train"}, {"step", ++step}, {"loss", loss}, {"rewards/margins", 1.0}};
    text += DumpJson(line) + "\n" + R"({"kind":"evaluation","eval_loss":99})" + "\n";
  }
  EXPECT_TRUE(WriteFileAtomically(folder.path() + "/metrics", text));
  const auto figures = RunFigures(folder.path() + "/metrics");
  EXPECT_TRUE(figures) << figures.error().message;
  return *figures;
}

TEST(RunFigures, TheLastIsAMeanOfAtMostHalfTheSteps) {
  const Json figures = FiguresOf({4, 3, 2, 1, 1, 0.5});
  EXPECT_EQ(figures["first_loss"], 4);
  EXPECT_EQ(figures["averaged"], 3);
  EXPECT_NEAR(figures["last_loss"].get<double>(), 2.5 / 3, 1e-12);
  EXPECT_EQ(figures["rewards/margins"], 1.0);
  EXPECT_FALSE(figures.contains("warning"));
  EXPECT_EQ(FiguresOf(std::vector<double>(100, 1.0))["averaged"], 10);
  EXPECT_EQ(FiguresOf({0.7})["last_loss"], 0.7);
  EXPECT_TRUE(FiguresOf({}).is_null());
}

TEST(RunFigures, WarnsWhereTheLossEndsAboveItsStartOrWasFarAboveIt) {
  EXPECT_THAT(FiguresOf({0.7, 0.9})["warning"].get<std::string>(), HasSubstr("ended at 0.9"));
  EXPECT_THAT(FiguresOf({0.7, 3.5, 0.4, 0.4})["warning"].get<std::string>(),
              HasSubstr("at step 2 it was 3.5"));
  EXPECT_FALSE(FiguresOf({0.7, 0.9, 0.4, 0.4}).contains("warning"));
}

TEST(RunFigures, SaysIt) {
  EXPECT_THAT(DescribeRun(FiguresOf({0.5, 0.25})), HasSubstr("loss 0.5"));
  EXPECT_THAT(DescribeRun(FiguresOf({0.5, 0.25})), HasSubstr("margin 1"));
  EXPECT_EQ(DescribeRun(Json()), "");
}

}  // namespace
}  // namespace mores::train
