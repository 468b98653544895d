#include "train/sft_output.h"

#include <memory>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "train/thresholds.h"

namespace mores::train {
namespace {

std::vector<ScoredLabel> OfLanguage(const Evaluation& evaluation, std::span<const Example> examples,
                                    text::Language language) {
  const std::vector<ScoredLabel> all = ScoredLabels(evaluation, examples);
  std::vector<ScoredLabel> chosen;
  for (size_t i = 0; i < all.size(); ++i) {
    if (examples[i].lang == language) chosen.push_back(all[i]);
  }
  return chosen;
}

}  // namespace

void ChooseThresholds(const Evaluation& evaluation, std::span<const Example> examples,
                      format::JudgeConfig& judge) {
  judge.threshold_en = ChooseThreshold(OfLanguage(evaluation, examples, text::Language::kEnglish));
  judge.threshold_zh = ChooseThreshold(OfLanguage(evaluation, examples, text::Language::kChinese));
  const std::vector<ScoredLabel> other = OfLanguage(evaluation, examples, text::Language::kOther);
  judge.threshold_other =
      ChooseThreshold(other.empty() ? ScoredLabels(evaluation, examples) : other);
}

Status WriteScores(const std::string& path, const Evaluation& evaluation,
                   std::span<const Example> examples) {
  MORES_ASSIGN_OR_RETURN(const auto file, AtomicFile::Create(path));
  for (size_t i = 0; i < examples.size(); ++i) {
    const Example& example = examples[i];
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
