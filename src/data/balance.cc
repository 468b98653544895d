#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "base/random.h"
#include "data/lengths.h"
#include "data/split.h"

namespace mores::data {
namespace {

using Members = std::vector<Item*>;  // in the order in which they are kept

constexpr double kMaxWeight = 100;

struct Cell {
  Members safe, unsafe;
};
using CellKey = std::tuple<std::string, Split, bool>;  // source, split, Chinese

void KeepFirst(Members& members, size_t count) {
  for (size_t i = count; i < members.size(); ++i) members[i]->fate = Fate::kBalance;
  members.resize(std::min(count, members.size()));
}

size_t Rounded(double value) { return static_cast<size_t>(value + 0.5); }

void Downsample(Cell& cell, double unsafe_share) {
  const double odds = unsafe_share / (1 - unsafe_share);
  const auto safe = static_cast<double>(cell.safe.size());
  const auto unsafe = static_cast<double>(cell.unsafe.size());
  if (unsafe > safe * odds) {
    KeepFirst(cell.unsafe, Rounded(safe * odds));
  } else {
    KeepFirst(cell.safe, Rounded(unsafe / odds));
  }
}

void Reweight(Cell& cell, double unsafe_share) {
  const auto total = static_cast<double>(cell.safe.size() + cell.unsafe.size());
  for (const auto& [members, share] :
       {std::pair(&cell.safe, 1 - unsafe_share), {&cell.unsafe, unsafe_share}}) {
    const double weight =
        std::min(share * total / static_cast<double>(members->size()), kMaxWeight);
    for (Item* item : *members) item->record.weight *= weight;
  }
}

// Cells hold what is kept.
void MatchCell(Cell& cell, BalanceMethod method, double unsafe_share) {
  Members members = cell.safe;
  members.insert(members.end(), cell.unsafe.begin(), cell.unsafe.end());
  MatchLengths(members, method, unsafe_share);
  const auto gone = [](const Item* item) { return !item->kept(); };
  std::erase_if(cell.safe, gone);
  std::erase_if(cell.unsafe, gone);
}

// Brings a source's training cells down to its bound, each in proportion.
void Bound(const SourceRecipe& source, std::map<CellKey, Cell>& cells) {
  size_t total = 0;
  for (const bool chinese : {false, true}) {
    const Cell& cell = cells[{source.name, Split::kTrain, chinese}];
    total += cell.safe.size() + cell.unsafe.size();
  }
  const auto most = static_cast<size_t>(source.max_records);
  if (most == 0 || total <= most) return;
  for (const bool chinese : {false, true}) {
    Cell& cell = cells[{source.name, Split::kTrain, chinese}];
    KeepFirst(cell.safe, cell.safe.size() * most / total);
    KeepFirst(cell.unsafe, cell.unsafe.size() * most / total);
  }
}

}  // namespace

void BalanceItems(const Recipe& recipe, std::vector<Item>& items) {
  const Random random(recipe.seed, HashBytes("balance"));
  std::map<CellKey, Cell> cells;
  for (Item& item : items) {
    if (!item.kept()) continue;
    Cell& cell =
        cells[{item.record.source, item.split, item.record.lang == text::Language::kChinese}];
    (item.record.label == format::Label::kUnsafe ? cell.unsafe : cell.safe).push_back(&item);
  }
  const auto before = [&](const Item* a, const Item* b) {
    return std::pair(random.At(HashBytes(a->record.id)), a->record.id) <
           std::pair(random.At(HashBytes(b->record.id)), b->record.id);
  };
  for (auto& [key, cell] : cells) {
    std::sort(cell.safe.begin(), cell.safe.end(), before);
    std::sort(cell.unsafe.begin(), cell.unsafe.end(), before);
    if (cell.safe.empty() || cell.unsafe.empty()) continue;
    const SourceRecipe& source = recipe.source(std::get<0>(key));
    const BalanceMethod method = recipe.balance_of(source);
    const double share = source.unsafe_share.value_or(recipe.unsafe_share);
    if (source.match_lengths.value_or(recipe.match_lengths) && std::get<1>(key) == Split::kTrain) {
      MatchCell(cell, method, share);
      continue;
    }
    if (method == BalanceMethod::kDownsample) Downsample(cell, share);
    if (method == BalanceMethod::kWeight && std::get<1>(key) == Split::kTrain) {
      Reweight(cell, share);
    }
  }
  for (const SourceRecipe& source : recipe.sources) Bound(source, cells);
  for (Item& item : items) {
    if (item.kept()) item.record.weight *= recipe.source(item.record.source).weight;
  }
}

}  // namespace mores::data
