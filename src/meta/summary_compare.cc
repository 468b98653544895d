// Two runs over the same references (Compare in meta/summary.h).
#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_map>

#include "meta/figures.h"
#include "meta/summary.h"
#include "stats/estimate_json.h"
#include "stats/significance.h"

namespace mores::meta {
namespace {

constexpr int kPermutations = 9999;
constexpr size_t kMacroFigures = 3;

double ScoreNamed(const Scores& scores, size_t macro_figure) {
  return macro_figure == 0 ? scores.precision : macro_figure == 1 ? scores.recall : scores.f1;
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
  Json json = {{"critiques", pairs.size()}};
  for (size_t i = 0; i < kCount; ++i) {
    Json figure = {{"first", ToJson(estimates[i])},
                   {"second", ToJson(estimates[kCount + i])},
                   {"difference", ToJson(estimates[2 * kCount + i])}};
    if (i < kMacroFigures) {
      std::vector<double> differences(pairs.size());
      for (size_t k = 0; k < pairs.size(); ++k) {
        differences[k] = ScoreNamed(second.scores(k), i) - ScoreNamed(first.scores(k), i);
      }
      figure["sign_flip_p"] = stats::SignFlipTest(differences, kPermutations, options.seed);
    }
    json[std::string(kFigureNames[i])] = std::move(figure);
  }
  return json;
}

std::string Shown(const Json& estimate, stats::EstimateStyle::Sign sign) {
  return FormatEstimate(stats::EstimateOf(estimate), {.sign = sign});
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
                                comparison["critiques"].get<int64_t>(), "", "first", "second",
                                "second less first", "sign-flip p");
  for (const std::string_view name : kFigureNames) {
    const Json& figure = comparison[std::string(name)];
    out += fmt::format(
        "{:<17}{:<22}{:<22}{:<25}{}\n", name, Shown(figure["first"], Sign::kMinusOnly),
        Shown(figure["second"], Sign::kMinusOnly), Shown(figure["difference"], Sign::kAlways),
        figure.contains("sign_flip_p") ? fmt::format("{:.4f}", figure["sign_flip_p"].get<double>())
                                       : "");
  }
  return out;
}

}  // namespace mores::meta
