#include "judge/places/place_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores::judge {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<guidelines::Guideline> kShown = {
    {.id = "NG-0123456789", .topic = "Gifts", .text = "A clock is never a gift for elders."},
    {.id = "own-id", .text = "Nobody wears red at a funeral."}};

void ExpectCleaned(const char* critique, const char* text, int64_t invented) {
  const CleanedCitations cleaned = CleanCitations(critique, kShown);
  EXPECT_EQ(cleaned.text, text) << critique;
  EXPECT_EQ(cleaned.invented, invented) << critique;
}

TEST(PlaceText, CitationsBecomeIdsOfWhatWasShown) {
  ExpectCleaned("[guideline 1] A clock.", "[NG-0123456789] A clock.", 0);
  ExpectCleaned("[Guideline 2], 【准则 1】和[准则2]。", "[own-id], [NG-0123456789]和[own-id]。", 0);
  ExpectCleaned("By ng-0123456789 and OWN-ID.", "By NG-0123456789 and own-id.", 0);
}

TEST(PlaceText, WhatWasNotShownIsTakenOutAndCounted) {
  ExpectCleaned("[guideline 3] No.", "No.", 1);
  ExpectCleaned("[guideline 0] [guideline 99999999999999999999] No.", "No.", 2);
  ExpectCleaned("See NG-ffffffffff, (GH-0123456789) [P-0123456789ab].", "See , .", 3);
  ExpectCleaned("见NG-ffffffffff。", "见。", 1);
  // Words that only look a little like ids.
  ExpectCleaned("A co-defendant of F-16 and NG-01234567890.",
                "A co-defendant of F-16 and NG-01234567890.", 0);
  ExpectCleaned("[guideline] [guideline x] [rule 3]", "[guideline] [guideline x] [rule 3]", 0);
}

TEST(PlaceText, ClaimsWithoutSupportAreNamed) {
  const format::Dialogue dialogue = {
      .turns = {{format::Role::kUser, "What do I bring my grandmother?"},
                {format::Role::kAssistant, "A wooden clock."}}};
  EXPECT_THAT(UnsupportedClaims("The answer suggests a wooden clock. That breaks [NG-0123456789]: "
                                "a clock is no gift for elders. Fines reach nine thousand euros.",
                                kShown, dialogue),
              ElementsAre("Fines reach nine thousand euros."));
  EXPECT_THAT(UnsupportedClaims("", kShown, dialogue), IsEmpty());
  const guidelines::Guideline chinese = {.topic = "送礼", .text = "不要给老人送钟。", .lang = "zh"};
  EXPECT_THAT(UnsupportedClaims("回答建议给老人送钟，违反了当地习俗。罚款高达九千欧元。",
                                {&chinese, 1}, dialogue),
              ElementsAre("罚款高达九千欧元。"));
}

}  // namespace
}  // namespace mores::judge
