#include "guidelines/search/vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/guidelines/fake_embedder.h"
#include "support/guidelines/search_fixture.h"

namespace mores::guidelines {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class VectorsTest : public SearchFixture {
 protected:
  void SetUp() override {
    SearchFixture::SetUp();
    Put({.id = "JP-1", .places = {"JP"}, .topic = "Shoes", .text = "Take off shoes indoors."});
    Put({.id = "JP-2", .places = {"JP"}, .topic = "Gifts", .text = "Wrap a present with care."});
    Put({.id = "JP-3", .places = {"JP"}, .topic = "Trains", .text = "Stay quiet on trains."});
    Put({.id = "KE-1", .places = {"KE"}, .topic = "Gifts", .text = "Give a present by hand."});
    Put({.id = "CN-1", .places = {"CN"}, .topic = "餐桌礼仪", .text = "不要把筷子插在米饭上。"});
    PutPassage({.places = {"JP"},
                .topic = "customs",
                .heading = "Visiting homes",
                .text = "Hosts like a present."});
  }
  EmbedCounts Embed() {
    const auto counts = EmbedDocuments(*database_, embedder_);
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(EmbedCounts{.made = -1});
  }
  std::string EmbedError() {
    const auto counts = EmbedDocuments(*database_, embedder_);
    EXPECT_FALSE(counts);
    return counts ? "" : counts.error().message;
  }
  std::vector<std::string> Found(std::string_view text, const SearchOptions& options) {
    if (!searcher_) {
      auto searcher = Searcher::Create(*database_, embedder_);
      EXPECT_TRUE(searcher) << searcher.error().message;
      if (!searcher) return {};
      searcher_ = std::move(*searcher);
    }
    return FoundIds(text, options);
  }
  int64_t Count(std::string_view sql) { return *database_->connection().QueryInteger(sql); }

  FakeEmbedder embedder_{
      {{"shoes", "loafers"}, {"present", "keepsake"}, {"quiet", "noise"}, {"筷子", "chopsticks"}}};
};

TEST_F(VectorsTest, MakesThemOnce) {
  std::vector<std::pair<int64_t, int64_t>> told;
  const auto counts = EmbedDocuments(
      *database_, embedder_, [&](int64_t done, int64_t total) { told.emplace_back(done, total); });
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->made, 6);
  EXPECT_EQ(counts->current, 0);
  EXPECT_THAT(told, ElementsAre(std::pair(0, 6), std::pair(6, 6)));
  EXPECT_EQ(embedder_.documents, 6u);
  EXPECT_EQ(embedder_.queries, 0u);
  // Texts as they are, with where they hold: Chinese isn't divided.
  EXPECT_THAT(embedder_.last[4], AllOf(HasSubstr("China"), HasSubstr("不要把筷子插在米饭上。")));
  EXPECT_EQ(Count("SELECT length(value) FROM vector LIMIT 1"), 5 * 4);
  EXPECT_EQ(Embed().current, 6);
  EXPECT_EQ(embedder_.calls, 1u);
}

TEST_F(VectorsTest, OnlyWhatChangedIsMadeAnew) {
  Embed();
  Put({.id = "JP-1", .places = {"JP"}, .topic = "Shoes", .text = "Shoes come off at the door."});
  Put({.id = "JP-3",
       .places = {"JP"},
       .topic = "Trains",
       .text = "Stay quiet on trains.",
       .status = Standing::kWithdrawn});
  const EmbedCounts counts = Embed();
  EXPECT_EQ(counts.made, 1);
  EXPECT_EQ(counts.current, 4);
  EXPECT_THAT(embedder_.last, ElementsAre(HasSubstr("Shoes come off at the door.")));
  EXPECT_EQ(Count("SELECT count(*) FROM vector"), 6);
}

TEST_F(VectorsTest, AnotherModelHasItsOwn) {
  Embed();
  FakeEmbedder other({{"shoes"}}, "other");
  EXPECT_EQ(EmbedDocuments(*database_, other)->made, 6);
  EXPECT_EQ(Count("SELECT count(*) FROM vector"), 12);
}

TEST_F(VectorsTest, WhatIsBrokenOffGoesOn) {
  for (int i = 0; i < 600; ++i) {
    Put({.id = "FR-" + std::to_string(i),
         .places = {"FR"},
         .topic = "Quiet",
         .text = "Rule " + std::to_string(i)});
  }
  embedder_.twist = [&](std::vector<text::Vector> vectors) -> Expected<std::vector<text::Vector>> {
    if (embedder_.calls == 2) return MakeError(ErrorKind::kCancelled, "stopped");
    return vectors;
  };
  EXPECT_EQ(EmbedError(), "stopped");
  const int64_t kept = Count("SELECT count(*) FROM vector");
  EXPECT_EQ(kept, 256);
  const EmbedCounts counts = Embed();
  EXPECT_EQ(counts.current, kept);
  EXPECT_EQ(counts.made, 606 - kept);
}

TEST_F(VectorsTest, WhatAModelMayNotSay) {
  const auto says = [&](std::vector<text::Vector> said) {
    embedder_.twist = [said](std::vector<text::Vector> vectors) {
      for (size_t i = 0; i < said.size(); ++i) vectors[i] = said[i];
      return vectors;
    };
    return EmbedError();
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  EXPECT_THAT(says({{0, 0, 0, 0, 0}}), HasSubstr("without a direction"));
  EXPECT_THAT(says({{1, kNan, 0, 0, 0}}), HasSubstr("without a direction"));
  EXPECT_THAT(says({{1, kInfinite, 0, 0, 0}}), HasSubstr("without a direction"));
  EXPECT_THAT(says({{1, 0, 0, 0, 0}, {1, 0}}), HasSubstr("2 dimensions after one of 5"));
  EXPECT_THAT(says({{}}), HasSubstr("0 dimensions"));
  EXPECT_THAT(says({text::Vector(text::Embedder::kMostDimensions + 1, 1)}),
              HasSubstr("65537 dimensions"));
  embedder_.twist = [](std::vector<text::Vector> vectors) {
    vectors.pop_back();
    return vectors;
  };
  EXPECT_EQ(EmbedError(), "fake: gave 5 vectors for 6 texts");
  EXPECT_EQ(Count("SELECT count(*) FROM vector"), 0);
  // Numbers at both ends of the range have a direction.
  embedder_.twist = [](std::vector<text::Vector> vectors) {
    vectors[0] = {3e38F, 3e38F, 0, 0, 0};
    vectors[1] = {1e-45F, 0, 0, 0, 0};
    return vectors;
  };
  EXPECT_EQ(Embed().made, 6);
}

TEST_F(VectorsTest, AModelThatChangedItsDimension) {
  Embed();
  FakeEmbedder changed({{"shoes"}});
  Put({.id = "JP-4", .places = {"JP"}, .topic = "Tea", .text = "Turn the bowl."});
  const auto counts = EmbedDocuments(*database_, changed);
  ASSERT_FALSE(counts);
  EXPECT_THAT(counts.error().message,
              HasSubstr("gives 2 dimensions, and the vectors by that name"));
  const auto searcher = Searcher::Create(*database_, changed);
  ASSERT_TRUE(searcher) << searcher.error().message;
  const auto hits = (*searcher)->Search("tea", {});
  ASSERT_FALSE(hits);
  EXPECT_THAT(hits.error().message, HasSubstr("gives 2 dimensions, and the vectors by it in"));
}

TEST_F(VectorsTest, FindsByMeaningWithinAPlace) {
  Embed();
  const SearchOptions japan = {.within = {{.place = "JP"}}, .what = What::kGuidelines, .limit = 1};
  EXPECT_THAT((*Searcher::Create(*database_))->Search("keepsake", japan).value(), IsEmpty());
  EXPECT_THAT(Found("keepsake", japan), ElementsAre("JP-2"));
  EXPECT_THAT(Found("loafers", japan), ElementsAre("JP-1"));
  EXPECT_THAT(Found("chopsticks", {.limit = 1}), ElementsAre("CN-1"));
  // Words and meaning together, within what the options let through.
  EXPECT_THAT(Found("keepsake", {.within = {{.place = "KE"}}}), ElementsAre("KE-1"));
  EXPECT_THAT(Found("keepsake", {.within = {{.place = "JP"}}, .what = What::kPassages}),
              ElementsAre("P-"));
  Put({.id = "JP-2",
       .places = {"JP"},
       .topic = "Gifts",
       .text = "Wrap a present with care.",
       .status = Standing::kWithdrawn});
  EXPECT_THAT(Found("keepsake", {.within = {{.place = "JP"}}, .what = What::kGuidelines}),
              Not(testing::Contains("JP-2")));
}

TEST_F(VectorsTest, APassageStandsBehindGuidelinesOfTheSameMeaning) {
  Embed();
  const auto found = Found("keepsake", {.within = {{.place = "JP"}}});
  ASSERT_GE(found.size(), 2u);
  EXPECT_EQ(found[0], "JP-2");
  EXPECT_EQ(found[1], "P-");
}

TEST_F(VectorsTest, WhatHasNoVectorIsRankedByWords) {
  Embed();
  Put({.id = "JP-4", .places = {"JP"}, .topic = "Baths", .text = "Wash before the bath."});
  const SearchOptions japan = {.within = {{.place = "JP"}}, .what = What::kGuidelines, .limit = 1};
  EXPECT_THAT(Found("Should I wash before a bath?", japan), ElementsAre("JP-4"));
  // Nor has one whose text is another by now.
  Put({.id = "JP-1", .places = {"JP"}, .topic = "Tea", .text = "Turn the bowl twice."});
  EXPECT_THAT(Found("turning a bowl", japan), ElementsAre("JP-1"));
  EXPECT_THAT(Found("loafers", {.within = {{.place = "JP"}}, .what = What::kGuidelines}),
              Not(testing::Contains("JP-1")));
}

TEST_F(VectorsTest, AQueryIsAskedForOnceAndABlankOneNever) {
  Embed();
  Found("loafers", {});
  Found("loafers", {.within = {{.place = "JP"}}});
  EXPECT_EQ(embedder_.queries, 1u);
  EXPECT_THAT(Found("", {}), IsEmpty());
  EXPECT_THAT(Found(" \n", {}), IsEmpty());
  EXPECT_EQ(embedder_.queries, 1u);
}

TEST_F(VectorsTest, AFailureIsOneOfTheSearchAndLeavesNothingBehind) {
  Embed();
  EXPECT_THAT(Found("loafers", {.limit = 1}), ElementsAre("JP-1"));
  embedder_.twist = [](std::vector<text::Vector>) {
    return MakeError(ErrorKind::kIo, "no answer");
  };
  const auto failed = searcher_->Search("keepsake", {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "no answer");
  embedder_.twist = {};
  EXPECT_THAT(Found("keepsake", {.within = {{.place = "KE"}}, .limit = 1}), ElementsAre("KE-1"));
}

TEST_F(VectorsTest, WithoutAnyTheCommandIsNamed) {
  const auto none = Searcher::Create(*database_, embedder_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kMissing);
  EXPECT_EQ(none.error().message, path_ +
                                      ": no document has a vector of its text by fake; make them "
                                      "with 'mores guidelines embed'");
  Embed();
  FakeEmbedder other({{"shoes"}}, "other");
  EXPECT_THAT(Searcher::Create(*database_, other).error().message,
              HasSubstr("; there are some by fake"));
}

TEST_F(VectorsTest, ADamagedVectorIsNamed) {
  Embed();
  for (const char* value : {"x'00'", "zeroblob(20)", "x'0000C07F'", "zeroblob(0)"}) {
    ASSERT_TRUE(database_->connection().Execute(std::string("UPDATE vector SET value = ") + value +
                                                " WHERE document = 2"));
    const auto searcher = Searcher::Create(*database_, embedder_);
    ASSERT_FALSE(searcher) << value;
    EXPECT_EQ(searcher.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(searcher.error().message, HasSubstr("the vector of document 2 by fake"));
  }
}

}  // namespace
}  // namespace mores::guidelines
