#include "data/split.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "data/decontaminate.h"

namespace mores::data {
namespace {

using format::Label;
using format::Role;

Item Make(const std::string& source, int number, const std::string& query,
          const std::string& response, Label label = Label::kSafe) {
  Item item;
  item.record.source = source;
  item.record.id = source + ":" + std::to_string(number);
  if (!query.empty()) item.record.turns.push_back({Role::kUser, query});
  item.record.turns.push_back({Role::kAssistant, response});
  item.record.label = label;
  return item;
}

void Normalized(std::vector<Item>& items) {
  ThreadPool pool(1);
  Normalize(items, pool);
}

std::vector<Fate> Fates(const std::vector<Item>& items) {
  std::vector<Fate> fates;
  for (const Item& item : items) fates.push_back(item.fate);
  return fates;
}

TEST(Deduplicate, ExactAfterNormalisation) {
  std::vector<Item> items = {
      Make("a", 1, "Is it safe?", "Yes, it is!"),
      Make("b", 1, "is it  SAFE", "yes it is"),
      Make("a", 2, "q", "r", Label::kSafe),
      Make("a", 3, "Q.", "R", Label::kUnsafe),
      Make("a", 4, "q", "?!"),
      Make("a", 5, "q", "!?"),
      Make("a", 6, "q", " \n\t"),
      Make("a", 7, "", "yes it is"),
  };
  Normalized(items);
  Deduplicate(items);
  EXPECT_EQ(Fates(items),
            (std::vector<Fate>{Fate::kKept, Fate::kDuplicate, Fate::kConflict, Fate::kConflict,
                               Fate::kKept, Fate::kKept, Fate::kBlank, Fate::kKept}));
}

TEST(Decontaminate, EveryWayThatATestSetLeaks) {
  const std::string story = "once upon a time there was a small house on a green hill";
  const TestTexts tests = {.queries = {"how are you", story, ""},
                           .responses = {"fine thanks", "the weather will be cold and wet today"},
                           .pairs = {"how are you fine thanks"}};
  std::vector<Item> items = {
      Make("a", 1, "How are you?", "unrelated words entirely"),
      Make("a", 2, "another question", "Fine, thanks."),
      Make("a", 3, story + " far away", "unrelated words entirely"),
      Make("a", 4, "another question", "The weather will be cold and wet today, I think."),
      Make("a", 5, "How are you, fine", "thanks"),
      Make("a", 6, "another question", "unrelated words entirely"),
      Make("a", 7, "??", "unrelated words entirely"),
  };
  // Earlier turns count as well.
  items.push_back(Make("a", 8, "another question", "unrelated words entirely"));
  items.back().record.turns.insert(items.back().record.turns.begin(),
                                   {{Role::kUser, "how are you"}, {Role::kAssistant, "well"}});
  Normalized(items);
  ThreadPool pool(2);
  size_t told = 0;
  Decontaminate(
      tests, 600, pool, [&](size_t done) { told = done; }, items);
  EXPECT_EQ(Fates(items),
            (std::vector<Fate>{Fate::kTestQuery, Fate::kTestResponse, Fate::kNearTestQuery,
                               Fate::kNearTestResponse, Fate::kNearTestPair, Fate::kKept,
                               Fate::kKept, Fate::kTestQuery}));
  EXPECT_EQ(told, items.size());
}

// Queries that share no 5-grams to speak of.
std::string Distinct(int i) {
  std::string text;
  for (int k = 0; k < 6; ++k) text += std::to_string((i * 7919 + k * 104729) % 99991) + " ";
  return text;
}

std::vector<Item> ManyItems() {
  std::vector<Item> items;
  for (int i = 0; i < 400; ++i) {
    items.push_back(Make("many", 2 * i, Distinct(i), "response one"));
    items.push_back(Make("many", 2 * i + 1, Distinct(i), "response two", Label::kUnsafe));
  }
  for (int i = 0; i < 200; ++i) {
    // Translations: nothing in common but the block.
    items.push_back(Make("blocks", i, "english " + Distinct(1000 + i), "x"));
    items.back().record.block = "topic " + std::to_string(i % 20);
  }
  for (int i = 0; i < 40; ++i) {
    items.push_back(Make("near", 2 * i, "tell me all about " + Distinct(2000 + i), "x"));
    items.push_back(Make("near", 2 * i + 1, "tell me more about " + Distinct(2000 + i), "x"));
  }
  Normalized(items);
  return items;
}

Recipe ManyRecipe() {
  Recipe recipe;
  recipe.seed = 3;
  recipe.valid_fraction = 0.1;
  recipe.sources = {{.name = "many"}, {.name = "blocks"}, {.name = "near"}};
  return recipe;
}

TEST(SplitItems, WholeGroupsAndRoughlyTheFraction) {
  std::vector<Item> items = ManyItems();
  ThreadPool pool(2);
  SplitItems(ManyRecipe(), pool, items);
  std::map<std::string, std::set<Split>> by_query, by_block, by_near;
  std::map<std::string, int> valid;
  for (const Item& item : items) {
    ASSERT_TRUE(item.kept());
    if (item.split == Split::kValid) ++valid[item.record.source];
    if (item.record.source == "many") by_query[item.normalized[0]].insert(item.split);
    if (!item.record.block.empty()) by_block[item.record.block].insert(item.split);
    if (item.record.source == "near") {
      by_near[item.record.query().substr(item.record.query().find("about"))].insert(item.split);
    }
  }
  EXPECT_EQ(by_near.size(), 40u);
  for (const auto* groups : {&by_query, &by_block, &by_near}) {
    for (const auto& [name, splits] : *groups) EXPECT_EQ(splits.size(), 1u) << name;
  }
  EXPECT_EQ(valid["many"], 80);
  EXPECT_EQ(valid["blocks"], 20);
  EXPECT_EQ(valid["near"], 8);
}

TEST(SplitItems, SeedDecidesThreadsDoNot) {
  std::vector<Item> first = ManyItems(), second = ManyItems(), third = ManyItems();
  Recipe recipe = ManyRecipe();
  ThreadPool one(1), four(4);
  SplitItems(recipe, one, first);
  SplitItems(recipe, four, second);
  recipe.seed = 4;
  SplitItems(recipe, one, third);
  bool differs = false;
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].split, second[i].split);
    EXPECT_EQ(first[i].group, second[i].group);
    differs |= first[i].split != third[i].split;
  }
  EXPECT_TRUE(differs);
}

TEST(SplitItems, HeldOutSourceTakesItsQueriesAlong) {
  std::vector<Item> items = {Make("a", 1, "a shared query of some length", "x"),
                             Make("b", 1, "A shared query of some length!", "y"),
                             Make("b", 2, "a shared query of some lengths", "z"),
                             Make("b", 3, "nothing like any of the others", "y")};
  Normalized(items);
  Recipe recipe;
  recipe.valid_fraction = 0;
  recipe.sources = {{.name = "a"}, {.name = "b"}};
  recipe.holdout = {"a"};
  ThreadPool pool(1);
  SplitItems(recipe, pool, items);
  EXPECT_EQ(items[0].split, Split::kHoldout);
  EXPECT_EQ(Fates(items), (std::vector<Fate>{Fate::kKept, Fate::kNearValidation,
                                             Fate::kNearValidation, Fate::kKept}));
}

TEST(SplitItems, HeldOutNotesOfAnySource) {
  std::vector<Item> items = {Make("a", 1, "how tall is the tower", "x"),
                             Make("a", 2, "which pan is best for eggs", "y"),
                             Make("b", 1, "which pan is best for eggs?", "z"),
                             Make("b", 2, "who wrote this long poem", "w")};
  items[0].record.notes["domain"] = "travel";
  items[1].record.notes["domain"] = "cooking";
  items[3].record.category = Category::kPrivacy;
  Normalized(items);
  Recipe recipe;
  recipe.valid_fraction = 0;
  recipe.sources = {{.name = "a"}, {.name = "b"}};
  recipe.holdout_where = {{"domain", {"cooking", "sports"}}};
  ThreadPool pool(1);
  std::vector<Item> by_domain = items;
  SplitItems(recipe, pool, by_domain);
  EXPECT_EQ(by_domain[0].split, Split::kTrain);
  EXPECT_EQ(by_domain[1].split, Split::kHoldout);
  EXPECT_EQ(Fates(by_domain),
            (std::vector<Fate>{Fate::kKept, Fate::kKept, Fate::kNearValidation, Fate::kKept}));
  // The category is a note of every source.
  recipe.holdout_where = {{"category", {"privacy"}}};
  SplitItems(recipe, pool, items);
  EXPECT_EQ(items[3].split, Split::kHoldout);
  EXPECT_EQ(items[1].split, Split::kTrain);
}

// 100 items of source "a", 20 of them unsafe, 10 Chinese ones all safe.
std::vector<Item> Unbalanced() {
  std::vector<Item> items;
  for (int i = 0; i < 100; ++i) {
    items.push_back(Make("a", i, "q", "r", i < 20 ? Label::kUnsafe : Label::kSafe));
    items.back().record.lang = i < 90 ? text::Language::kEnglish : text::Language::kChinese;
  }
  return items;
}

struct Totals {
  int safe = 0, unsafe = 0, chinese = 0;
  double safe_weight = 0, unsafe_weight = 0;
};

Totals Count(const std::vector<Item>& items) {
  Totals totals;
  for (const Item& item : items) {
    if (!item.kept()) continue;
    if (item.record.lang == text::Language::kChinese) {
      ++totals.chinese;
    } else if (item.record.label == Label::kUnsafe) {
      ++totals.unsafe, totals.unsafe_weight += item.record.weight;
    } else {
      ++totals.safe, totals.safe_weight += item.record.weight;
    }
  }
  return totals;
}

TEST(BalanceItems, DownsamplesEachCell) {
  Recipe recipe;
  recipe.sources = {{.name = "a"}};
  std::vector<Item> items = Unbalanced();
  BalanceItems(recipe, items);
  const Totals half = Count(items);
  EXPECT_EQ(half.safe, 20);
  EXPECT_EQ(half.unsafe, 20);
  EXPECT_EQ(half.chinese, 10);  // one label only: nothing to balance

  recipe.sources[0].unsafe_share = 0.25;
  recipe.sources[0].max_records = 45;
  items = Unbalanced();
  BalanceItems(recipe, items);
  const Totals quarter = Count(items);
  EXPECT_EQ(quarter.safe, 30);
  EXPECT_EQ(quarter.unsafe, 10);
  EXPECT_EQ(quarter.chinese, 5);
}

TEST(BalanceItems, WeightsEachCell) {
  Recipe recipe;
  recipe.sources = {{.name = "a", .weight = 2}};
  recipe.balance = BalanceMethod::kWeight;
  std::vector<Item> items = Unbalanced();
  BalanceItems(recipe, items);
  const Totals totals = Count(items);
  EXPECT_EQ(totals.safe, 70);
  EXPECT_NEAR(totals.safe_weight, 90, 1e-9);
  EXPECT_NEAR(totals.unsafe_weight, 90, 1e-9);
}

}  // namespace
}  // namespace mores::data
