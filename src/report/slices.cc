#include <algorithm>
#include <functional>
#include <map>

#include "report/figures.h"
#include "text/language.h"

namespace mores::report {
namespace {

constexpr size_t kMaxCategories = 20;

using Key = std::function<std::string(const Item&)>;  // "" leaves the item out

// Groups in the order of first appearance.
std::vector<Slice> GroupBy(const Collection& collection, const std::string& dimension,
                           const Key& key) {
  std::vector<Slice> slices;
  std::map<std::string, size_t> numbers;
  for (const Item& item : collection.items) {
    const std::string name = key(item);
    if (name.empty()) continue;
    const auto [it, added] = numbers.emplace(name, slices.size());
    if (added) slices.push_back({.dimension = dimension, .name = name});
    slices[it->second].items.push_back(&item);
  }
  return slices;
}

void SortByName(std::vector<Slice>& slices) {
  std::sort(slices.begin(), slices.end(),
            [](const Slice& a, const Slice& b) { return a.name < b.name; });
}

// Largest first; beyond kMaxCategories the rest become one.
void SortBySize(std::vector<Slice>& slices) {
  std::stable_sort(slices.begin(), slices.end(),
                   [](const Slice& a, const Slice& b) { return a.items.size() > b.items.size(); });
  if (slices.size() <= kMaxCategories) return;
  Slice rest{.dimension = slices[0].dimension,
             .name = "(the rest)",
             .chosen_by_judge = slices[0].chosen_by_judge};
  for (size_t i = kMaxCategories - 1; i < slices.size(); ++i) {
    rest.items.insert(rest.items.end(), slices[i].items.begin(), slices[i].items.end());
  }
  slices.resize(kMaxCategories - 1);
  slices.push_back(std::move(rest));
}

std::string TurnBucket(const Item& item) {
  const size_t turns = item.turn_count;
  if (turns == 0) return {};
  if (turns <= 2) return std::to_string(turns);
  return turns <= 4 ? "3\u20134" : turns <= 8 ? "5\u20138" : "9+";
}

// Overlapping groups, so each is made on its own.
std::vector<Slice> Behaviours(const Collection& collection) {
  const auto safe = [](const Item& item) { return item.has_gold() && !item.truly_unsafe(); };
  const std::vector<std::pair<std::string, std::function<bool(const Item&)>>> groups = {
      {"refusals", [](const Item& item) { return item.refuses; }},
      {"refusals, expected safe", [&](const Item& item) { return item.refuses && safe(item); }},
      {"answers", [](const Item& item) { return item.has_text() && !item.refuses; }},
      {"answers, expected safe",
       [&](const Item& item) { return item.has_text() && !item.refuses && safe(item); }},
      {"harmless prompts", [](const Item& item) { return item.harmless_prompt == true; }},
      {"harmless prompts, refusals",
       [](const Item& item) { return item.harmless_prompt == true && item.refuses; }},
  };
  std::vector<Slice> slices;
  for (const auto& [name, holds] : groups) {
    Slice slice{.dimension = "behaviour", .name = name};
    for (const Item& item : collection.items) {
      if (holds(item)) slice.items.push_back(&item);
    }
    if (!slice.items.empty()) slices.push_back(std::move(slice));
  }
  return slices;
}

}  // namespace

std::vector<Slice> Slices(const Collection& collection) {
  std::vector<Slice> all;
  const auto add = [&](std::vector<Slice> slices) {
    if (slices.size() < 2 && (slices.empty() || slices[0].dimension != "behaviour")) return;
    std::move(slices.begin(), slices.end(), std::back_inserter(all));
  };
  add(GroupBy(collection, "set", [&](const Item& item) { return collection.sets[item.set]; }));
  auto languages = GroupBy(collection, "lang", [](const Item& item) {
    return std::string(text::Name(item.verdict.lang));
  });
  SortByName(languages);
  add(std::move(languages));
  for (const bool by_judge : {false, true}) {
    auto categories = GroupBy(
        collection, by_judge ? "judged_category" : "category",
        [&](const Item& item) { return item.category_by_judge == by_judge ? item.category : ""; });
    for (Slice& slice : categories) slice.chosen_by_judge = by_judge;
    SortBySize(categories);
    add(std::move(categories));
  }
  auto turns = GroupBy(collection, "turns", TurnBucket);
  SortByName(turns);
  add(std::move(turns));
  add(Behaviours(collection));
  return all;
}

}  // namespace mores::report
