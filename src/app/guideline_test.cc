#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/guideline_add.h"
#include "app/guideline_lookup.h"
#include "app/guideline_review.h"
#include "app/guideline_search.h"
#include "app/guideline_stats.h"
#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::app {
namespace {

using ::testing::HasSubstr;

class GuidelineJobsTest : public ::testing::Test {
 protected:
  GuidelineJobsTest() : database_(directory_.path() + "/g.db") {
    AddJob job{.database = database_, .change = {.by = "ann"}};
    job.guideline.places = {"Japan"};
    job.guideline.topic = "Baths";
    job.guideline.text = "Wash before you enter a shared bath.";
    const auto added = AddGuideline(job);
    EXPECT_TRUE(added) << added.error().message;
    id_ = added->version.guideline.id;
  }

  const TestDirectory directory_;
  const std::string database_;
  std::string id_;
};

TEST_F(GuidelineJobsTest, FindsByIdAndSaysWhatIsNotThere) {
  const auto found = FindById(database_, id_, 0);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(std::get<guidelines::Version>(*found).guideline.topic, "Baths");
  EXPECT_EQ(GuidelineHistory(database_, id_)->size(), 1u);
  EXPECT_THAT(FindById(database_, id_, 7).error().message, HasSubstr("no version 7"));
  EXPECT_EQ(FindById(database_, "JP-0", 0).error().kind, ErrorKind::kInput);
  EXPECT_EQ(GuidelineHistory(database_, "JP-0").error().kind, ErrorKind::kInput);
}

TEST_F(GuidelineJobsTest, SearchesInAPlaceUntilAStopIsAskedFor) {
  SearchJob job{.database = database_, .text = "shared bath", .places = {"Japan"}};
  const auto hits = SearchGuidelines(job, {});
  ASSERT_TRUE(hits) << hits.error().message;
  ASSERT_EQ(hits->size(), 1u);
  EXPECT_EQ(hits->front().guideline.id, id_);
  StopSource stop;
  stop.Request();
  EXPECT_EQ(SearchGuidelines(job, {.stop = stop.token()}).error().kind, ErrorKind::kCancelled);
}

TEST_F(GuidelineJobsTest, StoresARulingAndShowsItToNobodyElse) {
  RulingJob job{.database = database_, .from = "JP"};
  job.ruling = {.id = id_, .ruling = guidelines::Ruling::kCorrect, .reviewer = "bob"};
  const auto stored = StoreRulings(job);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->stored, 1u);
  EXPECT_FALSE(StoreRulings(job)) << "one ruling a reviewer and version";
  const std::vector<guidelines::Standing> all = {guidelines::Standing::kProposed};
  EXPECT_FALSE(NextToReview({.database = database_, .viewer = {.name = "bob"}, .statuses = all})
                   ->has_value());
  EXPECT_TRUE(NextToReview({.database = database_, .viewer = {.name = "cem"}, .statuses = all})
                  ->has_value());
}

TEST_F(GuidelineJobsTest, WritesWhatMayBePassedOn) {
  ExportJob job{.database = database_, .output = directory_.path() + "/out.jsonl"};
  EXPECT_EQ(ExportGuidelines(job)->guidelines, 1);
  EXPECT_THAT(*ReadFile(job.output), HasSubstr("Wash before"));
  job.what = guidelines::ExportWhat::kRedistributable;
  EXPECT_EQ(ExportGuidelines(job)->left_out, 1);
  job.output = database_;
  EXPECT_EQ(ExportGuidelines(job).error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace mores::app
