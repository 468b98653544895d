#include "guidelines/search/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/base/test_directory.h"

namespace mores::guidelines {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Change kChange = {.by = "test", .at = "2026-01-01T00:00:00Z"};

class SearchTest : public testing::Test {
 protected:
  void SetUp() override {
    auto database = Database::Open(path_, {.access = Connection::Access::kCreate});
    ASSERT_TRUE(database) << database.error().message;
    database_ = std::move(*database);
    ASSERT_TRUE(database_->PutGroup(
        {.id = "tiv", .name_en = "Tiv", .name_zh = "蒂夫", .kind = "people", .places = {"NG"}}));
    Put({.id = "NG-1", .places = {"NG"}, .topic = "Greeting elders", .text = "Bow to elders."});
    Put({.id = "NG-2",
         .places = {"NG"},
         .groups = {"tiv"},
         .topic = "Greeting elders",
         .text = "Kneel to elders, then wait."});
    Put({.id = "NG-3", .places = {"NG-BE"}, .topic = "Yams", .text = "Share the first yam."});
    Put({.id = "JP-1", .places = {"JP"}, .topic = "Shoes", .text = "Take off shoes indoors."});
    Put({.id = "CN-1",
         .places = {"CN"},
         .topic = "餐桌礼仪",
         .text = "不要把筷子插在米饭上。",
         .lang = "zh"});
    Batch batch = {.name = "advice"};
    batch.passages.push_back({.places = {"NG"},
                              .topic = "customs",
                              .heading = "Greeting elders",
                              .text = "Greeting elders matters.",
                              .source = {.title = "Advice", .publisher = "Nobody"}});
    ASSERT_TRUE(database_->Import(batch, kChange));
    auto searcher = Searcher::Create(*database_);
    ASSERT_TRUE(searcher) << searcher.error().message;
    searcher_ = std::move(*searcher);
  }
  void Put(Guideline guideline) {
    if (guideline.status == Standing::kGenerated) guideline.status = Standing::kImported;
    const auto put = database_->Put(std::move(guideline), kChange);
    ASSERT_TRUE(put) << put.error().message;
  }
  std::vector<std::string> Found(std::string_view text, const SearchOptions& options) {
    const auto hits = searcher_->Search(text, options);
    EXPECT_TRUE(hits) << hits.error().message;
    std::vector<std::string> ids;
    for (const Hit& hit : *hits) {
      ids.push_back(hit.what == What::kGuidelines ? hit.guideline.id : hit.passage.id.substr(0, 2));
    }
    return ids;
  }

  TestDirectory directory_;
  std::string path_ = directory_.path() + "/guidelines.db";
  std::unique_ptr<Database> database_;
  std::unique_ptr<Searcher> searcher_;
};

TEST_F(SearchTest, WithinPlacesAndGroups) {
  EXPECT_THAT(Found("greeting my elders", {.within = {{.place = "NG"}}}),
              ElementsAre("NG-1", "NG-2", "P-"));
  EXPECT_THAT(Found("Tiv greet an elder", {.within = {{.place = "NG"}}}),
              ElementsAre("NG-2", "NG-1", "P-"));
  EXPECT_THAT(Found("elders, shoes, yams", {.within = {{.place = "JP"}}}), ElementsAre("JP-1"));
  EXPECT_THAT(Found("sharing a yam", {.within = {{.place = "NG"}}}), ElementsAre("NG-3"));
  EXPECT_THAT(Found("elders and yams", {.within = {{.place = "NG-BE"}}, .what = What::kGuidelines}),
              ElementsAre("NG-3", "NG-1", "NG-2"));
  EXPECT_THAT(Found("elders and yams", {.within = {{.place = "NG"}}, .ancestors_only = true}),
              ElementsAre("NG-1", "P-"));
  EXPECT_THAT(Found("elders", {.within = {{.place = "NG", .group = "tiv"}},
                               .ancestors_only = true,
                               .what = What::kGuidelines}),
              testing::UnorderedElementsAre("NG-1", "NG-2"));
  EXPECT_THAT(Found("greeting", {.within = {{.place = "NG"}}, .what = What::kPassages}),
              ElementsAre("P-"));
  EXPECT_THAT(Found("greeting", {.within = {{.place = "FR"}}}), IsEmpty());
}

TEST_F(SearchTest, OverAllPlacesTheNamedCountryComesFirst) {
  EXPECT_THAT(Found("May I keep my shoes on in Japan?", {.limit = 1}), ElementsAre("JP-1"));
  Put({.id = "KR-1", .places = {"KR"}, .topic = "Shoes", .text = "Take off shoes indoors."});
  EXPECT_THAT(Found("shoes indoors in Korea", {.limit = 1}), ElementsAre("KR-1"));
  EXPECT_THAT(Found("shoes indoors", {}), ElementsAre("JP-1", "KR-1"));
}

TEST_F(SearchTest, Chinese) {
  EXPECT_THAT(Found("可以把筷子插进米饭里吗？", {}), ElementsAre("CN-1"));
  EXPECT_THAT(Found("筷子", {.within = {{.place = "CN"}}}), ElementsAre("CN-1"));
}

TEST_F(SearchTest, RelatedWordsAndPartsOfChineseWords) {
  EXPECT_THAT(Found("My grandfather's old boots", {.within = {{.place = "JP"}}}),
              ElementsAre("JP-1"));
  EXPECT_THAT(Found("米粉和筷", {.within = {{.place = "CN"}}}), ElementsAre("CN-1"));
  EXPECT_THAT(Found("please help me with the best tips", {}), ElementsAre());
}

TEST_F(SearchTest, AnyTextIsWordsAlone) {
  for (const std::string& text :
       {std::string(), std::string(" ?!..."), std::string("\0\0", 2), std::string("\xFF\xC0"),
        std::string("\""), std::string("NEAR( ) * ^ - : AND OR NOT")}) {
    EXPECT_THAT(Found(text, {}), IsEmpty());
  }
  EXPECT_THAT(Found("shoes\" OR body : * -elders NEAR(", {.within = {{.place = "JP"}}}),
              ElementsAre("JP-1"));
  std::string endless = "shoes";
  for (int i = 0; endless.size() < (size_t{1} << 20); ++i) endless += " w" + std::to_string(i);
  EXPECT_THAT(Found(endless, {}), ElementsAre("JP-1"));
}

TEST_F(SearchTest, StatusAndValidity) {
  Put({.id = "FR-1",
       .places = {"FR"},
       .topic = "Bread",
       .text = "Old bread",
       .status = Standing::kContested});
  Put({.id = "FR-2",
       .places = {"FR"},
       .topic = "Bread",
       .text = "New bread",
       .valid_from = "2026-02-01"});
  Put({.id = "FR-3",
       .places = {"FR"},
       .topic = "Bread",
       .text = "No bread",
       .status = Standing::kWithdrawn});
  const std::vector<PlaceScope> france = {{.place = "FR"}};
  EXPECT_THAT(Found("bread", {.within = france}), ElementsAre("FR-1", "FR-2"));
  EXPECT_THAT(Found("bread", {.within = france, .deciding_only = true, .as_of = "2026-01-01"}),
              IsEmpty());
  EXPECT_THAT(Found("bread", {.within = france, .deciding_only = true, .as_of = "2026-02-01"}),
              ElementsAre("FR-2"));
}

TEST_F(SearchTest, SeesWhatOthersWrote) {
  EXPECT_THAT(Found("durian", {}), IsEmpty());
  auto other = Database::Open(path_, {.access = Connection::Access::kWrite});
  ASSERT_TRUE(other);
  Guideline guideline = {.id = "TH-1",
                         .places = {"TH"},
                         .topic = "Fruit",
                         .text = "No durian indoors.",
                         .status = Standing::kImported};
  ASSERT_TRUE((*other)->Put(guideline, kChange));
  EXPECT_THAT(Found("durian", {}), ElementsAre("TH-1"));
  guideline.text = "No jackfruit indoors.";
  ASSERT_TRUE((*other)->Put(guideline, kChange));
  EXPECT_THAT(Found("durian", {}), IsEmpty());
  EXPECT_THAT(Found("jackfruit", {.within = {{.place = "TH"}}}), ElementsAre("TH-1"));
}

TEST_F(SearchTest, ScopesAsPeopleWriteThem) {
  const auto scope = [&](std::string_view text) {
    const auto parsed = ParsePlaceScope(text, *database_);
    return parsed ? parsed->place + "|" + parsed->group : parsed.error().message;
  };
  EXPECT_EQ(scope("ng"), "NG|");
  EXPECT_EQ(scope("ng-be"), "NG-BE|");
  EXPECT_EQ(scope("Nigeria"), "NG|");
  EXPECT_EQ(scope("尼日利亚"), "NG|");
  EXPECT_EQ(scope("NG+Tiv"), "NG|tiv");
  EXPECT_EQ(scope("NG+蒂夫"), "NG|tiv");
  EXPECT_THAT(scope("Nigerio"), HasSubstr("NG (Nigeria)"));
  EXPECT_THAT(scope("NG+tib"), HasSubstr("did you mean tiv?"));
  EXPECT_THAT(scope(""), HasSubstr("neither a code"));
  EXPECT_THAT(scope(std::string(1 << 20, 'x')), HasSubstr("neither a code"));
}

}  // namespace
}  // namespace mores::guidelines
