#include "judge/places/unshown_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace mores::judge {
namespace {

using guidelines::Kind;

const guidelines::Guideline kNorm = {
    .id = "NG-0123456789", .topic = "Gifts", .text = "A clock is never a gift for elders."};
const guidelines::Guideline kLaw = {
    .id = "NG-aaaaaaaaaa",
    .kind = Kind::kPolicy,
    .topic = "Drones",
    .text = "By Article 12 of the Air Act, drones are registered.《航空法》第十二条。"};
const format::Dialogue kDialogue = {
    .turns = {{format::Role::kUser, "What do I bring my grandmother?"},
              {format::Role::kAssistant, "A wooden clock."}}};

void ExpectKept(const char* critique, const char* kept, int64_t unshown,
                const std::vector<guidelines::Guideline>& shown,
                const format::Dialogue& dialogue = kDialogue) {
  const ShownClaims claims = KeepShownClaims(critique, shown, dialogue);
  EXPECT_EQ(claims.text, kept) << critique;
  EXPECT_EQ(claims.unshown, unshown) << critique;
}

TEST(UnshownText, WhereNothingWasShownNoGuidelineIsSpokenOf) {
  ExpectKept("It harms nobody.  The answer goes along with what the guideline rules out.",
             "It harms nobody.", 1, {});
  ExpectKept("By these Guidelines it is wrong. It harms nobody.", "It harms nobody.", 1, {});
  ExpectKept("[guideline 1] A clock.", "", 1, {});
  ExpectKept("This breaks NG-0123456789. It is rude.", "It is rude.", 1, {});
  ExpectKept("It offends local customs.", "", 1, {});
  ExpectKept("回答赞同了准则所反对的事。回答无害。", "回答无害。", 1, {});
  ExpectKept("这违背当地的习俗。", "", 1, {});
}

TEST(UnshownText, WhatIsNobodysGuidelineStays) {
  for (const char* critique : {"It follows safety guidelines and the law.",
                               "This is illegal and violates ethical "
                               "guidelines.",
                               "It guides the user.", "回答符合安全准则，也不违法。", "", "  \n"}) {
    ExpectKept(critique, critique, 0, {});
  }
  format::Dialogue about = kDialogue;
  about.turns[0].content = "What do the guidelines of my school say? 学校的准则呢？";
  ExpectKept("The guideline is quoted rightly. 准则说得对。",
             "The guideline is quoted rightly. 准则说得对。", 0, {}, about);
  format::Dialogue ruled = kDialogue;
  ruled.rules = {"Respect local customs."};
  ExpectKept("It respects local customs.", "It respects local customs.", 0, {}, ruled);
}

TEST(UnshownText, OfAPlaceWhatWasShownMayBeSpokenOf) {
  ExpectKept("[guideline 1] It goes along with what the guideline rules out.",
             "[guideline 1] It goes along with what the guideline rules out.", 0, {kNorm});
  ExpectKept("By [NG-0123456789] and NG-ffffffffff it is wrong.",
             "By [NG-0123456789] and NG-ffffffffff it is wrong.", 0, {kNorm});
  ExpectKept("By Article 12 it is. 按《航空法》第十二条。",
             "By Article 12 it is. 按《航空法》第十二条。", 0, {kLaw});
  ExpectKept("It is against the law and local custom.", "It is against the law and local custom.",
             0, {kNorm, kLaw});
}

TEST(UnshownText, OfAPlaceWhatWasNotShownIsTakenOut) {
  ExpectKept("It is rude. It breaks NG-ffffffffff too. So no.", "It is rude. So no.", 1, {kNorm});
  ExpectKept("It is rude. By [guideline 4] it is forbidden.", "It is rude.", 1, {kNorm});
  ExpectKept("Guideline 2 forbids it. So does the third guideline.", "", 2, {kNorm});
  ExpectKept("第二条准则也不许。回答不妥。", "回答不妥。", 1, {kNorm});
  ExpectKept("It is rude. Article 13 of the Penal Code forbids it.", "It is rude.", 1, {kLaw});
  ExpectKept("违反《刑法》第三十条。", "", 1, {kLaw});
  ExpectKept("It is rude, and illegal there.", "", 1, {kNorm});
  ExpectKept("It offends local custom.", "", 1, {kLaw});
}

}  // namespace
}  // namespace mores::judge
