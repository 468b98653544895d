#include "train/evaluation.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "base/exact_math.h"
#include "base/random.h"
#include "stats/probability.h"

namespace mores::train {
namespace {

constexpr std::array kLanguages{text::Language::kEnglish, text::Language::kChinese,
                                text::Language::kOther};

size_t IndexOf(text::Language language) {
  return static_cast<size_t>(std::find(kLanguages.begin(), kLanguages.end(), language) -
                             kLanguages.begin());
}

bool IsUnsafe(const Example& example) { return example.label == format::Label::kUnsafe; }

LabelScore ScoreOf(double log_safe, double log_unsafe, bool unsafe) {
  return {.p_unsafe = 1 / (1 + ExactExp(log_safe - log_unsafe)),
          .other_mass = std::max(0.0, 1 - ExactExp(log_safe) - ExactExp(log_unsafe)),
          .label_nll = -(unsafe ? log_unsafe : log_safe)};
}

// Sequences appended one by one.
class BatchBuilder {
 public:
  BatchBuilder() { batch_.offsets.push_back(0); }
  void Add(std::span<const int32_t> tokens) {
    batch_.tokens.insert(batch_.tokens.end(), tokens.begin(), tokens.end());
    batch_.targets.resize(batch_.tokens.size(), 0);
    batch_.target_weights.resize(batch_.tokens.size(), 0);
    batch_.offsets.push_back(static_cast<int32_t>(batch_.tokens.size()));
  }
  // Makes the last token added predict `target`, `back` positions before the end.
  void Predict(size_t back, int32_t target) {
    const size_t position = batch_.tokens.size() - 1 - back;
    batch_.targets[position] = target;
    batch_.target_weights[position] = 1;
  }
  int32_t last() const { return static_cast<int32_t>(batch_.tokens.size()) - 1; }
  const model::TrainBatch& batch() const { return batch_; }

 private:
  model::TrainBatch batch_;
};

Json SliceJson(const std::vector<ScoredLabel>& scores) {
  double right = 0;
  std::vector<stats::ScoredOutcome> outcomes;
  for (const ScoredLabel& score : scores) {
    right += (score.p_unsafe > 0.5) == score.unsafe ? 1 : 0;
    outcomes.push_back({score.p_unsafe, score.unsafe});
  }
  return {{"examples", scores.size()},
          {"accuracy", right / static_cast<double>(scores.size())},
          {"auroc", stats::RankedOutcomes(outcomes).Auroc()}};
}

}  // namespace

Evaluator::Evaluator(const format::JudgeProfile& profile, const text::Tokenizer& tokenizer,
                     EvaluationOptions options)
    : options_(options) {
  for (const text::Language language : kLanguages) {
    labels_.push_back(format::EncodeLabels(profile, tokenizer, language));
  }
}

const format::LabelTokens& Evaluator::labels(text::Language language) const {
  return labels_[IndexOf(language)];
}

// Label strings of one token each: the prompt's last position says it all.
void Evaluator::ScoreSingleTokens(model::TrainableModel& model, std::span<const Example> examples,
                                  std::span<const int32_t> chosen,
                                  std::vector<LabelScore>& scores) const {
  std::vector<int32_t> ids;  // safe and unsafe of each language
  for (const format::LabelTokens& label : labels_) {
    ids.push_back(label.safe.front());
    ids.push_back(label.unsafe.front());
  }
  std::vector<int32_t> lengths;
  for (const int32_t i : chosen) lengths.push_back(examples[static_cast<size_t>(i)].prompt_length);
  for (const MicroBatch& micro_batch : PackByLength(lengths, options_.micro_batch_tokens)) {
    BatchBuilder builder;
    std::vector<int32_t> positions;
    for (const int32_t c : micro_batch) {
      const Example& example = examples[static_cast<size_t>(chosen[static_cast<size_t>(c)])];
      builder.Add(std::span(example.tokens).first(static_cast<size_t>(example.prompt_length)));
      positions.push_back(builder.last());
    }
    const auto logs = model.LogProbabilities(builder.batch(), positions, ids, options_.precision);
    for (size_t i = 0; i < micro_batch.size(); ++i) {
      const auto index = static_cast<size_t>(chosen[static_cast<size_t>(micro_batch[i])]);
      const size_t pair = 2 * IndexOf(examples[index].lang);
      scores[index] = ScoreOf(static_cast<double>(logs[i][pair]),
                              static_cast<double>(logs[i][pair + 1]), IsUnsafe(examples[index]));
    }
  }
}

// Label strings of several tokens: the prompt followed by either.
void Evaluator::ScoreWholeStrings(model::TrainableModel& model, std::span<const Example> examples,
                                  std::span<const int32_t> chosen,
                                  std::vector<LabelScore>& scores) const {
  std::vector<int32_t> lengths;
  for (const int32_t i : chosen) {
    const Example& example = examples[static_cast<size_t>(i)];
    const format::LabelTokens& pair = labels(example.lang);
    lengths.push_back(2 * example.prompt_length +
                      static_cast<int32_t>(pair.safe.size() + pair.unsafe.size()) - 2);
  }
  for (const MicroBatch& micro_batch : PackByLength(lengths, 2 * options_.micro_batch_tokens)) {
    BatchBuilder builder;
    for (const int32_t c : micro_batch) {
      const Example& example = examples[static_cast<size_t>(chosen[static_cast<size_t>(c)])];
      const format::LabelTokens& pair = labels(example.lang);
      for (const std::vector<int32_t>* label : {&pair.safe, &pair.unsafe}) {
        std::vector<int32_t> tokens(example.tokens.begin(),
                                    example.tokens.begin() + example.prompt_length);
        tokens.insert(tokens.end(), label->begin(), label->end() - 1);
        builder.Add(tokens);
        for (size_t i = 0; i < label->size(); ++i) {
          builder.Predict(label->size() - 1 - i, (*label)[i]);
        }
      }
    }
    std::vector<float> nll;
    model.Evaluate(builder.batch(), options_.precision, &nll);
    const std::vector<int32_t>& offsets = builder.batch().offsets;
    const auto log_probability = [&](size_t sequence) {
      return -std::accumulate(nll.begin() + offsets[sequence], nll.begin() + offsets[sequence + 1],
                              0.0);
    };
    for (size_t i = 0; i < micro_batch.size(); ++i) {
      const auto index = static_cast<size_t>(chosen[static_cast<size_t>(micro_batch[i])]);
      scores[index] =
          ScoreOf(log_probability(2 * i), log_probability(2 * i + 1), IsUnsafe(examples[index]));
    }
  }
}

Evaluation Evaluator::Run(model::TrainableModel& model, std::span<const Example> examples) const {
  Evaluation evaluation;
  evaluation.scores.resize(examples.size());
  std::vector<int32_t> lengths, single, whole;
  for (size_t i = 0; i < examples.size(); ++i) {
    lengths.push_back(examples[i].length());
    const format::LabelTokens& pair = labels(examples[i].lang);
    const bool one_token = pair.safe.size() == 1 && pair.unsafe.size() == 1;
    (one_token ? single : whole).push_back(static_cast<int32_t>(i));
  }
  ScoreSingleTokens(model, examples, single, evaluation.scores);
  ScoreWholeStrings(model, examples, whole, evaluation.scores);
  model::LossSum sum;
  for (const MicroBatch& micro_batch : PackByLength(lengths, options_.micro_batch_tokens)) {
    const model::TrainBatch batch = BuildBatch(examples, micro_batch, TokenWeights{});
    std::vector<float> nll;
    const model::LossSum part = model.Evaluate(batch, options_.precision, &nll);
    sum.weighted_nll += part.weighted_nll;
    sum.weight += part.weight;
  }
  evaluation.loss = sum.weighted_nll / sum.weight;
  return evaluation;
}

std::vector<ScoredLabel> ScoredLabels(const Evaluation& evaluation,
                                      std::span<const Example> examples) {
  std::vector<ScoredLabel> scores;
  for (size_t i = 0; i < examples.size(); ++i) {
    scores.push_back({evaluation.scores[i].p_unsafe, IsUnsafe(examples[i]), examples[i].source});
  }
  return scores;
}

Json Summary(const Evaluation& evaluation, std::span<const Example> examples) {
  const std::vector<ScoredLabel> scores = ScoredLabels(evaluation, examples);
  std::map<std::string, std::vector<ScoredLabel>> by_language, by_source;
  double label_nll = 0;
  for (size_t i = 0; i < examples.size(); ++i) {
    label_nll += evaluation.scores[i].label_nll;
    const std::string language(text::Name(examples[i].lang));
    by_language[language].push_back(scores[i]);
    by_source[examples[i].source + "/" + language].push_back(scores[i]);
  }
  Json json = {{"loss", evaluation.loss},
               {"label_loss", label_nll / static_cast<double>(examples.size())}};
  json.update(SliceJson(scores));
  json["macro_balanced_accuracy"] = MacroBalancedAccuracy(scores, 0.5);
  for (const auto& [name, slice] : by_language) json["by_language"][name] = SliceJson(slice);
  for (const auto& [name, slice] : by_source) json["by_source"][name] = SliceJson(slice);
  return json;
}

std::vector<Example> SampleExamples(std::span<const Example> examples, int64_t limit) {
  std::vector<Example> sample(examples.begin(), examples.end());
  if (limit <= 0 || static_cast<size_t>(limit) >= sample.size()) return sample;
  Random random(1, HashBytes("validation sample"));
  random.Shuffle(sample);
  sample.resize(static_cast<size_t>(limit));
  return sample;
}

}  // namespace mores::train
