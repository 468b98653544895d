#include "report/compare.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "report/figures.h"
#include "stats/share.h"

namespace mores::report {
namespace {

using format::Label;
using format::PlaceResult;

using ItemsById = std::unordered_map<std::string, const Item*>;

Expected<ItemsById> ById(const Collection& collection) {
  ItemsById items;
  for (const Item& item : collection.items) {
    if (!items.emplace(item.verdict.id, &item).second) {
      return MakeError(ErrorKind::kInput, "{}: field 'id': '{}' occurs in two sets",
                       collection.verdict_files.front().path, item.verdict.id);
    }
  }
  return items;
}

const std::vector<PlaceResult>& PlacesOf(const Item& item) {
  static const std::vector<PlaceResult> kNone;
  return item.verdict.findings ? item.verdict.findings->places : kNone;
}

const PlaceResult* FindPlace(const Item& item, const PlaceResult& like) {
  for (const PlaceResult& one : PlacesOf(item)) {
    if (one.place == like.place && format::IsOwn(one) == format::IsOwn(like)) return &one;
  }
  return nullptr;
}

void MatchPlaces(size_t index, Comparison& comparison) {
  const ComparedItem& item = comparison.items[index];
  const auto start = [&](const PlaceResult& result) {
    return ComparedPlace{.item = index, .place = result.place, .swapped = !format::IsOwn(result)};
  };
  for (const PlaceResult& result : PlacesOf(*item.first)) {
    ComparedPlace place = start(result);
    place.first = &result;
    place.second = FindPlace(*item.second, result);
    comparison.places.push_back(std::move(place));
  }
  for (const PlaceResult& result : PlacesOf(*item.second)) {
    if (FindPlace(*item.first, result) != nullptr) continue;
    ComparedPlace place = start(result);
    place.second = &result;
    comparison.places.push_back(std::move(place));
  }
}

void Match(Comparison& comparison, const ItemsById& first_by_id, const ItemsById& second_by_id) {
  for (const Item& item : comparison.first.items) {
    const auto other = second_by_id.find(item.verdict.id);
    if (other == second_by_id.end()) {
      comparison.only_first.push_back(item.verdict.id);
    } else {
      comparison.items.push_back({.first = &item, .second = other->second});
    }
  }
  for (const Item& item : comparison.second.items) {
    if (!first_by_id.contains(item.verdict.id)) comparison.only_second.push_back(item.verdict.id);
  }
  for (size_t i = 0; i < comparison.items.size(); ++i) MatchPlaces(i, comparison);
}

void Count(Label before, Label after, Flips& flips) {
  if (before == after) return;
  if (before == Label::kSafe && after == Label::kUnsafe) {
    ++flips.became_unsafe;
  } else if (before == Label::kUnsafe && after == Label::kSafe) {
    ++flips.became_safe;
  } else {
    ++flips.other;
  }
}

void CountFlips(Comparison& comparison) {
  std::vector<Flips> of_items(comparison.items.size());
  Flips general;
  for (size_t i = 0; i < comparison.items.size(); ++i) {
    const ComparedItem& item = comparison.items[i];
    Count(item.first->verdict.label, item.second->verdict.label, general);
    Count(item.first->verdict.label, item.second->verdict.label, of_items[i]);
    // Also what comes of places that one side alone judged in.
    Count(format::LabelAnywhere(item.first->verdict), format::LabelAnywhere(item.second->verdict),
          of_items[i]);
    comparison.undecided_second += format::AnyUnparsedWithSwapped(item.second->verdict) ? 1 : 0;
  }
  comparison.became_unsafe = general.became_unsafe;
  comparison.became_safe = general.became_safe;
  comparison.other_flips = general.other;
  for (const ComparedPlace& place : comparison.places) {
    if (place.first == nullptr || place.second == nullptr) {
      ++(place.first ? comparison.places_only_first : comparison.places_only_second);
      continue;
    }
    ++comparison.places_in_both;
    Count(place.first->label, place.second->label, comparison.place_flips);
    Count(place.first->label, place.second->label, of_items[place.item]);
    if (place.flipped()) comparison.items[place.item].flipped_in_place = true;
  }
  for (const Flips& flips : of_items) {
    comparison.item_flips.became_unsafe += flips.became_unsafe > 0 ? 1 : 0;
    comparison.item_flips.became_safe += flips.became_safe > 0 ? 1 : 0;
    comparison.item_flips.other += flips.other > 0 ? 1 : 0;
    comparison.flipped_items += flips.all() > 0 ? 1 : 0;
  }
}

void CountThresholds(Comparison& comparison) {
  for (const ComparedItem& item : comparison.items) {
    const double first = item.first->verdict.threshold, second = item.second->verdict.threshold;
    if (first == second) continue;
    auto& pairs = comparison.thresholds;
    auto at = std::find_if(pairs.begin(), pairs.end(), [&](const ThresholdPair& pair) {
      return pair.first == first && pair.second == second;
    });
    if (at == pairs.end()) at = pairs.insert(pairs.end(), {.first = first, .second = second});
    ++at->items;
  }
}

void MeasureAgreement(Comparison& comparison) {
  std::vector<SharedItem> same;
  std::vector<uint64_t> keys;
  for (const ComparedItem& item : comparison.items) {
    const bool agrees = !item.flipped() && item.first->verdict.label != Label::kUnparsed;
    same.push_back({.cluster = item.first->cluster, .counted = true, .holds = agrees});
    keys.push_back(item.first->cluster);
  }
  comparison.agreement = MeasureShare(same, comparison.bootstrap);
  size_t count = 0;
  const std::vector<uint32_t> clusters = stats::DenseClusters(keys, &count);
  struct Sums {
    double scored = 0, shift = 0;
  };
  std::vector<Sums> sums(count);
  for (size_t i = 0; i < comparison.items.size(); ++i) {
    const ComparedItem& item = comparison.items[i];
    if (!item.first->verdict.p_unsafe || !item.second->verdict.p_unsafe) continue;
    Sums& sum = sums[clusters[i]];
    sum.scored += 1;
    sum.shift += *item.second->verdict.p_unsafe - *item.first->verdict.p_unsafe;
  }
  const auto statistic = [&](std::span<const double> weights, std::span<double> values) {
    Sums total;
    for (size_t c = 0; c < count; ++c) {
      total.scored += weights[c] * sums[c].scored;
      total.shift += weights[c] * sums[c].shift;
    }
    values[0] = total.shift / total.scored;  // NaN when nothing is scored
  };
  comparison.mean_p_shift = stats::WithoutPointInterval(
      stats::ClusterBootstrap(count, 1, statistic, comparison.bootstrap)[0]);
}

void MeasureAccuracy(Comparison& comparison) {
  std::vector<PairedItem> pairs;
  for (const ComparedItem& item : comparison.items) {
    const std::optional<Label> gold = item.gold();
    if (!gold) continue;
    pairs.push_back({.first_correct = item.first->verdict.label == *gold,
                     .second_correct = item.second->verdict.label == *gold,
                     .cluster = item.first->cluster});
  }
  comparison.with_gold = pairs.size();
  // The second less the first: what changed, in the direction of time.
  for (PairedItem& pair : pairs) std::swap(pair.first_correct, pair.second_correct);
  comparison.accuracy = ComparePaired(pairs, comparison.bootstrap);
  comparison.mended = static_cast<size_t>(comparison.accuracy.only_first);
  comparison.broken = static_cast<size_t>(comparison.accuracy.only_second);
}

}  // namespace

// Gold is what either side knows; when both do and differ, the item has none.
std::optional<Label> ComparedItem::gold() const {
  const auto &of_first = first->verdict.expected, &of_second = second->verdict.expected;
  if (of_first && of_second && *of_first != *of_second) return std::nullopt;
  return of_first ? of_first : of_second;
}

const std::vector<format::GuidelineRef>& ComparedPlace::guidelines() const {
  static const std::vector<format::GuidelineRef> kNoGuidelines;
  for (const PlaceResult* result : {second, first}) {
    if (result != nullptr && result->label == Label::kUnsafe) return result->guidelines;
  }
  return kNoGuidelines;
}

Expected<Comparison> Compare(Collection first, Collection second,
                             const stats::BootstrapOptions& options) {
  Comparison comparison;
  comparison.first = std::move(first);
  comparison.second = std::move(second);
  comparison.bootstrap = options;
  MORES_ASSIGN_OR_RETURN(const ItemsById first_by_id, ById(comparison.first));
  MORES_ASSIGN_OR_RETURN(const ItemsById second_by_id, ById(comparison.second));
  Match(comparison, first_by_id, second_by_id);
  if (comparison.items.empty()) {
    return MakeError(ErrorKind::kInput, "{} and {}: field 'id': no id in common",
                     comparison.first.verdict_files.front().path,
                     comparison.second.verdict_files.front().path);
  }
  CountFlips(comparison);
  CountThresholds(comparison);
  MeasureAgreement(comparison);
  MeasureAccuracy(comparison);
  return comparison;
}

}  // namespace mores::report
