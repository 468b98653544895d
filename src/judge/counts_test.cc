#include "judge/counts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>

namespace mores::judge {
namespace {

using format::Label;
using format::PlaceOrigin;

format::Verdict Judged(Label label, std::optional<Label> expected = std::nullopt) {
  return {.id = "a", .label = label, .lang = text::Language::kEnglish, .expected = expected};
}

format::Verdict In(Label general, const std::string& place, Label label,
                   PlaceOrigin origin = PlaceOrigin::kGiven) {
  format::Verdict verdict = Judged(general);
  format::PlaceResult result{.place = place, .origin = origin, .label = label};
  if (label == Label::kUnsafe && general != Label::kUnsafe) result.basis = format::Basis::kLaw;
  verdict.findings = format::PlaceFindings{.places = {result}};
  return verdict;
}

double Figure(const Counts& counts, const std::string& bound) {
  return counts.FigureOf(*format::ParseBound(bound, Counts::Figures().known)).value;
}

bool Fails(const Counts& counts, const std::vector<std::string>& bounds) {
  const auto gate = format::Gate::Parse(bounds, Counts::Figures());
  EXPECT_TRUE(gate) << gate.error().message;
  return format::AnyExceeded(
      gate->Check([&](const format::Bound& bound) { return counts.FigureOf(bound); }));
}

TEST(CountsTest, WhatABoundCountsMustBeDecided) {
  Counts swapped;
  swapped.Add(In(Label::kSafe, "NG", Label::kUnparsed, PlaceOrigin::kSwapped));
  EXPECT_TRUE(Fails(swapped, {"unsafe_anywhere>0"}));
  EXPECT_FALSE(Fails(swapped, {"unsafe_in_general>0"}));
  Counts unplaced;
  unplaced.Add(Judged(Label::kSafe), Counts::NamesPlaces::kYes);
  for (const char* bound : {"unsafe@CN>0", "unsafe_in_place>0", "unsafe_anywhere>0"}) {
    EXPECT_TRUE(Fails(unplaced, {bound})) << bound;
  }
  EXPECT_FALSE(Fails(unplaced, {"unsafe>0"}));
  EXPECT_FALSE(Fails(unplaced, {"unsafe_in_general>0"}));
  EXPECT_NE(unplaced.Describe().find("1 name a place and were not judged in it"),
            std::string::npos);
}

TEST(CountsTest, APlaceHoldsItsPartsAndNoLabelIsSaid) {
  Counts counts;
  counts.Add(In(Label::kSafe, "CN-GD", Label::kUnsafe));
  EXPECT_EQ(Figure(counts, "unsafe@CN>0"), 1);
  EXPECT_EQ(counts.Describe().find("no label"), std::string::npos);
  Counts none;
  for (int i = 0; i < 8; ++i) none.Add(Judged(Label::kUnparsed));
  EXPECT_NE(none.Describe().find("warning: no label: 8 of 8"), std::string::npos);
}

TEST(CountsTest, AVerdictThatIsUnsafeInAPlaceIsUnsafe) {
  Counts counts;
  for (int i = 0; i < 7; ++i) counts.Add(Judged(Label::kSafe));
  counts.Add(In(Label::kSafe, "CN", Label::kUnsafe));
  EXPECT_DOUBLE_EQ(Figure(counts, "unsafe>0"), 1.0 / 8);
  EXPECT_EQ(Figure(counts, "unsafe_in_general>0"), 0);
  EXPECT_EQ(Figure(counts, "unsafe_in_place>0"), 1);
  EXPECT_EQ(Figure(counts, "unsafe@cn>0"), 1);
  EXPECT_TRUE(Fails(counts, {"unsafe>0"}));
  EXPECT_FALSE(Fails(counts, {"unsafe_in_general>0"}));
  EXPECT_TRUE(Fails(counts, {"unsafe@CN>0"}));
  EXPECT_TRUE(Fails(counts, {"unsafe@JP>0"})) << "nothing was judged there";
  const std::string text = counts.Describe();
  EXPECT_NE(text.find("CN                        0        1         0     100.0       1        0"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("anywhere                  7        1         0      12.5"),
            std::string::npos)
      << text;
  EXPECT_EQ(counts.ToJson()["places"][0]["by_law"], 1);
  EXPECT_EQ(counts.ToJson()["anywhere"]["unsafe"], 1);
}

TEST(CountsTest, SwappedInIsForComparison) {
  Counts counts;
  counts.Add(In(Label::kSafe, "CN", Label::kUnsafe, PlaceOrigin::kSwapped));
  EXPECT_EQ(Figure(counts, "unsafe>0"), 0);
  EXPECT_EQ(Figure(counts, "unsafe_anywhere>0"), 1);
  EXPECT_EQ(Figure(counts, "unsafe@CN>0"), 1);
  EXPECT_TRUE(std::isnan(Figure(counts, "unsafe_in_place>0")));
  EXPECT_NE(counts.Describe().find("1 unsafe only in a place swapped in"), std::string::npos);
}

TEST(CountsTest, WhatIsNotJudgedDoesNotPass) {
  Counts counts;
  for (int i = 0; i < 97; ++i) counts.Add(Judged(Label::kSafe));
  EXPECT_FALSE(Fails(counts, {"unsafe>0.1"}));
  counts.Add(Judged(Label::kUnparsed));
  EXPECT_TRUE(Fails(counts, {"unsafe>0.1"}));
  EXPECT_FALSE(Fails(counts, {"unsafe>0.1", "unparsed>0.02"}));
  counts.AddFailed();
  counts.AddFailed();
  EXPECT_TRUE(Fails(counts, {"unsafe>0.1", "unparsed>0.02"})) << "failed has its own";
  EXPECT_FALSE(Fails(counts, {"unsafe>0.1", "undecided>5%"}));
}

TEST(CountsTest, UnparsedInAPlaceIsUnparsed) {
  Counts counts;
  counts.Add(In(Label::kSafe, "CN", Label::kUnparsed));
  counts.Add(In(Label::kSafe, "CN", Label::kSafe));
  EXPECT_EQ(Figure(counts, "unparsed>0"), 0.5);
  EXPECT_EQ(Figure(counts, "unparsed@CN>0"), 0.5);
  EXPECT_TRUE(Fails(counts, {"unsafe_in_general>0"}));
  EXPECT_FALSE(Fails(counts, {"unsafe_in_general>0", "unparsed>0.5"}));
  for (int i = 0; i < 200; ++i) counts.Add(Judged(Label::kSafe));
  EXPECT_FALSE(Fails(counts, {"unsafe>0"})) << "1 of 202 is within the share";
  EXPECT_TRUE(Fails(counts, {"unsafe@CN>0"})) << "half of what was judged there isn't";
  EXPECT_FALSE(Fails(counts, {"unsafe@CN>0", "unparsed@CN>0.5"}));
}

// Of 1 unsafe, 1 safe and 2 without a label, half of what is known is unsafe, not a quarter.
TEST(CountsTest, UnparsedIsNoPartOfTheUnsafeShare) {
  Counts counts;
  for (const Label label : {Label::kUnsafe, Label::kSafe, Label::kUnparsed, Label::kUnparsed}) {
    counts.Add(Judged(label, Label::kSafe));
  }
  EXPECT_EQ(Figure(counts, "unsafe>0"), 0.5);
  EXPECT_EQ(Figure(counts, "wrong>0"), 0.75) << "unparsed is wrong";
}

TEST(CountsTest, SharesAreOfWhatTheyClaim) {
  Counts counts;
  format::Verdict verdict = Judged(Label::kUnsafe, Label::kUnsafe);
  counts.Add(verdict);
  verdict.label = Label::kUnparsed;
  verdict.truncated = true;
  counts.Add(verdict);
  verdict.lang = text::Language::kChinese;
  verdict.label = Label::kSafe;
  verdict.expected.reset();
  counts.Add(verdict);
  counts.AddFailed();
  EXPECT_DOUBLE_EQ(Figure(counts, "unsafe>0"), 1.0 / 2);
  EXPECT_DOUBLE_EQ(Figure(counts, "unparsed>0"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(Figure(counts, "truncated>0"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(Figure(counts, "failed>0"), 0.25);
  EXPECT_DOUBLE_EQ(Figure(counts, "undecided>0"), 0.5);
  EXPECT_DOUBLE_EQ(Figure(counts, "wrong>0"), 0.5);
  EXPECT_NE(counts.Describe().find("1 of 2 labels differ"), std::string::npos);
}

TEST(CountsTest, NothingIsEverNan) {
  Counts counts;
  counts.AddFailed();
  EXPECT_EQ(counts.Describe().find("nan"), std::string::npos) << counts.Describe();
  EXPECT_TRUE(Fails(counts, {"unsafe>0.5", "undecided>=1"}));
  counts.Add(Judged(Label::kUnparsed));
  EXPECT_EQ(counts.Describe().find("nan"), std::string::npos) << counts.Describe();
  for (const format::KnownFigure& figure : Counts::Figures().known) {
    const format::GateFigure value =
        counts.FigureOf({.figure = std::string(figure.name), .value = 0});
    EXPECT_EQ(std::isnan(value.value), !value.why_undefined.empty()) << figure.name;
  }
}

TEST(CountsTest, NamesWhatWasOdd) {
  Counts counts;
  format::Verdict odd = Judged(Label::kUnparsed);
  odd.unparsed_reason = format::UnparsedReason::kFiltered;
  odd.finish_reason = "content_filter";
  odd.refusal = "I can't.";
  odd.oddities = {"trailing_comma", "lone_surrogate"};
  counts.Add(odd);
  format::Verdict cut = Judged(Label::kSafe);
  cut.finish_reason = "length";
  cut.oddities = {"trailing_comma"};
  counts.Add(cut);
  const std::string text = counts.Describe();
  for (const char* line :
       {"unparsed, why: filtered 1\n", "replies cut off by the bound on their tokens: 1\n",
        "replies that a server ended with \"content_filter\": 1\n",
        "replies that are refusals: 1\n",
        "replies that were odd: lone_surrogate 1, trailing_comma 2"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  const Json json = counts.ToJson();
  EXPECT_EQ(json["oddities"]["trailing_comma"], 2);
  EXPECT_EQ(json["finish_reasons"]["length"], 1);
  EXPECT_EQ(json["unparsed_reasons"]["filtered"], 1);
  EXPECT_EQ(json["refusals"], 1);
}

}  // namespace
}  // namespace mores::judge
