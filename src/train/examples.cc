#include "train/examples.h"

#include <numeric>
#include <optional>
#include <utility>

#include "base/random.h"
#include "format/profile/reply_tokens.h"

namespace mores::train {
namespace {

// What a record holds and the profile has no place for. Rules are refused by its prompt.
Status CheckRecord(const format::SftRecord& record, const format::JudgeProfile& profile) {
  const bool ours = profile.name() == format::JudgeConfig().profile;
  if (!ours && !record.dialogue.guideline.empty()) {
    return MakeError(ErrorKind::kUnsupported, "profile '{}' has no place for a guideline",
                     profile.name());
  }
  const std::optional<std::string>& category = profile.form(record.lang).category;
  if (!category || *record.dialogue.expected == format::Label::kSafe || record.critique.empty() ||
      profile.Category(record.critique, format::Label::kUnsafe, record.lang)) {
    return {};
  }
  return MakeError(ErrorKind::kUnsupported,
                   "profile '{}' names a category on a line that begins with '{}' after an unsafe "
                   "label, and the completion has none",
                   profile.name(), *category);
}

Expected<Example> Tokenize(const format::SftRecord& record, const format::JudgeProfile& profile,
                           const text::Tokenizer& tokenizer, const format::JudgeConfig& config,
                           int max_prompt_tokens, ExampleSet& set) {
  MORES_RETURN_IF_ERROR(CheckRecord(record, profile));
  MORES_ASSIGN_OR_RETURN(format::PromptTokens prompt,
                         profile.Tokenize(record.dialogue, tokenizer, max_prompt_tokens));
  MORES_ASSIGN_OR_RETURN(
      const format::CompletionTokens completion,
      format::EncodeCompletion(profile, tokenizer, record, config.max_critique_tokens));
  set.prompts_truncated += prompt.truncated ? 1 : 0;
  set.critiques_cut += completion.critique_cut ? 1 : 0;
  set.critiques_out += completion.critique_out ? 1 : 0;
  set.languages_differ += format::LanguageOf(record.dialogue) == record.lang ? 0 : 1;
  Example example{.id = record.dialogue.id,
                  .source = record.source,
                  .label = *record.dialogue.expected,
                  .lang = record.lang,
                  .weight = static_cast<float>(record.weight),
                  .tokens = std::move(prompt.ids)};
  example.prompt_length = static_cast<int32_t>(example.tokens.size()) + completion.lead_length;
  example.label_length = completion.label_length;
  example.tokens.insert(example.tokens.end(), completion.ids.begin(), completion.ids.end());
  return example;
}

struct PredictedToken {
  int32_t token;  // its index in the example
  float weight;
  bool label;
};

// What a token weighs by what it is.
double KindWeight(const Example& example, int32_t i, const TokenWeights& weights) {
  if (!example.learned.empty()) {
    return example.learned[static_cast<size_t>(i)] != 0 ? weights.critique : weights.prompt;
  }
  if (i < example.prompt_length) return weights.prompt;
  return i < example.prompt_length + example.label_length ? weights.label : weights.critique;
}

// Those of an example that weigh something, and its label's, in order.
std::vector<PredictedToken> PredictedTokens(const Example& example, const TokenWeights& weights) {
  std::vector<PredictedToken> predicted;
  const int32_t label_end = example.prompt_length + example.label_length;
  for (int32_t i = 1; i <= example.length(); ++i) {
    const bool label = i >= example.prompt_length && i < label_end;
    const double kind = KindWeight(example, i, weights);
    const auto weight = static_cast<float>(kind * static_cast<double>(example.weight));
    if (weight != 0 || label) predicted.push_back({i, weight, label});
  }
  return predicted;
}

}  // namespace

std::vector<int32_t> ExampleSet::lengths() const {
  std::vector<int32_t> lengths;
  lengths.reserve(examples.size());
  for (const Example& example : examples) lengths.push_back(example.length());
  return lengths;
}

Json ExampleSet::Summary() const {
  Json json = {{"examples", examples.size()},
               {"tokens", tokens},
               {"prompts_truncated", prompts_truncated},
               {"critiques_cut", critiques_cut},
               {"languages_differ", languages_differ}};
  if (critiques_out > 0) json["critiques_out"] = critiques_out;
  if (completions_cut > 0) json["completions_cut"] = completions_cut;
  if (left_out > 0) json["left_out"] = left_out;
  return json;
}

Expected<ExampleSet> TokenizeRecords(std::span<const format::SftRecord> records,
                                     const format::JudgeProfile& profile,
                                     const text::Tokenizer& tokenizer,
                                     const format::JudgeConfig& config) {
  const int max_prompt_tokens = format::MaxPromptTokens(config, profile, tokenizer);
  constexpr int kLeast = 8;
  if (max_prompt_tokens < kLeast) {
    return MakeError(ErrorKind::kInput,
                     "a context of {} tokens less a critique of {} leaves {} for the prompt",
                     config.context_length, config.max_critique_tokens, max_prompt_tokens);
  }
  for (const text::Language language :
       {text::Language::kEnglish, text::Language::kChinese, text::Language::kOther}) {
    MORES_RETURN_IF_ERROR(format::CheckLabelsApart(
        format::EncodeReply(profile.form(language), tokenizer), profile.name()));
  }
  ExampleSet set;
  set.examples.reserve(records.size());
  for (const format::SftRecord& record : records) {
    Expected<Example> example =
        Tokenize(record, profile, tokenizer, config, max_prompt_tokens, set);
    if (!example) {
      return MakeError(example.error().kind, "example '{}': {}", record.dialogue.id,
                       example.error().message);
    }
    set.tokens += example->length();
    set.examples.push_back(std::move(*example));
  }
  return set;
}

model::TrainBatch BuildBatch(std::span<const Example> examples, const MicroBatch& micro_batch,
                             const TokenWeights& weights) {
  model::TrainBatch batch;
  batch.offsets.push_back(0);
  for (const int32_t index : micro_batch) {
    const Example& example = examples[static_cast<size_t>(index)];
    const int32_t first = batch.offsets.back();
    batch.tokens.insert(batch.tokens.end(), example.tokens.begin(), example.tokens.end() - 1);
    for (const auto& [token, weight, label] : PredictedTokens(example, weights)) {
      batch.predictions.push_back({.row = first + token - 1,
                                   .token = example.tokens[static_cast<size_t>(token)],
                                   .weight = weight});
    }
    batch.offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
  }
  return batch;
}

double WeightOf(std::span<const Example> examples, const MicroBatch& micro_batch,
                const TokenWeights& weights) {
  double sum = 0;
  for (const int32_t index : micro_batch) {
    for (const PredictedToken& token :
         PredictedTokens(examples[static_cast<size_t>(index)], weights)) {
      sum += static_cast<double>(token.weight);
    }
  }
  return sum;
}

void TokenFigures::Add(const TokenFigures& other) {
  label_loss.Add(other.label_loss);
  entropy.Add(other.entropy);
  accuracy.Add(other.accuracy);
}

TokenFigures TokenFiguresOf(std::span<const Example> examples, const MicroBatch& micro_batch,
                            const TokenWeights& weights, const model::BatchFigures& figures) {
  TokenFigures sum;
  size_t i = 0;
  for (const int32_t index : micro_batch) {
    const Example& example = examples[static_cast<size_t>(index)];
    for (const PredictedToken& token : PredictedTokens(example, weights)) {
      if (token.label) {
        sum.label_loss.Add(static_cast<double>(figures.nll[i]),
                           static_cast<double>(example.weight));
      }
      if (token.weight != 0) {
        sum.entropy.Add(static_cast<double>(figures.entropy[i]));
        sum.accuracy.Add(static_cast<double>(figures.likeliest[i]));
      }
      ++i;
    }
  }
  return sum;
}

std::vector<std::string> TokenizerTexts(std::span<const format::SftRecord> records,
                                        const format::JudgeProfile& profile, int64_t limit,
                                        uint64_t seed) {
  std::vector<size_t> order(records.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random random(seed, HashBytes("tokenizer"));
  random.Shuffle(order);
  std::vector<std::string> texts;
  const auto most = static_cast<size_t>(limit);
  const auto add = [&](const std::string& text) {
    if (!text.empty() && texts.size() < most) texts.push_back(text);
  };
  for (const size_t i : order) {
    if (texts.size() >= most) break;
    const format::SftRecord& record = records[i];
    for (const format::Turn& turn : record.dialogue.turns) add(turn.content);
    const format::LabelStrings labels = profile.labels(record.lang);
    add(record.dialogue.expected == format::Label::kUnsafe ? labels.unsafe : labels.safe);
    add(record.critique);
  }
  return texts;
}

}  // namespace mores::train
