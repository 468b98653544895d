#include "data/split.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/random.h"
#include "data/near_duplicates.h"
#include "data/readers/readers.h"

namespace mores::data {
namespace {

class UnionFind {
 public:
  size_t Add() {
    parent_.push_back(parent_.size());
    return parent_.size() - 1;
  }
  size_t Root(size_t node) {
    while (parent_[node] != node) node = parent_[node] = parent_[parent_[node]];
    return node;
  }
  // The smaller index becomes the root, so results do not depend on the order of joins.
  void Join(size_t a, size_t b) {
    a = Root(a), b = Root(b);
    if (a != b) parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<size_t> parent_;
};

// The text that splits go by.
const std::string& KeyText(const Item& item) {
  for (size_t i = item.normalized.size(); i > 0; --i) {
    if (item.record.turns[i - 1].role == format::Role::kUser && !item.normalized[i - 1].empty()) {
      return item.normalized[i - 1];
    }
  }
  return item.normalized.back();
}

// Groups as nodes named by keys; the group of an item is the root of any of its keys.
class Groups {
 public:
  void Add(const Item& item) {
    if (!item.record.block.empty()) {
      Node("block/" + item.record.block);
      return;
    }
    const size_t text = Node("text/" + KeyText(item));
    texts_.emplace(KeyText(item), text);
    for (const std::string& key : item.record.groups) nodes_.Join(text, Node("key/" + key));
  }

  void JoinNearDuplicates(int permille, ThreadPool& pool) {
    std::vector<GramSet> grams;
    std::vector<size_t> nodes;
    for (const auto& [text, node] : texts_) {
      grams.push_back(CharacterGrams(text));
      nodes.push_back(node);
    }
    const NearDuplicateIndex index(grams, permille);
    std::vector<std::vector<size_t>> matches(grams.size());
    pool.ParallelFor(static_cast<int64_t>(grams.size()), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      index.ForEachMatch(grams[at], [&](size_t match) {
        if (match < at) matches[at].push_back(match);
        return true;
      });
    });
    for (size_t i = 0; i < matches.size(); ++i) {
      for (const size_t match : matches[i]) nodes_.Join(nodes[i], nodes[match]);
    }
  }

  const std::string& NameOf(const Item& item) {
    const std::string key =
        item.record.block.empty() ? "text/" + KeyText(item) : "block/" + item.record.block;
    return names_[nodes_.Root(index_.at(key))];
  }

 private:
  size_t Node(const std::string& key) {
    const auto [it, fresh] = index_.emplace(key, names_.size());
    if (fresh) {
      nodes_.Add();
      names_.push_back(key);
    }
    return it->second;
  }

  UnionFind nodes_;
  std::unordered_map<std::string, size_t> index_;
  std::vector<std::string> names_;
  std::map<std::string, size_t> texts_;  // ordered: the join below must not depend on hashing
};

using Counts = std::map<std::string, size_t>;  // by source

std::set<std::string> ChooseValidation(const Recipe& recipe, const std::vector<Item>& items) {
  std::map<std::string, Counts> groups;
  Counts totals;
  for (const Item& item : items) {
    if (!item.kept() || item.split == Split::kHoldout) continue;
    ++groups[item.group][item.record.source];
    ++totals[item.record.source];
  }
  const Random random(recipe.seed, HashBytes("split"));
  std::vector<std::pair<uint64_t, const std::string*>> order;
  for (const auto& [name, counts] : groups) order.emplace_back(random.At(HashBytes(name)), &name);
  std::sort(order.begin(), order.end());
  Counts chosen_counts;
  std::set<std::string> chosen;
  for (const SourceRecipe& source : recipe.sources) {
    const double target = recipe.valid_fraction * static_cast<double>(totals[source.name]);
    for (const auto& [hash, name] : order) {
      if (static_cast<double>(chosen_counts[source.name]) >= target) break;
      const Counts& counts = groups[*name];
      if (!counts.contains(source.name) || chosen.contains(*name)) continue;
      const bool fits = std::all_of(counts.begin(), counts.end(), [&](const auto& count) {
        const double most = 2 * recipe.valid_fraction * static_cast<double>(totals[count.first]);
        return static_cast<double>(chosen_counts[count.first] + count.second) <= most;
      });
      if (!fits) continue;
      chosen.insert(*name);
      for (const auto& [other, count] : counts) chosen_counts[other] += count;
    }
  }
  return chosen;
}

// Drops training items whose query is in, or near one of, the other splits.
void DropNearOthers(int permille, ThreadPool& pool, std::vector<Item>& items) {
  std::set<std::string> texts, groups;
  for (const Item& item : items) {
    if (!item.kept() || item.split == Split::kTrain) continue;
    texts.insert(KeyText(item));
    groups.insert(item.group);
  }
  std::vector<GramSet> grams;
  for (const std::string& text : texts) grams.push_back(CharacterGrams(text));
  const NearDuplicateIndex index(std::move(grams), permille);
  pool.ParallelFor(static_cast<int64_t>(items.size()), [&](int64_t i) {
    Item& item = items[static_cast<size_t>(i)];
    if (!item.kept() || item.split != Split::kTrain) return;
    const std::string& text = KeyText(item);
    if (groups.contains(item.group) || texts.contains(text) ||
        index.HasMatch(CharacterGrams(text))) {
      item.fate = Fate::kNearValidation;
    }
  });
}

}  // namespace

void SplitItems(const Recipe& recipe, ThreadPool& pool, std::vector<Item>& items) {
  const std::set<std::string> holdout(recipe.holdout.begin(), recipe.holdout.end());
  Groups groups;
  for (const Item& item : items) {
    if (item.kept()) groups.Add(item);
  }
  groups.JoinNearDuplicates(recipe.jaccard_permille, pool);
  for (Item& item : items) {
    if (!item.kept()) continue;
    item.group = groups.NameOf(item);
    const bool chosen = !recipe.holdout_where.empty() && Matches(item.record, recipe.holdout_where);
    if (chosen || holdout.contains(item.record.source)) item.split = Split::kHoldout;
  }
  const std::set<std::string> chosen = ChooseValidation(recipe, items);
  for (Item& item : items) {
    if (item.kept() && item.split == Split::kTrain && chosen.contains(item.group)) {
      item.split = Split::kValid;
    }
  }
  DropNearOthers(recipe.jaccard_permille, pool, items);
}

}  // namespace mores::data
