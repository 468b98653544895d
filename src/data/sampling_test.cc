#include "data/sampling.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

namespace mores::data {
namespace {

using Sizes = std::vector<size_t>;

TEST(ShareOut, ByWeightsUpToBounds) {
  EXPECT_EQ(ShareOut(30, {1, 2}, {100, 100}), (Sizes{10, 20}));
  EXPECT_EQ(ShareOut(30, {1, 2}, {100, 5}), (Sizes{25, 5})) << "what one can't take others do";
  EXPECT_EQ(ShareOut(30, {1, 2}, {4, 5}), (Sizes{4, 5}));
  EXPECT_EQ(ShareOut(0, {1, 2}, {4, 5}), (Sizes{0, 0}));
  EXPECT_EQ(ShareOut(10, {1, 1, 1}, {100, 0, 100}), (Sizes{5, 0, 5}));
  const Sizes odd = ShareOut(11, {1, 1, 1}, {100, 100, 100});
  EXPECT_EQ(std::accumulate(odd.begin(), odd.end(), size_t{0}), 11u);
}

Item SampledItem(const std::string& source, int number, bool unsafe, bool chinese = false) {
  Item item;
  item.record.source = source;
  item.record.id = source + ":" + std::to_string(number);
  item.record.label = unsafe ? format::Label::kUnsafe : format::Label::kSafe;
  item.record.lang = chinese ? text::Language::kChinese : text::Language::kEnglish;
  item.record.turns = {{.role = format::Role::kAssistant, .content = "回答 with 一些 words"}};
  return item;
}

struct Counts {
  std::map<std::string, int> kept, unsafe;
};

Counts CountKept(const std::vector<Item>& items) {
  Counts counts;
  for (const Item& item : items) {
    if (!item.kept()) continue;
    ++counts.kept[item.record.source];
    if (item.record.label == format::Label::kUnsafe) ++counts.unsafe[item.record.source];
  }
  return counts;
}

TEST(SampleItems, BySquareRootAndEvenlyByLabel) {
  Recipe recipe;
  recipe.seed = 3;
  recipe.sources = {{.name = "big"}, {.name = "small"}, {.name = "bounded", .max_records = 7}};
  recipe.sample_records = 117;
  std::vector<Item> items;
  for (int i = 0; i < 1600; ++i) items.push_back(SampledItem("big", i, i % 4 == 0));
  for (int i = 0; i < 225; ++i) items.push_back(SampledItem("small", i, i < 4));
  for (int i = 0; i < 900; ++i) items.push_back(SampledItem("bounded", i, i % 2 == 0));
  const std::vector<Item> before = items;
  SampleItems(recipe, items);
  Counts counts = CountKept(items);
  EXPECT_EQ(counts.kept["bounded"], 7);
  EXPECT_EQ(counts.kept["big"], 80) << "40 to 15";
  EXPECT_EQ(counts.kept["small"], 30);
  EXPECT_EQ(counts.unsafe["big"], 40);
  EXPECT_EQ(counts.unsafe["small"], 4) << "all that there are";
  std::vector<Item> again = before;
  SampleItems(recipe, again);
  for (size_t i = 0; i < items.size(); ++i) EXPECT_EQ(items[i].fate, again[i].fate) << i;
  recipe.seed = 4;
  again = before;
  SampleItems(recipe, again);
  int moved = 0;
  for (size_t i = 0; i < items.size(); ++i) moved += items[i].fate == again[i].fate ? 0 : 1;
  EXPECT_GT(moved, 20);
}

TEST(SampleItems, LabelsThatAreNotBalancedKeepTheirShare) {
  Recipe recipe;
  recipe.sources = {{.name = "a", .balance = BalanceMethod::kNone}};
  recipe.sample_records = 500;
  std::vector<Item> items;
  for (int i = 0; i < 1000; ++i) items.push_back(SampledItem("a", i, i % 5 == 0));
  SampleItems(recipe, items);
  Counts counts = CountKept(items);
  EXPECT_EQ(counts.kept["a"], 500);
  EXPECT_NEAR(counts.unsafe["a"], 100, 25);
}

TEST(SampleItems, ValidationShrinksInProportion) {
  Recipe recipe;
  recipe.sources = {{.name = "a"}};
  recipe.sample_records = 100;
  std::vector<Item> items;
  for (int i = 0; i < 440; ++i) {
    items.push_back(SampledItem("a", i, i % 2 == 0, i % 4 < 2));
    items.back().split = i < 40 ? Split::kValid : Split::kTrain;
  }
  SampleItems(recipe, items);
  int valid = 0;
  for (const Item& item : items) valid += item.kept() && item.split == Split::kValid ? 1 : 0;
  EXPECT_EQ(valid, 10);
}

TEST(DropLongItems, CountsCharactersByLanguage) {
  Recipe recipe;
  recipe.most_characters = {.en = 15, .zh = 16};
  recipe.sources = {{.name = "a"}, {.name = "b", .most_characters = MostCharacters{.en = 16}}};
  std::vector<Item> items = {SampledItem("a", 1, false), SampledItem("a", 2, false, true),
                             SampledItem("a", 3, false), SampledItem("b", 4, false)};
  items[2].record.lang = text::Language::kOther;
  DropLongItems(recipe, items);
  EXPECT_EQ(items[0].fate, Fate::kTooLong) << "16 characters";
  EXPECT_EQ(items[1].fate, Fate::kKept);
  EXPECT_EQ(items[2].fate, Fate::kKept) << "no bound";
  EXPECT_EQ(items[3].fate, Fate::kKept) << "its source's own bound";
}

}  // namespace
}  // namespace mores::data
