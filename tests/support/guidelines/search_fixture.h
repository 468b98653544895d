// For tests: a database of guidelines to search in.
#ifndef MORES_SUPPORT_GUIDELINES_SEARCH_FIXTURE_H_
#define MORES_SUPPORT_GUIDELINES_SEARCH_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "guidelines/search/search.h"
#include "support/base/test_directory.h"

namespace mores::guidelines {

class SearchFixture : public testing::Test {
 protected:
  void SetUp() override {
    auto database = Database::Open(path_, {.access = Connection::Access::kCreate});
    ASSERT_TRUE(database) << database.error().message;
    database_ = std::move(*database);
  }

  void Put(Guideline guideline) {
    if (guideline.status == Standing::kGenerated) guideline.status = Standing::kImported;
    const auto put = database_->Put(std::move(guideline), change_);
    ASSERT_TRUE(put) << put.error().message;
  }

  void PutPassage(Passage passage) {
    passage.source = {.title = "Advice", .publisher = "Nobody"};
    Batch batch = {.name = "advice"};
    batch.passages.push_back(std::move(passage));
    ASSERT_TRUE(database_->Import(batch, change_));
  }

  // The ids of what `searcher_` finds, "P-" for a passage.
  std::vector<std::string> FoundIds(std::string_view text, const SearchOptions& options) {
    std::vector<std::string> ids;
    const auto hits = searcher_->Search(text, options);
    EXPECT_TRUE(hits) << hits.error().message;
    if (!hits) return ids;
    for (const Hit& hit : *hits) {
      ids.push_back(hit.what == What::kGuidelines ? hit.guideline.id : hit.passage.id.substr(0, 2));
    }
    return ids;
  }

  const Change change_ = {.by = "test", .at = "2026-01-01T00:00:00Z"};
  TestDirectory directory_;
  std::string path_ = directory_.path() + "/guidelines.db";
  std::unique_ptr<Database> database_;
  std::unique_ptr<Searcher> searcher_;
};

}  // namespace mores::guidelines

#endif  // MORES_SUPPORT_GUIDELINES_SEARCH_FIXTURE_H_
