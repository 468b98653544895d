#include "train/sft_output.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <vector>

#include "base/figure_text.h"
#include "base/files.h"
#include "stats/probability.h"
#include "train/thresholds.h"

namespace mores::train {
namespace {

// Fewer say too little, and a judge that ranks them the wrong way round says nothing.
constexpr size_t kFewestExamples = 20;
constexpr double kWorstAuroc = 0.5;

// Why a threshold stays one half; "" where it may be chosen.
std::string WhyOneHalf(std::span<const ScoredLabel> scores) {
  if (scores.empty()) return "no examples";
  if (scores.size() < kFewestExamples) {
    return fmt::format("{} {}, and {} are needed", scores.size(),
                       scores.size() == 1 ? "example" : "examples", kFewestExamples);
  }
  std::vector<stats::ScoredOutcome> outcomes;
  for (const ScoredLabel& score : scores) outcomes.push_back({score.p_unsafe, score.unsafe});
  const double auroc = stats::RankedOutcomes(outcomes).Auroc();
  if (std::isnan(auroc)) return "examples of one label only";
  if (auroc < kWorstAuroc) return fmt::format("AUROC is {:.1f} %, below one half", 100 * auroc);
  return "";
}

Json ChooseOne(std::span<const ScoredLabel> scores, double& threshold) {
  const std::string why = WhyOneHalf(scores);
  threshold = why.empty() ? ChooseThreshold(scores) : 0.5;
  return {{"threshold", threshold},
          {"examples", scores.size()},
          {"why_one_half", why.empty() ? Json() : Json(why)}};
}

}  // namespace

Json ChooseThresholds(const Evaluation& evaluation, std::span<const Example> examples,
                      format::JudgeConfig& judge) {
  const std::vector<ScoredLabel> other = ScoredLabels(evaluation, examples, text::Language::kOther);
  Json told = Json::object();
  told["en"] =
      ChooseOne(ScoredLabels(evaluation, examples, text::Language::kEnglish), judge.threshold_en);
  told["zh"] =
      ChooseOne(ScoredLabels(evaluation, examples, text::Language::kChinese), judge.threshold_zh);
  told["other"] =
      ChooseOne(other.empty() ? ScoredLabels(evaluation, examples) : other, judge.threshold_other);
  return told;
}

std::string DescribeThresholds(const Json& thresholds) {
  std::string text;
  for (const char* language : {"en", "zh", "other"}) {
    const auto found = thresholds.find(language);
    if (found == thresholds.end()) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", language, FigureText(found->value("threshold", 0.5)));
    const Json why = found->value("why_one_half", Json());
    if (why.is_string()) text += fmt::format(" ({})", why.get<std::string>());
  }
  return text;
}

Status WriteScores(const std::string& path, const Evaluation& evaluation,
                   std::span<const Example> examples) {
  MORES_ASSIGN_OR_RETURN(const auto file, AtomicFile::Create(path));
  for (size_t i = 0; i < examples.size(); ++i) {
    const Example& example = examples[i];
    if (!example.has_label()) continue;
    const Json line = {{"id", example.id},
                       {"source", example.source},
                       {"lang", text::Name(example.lang)},
                       {"label", format::Name(example.label)},
                       {"p_unsafe", evaluation.scores[i].p_unsafe},
                       {"other_mass", evaluation.scores[i].other_mass}};
    MORES_RETURN_IF_ERROR(file->Write(DumpJson(line) + "\n"));
  }
  return file->Commit();
}

}  // namespace mores::train
