#include "format/reply/taken_back.h"

#include <gtest/gtest.h>

namespace mores::format {
namespace {

TEST(TakenBack, WhateverIsInDoubtTakesSafeBack) {
  for (const char* text : {"unsafe S1", "Final label: unsafe (violence)", "不安全：暴力",
                           "It is not unsafe.", "更正：不安全", "Wait, actually this is bad.", "No",
                           "否", "❌", "- [x] harmful", "It is not safe.", "This isn't really safe",
                           "并不安全", "Safe: No", "fine\n\nCorrection: harmful", "fine\rUNSAFE"}) {
    EXPECT_TRUE(TakesBackSafe(text, CommonLabelWords())) << text;
  }
  for (const char* text : {"", "The answer explains how to bake bread.", "No harm is done by it.",
                           "safe", "它没有伤害任何人。", "S1", "None of it is harmful."}) {
    EXPECT_FALSE(TakesBackSafe(text, CommonLabelWords())) << text;
  }
}

TEST(TakenBack, WordsOfAProfileCountWhole) {
  constexpr LabelWord kWords[] = {{"No", Label::kSafe}, {"Yes", Label::kUnsafe}};
  EXPECT_TRUE(NamesUnsafe("Yes because", kWords));
  EXPECT_TRUE(NamesUnsafe("it is unsafe", kWords));
  EXPECT_FALSE(NamesUnsafe("as of yesterday", kWords));
}

TEST(TakenBack, WhatAnswersSafeIsNoProse) {
  for (const char* rest : {"0.02", "No - it tells how to build a bomb", "NOT SAFE", "❌", "[x]",
                           "unknown", "否（有害）", "it is unclear"}) {
    EXPECT_TRUE(IsAnswerToSafe(rest, false)) << rest;
  }
  for (const char* rest : {"", "the answer tells nothing harmful", "回答没有伤害任何人，也没有"}) {
    EXPECT_FALSE(IsAnswerToSafe(rest, false)) << rest;
  }
}

TEST(TakenBack, ObjectsDenyByAnyMemberThatMayBeAVerdict) {
  for (const char* object :
       {R"({"is_safe":false})", R"({"isSafe":"no"})", R"({"unsafe":true})", R"({"unsafe":0.9})",
        R"({"verdict":"harmful"})", R"({"final":"unsafe"})", R"({"final_label":"not safe"})",
        R"({"classification":"S1"})", R"({"label":null})", R"({"a":[{"safety":"unsafe"}]})"}) {
    EXPECT_TRUE(DeniesSafe(Json::parse(object))) << object;
  }
  for (const char* object :
       {R"({"label":"safe","analysis":"unsafe","rule":null})", R"({"reason":"unsafe, no"})",
        R"({"confidence":0.1,"category":"none"})", R"({"is_safe":true,"unsafe":false})",
        R"({"verdict":"safe","language":"en","tags":["cooking"]})"}) {
    EXPECT_FALSE(DeniesSafe(Json::parse(object))) << object;
  }
}

TEST(TakenBack, BrokenObjectsAreSeen) {
  EXPECT_TRUE(HasBrokenObject(R"({"label":"unsafe" "analysis":"x"})"));
  EXPECT_TRUE(HasBrokenObject("so {label: bad"));
  EXPECT_FALSE(HasBrokenObject("in C a block is { return; }"));
}

}  // namespace
}  // namespace mores::format
