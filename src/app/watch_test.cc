// What every job does with who looks on.
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
  const CurationFiles others = {.input = Records(), .output = At("labels.jsonl")};
  EXPECT_EQ(kind(LabelData({.common = {.files = others}, .annotators = {Replies()}}, watch)),
            ErrorKind::kCancelled);
  EXPECT_EQ(kind(MeasureFitness(
                {.references = {"examples/references.jsonl"}, .output = At("f.json")}, watch)),
            ErrorKind::kCancelled);
}

}  // namespace
}  // namespace mores::app
