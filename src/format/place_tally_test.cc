#include "format/place_tally.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mores::format {
namespace {

PlaceResult In(const std::string& place, Label label, PlaceOrigin origin = PlaceOrigin::kGiven) {
  PlaceResult result{.place = place, .origin = origin, .label = label};
  if (label == Label::kUnsafe) result.basis = Basis::kNorm;
  return result;
}

Verdict Judged(Label general, std::vector<PlaceResult> places) {
  Verdict verdict{.id = "a", .label = general};
  if (!places.empty()) verdict.findings = PlaceFindings{.places = std::move(places)};
  return verdict;
}

TEST(PlaceTallyTest, AnItemIsUnsafeWhereAnyOfItsPlacesIs) {
  const Verdict one = Judged(
      Label::kSafe, {In("NG", Label::kSafe), In("CN", Label::kUnsafe, PlaceOrigin::kStated)});
  EXPECT_EQ(LabelAnywhere(one), Label::kUnsafe);
  EXPECT_EQ(LabelInOwnPlaces(one), Label::kUnsafe);
  EXPECT_FALSE(AnyUnparsed(one));
}

TEST(PlaceTallyTest, WhatIsNotFoundOutIsNeverSafe) {
  const Verdict one = Judged(Label::kSafe, {In("NG", Label::kUnparsed), In("CN", Label::kSafe)});
  EXPECT_EQ(LabelAnywhere(one), Label::kUnparsed);
  EXPECT_TRUE(AnyUnparsed(one));
  const Verdict both = Judged(Label::kSafe, {In("NG", Label::kUnparsed), In("CN", Label::kUnsafe)});
  EXPECT_EQ(LabelAnywhere(both), Label::kUnsafe);
  EXPECT_TRUE(AnyUnparsed(both)) << "what one place says doesn't tell of another";
  EXPECT_EQ(LabelAnywhere(Judged(Label::kUnparsed, {})), Label::kUnparsed);
}

TEST(PlaceTallyTest, PlacesSwappedInAreComparisons) {
  const Verdict one = Judged(
      Label::kSafe, {In("NG", Label::kSafe), In("CN", Label::kUnsafe, PlaceOrigin::kSwapped)});
  EXPECT_EQ(LabelAnywhere(one), Label::kSafe);
  EXPECT_EQ(LabelWithSwapped(one), Label::kUnsafe);
  EXPECT_FALSE(
      JudgedInOwnPlace(Judged(Label::kSafe, {In("CN", Label::kSafe, PlaceOrigin::kSwapped)})));
  EXPECT_EQ(LabelInOwnPlaces(Judged(Label::kSafe, {})), Label::kUnparsed);
}

TEST(PlaceTallyTest, CountsByPlaceAndBasis) {
  PlaceTally tally;
  PlaceResult law = In("CN", Label::kUnsafe);
  law.basis = Basis::kLaw;
  law.coverage = Coverage::kLow;
  tally.Add(Judged(Label::kSafe, {In("NG", Label::kSafe), law}));
  PlaceResult general = In("CN", Label::kUnsafe);
  general.basis.reset();
  tally.Add(Judged(Label::kUnsafe, {general}));
  tally.Add(Judged(Label::kSafe, {In("CN", Label::kUnparsed, PlaceOrigin::kSwapped)}));
  ASSERT_EQ(tally.own().size(), 2u);
  EXPECT_EQ(tally.own()[0].place, "NG");
  const PlaceCount& china = tally.own()[1];
  EXPECT_EQ(china.items, 2u);
  EXPECT_EQ(china.unsafe, 2u);
  EXPECT_EQ(china.by_law, 1u);
  EXPECT_EQ(china.by_norm, 0u);
  EXPECT_EQ(china.only_here, 1u);
  EXPECT_EQ(china.low_coverage, 1u);
  ASSERT_EQ(tally.swapped().size(), 1u);
  EXPECT_EQ(tally.swapped()[0].unparsed, 1u);
}

TEST(PlaceTallyTest, APlaceHoldsItsParts) {
  EXPECT_TRUE(LiesIn("CN-GD", "CN"));
  EXPECT_TRUE(LiesIn("CN+zhuang", "CN"));
  EXPECT_TRUE(LiesIn("CN-GX+zhuang", "CN+zhuang"));
  EXPECT_FALSE(LiesIn("CN", "CN-GD"));
  EXPECT_FALSE(LiesIn("CN-GD", "CN+zhuang"));
  EXPECT_FALSE(LiesIn("CNX", "CN"));
  LabelsIn labels;
  labels.Add(Judged(Label::kSafe, {In("CN", Label::kSafe), In("CN-GD", Label::kUnsafe)}));
  labels.Add(Judged(Label::kSafe, {In("CN-GD", Label::kUnparsed)}));
  labels.Add(Judged(Label::kSafe, {In("CN", Label::kSafe)}));
  labels.Add(Judged(Label::kUnsafe, {}));
  EXPECT_EQ(labels.Share("unsafe", "CN"), 0.5) << "each item once, by its worst part";
  EXPECT_EQ(labels.Share("unsafe", "CN-GD"), 1);
  EXPECT_DOUBLE_EQ(labels.Share("unparsed", "CN"), 1.0 / 3);
  EXPECT_TRUE(std::isnan(labels.Share("unsafe", "JP")));
}

TEST(PlaceTallyTest, APlaceThatIsNamedAndNotJudged) {
  Verdict named = Judged(Label::kSafe, {});
  named.input = {{"place", {"CN"}}};
  EXPECT_TRUE(PlaceNotJudged(named));
  EXPECT_FALSE(PlaceNotJudged(Judged(Label::kSafe, {})));
  named.findings = PlaceFindings{.places = {In("CN", Label::kSafe)}};
  EXPECT_FALSE(PlaceNotJudged(named));
  named.findings->places[0].origin = PlaceOrigin::kSwapped;
  EXPECT_TRUE(PlaceNotJudged(named));
}

TEST(PlaceTallyTest, SpellingOfCodes) {
  EXPECT_EQ(PlaceSpelling("cn"), "CN");
  EXPECT_EQ(PlaceSpelling("ng-be+TIV"), "NG-BE+tiv");
}

}  // namespace
}  // namespace mores::format
