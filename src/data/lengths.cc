#include "data/lengths.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "text/unicode.h"

namespace mores::data {
namespace {

constexpr size_t kLeastInBin = 10;  // of the rarer label, if it were spread evenly
constexpr size_t kMostBins = 10;

bool IsUnsafeItem(const Item& item) { return item.record.label == format::Label::kUnsafe; }

struct Measured {
  size_t characters;
  Item* item;
};

// Both labels of one bin, in the order of the members.
struct Bin {
  std::vector<Item*> safe, unsafe;
};

std::vector<Bin> BinsOf(const std::vector<Item*>& members) {
  std::vector<Measured> measured;
  size_t unsafe = 0;
  for (Item* item : members) {
    measured.push_back({text::CountCodePoints(item->record.response()), item});
    unsafe += IsUnsafeItem(*item) ? 1 : 0;
  }
  std::stable_sort(measured.begin(), measured.end(), [](const Measured& a, const Measured& b) {
    return a.characters < b.characters;
  });
  const size_t rarer = std::min(unsafe, members.size() - unsafe);
  const size_t count = std::clamp<size_t>(rarer / kLeastInBin, 1, kMostBins);
  std::vector<Bin> bins(1);
  size_t next = 1;  // of `count` parts, the one whose boundary is looked for
  for (size_t begin = 0, end = 0; begin < measured.size(); begin = end) {
    // Equal lengths stay together, on the side of the boundary where most of them are.
    while (end < measured.size() && measured[end].characters == measured[begin].characters) ++end;
    const size_t boundary = next * measured.size() / count;
    if (begin > 0 && next < count && end > boundary && begin + end >= 2 * boundary) {
      bins.emplace_back();
      // A length that many have may lie over several boundaries.
      while (next < count && next * measured.size() / count <= begin) ++next;
    }
    for (size_t i = begin; i < end; ++i) {
      Item* item = measured[i].item;
      (IsUnsafeItem(*item) ? bins.back().unsafe : bins.back().safe).push_back(item);
    }
  }
  return bins;
}

void DropFrom(const std::vector<Item*>& items, size_t first) {
  for (size_t i = first; i < items.size(); ++i) items[i]->fate = Fate::kLengths;
}

void WeightBin(const Bin& bin, double unsafe_share) {
  const auto all = static_cast<double>(bin.safe.size() + bin.unsafe.size());
  const double safe_weight = 4 * (1 - unsafe_share) * static_cast<double>(bin.unsafe.size()) / all;
  const double unsafe_weight = 4 * unsafe_share * static_cast<double>(bin.safe.size()) / all;
  for (Item* item : bin.safe) item->record.weight *= safe_weight;
  for (Item* item : bin.unsafe) item->record.weight *= unsafe_weight;
}

void DownsampleBin(const Bin& bin, double unsafe_share) {
  const double odds = unsafe_share / (1 - unsafe_share);
  const auto safe = static_cast<double>(bin.safe.size());
  const auto unsafe = static_cast<double>(bin.unsafe.size());
  DropFrom(bin.unsafe, static_cast<size_t>(std::lround(std::min(unsafe, safe * odds))));
  DropFrom(bin.safe, static_cast<size_t>(std::lround(std::min(safe, unsafe / odds))));
}

Json AurocJson(const std::vector<LengthItem>& items) {
  const double auroc = LengthAuroc(items);
  return std::isnan(auroc) ? Json() : Json(std::round(auroc * 1000) / 1000);
}

}  // namespace

void MatchLengths(const std::vector<Item*>& members, BalanceMethod method, double unsafe_share) {
  if (method == BalanceMethod::kNone) return;
  for (const Bin& bin : BinsOf(members)) {
    if (bin.safe.empty() || bin.unsafe.empty()) {
      DropFrom(bin.safe, 0);
      DropFrom(bin.unsafe, 0);
    } else if (method == BalanceMethod::kWeight) {
      WeightBin(bin, unsafe_share);
    } else {
      DownsampleBin(bin, unsafe_share);
    }
  }
}

double LengthAuroc(std::vector<LengthItem> items) {
  std::sort(items.begin(), items.end(),
            [](const LengthItem& a, const LengthItem& b) { return a.characters < b.characters; });
  double safe_below = 0, unsafe_sum = 0, wins = 0;
  for (size_t i = 0; i < items.size();) {
    double safe = 0, unsafe = 0;
    const size_t characters = items[i].characters;
    for (; i < items.size() && items[i].characters == characters; ++i) {
      (items[i].unsafe ? unsafe : safe) += items[i].weight;
    }
    wins += unsafe * (safe_below + safe / 2);
    safe_below += safe;
    unsafe_sum += unsafe;
  }
  if (safe_below == 0 || unsafe_sum == 0) return std::numeric_limits<double>::quiet_NaN();
  return wins / (safe_below * unsafe_sum);
}

Json LengthTable(const std::vector<Item>& items) {
  struct Both {
    std::vector<LengthItem> before, after;
  };
  std::map<std::pair<std::string, std::string>, Both> cells;
  for (const Item& item : items) {
    const bool balanced_away = item.fate == Fate::kBalance || item.fate == Fate::kLengths;
    if (item.split != Split::kTrain || !(item.kept() || balanced_away)) continue;
    Both& both = cells[{item.record.source, std::string(text::Name(item.record.lang))}];
    LengthItem one = {.characters = text::CountCodePoints(item.record.response()),
                      .unsafe = IsUnsafeItem(item)};
    both.before.push_back(one);
    one.weight = item.record.weight;
    if (item.kept()) both.after.push_back(one);
  }
  Json table = Json::array();
  for (const auto& [key, both] : cells) {
    table.push_back({{"source", key.first},
                     {"lang", key.second},
                     {"before", AurocJson(both.before)},
                     {"after", AurocJson(both.after)}});
  }
  return table;
}

}  // namespace mores::data
