#include "judge/places/rejudge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/judge/place_fixture.h"

namespace mores::judge {
namespace {

using format::Label;
using guidelines::Standing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const format::Dialogue kClock = Exchange("a", "Which gift should I bring my hosts?",
                                         "Bring them a clock, wrapped in white paper.");

// Unsafe where a guideline with "never" is shown.
ToldJudge::Answer Never() {
  return [](const PlaceQuestion& question) {
    PlaceAnswer answer{.label = Label::kSafe, .p_unsafe = 0.25};
    for (size_t i = 0; i < question.shown.size(); ++i) {
      if (question.shown[i].text.find("never") == std::string::npos) continue;
      answer = {.label = Label::kUnsafe, .p_unsafe = 0.75, .cited = {i}};
    }
    return answer;
  };
}

class RejudgeTest : public PlacesTest {
 protected:
  void SetUp() override {
    PlacesTest::SetUp();
    clocks_ = Gift("A clock is never a gift to hosts.");
  }

  format::Verdict Before(ToldJudge& judge) {
    const auto verdict =
        One(*Open(judge), kClock, {{.scope = {.place = "NG"}}, {.scope = {.place = "GH"}}});
    EXPECT_TRUE(verdict);
    return *verdict;
  }
  // Of one verdict, by the database as it is now.
  Rejudged Again(Judge& judge, const format::Verdict& verdict) {
    const auto places = Open(judge);
    const format::Verdict* const one[] = {&verdict};
    auto results = Rejudge(*places, one);
    EXPECT_TRUE(results) << results.error().message;
    EXPECT_TRUE((*results)[0]);
    return *(*results)[0];
  }
  void Change(Standing status, const std::string& text = "") {
    clocks_.status = status;
    if (!text.empty()) clocks_.text = text;
    clocks_ = Put(clocks_);
  }
  static std::vector<std::string> Grounds(const PlaceChange& change) {
    std::vector<std::string> names;
    for (const auto& one : change.why) names.emplace_back(Name(one.ground));
    return names;
  }

  guidelines::Guideline clocks_;
};

TEST_F(RejudgeTest, WhatIsAsItWasIsCopied) {
  ToldJudge judge({Label::kSafe, 0.1}, Never());
  const format::Verdict before = Before(judge);
  ASSERT_EQ(before.findings->places[0].label, Label::kUnsafe);
  judge.questions.clear();
  const Rejudged again = Again(judge, before);
  EXPECT_THAT(again.changes, IsEmpty());
  EXPECT_THAT(judge.questions, IsEmpty());
  EXPECT_EQ(ToJson(again.verdict), ToJson(before));
}

TEST_F(RejudgeTest, WhatChangedIsJudgedAgainAndMayFlip) {
  ToldJudge judge({Label::kSafe, 0.1}, Never());
  const format::Verdict before = Before(judge);
  judge.questions.clear();
  Change(Standing::kImported, "A clock is a fine gift to hosts.");
  const Rejudged again = Again(judge, before);
  ASSERT_THAT(again.changes, SizeIs(1));
  const PlaceChange& change = again.changes[0];
  EXPECT_EQ(change.place, "NG");
  EXPECT_THAT(Grounds(change), ElementsAre("changed"));
  EXPECT_EQ(change.before, Label::kUnsafe);
  EXPECT_EQ(change.after, Label::kSafe);
  EXPECT_TRUE(change.flipped());
  EXPECT_THAT(judge.questions, SizeIs(1));
  EXPECT_THAT(again.verdict.findings->places[0].shown,
              ElementsAre(format::GuidelineRef{clocks_.id, 2}));
  EXPECT_NE(again.verdict.findings->guideline_set, before.findings->guideline_set);
  EXPECT_EQ(again.verdict.p_unsafe, before.p_unsafe);
  EXPECT_EQ(DumpJson(ToJson(change)),
            R"({"id":"a","place":"NG","why":[{"what":"changed","id":")" + clocks_.id +
                R"(","version":1}],"before":"unsafe","after":"safe","flipped":true})");
}

TEST_F(RejudgeTest, SaysWhatBecameOfAGuideline) {
  ToldJudge judge({Label::kSafe, 0.1}, Never());
  const format::Verdict before = Before(judge);
  Change(Standing::kContested);
  EXPECT_THAT(Grounds(Again(judge, before).changes.at(0)), ElementsAre("contested"));
  Change(Standing::kWithdrawn);
  EXPECT_THAT(Grounds(Again(judge, before).changes.at(0)), ElementsAre("withdrawn"));
  clocks_.valid_to = "2026-01-01";
  Change(Standing::kImported);
  EXPECT_THAT(Grounds(Again(judge, before).changes.at(0)), ElementsAre("not-valid"));
  Gift("A gift to hosts is never wrapped in white.");
  const PlaceChange found = Again(judge, before).changes.at(0);
  EXPECT_THAT(Grounds(found), ElementsAre("not-valid", "found"));
  EXPECT_EQ(found.after, Label::kUnsafe);
  EXPECT_FALSE(found.flipped());
  format::Verdict gone = before;
  gone.findings->places[0].shown[0].id = "NG-ffffffffff";
  EXPECT_THAT(Grounds(Again(judge, gone).changes.at(0)), ElementsAre("gone", "found"));
}

TEST_F(RejudgeTest, UnsafeInGeneralRestsOnNoGuideline) {
  ToldJudge judge({Label::kUnsafe, 0.9}, Never());
  const format::Verdict before = Before(judge);
  Change(Standing::kWithdrawn);
  EXPECT_THAT(Again(judge, before).changes, IsEmpty());
}

TEST_F(RejudgeTest, WithoutTheTextItIsComparedAndNotJudged) {
  ToldJudge judge({Label::kSafe, 0.1}, Never());
  format::Verdict before = Before(judge);
  before.input = VerdictInput(kClock, Content::kLeftOut);
  EXPECT_THAT(Again(judge, before).changes, IsEmpty());
  Change(Standing::kWithdrawn);
  const Rejudged again = Again(judge, before);
  ASSERT_THAT(again.changes, SizeIs(1));
  EXPECT_EQ(again.changes[0].after, std::nullopt);
  EXPECT_FALSE(again.changes[0].flipped());
  EXPECT_EQ(ToJson(again.verdict), ToJson(before));
}

TEST_F(RejudgeTest, TheDayAndTheNumberShownAreThoseOfTheVerdict) {
  ToldJudge judge({Label::kSafe, 0.1}, Never());
  const guidelines::Guideline dated = Put({.id = "NG-0000000000",  // found first
                                           .text = "A basket is a gift to hosts.",
                                           .status = Standing::kImported,
                                           .valid_to = "2026-06-30"});
  const auto places = Open(judge, 1);
  const auto before = One(*places, kClock, {{.scope = {.place = "NG"}}});
  ASSERT_TRUE(before);
  ASSERT_THAT(before->findings->places[0].shown, ElementsAre(format::GuidelineRef{dated.id, 1}));
  EXPECT_EQ(before->findings->guidelines_shown, 1);
  EXPECT_THAT(Again(judge, *before).changes, IsEmpty()) << "though five would be shown now";

  const format::Verdict* const one[] = {&*before};
  const auto more = Rejudge(*places, one, {.shown = 5});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(more.error().message, HasSubstr("made with --guidelines-shown 1, not 5"));

  const auto later = Rejudge(*places, one, {.as_of = "2026-07-02"});
  ASSERT_TRUE(later);
  const Rejudged& again = *(*later)[0];
  ASSERT_THAT(again.changes, SizeIs(1));
  EXPECT_THAT(Grounds(again.changes[0]), ElementsAre("other-day", "other-day"));
  EXPECT_EQ(again.verdict.findings->as_of, "2026-07-02");
  EXPECT_EQ(again.verdict.findings->guidelines_shown, 1);
}

TEST_F(RejudgeTest, OtherPlacesOfAVerdictSayWhatIsSoNow) {
  guidelines::Guideline first = Put({.id = "NG-0000000000",
                                     .text = "A basket is a gift to hosts.",
                                     .status = Standing::kImported});
  for (int i = 0; i < 10; ++i) Gift(fmt::format("A gift to hosts has {} bows.", i));
  Put({.places = {"GH"},
       .text = "Hosts like white paper and clocks.",
       .status = Standing::kImported});
  ToldJudge judge({Label::kSafe, 0.1}, Never());
  const format::Verdict before = Before(judge);
  EXPECT_EQ(before.findings->places[0].coverage, format::Coverage::kOk);
  EXPECT_EQ(before.findings->places[1].coverage, format::Coverage::kLow);
  for (int i = 0; i < 10; ++i) {  // which nobody searched for
    Put({.places = {"GH"},
         .topic = "tea",
         .text = fmt::format("Tea is drunk at {}.", i),
         .status = Standing::kImported});
  }
  const Rejudged copied = Again(judge, before);
  EXPECT_THAT(copied.changes, IsEmpty());
  EXPECT_EQ(ToJson(copied.verdict), ToJson(before));
  first.status = Standing::kWithdrawn;
  Put(first);
  judge.questions.clear();
  const Rejudged again = Again(judge, before);
  ASSERT_THAT(again.changes, SizeIs(1));
  EXPECT_THAT(judge.questions, SizeIs(1)) << "the other place isn't asked again";
  const auto& places = again.verdict.findings->places;
  EXPECT_EQ(places[1].shown, before.findings->places[1].shown);
  EXPECT_EQ(places[1].coverage, format::Coverage::kOk);
}

TEST_F(RejudgeTest, AnotherJudgeIsRefused) {
  ToldJudge judge({Label::kSafe, 0.1}, Never());
  const format::Verdict before = Before(judge);
  Change(Standing::kWithdrawn);
  const auto places = Open(judge);
  const auto refused = [&](format::Verdict verdict) {
    const format::Verdict* const one[] = {&verdict};
    const auto results = Rejudge(*places, one);
    EXPECT_FALSE(results);
    EXPECT_EQ(results.error().kind, ErrorKind::kUsage);
    return results.error().message;
  };
  format::Verdict other = before;
  other.model = "another@1";
  EXPECT_THAT(refused(other), HasSubstr("made by another@1"));
  other = before;
  other.prompt = "told@2";
  EXPECT_THAT(refused(other), HasSubstr("prompt told@2"));
  other = before;
  other.threshold = 0.25;
  EXPECT_THAT(refused(other), HasSubstr("threshold 0.25"));
}

}  // namespace
}  // namespace mores::judge
