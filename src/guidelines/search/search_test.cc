#include "guidelines/search/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/guidelines/search_fixture.h"

namespace mores::guidelines {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SearchTest : public SearchFixture {
 protected:
  void SetUp() override {
    SearchFixture::SetUp();
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
    PutPassage({.places = {"NG"},
                .topic = "customs",
                .heading = "Greeting elders",
                .text = "Greeting elders matters."});
    auto searcher = Searcher::Create(*database_);
    ASSERT_TRUE(searcher) << searcher.error().message;
    searcher_ = std::move(*searcher);
  }
};

TEST_F(SearchTest, WithinPlacesAndGroups) {
  EXPECT_THAT(FoundIds("greeting my elders", {.within = {{.place = "NG"}}}),
              ElementsAre("NG-1", "NG-2", "P-"));
  EXPECT_THAT(FoundIds("Tiv greet an elder", {.within = {{.place = "NG"}}}),
              ElementsAre("NG-2", "NG-1", "P-"));
  EXPECT_THAT(FoundIds("elders, shoes, yams", {.within = {{.place = "JP"}}}), ElementsAre("JP-1"));
  EXPECT_THAT(FoundIds("sharing a yam", {.within = {{.place = "NG"}}}), ElementsAre("NG-3"));
  EXPECT_THAT(
      FoundIds("elders and yams", {.within = {{.place = "NG-BE"}}, .what = What::kGuidelines}),
      ElementsAre("NG-3", "NG-1", "NG-2"));
  EXPECT_THAT(FoundIds("elders and yams", {.within = {{.place = "NG"}}, .ancestors_only = true}),
              ElementsAre("NG-1", "P-"));
  EXPECT_THAT(FoundIds("elders", {.within = {{.place = "NG", .group = "tiv"}},
                                  .ancestors_only = true,
                                  .what = What::kGuidelines}),
              testing::UnorderedElementsAre("NG-1", "NG-2"));
  EXPECT_THAT(FoundIds("greeting", {.within = {{.place = "NG"}}, .what = What::kPassages}),
              ElementsAre("P-"));
  EXPECT_THAT(FoundIds("greeting", {.within = {{.place = "FR"}}}), IsEmpty());
}

TEST_F(SearchTest, OverAllPlacesTheNamedCountryComesFirst) {
  EXPECT_THAT(FoundIds("May I keep my shoes on in Japan?", {.limit = 1}), ElementsAre("JP-1"));
  Put({.id = "KR-1", .places = {"KR"}, .topic = "Shoes", .text = "Take off shoes indoors."});
  EXPECT_THAT(FoundIds("shoes indoors in Korea", {.limit = 1}), ElementsAre("KR-1"));
  EXPECT_THAT(FoundIds("shoes indoors", {}), ElementsAre("JP-1", "KR-1"));
}

TEST_F(SearchTest, Chinese) {
  EXPECT_THAT(FoundIds("可以把筷子插进米饭里吗？", {}), ElementsAre("CN-1"));
  EXPECT_THAT(FoundIds("筷子", {.within = {{.place = "CN"}}}), ElementsAre("CN-1"));
}

TEST_F(SearchTest, RelatedWordsAndPartsOfChineseWords) {
  EXPECT_THAT(FoundIds("My grandfather's old boots", {.within = {{.place = "JP"}}}),
              ElementsAre("JP-1"));
  EXPECT_THAT(FoundIds("米粉和筷", {.within = {{.place = "CN"}}}), ElementsAre("CN-1"));
  EXPECT_THAT(FoundIds("please help me with the best tips", {}), ElementsAre());
}

TEST_F(SearchTest, AnyTextIsWordsAlone) {
  for (const std::string& text :
       {std::string(), std::string(" ?!..."), std::string("\0\0", 2), std::string("\xFF\xC0"),
        std::string("\""), std::string("NEAR( ) * ^ - : AND OR NOT")}) {
    EXPECT_THAT(FoundIds(text, {}), IsEmpty());
  }
  EXPECT_THAT(FoundIds("shoes\" OR body : * -elders NEAR(", {.within = {{.place = "JP"}}}),
              ElementsAre("JP-1"));
  std::string endless = "shoes";
  for (int i = 0; endless.size() < (size_t{1} << 20); ++i) endless += " w" + std::to_string(i);
  EXPECT_THAT(FoundIds(endless, {}), ElementsAre("JP-1"));
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
  EXPECT_THAT(FoundIds("bread", {.within = france}), ElementsAre("FR-1", "FR-2"));
  EXPECT_THAT(FoundIds("bread", {.within = france, .deciding_only = true, .as_of = "2026-02-01"}),
              IsEmpty())
      << "imported, and nobody vouches for it";
  const auto on = [&](const char* day) {
    return FoundIds(
        "bread",
        {.within = france, .deciding_only = true, .as_of = day, .imports = ImportTrust::kAll});
  };
  EXPECT_THAT(on("2026-01-01"), IsEmpty());
  EXPECT_THAT(on("2026-02-01"), ElementsAre("FR-2"));
}

TEST_F(SearchTest, ADatabaseOfTheSchemaBeforeIsSearched) {
  const std::string path = directory_.path() + "/old.db";
  {
    auto old = Database::Open(path, {.access = Connection::Access::kCreate, .schema = 2});
    ASSERT_TRUE(old) << old.error().message;
    ASSERT_TRUE((*old)->Put({.id = "TH-1",
                             .places = {"TH"},
                             .topic = "Fruit",
                             .text = "Durian stays outside.",
                             .status = Standing::kImported},
                            {.by = "ann"}));
  }
  auto read = Database::Open(path, {});
  ASSERT_TRUE(read) << read.error().message;
  const auto searcher = Searcher::Create(**read);
  ASSERT_TRUE(searcher) << searcher.error().message;
  SearchOptions options{.deciding_only = true, .as_of = "2026-01-01"};
  EXPECT_THAT(*(*searcher)->Search("durian", options), IsEmpty());
  options.imports = ImportTrust::kAll;
  EXPECT_EQ((*searcher)->Search("durian", options)->size(), 1u);
}

TEST_F(SearchTest, SeesWhatOthersWrote) {
  EXPECT_THAT(FoundIds("durian", {}), IsEmpty());
  auto other = Database::Open(path_, {.access = Connection::Access::kWrite});
  ASSERT_TRUE(other);
  Guideline guideline = {.id = "TH-1",
                         .places = {"TH"},
                         .topic = "Fruit",
                         .text = "No durian indoors.",
                         .status = Standing::kImported};
  ASSERT_TRUE((*other)->Put(guideline, change_));
  EXPECT_THAT(FoundIds("durian", {}), ElementsAre("TH-1"));
  guideline.text = "No jackfruit indoors.";
  ASSERT_TRUE((*other)->Put(guideline, change_));
  EXPECT_THAT(FoundIds("durian", {}), IsEmpty());
  EXPECT_THAT(FoundIds("jackfruit", {.within = {{.place = "TH"}}}), ElementsAre("TH-1"));
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
