// SFT records as token sequences, and micro-batches of them as the engine takes them.
#ifndef MORES_TRAIN_EXAMPLES_H_
#define MORES_TRAIN_EXAMPLES_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/profile/judge_profile.h"
#include "format/sft.h"
#include "model/train/train_batch.h"
#include "text/tokenizer/tokenizer.h"
#include "train/mean_sum.h"
#include "train/packing.h"

namespace mores::train {

struct Example {
  std::string id;
  std::string source;
  format::Label label = format::Label::kSafe;
  text::Language lang = text::Language::kOther;
  float weight = 1;
  format::PartWeights parts = {};
  bool labelled_by_model = false;
  // Prompt, then label, category, separator, critique and end token.
  std::vector<int32_t> tokens;
  int32_t prompt_length = 0;  // with what leads to the label, which judging gives the model too
  int32_t label_length = 0;
  int32_t category_begin = 0, category_length = 0;  // tokens of the category itself; 0: none
  // The other label's first token that differs from this one's, and how many tokens both begin
  // with; -1: there is none.
  int32_t other_label_token = -1, labels_shared = 0;
  // [tokens], of conversations: what is learned of them, wherever it stands. Empty: label,
  // separator, critique and end token, which stand behind the prompt.
  std::vector<uint8_t> learned = {};

  // Whether its label is that of the dialogue's answer: one that weighs nothing is nobody's truth.
  bool has_label() const { return parts.label > 0; }
  // Positions that the engine computes: the last token is predicted, never read.
  int32_t length() const { return static_cast<int32_t>(tokens.size()) - 1; }
};

struct ExampleSet {
  std::vector<Example> examples;
  int64_t prompts_truncated = 0;
  int64_t critiques_cut = 0;
  int64_t critiques_out = 0;  // left out, where the profile's reply ends with the label
  // Examples whose `lang` isn't what judging would take the dialogue for.
  int64_t languages_differ = 0;
  int64_t completions_cut = 0;  // of conversations: examples without their end
  int64_t left_out = 0;         // of conversations: nothing to learn was left of them
  int64_t tokens = 0;

  std::vector<int32_t> lengths() const;
  Json Summary() const;
};

// Prompts are truncated as in judging. kInput when `config` leaves no room for a prompt. Errors
// name the record that the profile can't be trained with.
Expected<ExampleSet> TokenizeRecords(std::span<const format::SftRecord> records,
                                     const format::JudgeProfile& profile,
                                     const text::Tokenizer& tokenizer,
                                     const format::JudgeConfig& config);

// What a step's loss is an average over: tokens by their weights, or examples. Then an example's
// loss is that of its whole label, and of each other part the mean over its tokens.
enum class Normalise { kTokens, kExample };
std::string_view Name(Normalise normalise);  // "tokens", "example"
// Which labels are smoothed.
enum class SmoothedLabels { kModel, kAll };
std::string_view Name(SmoothedLabels smoothed);  // "model", "all"

// Weights of predicted tokens by what they are; each example's own weights multiply them. What is
// learned of a conversation weighs like a critique, the rest like a prompt.
struct TokenWeights {
  double prompt = 0;
  double label = 1;
  double category = 1;
  double critique = 1;  // and what stands around a category
  Normalise normalise = Normalise::kTokens;
  // So much of the label's weight is the other label's, from the token on where the two differ.
  double smoothing = 0;
  SmoothedLabels smoothed = SmoothedLabels::kModel;
};

// Each predicts its next tokens: those that weigh something, and the label's. Of a smoothed label
// the row where the labels differ also predicts the other one's token.
model::TrainBatch BuildBatch(std::span<const Example> examples, const MicroBatch& micro_batch,
                             const TokenWeights& weights);

// The sum of BuildBatch's weights.
double WeightOf(std::span<const Example> examples, const MicroBatch& micro_batch,
                const TokenWeights& weights);

// Of BuildBatch's predictions.
struct TokenFigures {
  MeanSum label_loss;  // of label tokens alone, each with its example's weight
  // Of those that weigh something, each counted once.
  MeanSum entropy, accuracy;

  void Add(const TokenFigures& other);
};
// The other label of a smoothed one isn't among them.
// `figures` of the batch that BuildBatch makes of the same, with TrainStepOptions::figures.
TokenFigures TokenFiguresOf(std::span<const Example> examples, const MicroBatch& micro_batch,
                            const TokenWeights& weights, const model::BatchFigures& figures);

// What a tokenizer is trained on: each turn, label string and critique of a record as a text of its
// own, as they are encoded; at most `limit` texts, of records chosen by `seed`.
std::vector<std::string> TokenizerTexts(std::span<const format::SftRecord> records,
                                        const format::JudgeProfile& profile, int64_t limit,
                                        uint64_t seed);

}  // namespace mores::train

#endif  // MORES_TRAIN_EXAMPLES_H_
