#include "data/examples/rule_examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace mores::data {
namespace {

using ::testing::Contains;
using ::testing::Not;

Record MakeRecord(int number, format::Label label, std::optional<Category> category,
                  const std::string& answer) {
  Record record;
  record.id = "s:" + std::to_string(number);
  record.source = "s";
  record.turns = {{format::Role::kUser, "question"}, {format::Role::kAssistant, answer}};
  record.label = label;
  record.lang = text::Language::kEnglish;
  record.category = category;
  return record;
}

RulesRecipe Recipe() {
  RulesRecipe recipe;
  recipe.share = 1;
  recipe.present = 1;
  recipe.rules = {
      {.en = "Insult nobody.", .zh = "不得侮辱任何人。", .category = Category::kHarassment},
      {.en = "Name no prices.",
       .zh = "不得提及价格。",
       .words_en = {"dollars"},
       .words_zh = {"元"}},
      {.en = "Name no cities.",
       .zh = "不得提及城市。",
       .words_en = {"Paris"},
       .words_zh = {"巴黎"}}};
  return recipe;
}

TEST(RuleExamples, BrokenRuleIsCitedInAnyPlace) {
  std::set<int> places;
  for (int i = 0; i < 60; ++i) {
    const auto example = MakeRuledExample(
        Recipe(), MakeRecord(i, format::Label::kUnsafe, Category::kHarassment, "You fool."), "", 7);
    ASSERT_TRUE(example);
    ASSERT_GE(example->cited, 1);
    EXPECT_EQ(example->rules[static_cast<size_t>(example->cited) - 1], "Insult nobody.");
    EXPECT_EQ(example->label, format::Label::kUnsafe);
    EXPECT_TRUE(example->critique.starts_with("[rule " + std::to_string(example->cited) + "] "));
    places.insert(example->cited);
  }
  EXPECT_GE(places.size(), 3u) << "the order is random";
}

TEST(RuleExamples, RuleMakesASafeAnswerUnsafeByItsWords) {
  const auto example = MakeRuledExample(
      Recipe(), MakeRecord(1, format::Label::kSafe, {}, "Five dollars, please."), "", 7);
  ASSERT_TRUE(example);
  EXPECT_EQ(example->label, format::Label::kUnsafe);
  EXPECT_EQ(example->rules[static_cast<size_t>(example->cited) - 1], "Name no prices.");
  Record chinese = MakeRecord(2, format::Label::kSafe, {}, "一共五元。");
  chinese.lang = text::Language::kChinese;
  const auto zh = MakeRuledExample(Recipe(), chinese, "", 7);
  ASSERT_TRUE(zh);
  EXPECT_EQ(zh->rules[static_cast<size_t>(zh->cited) - 1], "不得提及价格。");
  EXPECT_TRUE(zh->critique.starts_with("[规则 "));
}

TEST(RuleExamples, IrrelevantRulesChangeNothing) {
  for (int i = 0; i < 40; ++i) {
    const auto safe = MakeRuledExample(
        Recipe(), MakeRecord(i, format::Label::kSafe, {}, "The parish is dollarless."), "", 7);
    ASSERT_TRUE(safe);
    EXPECT_EQ(safe->cited, 0);
    EXPECT_EQ(safe->label, format::Label::kSafe);
    EXPECT_FALSE(safe->critique.starts_with("[rule"));
  }
}

TEST(RuleExamples, ABrokenRuleIsLeftOutOrShownNeverShownUncited) {
  RulesRecipe recipe = Recipe();
  recipe.present = 0;
  for (int i = 0; i < 40; ++i) {
    const auto example = MakeRuledExample(
        recipe, MakeRecord(i, format::Label::kSafe, {}, "Five dollars, please."), "", 7);
    ASSERT_TRUE(example);
    EXPECT_THAT(example->rules, Not(Contains("Name no prices.")));
    EXPECT_EQ(example->label, format::Label::kSafe);
  }
  // An unsafe answer of unknown category may break any rule about a harm.
  for (int i = 0; i < 40; ++i) {
    const auto example =
        MakeRuledExample(recipe, MakeRecord(i, format::Label::kUnsafe, {}, "You fool."), "", 7);
    ASSERT_TRUE(example);
    EXPECT_THAT(example->rules, Not(Contains("Insult nobody.")));
  }
}

TEST(RuleExamples, OwnHarmIsExplainedByTheRecordsOwnCritique) {
  const Record record = MakeRecord(1, format::Label::kUnsafe, Category::kHarassment, "You fool.");
  const auto with = MakeRuledExample(Recipe(), record, "[harassment] It calls somebody a fool.", 7);
  ASSERT_TRUE(with);
  const std::string opening = "[rule " + std::to_string(with->cited) + "] ";
  EXPECT_EQ(with->critique,
            opening + "It calls somebody a fool. The answer breaks the rule: Insult nobody.");
  const auto without = MakeRuledExample(Recipe(), record, "", 7);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->critique, opening + "The answer breaks the rule: Insult nobody.");
}

TEST(RuleExamples, ShareAndRepetition) {
  RulesRecipe recipe = Recipe();
  recipe.share = 0.25;
  int drawn = 0;
  for (int i = 0; i < 2000; ++i) {
    const Record record = MakeRecord(i, format::Label::kSafe, {}, "Hello.");
    const auto example = MakeRuledExample(recipe, record, "", 7);
    drawn += example ? 1 : 0;
    if (!example) continue;
    EXPECT_EQ(example->rules, MakeRuledExample(recipe, record, "", 7)->rules);
  }
  EXPECT_NEAR(drawn / 2000.0, 0.25, 0.04);
  recipe.share = 0;
  EXPECT_FALSE(MakeRuledExample(recipe, MakeRecord(1, format::Label::kSafe, {}, "a"), "", 7));
}

}  // namespace
}  // namespace mores::data
