#include "report/compare.h"

#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "report/figures.h"
#include "stats/estimate_json.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

using format::Label;

constexpr int kCompareVersion = 1;
constexpr size_t kListedFlips = 10;

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

void Match(Comparison& comparison, const ItemsById& first_by_id, const ItemsById& second_by_id) {
  for (const Item& item : comparison.first.items) {
    const auto other = second_by_id.find(item.verdict.id);
    if (other == second_by_id.end()) {
      comparison.only_first.push_back(item.verdict.id);
    } else {
      comparison.items.push_back({&item, other->second});
    }
  }
  for (const Item& item : comparison.second.items) {
    if (!first_by_id.contains(item.verdict.id)) comparison.only_second.push_back(item.verdict.id);
  }
}

void CountFlips(Comparison& comparison) {
  for (const ComparedItem& item : comparison.items) {
    if (!item.flipped()) continue;
    const Label before = item.first->verdict.label, after = item.second->verdict.label;
    if (before == Label::kSafe && after == Label::kUnsafe) {
      ++comparison.became_unsafe;
    } else if (before == Label::kUnsafe && after == Label::kSafe) {
      ++comparison.became_safe;
    } else {
      ++comparison.other_flips;
    }
  }
}

// Gold is what either side knows; when both do and differ, the item has none.
std::optional<Label> GoldOf(const ComparedItem& item) {
  const auto first = item.first->verdict.expected, second = item.second->verdict.expected;
  if (first && second && *first != *second) return std::nullopt;
  return first ? first : second;
}

void MeasureAgreement(Comparison& comparison) {
  std::vector<uint64_t> keys;
  for (const ComparedItem& item : comparison.items) keys.push_back(item.first->cluster);
  size_t count = 0;
  const std::vector<uint32_t> clusters = stats::DenseClusters(keys, &count);
  struct Sums {
    double items = 0, same = 0, scored = 0, shift = 0;
  };
  std::vector<Sums> sums(count);
  for (size_t i = 0; i < comparison.items.size(); ++i) {
    const ComparedItem& item = comparison.items[i];
    Sums& sum = sums[clusters[i]];
    sum.items += 1;
    sum.same += item.flipped() ? 0 : 1;
    if (!item.first->verdict.p_unsafe || !item.second->verdict.p_unsafe) continue;
    sum.scored += 1;
    sum.shift += *item.second->verdict.p_unsafe - *item.first->verdict.p_unsafe;
  }
  const auto statistic = [&](std::span<const double> weights, std::span<double> values) {
    Sums total;
    for (size_t c = 0; c < count; ++c) {
      total.items += weights[c] * sums[c].items;
      total.same += weights[c] * sums[c].same;
      total.scored += weights[c] * sums[c].scored;
      total.shift += weights[c] * sums[c].shift;
    }
    values[0] = total.same / total.items;
    values[1] = total.shift / total.scored;  // NaN when nothing is scored
  };
  const auto estimates = stats::ClusterBootstrap(count, 2, statistic, comparison.bootstrap);
  comparison.agreement = estimates[0];
  comparison.mean_p_shift = estimates[1];
}

void MeasureAccuracy(Comparison& comparison) {
  std::vector<PairedItem> pairs;
  for (const ComparedItem& item : comparison.items) {
    const std::optional<Label> gold = GoldOf(item);
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

Json SideToJson(const Collection& collection) {
  Json files = Json::array();
  for (const InputFile& file : collection.verdict_files) {
    files.push_back(Json{{"path", file.path}, {"sha256", file.sha256}, {"records", file.records}});
  }
  return Json{{"verdicts", std::move(files)},
              {"models", collection.models},
              {"prompts", collection.prompts},
              {"failed", collection.failed}};
}

constexpr stats::EstimateStyle kComparedStyle = {
    .scale = 100, .digits = 1, .unit = " %", .undefined = "-"};

std::string FlipLine(const ComparedItem& item) {
  const std::optional<Label> gold = GoldOf(item);
  return fmt::format("  {}: {} -> {}{}\n", text::FitColumns(item.first->verdict.id, 40),
                     Name(item.first->verdict.label), Name(item.second->verdict.label),
                     gold ? fmt::format(" (expected {})", Name(*gold)) : "");
}

}  // namespace

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
  MeasureAgreement(comparison);
  MeasureAccuracy(comparison);
  return comparison;
}

Json Summarize(const Comparison& comparison) {
  Json flips = Json::array();
  for (const ComparedItem& item : comparison.items) {
    if (!item.flipped()) continue;
    const std::optional<Label> gold = GoldOf(item);
    flips.push_back(Json{{"id", item.first->verdict.id},
                         {"first", Name(item.first->verdict.label)},
                         {"second", Name(item.second->verdict.label)},
                         {"expected", gold ? Json(Name(*gold)) : Json(nullptr)}});
  }
  Json summary = {{"kind", "mores-comparison"},
                  {"version", kCompareVersion},
                  {"first", SideToJson(comparison.first)},
                  {"second", SideToJson(comparison.second)},
                  {"items", comparison.items.size()},
                  {"only_first", comparison.only_first},
                  {"only_second", comparison.only_second},
                  {"agreement", ToJson(comparison.agreement)},
                  {"mean_p_shift", ToJson(comparison.mean_p_shift)},
                  {"became_unsafe", comparison.became_unsafe},
                  {"became_safe", comparison.became_safe},
                  {"other_flips", comparison.other_flips},
                  {"with_gold", comparison.with_gold},
                  {"mended", comparison.mended},
                  {"broken", comparison.broken}};
  summary["accuracy"] =
      comparison.with_gold > 0 ? ToJson(comparison.accuracy, "second", "first") : Json(nullptr);
  summary["flips"] = std::move(flips);
  return summary;
}

std::string FormatTable(const Comparison& comparison) {
  const size_t flips = comparison.became_unsafe + comparison.became_safe + comparison.other_flips;
  std::string text = fmt::format("items in both         {}\n", comparison.items.size());
  if (!comparison.only_first.empty() || !comparison.only_second.empty()) {
    text += fmt::format("only in first, second {}, {}\n", comparison.only_first.size(),
                        comparison.only_second.size());
  }
  text += fmt::format("same label            {}\n",
                      FormatEstimate(comparison.agreement, kComparedStyle));
  text += fmt::format("flips                 {} ({} to unsafe, {} to safe, {} other)\n", flips,
                      comparison.became_unsafe, comparison.became_safe, comparison.other_flips);
  if (comparison.with_gold > 0) {
    const PairedFigures& accuracy = comparison.accuracy;
    text += fmt::format("accuracy, first       {}\n",
                        FormatEstimate(accuracy.second_accuracy, kComparedStyle));
    text += fmt::format("accuracy, second      {}\n",
                        FormatEstimate(accuracy.first_accuracy, kComparedStyle));
    text += fmt::format("second less first     {}\n",
                        FormatEstimate(accuracy.difference, kComparedStyle));
    text += fmt::format("mended, broken        {}, {}\n", comparison.mended, comparison.broken);
    text += fmt::format("McNemar mid-p         {:.4g}; by query {:.4g}\n", accuracy.mcnemar.mid_p,
                        accuracy.sign_flip_p);
  }
  size_t listed = 0;
  for (const ComparedItem& item : comparison.items) {
    if (!item.flipped()) continue;
    if (listed++ == 0) text += "flipped\n";
    if (listed > kListedFlips) break;
    text += FlipLine(item);
  }
  if (flips > kListedFlips) {
    text += fmt::format("  ... and {} more, in the page and the summary\n", flips - kListedFlips);
  }
  return text;
}

}  // namespace mores::report
