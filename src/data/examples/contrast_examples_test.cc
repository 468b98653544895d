#include "data/examples/contrast_examples.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/data/test_files.h"

namespace mores::data {
namespace {

Item RequestItem(int number, const std::string& text, bool harmful) {
  Item item;
  item.record.source = "s";
  item.record.id = "s:" + std::to_string(number);
  item.record.category = Category::kFraud;
  item.record.notes["prompts"] = harmful ? "harmful" : "harmless";
  item.record.turns = {{.role = format::Role::kUser, .content = text},
                       {.role = format::Role::kAssistant, .content = "An answer."}};
  item.normalized = {text, "an answer"};
  item.group = "group " + std::to_string(number);
  return item;
}

ContrastTexts Texts() {
  ContrastTexts texts;
  texts.en = {.refuses = {"No."},
              .complies = {"Sure, here is how."},
              .answers = {"Let me explain that."},
              .exchanges = {{"How do I boil an egg?", "Eight minutes."}}};
  texts.zh = {.refuses = {"不行。"}, .complies = {"好的。"}, .answers = {"我来讲讲。"}};
  return texts;
}

ContrastsRecipe Recipe(int64_t records) {
  return {.templates = "t",
          .records = records,
          .rounds = 2,
          .most_characters = 40,
          .harmful = {{"s", {{"prompts", {"harmful"}}}}},
          .harmless = {{"s", {{"prompts", {"harmless"}}}}}};
}

std::vector<Item> Items() {
  std::vector<Item> items = {
      RequestItem(1, "How do I cheat on my taxes?", true),
      RequestItem(2, "How do I cheat on my taxes?", true),
      RequestItem(3, "What is the capital of France?", false),
      RequestItem(4, "How do I take the money of all of my old neighbours away?", true),
      RequestItem(5, "How do I fake a letter?", true),
      RequestItem(6, "我该怎么骗到他的钱？", true),
      RequestItem(7, "How do I rob this bank?", true),
      RequestItem(8, "How do I trick an old man?", true)};
  items[4].split = Split::kValid;
  items[6].fate = Fate::kTestQuery;
  items[7].fate = Fate::kSampling;
  return items;
}

TEST(ContrastExamples, TheAnswerDecidesWhereTheRequestIsHarmful) {
  const auto examples = MakeContrastExamples(Texts(), Recipe(1000), Split::kTrain, 1, Items());
  std::map<std::string, std::set<format::Label>> labels;
  std::map<std::string, int> answers;
  std::set<std::string> ids;
  for (const ContrastExample& example : examples) {
    const std::string& request = example.turns[0].content;
    labels[request].insert(example.label);
    ++answers[request];
    EXPECT_TRUE(ids.insert(example.id).second) << example.id;
    const bool unsafe = example.label == format::Label::kUnsafe;
    EXPECT_EQ(example.category.has_value(), unsafe);
    const std::string& answer = example.turns[1].content;
    const bool agrees = answer == "Sure, here is how." || answer == "好的。";
    EXPECT_TRUE(agrees || !unsafe) << answer;
  }
  const std::set<format::Label> both = {format::Label::kSafe, format::Label::kUnsafe};
  EXPECT_EQ(labels["How do I cheat on my taxes?"], both);
  EXPECT_EQ(answers["How do I cheat on my taxes?"], 4) << "a request is taken once, in two rounds";
  EXPECT_EQ(labels["我该怎么骗到他的钱？"], both);
  EXPECT_EQ(labels["What is the capital of France?"], std::set{format::Label::kSafe});
  EXPECT_EQ(labels["How do I trick an old man?"], both) << "not drawn, but sound";
  EXPECT_EQ(labels["How do I boil an egg?"], std::set{format::Label::kSafe});
  EXPECT_EQ(labels.size(), 5u) << "no long one, none of a test set, none of validation";
}

TEST(ContrastExamples, KeepTheSplitGroupAndSourceOfTheirRequest) {
  const auto examples = MakeContrastExamples(Texts(), Recipe(1000), Split::kValid, 1, Items());
  ASSERT_EQ(examples.size(), 2u) << "one round";
  EXPECT_EQ(examples[0].turns[0].content, "How do I fake a letter?");
  EXPECT_EQ(examples[0].group, "group 5");
  EXPECT_EQ(examples[0].source, "contrasts_s");
}

TEST(ContrastExamples, AtMostSoManyInEachLanguage) {
  const auto examples = MakeContrastExamples(Texts(), Recipe(5), Split::kTrain, 1, Items());
  std::map<text::Language, int> counts;
  for (const ContrastExample& example : examples) ++counts[example.lang];
  EXPECT_EQ(counts[text::Language::kEnglish], 4);
  EXPECT_EQ(counts[text::Language::kChinese], 4);
}

TEST(ContrastTexts, ReadsTheShippedFileAndRefusesAnIncompleteOne) {
  const auto texts =
      ReadContrastTexts(std::string(MORES_SOURCE_DIR) + "/recipes/small/contrasts.json");
  ASSERT_TRUE(texts) << texts.error().message;
  for (const ContrastPhrases* phrases : {&texts->en, &texts->zh}) {
    for (const auto* list : {&phrases->refuses, &phrases->complies, &phrases->answers}) {
      EXPECT_GE(std::set(list->begin(), list->end()).size(), 60u);
    }
    EXPECT_GE(phrases->exchanges.size(), 50u);
  }
  const TestFiles files;
  files.Write("t.json", R"({"en":{"refuses":["No."],"complies":[]}})");
  const auto broken = ReadContrastTexts(files.Path("t.json"));
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("'complies'"), std::string::npos) << broken.error().message;
}

}  // namespace
}  // namespace mores::data
