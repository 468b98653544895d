#include "train/examples.h"

#include <array>
#include <numeric>
#include <optional>
#include <utility>

#include "base/random.h"
#include "format/profile/reply_tokens.h"

namespace mores::train {
namespace {

// What a record holds and the profile has no place for. Rules and guidelines are refused by its
// prompt.
Status CheckRecord(const format::SftRecord& record, const format::JudgeProfile& profile) {
  const format::ReplyForm& form = profile.form(record.lang);
  const std::optional<std::string>& category = form.category;
  if (!category || !form.categories.empty() || *record.dialogue.expected == format::Label::kSafe ||
      record.critique.empty() ||
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
                  .parts = record.parts,
                  .labelled_by_model = record.label_by == format::LabelBy::kModel,
                  .tokens = std::move(prompt.ids)};
  example.category_begin = static_cast<int32_t>(example.tokens.size()) + completion.category_begin;
  example.category_length = completion.category_length;
  example.other_label_token = completion.other_label_token;
  example.labels_shared = completion.labels_shared;
  example.prompt_length = static_cast<int32_t>(example.tokens.size()) + completion.lead_length;
  example.label_length = completion.label_length;
  example.tokens.insert(example.tokens.end(), completion.ids.begin(), completion.ids.end());
  return example;
}

struct PredictedToken {
  int32_t at;  // which token of the example it stands in place of
  int32_t token;
  float weight;
  bool label;
  bool other_label = false;  // of a smoothed one
};

enum class Part { kPrompt, kLabel, kCategory, kCritique };

Part PartOf(const Example& example, int32_t i) {
  if (!example.learned.empty()) {
    return example.learned[static_cast<size_t>(i)] != 0 ? Part::kCritique : Part::kPrompt;
  }
  if (i < example.prompt_length) return Part::kPrompt;
  if (i < example.prompt_length + example.label_length) return Part::kLabel;
  const int32_t in_category = i - example.category_begin;
  return in_category >= 0 && in_category < example.category_length ? Part::kCategory
                                                                   : Part::kCritique;
}

// What a token weighs by what it is, before the example's own weight.
class PartTokens {
 public:
  PartTokens(const Example& example, const TokenWeights& weights)
      : weights_{weights.prompt, weights.label * example.parts.label,
                 weights.category * example.parts.category,
                 weights.critique * example.parts.critique} {
    if (weights.normalise == Normalise::kTokens) return;
    std::array<int64_t, 4> counts{};
    for (int32_t i = 1; i <= example.length(); ++i) {
      ++counts[static_cast<size_t>(PartOf(example, i))];
    }
    for (const Part part : {Part::kPrompt, Part::kCategory, Part::kCritique}) {
      const auto at = static_cast<size_t>(part);
      if (counts[at] > 0) weights_[at] /= static_cast<double>(counts[at]);
    }
  }
  double weight(Part part) const { return weights_[static_cast<size_t>(part)]; }

 private:
  std::array<double, 4> weights_;  // by Part
};

// What of an example's label is the other label's.
double SmoothingOf(const Example& example, const TokenWeights& weights) {
  const bool smoothed = weights.smoothed == SmoothedLabels::kAll || example.labelled_by_model;
  return smoothed && example.other_label_token >= 0 ? weights.smoothing : 0;
}

// Those of an example that weigh something, and its label's, in order.
std::vector<PredictedToken> PredictedTokens(const Example& example, const TokenWeights& weights) {
  std::vector<PredictedToken> predicted;
  const PartTokens parts(example, weights);
  const double smoothing = SmoothingOf(example, weights);
  const int32_t differ = example.prompt_length + example.labels_shared;
  const auto own = static_cast<double>(example.weight);
  for (int32_t i = 1; i <= example.length(); ++i) {
    const Part part = PartOf(example, i);
    const bool label = part == Part::kLabel;
    const int32_t token = example.tokens[static_cast<size_t>(i)];
    const double kind = parts.weight(part);
    const bool shares = label && smoothing > 0 && i >= differ;
    const auto weight = static_cast<float>((shares ? (1 - smoothing) * kind : kind) * own);
    if (weight != 0 || label) predicted.push_back({i, token, weight, label});
    const auto other = static_cast<float>(shares && i == differ ? smoothing * kind * own : 0);
    if (other != 0) {
      predicted.push_back({.at = i,
                           .token = example.other_label_token,
                           .weight = other,
                           .label = false,
                           .other_label = true});
    }
  }
  return predicted;
}

}  // namespace

std::string_view Name(Normalise normalise) {
  return normalise == Normalise::kTokens ? "tokens" : "example";
}

std::string_view Name(SmoothedLabels smoothed) {
  return smoothed == SmoothedLabels::kModel ? "model" : "all";
}

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
    for (const PredictedToken& predicted : PredictedTokens(example, weights)) {
      batch.predictions.push_back(
          {.row = first + predicted.at - 1, .token = predicted.token, .weight = predicted.weight});
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
                           static_cast<double>(example.weight) * example.parts.label);
      }
      if (token.weight != 0 && !token.other_label) {
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
