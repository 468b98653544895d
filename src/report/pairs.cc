#include "report/pairs.h"

#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "report/figures.h"
#include "stats/agreement.h"
#include "stats/estimate_json.h"
#include "stats/share.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

using format::Label;

constexpr size_t kLabels = 2;  // safe, unsafe: the categories of kappa

struct MatchedPair {
  const Item* first;
  const Item* second;
  uint64_t content;
};

// Sums over the pairs of one content; every figure is a function of them.
struct ContentSums {
  double pairs = 0, same = 0, scored = 0, difference = 0, shift = 0;
  double table[kLabels * kLabels] = {};  // [first's label][second's], both stated
};

// "" for what can't name a content.
std::string ContentOf(const Item& item, const std::string& field) {
  const Json& input = item.verdict.input;
  if (!input.is_object()) return {};
  const auto found = input.find(field);
  if (found == input.end() || found->is_null() || found->is_structured()) return {};
  return DumpJson(*found);
}

constexpr size_t kMostWordings = 64;  // of one content

Expected<std::map<std::string, std::vector<MatchedPair>>> FindPairs(const Collection& collection,
                                                                    const std::string& field,
                                                                    size_t* unpaired) {
  using Key = std::tuple<std::string, std::string, std::string>;  // content, model, prompt
  std::map<Key, std::vector<const Item*>> groups;
  *unpaired = 0;
  for (const Item& item : collection.items) {
    std::string content = ContentOf(item, field);
    if (content.empty()) {
      ++*unpaired;
    } else {
      groups[{std::move(content), item.verdict.model, item.verdict.prompt}].push_back(&item);
    }
  }
  std::map<std::string, std::vector<MatchedPair>> pairs;
  std::map<std::string, uint64_t> numbers;
  for (const auto& [key, items] : groups) {
    if (items.size() < 2) ++*unpaired;
    const uint64_t content = numbers.emplace(std::get<0>(key), numbers.size()).first->second;
    if (items.size() > kMostWordings) {
      return MakeError(
          ErrorKind::kInput,
          "--pairs {}: more than {} verdicts of one model share a value: the field tells "
          "no contents apart",
          field, kMostWordings);
    }
    for (size_t i = 0; i < items.size(); ++i) {
      for (size_t j = i + 1; j < items.size(); ++j) {
        MatchedPair pair = {items[i], items[j], content};
        if (pair.second->verdict.lang < pair.first->verdict.lang) {
          std::swap(pair.first, pair.second);
        }
        pairs[fmt::format("{}-{}", text::Name(pair.first->verdict.lang),
                          text::Name(pair.second->verdict.lang))]
            .push_back(pair);
      }
    }
  }
  return pairs;
}

void CountPair(const MatchedPair& pair, PairFigures& figures, ContentSums& sums) {
  const format::Verdict& first = pair.first->verdict;
  const format::Verdict& second = pair.second->verdict;
  figures.pairs += 1;
  sums.pairs += 1;
  if (first.p_unsafe && second.p_unsafe) {
    figures.scored += 1;
    sums.scored += 1;
    sums.difference += std::abs(*second.p_unsafe - *first.p_unsafe);
    sums.shift += *second.p_unsafe - *first.p_unsafe;
  }
  if (first.label == Label::kUnparsed || second.label == Label::kUnparsed) {
    figures.unparsed += 1;
    return;
  }
  const size_t row = first.label == Label::kUnsafe ? 1 : 0;
  const size_t column = second.label == Label::kUnsafe ? 1 : 0;
  sums.table[row * kLabels + column] += 1;
  if (row == column) {
    figures.same += 1;
    sums.same += 1;
  } else {
    (row == 1 ? figures.first_unsafe : figures.second_unsafe) += 1;
  }
}

PairFigures MeasureOne(const std::string& languages, const std::vector<MatchedPair>& pairs,
                       const stats::BootstrapOptions& options) {
  PairFigures figures;
  figures.languages = languages;
  std::vector<uint64_t> keys;
  for (const MatchedPair& pair : pairs) keys.push_back(pair.content);
  const std::vector<uint32_t> clusters = stats::DenseClusters(keys, &figures.contents);
  std::vector<ContentSums> sums(figures.contents);
  for (size_t i = 0; i < pairs.size(); ++i) CountPair(pairs[i], figures, sums[clusters[i]]);
  const auto statistics = [&](std::span<const double> weights, std::span<double> values) {
    ContentSums total;
    for (size_t c = 0; c < sums.size(); ++c) {
      total.pairs += weights[c] * sums[c].pairs;
      total.same += weights[c] * sums[c].same;
      total.scored += weights[c] * sums[c].scored;
      total.difference += weights[c] * sums[c].difference;
      total.shift += weights[c] * sums[c].shift;
      for (size_t k = 0; k < kLabels * kLabels; ++k) {
        total.table[k] += weights[c] * sums[c].table[k];
      }
    }
    values[0] = total.same / total.pairs;
    values[1] = stats::CohenKappa(total.table, kLabels);
    values[2] = total.difference / total.scored;
    values[3] = total.shift / total.scored;
  };
  const std::vector<stats::Estimate> estimates =
      stats::ClusterBootstrap(figures.contents, 4, statistics, options);
  std::vector<stats::ClusterShare> same;
  for (const ContentSums& sum : sums) same.push_back({sum.same, sum.pairs});
  figures.same_share = stats::ShareEstimate(same, estimates[0], options.coverage);
  figures.kappa = stats::WithoutPointInterval(estimates[1]);
  figures.mean_difference = stats::WithoutPointInterval(estimates[2]);
  figures.mean_shift = stats::WithoutPointInterval(estimates[3]);
  return figures;
}

constexpr stats::EstimateStyle kPairDecimal = {.undefined = "-"};

}  // namespace

Expected<Pairs> MeasurePairs(const Collection& collection, const std::string& field,
                             const stats::BootstrapOptions& options) {
  Pairs result;
  result.field = field;
  MORES_ASSIGN_OR_RETURN(const auto pairs, FindPairs(collection, field, &result.unpaired));
  if (pairs.empty()) {
    return MakeError(ErrorKind::kInput,
                     "--pairs {}: no two verdicts of one model and prompt have the same "
                     "'input.{}'",
                     text::FitColumns(field, 40), text::FitColumns(field, 40));
  }
  for (const auto& [languages, members] : pairs) {
    result.figures.push_back(MeasureOne(languages, members, options));
  }
  return result;
}

Json ToJson(const Pairs& pairs) {
  Json languages = Json::array();
  for (const PairFigures& figures : pairs.figures) {
    languages.push_back({{"languages", figures.languages},
                         {"pairs", figures.pairs},
                         {"contents", figures.contents},
                         {"unparsed", figures.unparsed},
                         {"same", figures.same},
                         {"first_unsafe", figures.first_unsafe},
                         {"second_unsafe", figures.second_unsafe},
                         {"scored", figures.scored},
                         {"same_share", ToJson(figures.same_share)},
                         {"kappa", ToJson(figures.kappa)},
                         {"mean_difference", ToJson(figures.mean_difference)},
                         {"mean_shift", ToJson(figures.mean_shift)}});
  }
  return {{"field", pairs.field},
          {"unpaired", pairs.unpaired},
          {"unit", "content"},
          {"languages", std::move(languages)}};
}

std::string FormatPairs(const Pairs& pairs) {
  std::string text = fmt::format("pairs with the same '{}'\n", text::FitColumns(pairs.field, 40));
  for (const PairFigures& figures : pairs.figures) {
    const size_t dash = figures.languages.find('-');
    const bool one_language =
        figures.languages.substr(0, dash) == figures.languages.substr(dash + 1);
    text += fmt::format("  {}: {} pairs, same label {} %, kappa {}\n", figures.languages,
                        figures.pairs, FormatEstimate(figures.same_share, stats::kPercentStyle),
                        FormatEstimate(figures.kappa, kPairDecimal));
    text += fmt::format("    labels differ: only {} unsafe {}, only {} unsafe {}; unparsed {}\n",
                        one_language ? "the first" : figures.languages.substr(0, dash),
                        figures.first_unsafe,
                        one_language ? "the second" : figures.languages.substr(dash + 1),
                        figures.second_unsafe, figures.unparsed);
    if (figures.scored == 0) continue;
    text += fmt::format(
        "    p_unsafe of {} pairs: mean absolute difference {}, second less first "
        "{}\n",
        figures.scored, FormatEstimate(figures.mean_difference, kPairDecimal),
        FormatEstimate(figures.mean_shift, kPairDecimal));
  }
  if (pairs.unpaired > 0) text += fmt::format("  in no pair: {} items\n", pairs.unpaired);
  return text;
}

}  // namespace mores::report
