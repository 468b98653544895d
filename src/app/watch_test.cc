// What every job does with who looks on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "app/curation.h"
#include "app/flips.h"
#include "app/guideline_import.h"
#include "app/judge_job.h"
#include "app/meta.h"
#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::app {
namespace {

using ::testing::ElementsAre;

class WatchTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(At(name), text));
    return At(name);
  }
  std::string At(const std::string& name) const { return directory_.path() + "/" + name; }

  std::string Records() {
    return Write("in.jsonl", R"({"id":"a","query":"Hi","response":"Hello, how are you today?"})"
                             "\n");
  }
  JudgeOptions Judge() { return {.judge = Replies()}; }
  std::string Replies() {
    return "scripted:" + Write("replies.jsonl", R"({"reply":{"label":"safe","analysis":"x"}})"
                                                "\n");
  }

 private:
  TestDirectory directory_;
};

TEST_F(WatchTest, AStopAskedForBeforehandIsHeeded) {
  StopSource source;
  source.Request();
  const Watch watch = {.stop = source.token()};
  const auto kind = [](const auto& result) {
    return result ? ErrorKind::kInternal : result.error().kind;
  };
  const std::string guidelines =
      Write("g.jsonl", R"({"kind":"norm","place":"JP","topic":"Baths","text":"Wash first."})"
                       "\n");
  EXPECT_EQ(kind(ImportGuidelines({.kind = ImportKind::kJsonLines,
                                   .path = guidelines,
                                   .database = At("g.db"),
                                   .change = {.by = "ann"}},
                                  watch)),
            ErrorKind::kCancelled);
  EXPECT_FALSE(FileExists(At("g.db")));
  const CurationFiles files = {.input = Records(), .output = At("out.jsonl")};
  EXPECT_EQ(kind(FilterData({.files = files, .judge = Judge()}, watch)), ErrorKind::kCancelled);
  EXPECT_EQ(kind(LabelData({.common = {.files = files}, .annotators = {Replies()}}, watch)),
            ErrorKind::kCancelled);
  EXPECT_EQ(kind(MeasureFitness(
                {.references = {"examples/references.jsonl"}, .output = At("f.json")}, watch)),
            ErrorKind::kCancelled);
}

TEST_F(WatchTest, EachItemThatFailedIsTold) {
  std::vector<std::string> failures;
  Watch watch;
  watch.on_failure = [&](const std::string& id, const std::string&) { failures.push_back(id); };
  const std::string other =
      "scripted:" + Write("other.jsonl", R"({"contains":"quince","reply":"x"})"
                                         "\n");
  const CurationFiles files = {.input = Records(), .output = At("out.jsonl")};
  const auto labelled = LabelData({.common = {.files = files}, .annotators = {other}}, watch);
  ASSERT_TRUE(labelled) << labelled.error().message;
  EXPECT_EQ(labelled->curation.job.failed, 1u);
  EXPECT_THAT(failures, ElementsAre("a"));
}

}  // namespace
}  // namespace mores::app
