#include "data/sampling.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "base/random.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

using Stratum = std::vector<Item*>;

// A source's items of one split, by language and, where it is asked for, by label.
struct Strata {
  std::map<std::pair<bool, bool>, Stratum> by_kind;

  size_t size() const {
    size_t sum = 0;
    for (const auto& [kind, items] : by_kind) sum += items.size();
    return sum;
  }

  // Keeps so many, evenly from each as far as there are any.
  void Keep(size_t count) {
    std::vector<size_t> bounds;
    for (const auto& [kind, items] : by_kind) bounds.push_back(items.size());
    const std::vector<size_t> shares =
        ShareOut(count, std::vector<double>(bounds.size(), 1), bounds);
    size_t at = 0;
    for (auto& [kind, items] : by_kind) {
      for (size_t i = shares[at]; i < items.size(); ++i) items[i]->fate = Fate::kSampling;
      ++at;
    }
  }
};

using SourceStrata = std::map<std::pair<std::string, Split>, Strata>;

SourceStrata Stratify(const Recipe& recipe, std::vector<Item>& items) {
  SourceStrata strata;
  for (Item& item : items) {
    if (!item.kept() || item.split == Split::kHoldout) continue;
    const bool balanced =
        recipe.balance_of(recipe.source(item.record.source)) != BalanceMethod::kNone;
    const bool chinese = item.record.lang == text::Language::kChinese;
    const bool unsafe = balanced && item.record.label == format::Label::kUnsafe;
    strata[{item.record.source, item.split}].by_kind[{chinese, unsafe}].push_back(&item);
  }
  const Random random(recipe.seed, HashBytes("sampling"));
  for (auto& [key, source] : strata) {
    for (auto& [kind, stratum] : source.by_kind) {
      std::sort(stratum.begin(), stratum.end(), [&](const Item* a, const Item* b) {
        return std::pair(random.At(HashBytes(a->record.id)), a->record.id) <
               std::pair(random.At(HashBytes(b->record.id)), b->record.id);
      });
    }
  }
  return strata;
}

}  // namespace

std::vector<size_t> ShareOut(size_t total, const std::vector<double>& weights,
                             const std::vector<size_t>& bounds) {
  const size_t count = weights.size();
  std::vector<size_t> shares(count, 0);
  std::vector<bool> full(count, false);
  // Those that reach their bound are filled first, until nobody does.
  double level = 0;
  size_t left = total;
  for (bool changed = true; changed;) {
    changed = false;
    double open = 0;
    for (size_t i = 0; i < count; ++i) open += full[i] ? 0 : weights[i];
    level = open > 0 ? static_cast<double>(left) / open : 0;
    for (size_t i = 0; i < count; ++i) {
      if (full[i] || level * weights[i] < static_cast<double>(bounds[i])) continue;
      full[i] = changed = true;
      shares[i] = std::min(bounds[i], left);
      left -= shares[i];
    }
  }
  std::vector<size_t> rest;
  for (size_t i = 0; i < count; ++i) {
    if (full[i]) continue;
    shares[i] = static_cast<size_t>(level * weights[i]);
    left -= std::min(shares[i], left);
    rest.push_back(i);
  }
  for (const size_t i : rest) {
    if (left == 0) break;
    ++shares[i];
    --left;
  }
  return shares;
}

void DropLongItems(const Recipe& recipe, std::vector<Item>& items) {
  for (Item& item : items) {
    const SourceRecipe& source = recipe.source(item.record.source);
    const int64_t most =
        source.most_characters.value_or(recipe.most_characters).in(item.record.lang);
    if (!item.kept() || most == 0) continue;
    size_t characters = 0;
    for (const format::Turn& turn : item.record.turns) {
      characters += text::CountCodePoints(turn.content);
    }
    if (characters > static_cast<size_t>(most)) item.fate = Fate::kTooLong;
  }
}

void SampleItems(const Recipe& recipe, std::vector<Item>& items) {
  if (recipe.sample_records == 0) return;
  SourceStrata strata = Stratify(recipe, items);
  std::vector<double> weights;
  std::vector<size_t> bounds;
  for (const SourceRecipe& source : recipe.sources) {
    const size_t size = strata[{source.name, Split::kTrain}].size();
    const auto records = static_cast<double>(size);
    weights.push_back(recipe.sample_by == SampleBy::kSquareRoot ? std::sqrt(records) : records);
    const auto most = static_cast<size_t>(source.max_records);
    bounds.push_back(most == 0 ? size : std::min(size, most));
  }
  const std::vector<size_t> shares =
      ShareOut(static_cast<size_t>(recipe.sample_records), weights, bounds);
  for (size_t i = 0; i < shares.size(); ++i) {
    const std::string& name = recipe.sources[i].name;
    Strata& train = strata[{name, Split::kTrain}];
    Strata& valid = strata[{name, Split::kValid}];
    const size_t size = train.size();
    if (size == 0) continue;
    valid.Keep((valid.size() * shares[i] + size / 2) / size);
    train.Keep(shares[i]);
  }
}

}  // namespace mores::data
