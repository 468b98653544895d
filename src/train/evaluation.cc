#include "train/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "base/exact_math.h"
#include "base/random.h"
#include "format/verdict.h"
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

// `logs` of each choice of the reply.
LabelScore ScoreOf(const format::ReplyTokens& reply, std::span<const double> logs, bool unsafe) {
  const double log_safe = format::LogMassOf(format::Label::kSafe, reply.means, logs);
  const double log_unsafe = format::LogMassOf(format::Label::kUnsafe, reply.means, logs);
  return {.p_unsafe = 1 / (1 + ExactExp(log_safe - log_unsafe)),
          .other_mass = std::max(0.0, 1 - ExactExp(log_safe) - ExactExp(log_unsafe)),
          .label_nll = -(unsafe ? log_unsafe : log_safe)};
}

std::span<const int32_t> PromptOf(const Example& example) {
  return std::span(example.tokens).first(static_cast<size_t>(example.prompt_length));
}

constexpr int32_t kNoParent = -1;

// Returns its last row.
int32_t AppendSegment(std::span<const int32_t> tokens, int32_t parent, model::TrainBatch& batch) {
  batch.tokens.insert(batch.tokens.end(), tokens.begin(), tokens.end());
  batch.offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
  batch.parents.push_back(parent);
  return static_cast<int32_t>(batch.tokens.size()) - 1;
}

// Whose token a prediction is.
struct ChoicePlace {
  size_t example, choice;
};

// A prompt, and what of each choice is read, with predictions of all their tokens.
void AppendChoices(std::span<const int32_t> prompt,
                   const std::vector<std::vector<int32_t>>& choices, size_t example,
                   model::TrainBatch& batch, std::vector<ChoicePlace>& places) {
  const int32_t last = AppendSegment(prompt, kNoParent, batch);
  const auto segment = static_cast<int32_t>(batch.segments()) - 1;
  const auto predict = [&](size_t choice, int32_t row, size_t token) {
    batch.predictions.push_back({.row = row, .token = choices[choice][token]});
    places.push_back({example, choice});
  };
  for (size_t c = 0; c < choices.size(); ++c) predict(c, last, 0);
  for (size_t c = 0; c < choices.size(); ++c) {
    const std::vector<int32_t>& choice = choices[c];
    if (choice.size() < 2) continue;
    const auto first = static_cast<int32_t>(batch.tokens.size());
    AppendSegment(std::span(choice).first(choice.size() - 1), segment, batch);
    for (size_t i = 1; i < choice.size(); ++i) {
      predict(c, first + static_cast<int32_t>(i) - 1, i);
    }
  }
}

constexpr double kLittleMass = 0.5;    // of the labels, on average
constexpr double kMostUnparsed = 0.5;  // of the examples

// Sums over some of the examples.
struct SliceSums {
  double right = 0, mass = 0, unparsed = 0;
  std::vector<stats::ScoredOutcome> outcomes;

  void Add(const LabelScore& score, bool unsafe) {
    const format::Label label = format::Decide(score.p_unsafe, score.other_mass, 0.5);
    unparsed += label == format::Label::kUnparsed ? 1 : 0;
    right += label == (unsafe ? format::Label::kUnsafe : format::Label::kSafe) ? 1 : 0;
    mass += 1 - score.other_mass;
    outcomes.push_back({score.p_unsafe, unsafe});
  }
  Json ToJson() const {
    const auto count = static_cast<double>(outcomes.size());
    return {{"examples", outcomes.size()},
            {"accuracy", right / count},
            {"auroc", stats::RankedOutcomes(outcomes).Auroc()},
            {"label_mass", mass / count},
            {"unparsed", unparsed / count}};
  }
};

}  // namespace

Evaluator::Evaluator(const format::JudgeProfile& profile, const text::Tokenizer& tokenizer,
                     EvaluationOptions options)
    : options_(options) {
  for (const text::Language language : kLanguages) {
    replies_.push_back(format::EncodeReply(profile.form(language), tokenizer));
  }
}

const format::ReplyTokens& Evaluator::reply(text::Language language) const {
  return replies_[IndexOf(language)];
}

// Label strings of one token each: the prompt's last position says it all.
void Evaluator::ScoreSingleTokens(Trainable& trainable, std::span<const Example> examples,
                                  std::span<const int32_t> chosen,
                                  std::vector<LabelScore>& scores) const {
  std::vector<int32_t> ids;    // the choices of each language
  std::vector<size_t> firsts;  // where a language's begin
  for (const format::ReplyTokens& language : replies_) {
    firsts.push_back(ids.size());
    for (const std::vector<int32_t>& choice : language.choices) ids.push_back(choice.front());
  }
  std::vector<int32_t> lengths;
  for (const int32_t i : chosen) lengths.push_back(examples[static_cast<size_t>(i)].prompt_length);
  for (const MicroBatch& micro_batch : PackByLength(lengths, options_.micro_batch_tokens)) {
    model::TrainBatch batch{.offsets = {0}};
    std::vector<int32_t> positions;
    for (const int32_t c : micro_batch) {
      const Example& example = examples[static_cast<size_t>(chosen[static_cast<size_t>(c)])];
      positions.push_back(AppendSegment(PromptOf(example), kNoParent, batch));
    }
    const auto logs = trainable.LogProbabilities(batch, positions, ids, options_.precision);
    for (size_t i = 0; i < micro_batch.size(); ++i) {
      const auto index = static_cast<size_t>(chosen[static_cast<size_t>(micro_batch[i])]);
      const format::ReplyTokens& language = reply(examples[index].lang);
      const auto first =
          logs[i].begin() + static_cast<std::ptrdiff_t>(firsts[IndexOf(examples[index].lang)]);
      const std::vector<double> choices(
          first, first + static_cast<std::ptrdiff_t>(language.choices.size()));
      scores[index] = ScoreOf(language, choices, IsUnsafe(examples[index]));
    }
  }
}

// Label strings of several tokens: the prompt once, and each of them after it.
void Evaluator::ScoreWholeStrings(Trainable& trainable, std::span<const Example> examples,
                                  std::span<const int32_t> chosen,
                                  std::vector<LabelScore>& scores) const {
  std::vector<int32_t> lengths;
  size_t most_choices = 1;
  for (const int32_t i : chosen) {
    const Example& example = examples[static_cast<size_t>(i)];
    int32_t length = example.prompt_length;
    for (const std::vector<int32_t>& choice : reply(example.lang).choices) {
      length += static_cast<int32_t>(choice.size()) - 1;
    }
    lengths.push_back(length);
    most_choices = std::max(most_choices, reply(example.lang).choices.size());
  }
  const int64_t most_tokens = static_cast<int64_t>(most_choices) * options_.micro_batch_tokens;
  for (const MicroBatch& micro_batch : PackByLength(lengths, most_tokens)) {
    model::TrainBatch batch{.offsets = {0}};
    std::vector<ChoicePlace> places;  // of each prediction
    std::vector<std::vector<double>> logs;
    for (const int32_t c : micro_batch) {
      const Example& example = examples[static_cast<size_t>(chosen[static_cast<size_t>(c)])];
      const auto& choices = reply(example.lang).choices;
      AppendChoices(PromptOf(example), choices, logs.size(), batch, places);
      logs.emplace_back(choices.size());
    }
    model::BatchFigures figures;
    trainable.Evaluate(batch, {.precision = options_.precision}, &figures);
    for (size_t i = 0; i < places.size(); ++i) {
      logs[places[i].example][places[i].choice] -= static_cast<double>(figures.nll[i]);
    }
    for (size_t i = 0; i < micro_batch.size(); ++i) {
      const auto index = static_cast<size_t>(chosen[static_cast<size_t>(micro_batch[i])]);
      scores[index] = ScoreOf(reply(examples[index].lang), logs[i], IsUnsafe(examples[index]));
    }
  }
}

Evaluation EvaluateTokens(Trainable& trainable, std::span<const Example> examples,
                          const EvaluationOptions& options) {
  std::vector<int32_t> lengths;
  for (const Example& example : examples) lengths.push_back(example.length());
  Evaluation evaluation;
  model::LossSum sum;
  TokenFigures tokens;
  const TokenWeights weights;
  for (const MicroBatch& micro_batch : PackByLength(lengths, options.micro_batch_tokens)) {
    const model::TrainBatch batch = BuildBatch(examples, micro_batch, weights);
    model::BatchFigures figures;
    const model::LossSum part =
        trainable.Evaluate(batch, {.precision = options.precision, .figures = true}, &figures);
    sum.weighted_nll += part.weighted_nll;
    sum.weight += part.weight;
    tokens.Add(TokenFiguresOf(examples, micro_batch, weights, figures));
  }
  evaluation.loss = sum.weighted_nll / sum.weight;
  evaluation.entropy = tokens.entropy.mean().value_or(0);
  evaluation.token_accuracy = tokens.accuracy.mean().value_or(0);
  return evaluation;
}

Evaluation Evaluator::Run(Trainable& trainable, std::span<const Example> examples) const {
  Evaluation evaluation = EvaluateTokens(trainable, examples, options_);
  evaluation.scores.resize(examples.size());
  std::vector<int32_t> single, whole;
  for (size_t i = 0; i < examples.size(); ++i) {
    const std::vector<std::vector<int32_t>>& choices = reply(examples[i].lang).choices;
    const bool one_token = std::all_of(choices.begin(), choices.end(),
                                       [](const auto& choice) { return choice.size() == 1; });
    (one_token ? single : whole).push_back(static_cast<int32_t>(i));
  }
  ScoreSingleTokens(trainable, examples, single, evaluation.scores);
  ScoreWholeStrings(trainable, examples, whole, evaluation.scores);
  return evaluation;
}

std::vector<ScoredLabel> ScoredLabels(const Evaluation& evaluation,
                                      std::span<const Example> examples,
                                      std::optional<text::Language> language) {
  std::vector<ScoredLabel> scores;
  for (size_t i = 0; i < examples.size(); ++i) {
    if (!examples[i].has_label() || (language && examples[i].lang != *language)) continue;
    scores.push_back({evaluation.scores[i].p_unsafe, IsUnsafe(examples[i]), examples[i].source});
  }
  return scores;
}

Json Summary(const Evaluation& evaluation, std::span<const Example> examples) {
  std::map<std::string, SliceSums> by_language, by_source;
  SliceSums all;
  double label_nll = 0;
  for (size_t i = 0; i < examples.size(); ++i) {
    if (!examples[i].has_label()) continue;
    label_nll += evaluation.scores[i].label_nll;
    const std::string language(text::Name(examples[i].lang));
    for (SliceSums* slice :
         {&all, &by_language[language], &by_source[examples[i].source + "/" + language]}) {
      slice->Add(evaluation.scores[i], IsUnsafe(examples[i]));
    }
  }
  if (all.outcomes.empty()) return TokenSummary(evaluation, examples);
  Json json = {{"loss", evaluation.loss},
               {"label_loss", label_nll / static_cast<double>(all.outcomes.size())},
               {"entropy", evaluation.entropy},
               {"mean_token_accuracy", evaluation.token_accuracy}};
  json.update(all.ToJson());
  json["macro_balanced_accuracy"] = MacroBalancedAccuracy(ScoredLabels(evaluation, examples), 0.5);
  for (const auto& [name, slice] : by_language) json["by_language"][name] = slice.ToJson();
  for (const auto& [name, slice] : by_source) json["by_source"][name] = slice.ToJson();
  return json;
}

Json TokenSummary(const Evaluation& evaluation, std::span<const Example> examples) {
  return {{"loss", evaluation.loss},
          {"entropy", evaluation.entropy},
          {"mean_token_accuracy", evaluation.token_accuracy},
          {"examples", examples.size()}};
}

std::string WarningOf(const Json& summary) {
  const double mass = summary.value("label_mass", 1.0), unparsed = summary.value("unparsed", 0.0);
  if (mass >= kLittleMass && unparsed < kMostUnparsed) return "";
  return fmt::format(
      "the labels hold {:.1f} % of the probability on average, and {:.1f} % of {} validation "
      "examples are unparsed: accuracy and AUROC say little then. Either there were too few steps "
      "(optim.steps, optim.epochs, optim.learning_rate), or the label strings of judge.profile "
      "don't fit the template or the tokenizer (docs/formats/recipe-train.md)",
      100 * mass, 100 * unparsed, summary.value("examples", int64_t{0}));
}

std::string Describe(const Json& summary) {
  if (!summary.contains("accuracy")) {
    return fmt::format("loss {:.3f}, token accuracy {:.1f} %, no labels",
                       summary.value("loss", 0.0), 100 * summary.value("mean_token_accuracy", 0.0));
  }
  return fmt::format(
      "accuracy {:.1f} %, labels hold {:.1f} % of the probability, {:.1f} % unparsed",
      100 * summary.value("accuracy", 0.0), 100 * summary.value("label_mass", 1.0),
      100 * summary.value("unparsed", 0.0));
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
