#include "data/lengths.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mores::data {
namespace {

Item AnswerOf(size_t characters, bool unsafe) {
  Item item;
  item.record.source = "s";
  item.record.label = unsafe ? format::Label::kUnsafe : format::Label::kSafe;
  item.record.lang = text::Language::kEnglish;
  item.record.turns = {{.role = format::Role::kAssistant, .content = std::string(characters, 'a')}};
  return item;
}

// Safe answers are longer, with much overlap.
std::vector<Item> SkewedItems() {
  std::vector<Item> items;
  for (size_t i = 0; i < 300; ++i) {
    items.push_back(AnswerOf(20 + i, false));
    items.push_back(AnswerOf(1 + 7 * i / 10, true));
  }
  return items;
}

std::vector<Item*> Pointers(std::vector<Item>& items) {
  std::vector<Item*> pointers;
  for (Item& item : items) pointers.push_back(&item);
  return pointers;
}

TEST(LengthAuroc, CountsTiesHalfAndWeights) {
  EXPECT_EQ(LengthAuroc({{1, false, 1}, {2, true, 1}}), 1);
  EXPECT_EQ(LengthAuroc({{2, false, 1}, {1, true, 1}}), 0);
  EXPECT_EQ(LengthAuroc({{2, false, 1}, {2, true, 1}}), 0.5);
  EXPECT_EQ(LengthAuroc({{1, false, 3}, {3, false, 1}, {2, true, 5}}), 0.75);
  EXPECT_TRUE(std::isnan(LengthAuroc({{1, false, 1}})));
}

TEST(MatchLengths, LengthAloneSaysNothingAfterwards) {
  for (const BalanceMethod method : {BalanceMethod::kWeight, BalanceMethod::kDownsample}) {
    std::vector<Item> items = SkewedItems();
    MatchLengths(Pointers(items), method, 0.5);
    const Json table = LengthTable(items);
    ASSERT_EQ(table.size(), 1u);
    EXPECT_LT(table[0]["before"].get<double>(), 0.3);
    EXPECT_NEAR(table[0]["after"].get<double>(), 0.5, 0.03);
    double safe = 0, unsafe = 0;
    for (const Item& item : items) {
      if (!item.kept()) continue;
      EXPECT_LE(item.record.weight, 2);
      (item.record.label == format::Label::kUnsafe ? unsafe : safe) += item.record.weight;
    }
    EXPECT_NEAR(unsafe / (safe + unsafe), 0.5, 0.01);
  }
}

TEST(MatchLengths, KeepsTheWantedShareAndDropsWhatHasNoCounterpart) {
  std::vector<Item> items;
  for (size_t i = 0; i < 100; ++i) {
    items.push_back(AnswerOf(100 + i, i % 2 == 0));
    items.push_back(AnswerOf(1000, false));
  }
  MatchLengths(Pointers(items), BalanceMethod::kWeight, 0.25);
  double safe = 0, unsafe = 0;
  for (const Item& item : items) {
    const bool lonely = item.record.response().size() == 1000;
    EXPECT_EQ(item.fate, lonely ? Fate::kLengths : Fate::kKept);
    if (!item.kept()) continue;
    (item.record.label == format::Label::kUnsafe ? unsafe : safe) += item.record.weight;
  }
  EXPECT_NEAR(unsafe / (safe + unsafe), 0.25, 1e-9);
}

// What many share is one bin; those after it have ten of each label as well.
TEST(MatchLengths, ALengthOfManyLeavesWholeBinsAfterIt) {
  std::vector<Item> items;
  for (size_t i = 0; i < 60; ++i) items.push_back(AnswerOf(500, i % 2 == 0));
  for (size_t i = 0; i < 40; ++i) items.push_back(AnswerOf(600 + i, i % 2 == 0));
  MatchLengths(Pointers(items), BalanceMethod::kWeight, 0.5);
  for (const Item& item : items) EXPECT_TRUE(item.kept()) << item.record.response().size();
}

TEST(MatchLengths, WhatIsNotBalancedStaysAsItIs) {
  std::vector<Item> items = SkewedItems();
  MatchLengths(Pointers(items), BalanceMethod::kNone, 0.5);
  for (const Item& item : items) {
    EXPECT_TRUE(item.kept());
    EXPECT_EQ(item.record.weight, 1);
  }
}

}  // namespace
}  // namespace mores::data
