// Two runs over the same references (Compare in meta/summary.h).
#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_map>

#include "meta/figures.h"
#include "meta/summary.h"
#include "stats/estimate_json.h"
#include "stats/paired_difference.h"
#include "stats/significance.h"

namespace mores::meta {
namespace {

constexpr int kPermutations = 9999;
constexpr size_t kMacroFigures = 3;

double ScoreNamed(const Scores& scores, size_t macro_figure) {
  return macro_figure == 0 ? scores.precision : macro_figure == 1 ? scores.recall : scores.f1;
}

std::vector<stats::ClusterDifference> OneByOne(const std::vector<double>& differences) {
  std::vector<stats::ClusterDifference> clusters;
  for (const double one : differences) {
    clusters.push_back({.above = std::max(one, 0.0), .below = std::max(-one, 0.0), .items = 1});
  }
  return clusters;
}

Json CompareGroup(std::span<const PairedEvaluation> pairs, const stats::BootstrapOptions& options) {
  std::vector<const Evaluation*> firsts, seconds;
  for (const PairedEvaluation& pair : pairs) {
    firsts.push_back(pair.first);
    seconds.push_back(pair.second);
  }
  const FigureTable first(firsts), second(seconds);
  constexpr size_t kCount = kFigureNames.size();
  const std::vector<stats::Estimate> estimates = stats::ClusterBootstrap(
      pairs.size(), 3 * kCount,
      [&](std::span<const double> weights, std::span<double> values) {
        const FigureValues a = first.Figures(weights), b = second.Figures(weights);
        for (size_t i = 0; i < kCount; ++i) {
          values[i] = a[i];
          values[kCount + i] = b[i];
          values[2 * kCount + i] = b[i] - a[i];
        }
      },
      options);
  const auto held = [&](const FigureTable& table, size_t begin) {
    const auto from = estimates.begin() + static_cast<ptrdiff_t>(begin);
    return table.Held({from, from + static_cast<ptrdiff_t>(kCount)}, options.coverage);
  };
  const auto of_first = held(first, 0), of_second = held(second, kCount);
  Json json = {{"critiques", pairs.size()}};
  for (size_t i = 0; i < kCount; ++i) {
    stats::Estimate difference = stats::WithoutPointInterval(estimates[2 * kCount + i]);
    std::vector<double> differences;
    if (i < kMacroFigures) {
      for (size_t k = 0; k < pairs.size(); ++k) {
        differences.push_back(ScoreNamed(second.scores(k), i) - ScoreNamed(first.scores(k), i));
      }
      difference = stats::DifferenceEstimate(OneByOne(differences), estimates[2 * kCount + i],
                                             options.coverage);
    }
    Json figure = {{"first", ToJson(of_first[i])},
                   {"second", ToJson(of_second[i])},
                   {"difference", ToJson(difference)}};
    if (i < kMacroFigures) {
      figure["sign_flip_p"] = stats::SignFlipTest(differences, kPermutations, options.seed);
    }
    json[std::string(kFigureNames[i])] = std::move(figure);
  }
  return json;
}

// Of who ruled on either side.
std::vector<chat::ReplyTally> RepliesOfBoth(std::span<const PairedEvaluation> pairs) {
  std::vector<chat::ReplyTally> both;
  for (const auto side : {&PairedEvaluation::first, &PairedEvaluation::second}) {
    std::vector<Evaluation> evaluations;
    for (const PairedEvaluation& pair : pairs) evaluations.push_back(*(pair.*side));
    if (evaluations.empty()) continue;
    for (chat::ReplyTally& replies : RepliesOf(evaluations, evaluations.front().judge)) {
      replies.role = side == &PairedEvaluation::first ? "first judge" : "second judge";
      both.push_back(std::move(replies));
    }
  }
  return both;
}

std::string Shown(const Json& estimate, stats::EstimateStyle::Sign sign) {
  stats::EstimateStyle style = stats::kPercentStyle;
  style.sign = sign;
  return FormatEstimate(stats::EstimateOf(estimate), style);
}

}  // namespace

Expected<std::vector<PairedEvaluation>> PairEvaluations(std::span<const Evaluation> first,
                                                        std::span<const Evaluation> second) {
  std::unordered_map<std::string_view, const Evaluation*> by_id;
  for (const Evaluation& evaluation : second) by_id.emplace(evaluation.id, &evaluation);
  std::vector<PairedEvaluation> pairs;
  for (const Evaluation& evaluation : first) {
    const auto found = by_id.find(evaluation.id);
    if (found == by_id.end()) continue;
    if (found->second->reference != evaluation.reference) {
      return MakeError(ErrorKind::kInput,
                       "item '{}': the two runs have different reference AIUs of it",
                       evaluation.id);
    }
    pairs.push_back({&evaluation, found->second});
  }
  if (pairs.empty()) return MakeError(ErrorKind::kInput, "the two runs have no id in common");
  return pairs;
}

Json Compare(std::span<const PairedEvaluation> pairs, const stats::BootstrapOptions& bootstrap) {
  Json json = {{"kind", "mores-meta-comparison"}, {"version", 1}};
  json.update(CompareGroup(pairs, bootstrap));
  chat::PutReplies(RepliesOfBoth(pairs), json);
  json["languages"] = Json::object();
  for (const text::Language language :
       {text::Language::kEnglish, text::Language::kChinese, text::Language::kOther}) {
    std::vector<PairedEvaluation> group;
    std::copy_if(pairs.begin(), pairs.end(), std::back_inserter(group),
                 [&](const PairedEvaluation& pair) { return pair.first->lang == language; });
    if (group.empty()) continue;
    json["languages"][std::string(text::Name(language))] = CompareGroup(group, bootstrap);
  }
  json["bootstrap"] = {{"resamples", bootstrap.resamples},
                       {"seed", bootstrap.seed},
                       {"coverage", bootstrap.coverage},
                       {"unit", "critique"}};
  return json;
}

std::string FormatComparison(const Json& comparison) {
  using Sign = stats::EstimateStyle::Sign;
  std::string out = fmt::format("critiques in both: {}\n{:<17}{:<22}{:<22}{:<25}{}\n",
                                comparison["critiques"].get<int64_t>(), "", "first %", "second %",
                                "difference, points", "sign-flip p");
  for (const std::string_view name : kFigureNames) {
    const Json& figure = comparison[std::string(name)];
    out += fmt::format(
        "{:<17}{:<22}{:<22}{:<25}{}\n", name, Shown(figure["first"], Sign::kMinusOnly),
        Shown(figure["second"], Sign::kMinusOnly), Shown(figure["difference"], Sign::kAlways),
        figure.contains("sign_flip_p") ? fmt::format("{:.4f}", figure["sign_flip_p"].get<double>())
                                       : "");
  }
  out += "The difference is of the second less the first.\n";
  for (const Json& warning : comparison["warnings"]) {
    out += fmt::format("warning: {}\n", warning.get<std::string>());
  }
  return out;
}

}  // namespace mores::meta
