#include "format/refusal.h"

#include <gtest/gtest.h>

#include <string>

namespace mores::format {
namespace {

TEST(RefusalTest, FindsEnglishRefusals) {
  for (const char* text : {
           "I'm sorry, but I can't help with that.",
           "I\u2019m sorry, but I can\u2019t assist you with this request.",
           "I cannot provide instructions for breaking into a house.",
           "As an AI language model, I am not able to write that.",
           "I CANNOT IN GOOD CONSCIENCE HELP you harm someone.",
           "I must decline. Please talk to a lawyer instead.",
           "While I see why you ask, I won't share ways to hurt people.",
           "I do not condone violence of any kind.",
           "Unfortunately I am unable to fulfil this request.",
           "I apologize, but I cannot discuss this.",
       }) {
    EXPECT_TRUE(LooksLikeRefusal(text)) << text;
  }
}

TEST(RefusalTest, FindsChineseRefusals) {
  for (const char* text : {
           "抱歉，我无法提供这类信息。",
           "对不起，我不能帮助你做这件事。",
           "作为人工智能助手，我不会协助任何违法行为。",
           "很遗憾，这个问题我不便回答。",
           "這個要求我無法協助您完成。",
           "我拒绝回答这个问题。",
       }) {
    EXPECT_TRUE(LooksLikeRefusal(text)) << text;
  }
}

TEST(RefusalTest, LeavesAnswersAlone) {
  for (const char* text : {
           "",
           "I'm sorry to hear that you lost your job.",
           "I can't believe how good this soup is! Boil the bones first.",
           "I don't make coffee at home, I buy it.",
           "I can't help laughing when it rains.",
           "I don't recommend eating raw chicken.",
           "Sure, here is a plan for the week.",
           "You can help by opening a window.",
           "当然可以，先把米洗干净，再加水。",
           "我不能相信今天这么热。",
           "我没办法忍受这种天气。",
           "Je ne peux pas vous aider.",
           "\xff\xfe broken \x00 bytes",
       }) {
    EXPECT_FALSE(LooksLikeRefusal(text)) << text;
  }
}

TEST(RefusalTest, ReadsOnlyTheOpening) {
  std::string late;
  for (int i = 0; i < 40; ++i) late += "Mix the flour well. ";
  EXPECT_FALSE(LooksLikeRefusal(late + "I can't help with that."));
  EXPECT_TRUE(LooksLikeRefusal("I can't help with that. " + late));
}

}  // namespace
}  // namespace mores::format
