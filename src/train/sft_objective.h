// Supervised training: of a judge, the loss of label and critique, each token weighed by what it
// is; of conversations that of what the assistant says.
#ifndef MORES_TRAIN_SFT_OBJECTIVE_H_
#define MORES_TRAIN_SFT_OBJECTIVE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/profile/judge_profile.h"
#include "format/sft.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"
#include "train/conversations.h"
#include "train/evaluation.h"
#include "train/examples.h"
#include "train/objective.h"
#include "train/recipe.h"

namespace mores::train {

struct SftObjectiveOptions {
  SftFileKind kind = SftFileKind::kJudge;  // of both files
  std::string train_path;
  std::string valid_path;  // empty: a share of the training records
  double valid_share = 0;
  LossRecipe loss;
  PackingOptions packing;
  EvaluationOptions evaluation;
  int64_t eval_examples = 0;  // of an evaluation on the way; 0: all
};

// What examples are made by.
struct SftTokens {
  const text::Tokenizer& tokenizer;
  const format::JudgeConfig& judge;  // of a judge
  const text::ModelTexts& texts;     // of conversations
  ConversationTokenOptions conversations = {};
};

class SftObjective : public Objective {
 public:
  // Keeps the profile, which must outlive it; null for conversations.
  SftObjective(const format::JudgeProfile* profile, SftObjectiveOptions options)
      : profile_(profile), options_(std::move(options)) {}

  // In this order, before the loop. What Read takes is the same (train/judge_records.h), whatever
  // the profile that asks.
  Status Read();
  Status Tokenize(const SftTokens& tokens);

  // REQUIRES: Read.
  const std::vector<format::SftRecord>& train_records() const { return train_records_; }
  const std::vector<ConversationRecord>& train_conversations() const {
    return train_conversations_;
  }
  // REQUIRES: Tokenize.
  const ExampleSet& train() const { return train_; }
  const ExampleSet& valid() const { return valid_; }
  // Over all validation examples.
  Evaluation EvaluateAll(Trainable& trainable) const {
    return EvaluateSome(trainable, valid_.examples);
  }
  Json SummaryOf(const Evaluation& evaluation, std::span<const Example> examples) const;

  Expected<Json> Fingerprint() const override;
  int64_t steps_per_epoch() const override;
  int64_t TokensOf(const MicroBatch& micro_batch) const override;
  std::vector<std::vector<MicroBatch>> PlanEpoch(int64_t epoch) const override;
  std::unique_ptr<ObjectiveStep> BeginStep(std::span<const MicroBatch> micro_batches,
                                           const StepContext& context) const override;
  const std::vector<Measure>& measures() const override;
  bool has_validation() const override { return !valid_.examples.empty(); }
  Validation Evaluate(Trainable& trainable) const override;

 private:
  bool judges() const { return options_.kind == SftFileKind::kJudge; }
  Status ReadConversationFiles();
  TokenWeights Weights(double progress) const;
  Evaluation EvaluateSome(Trainable& trainable, std::span<const Example> examples) const;

  const format::JudgeProfile* profile_;
  SftObjectiveOptions options_;
  std::vector<format::SftRecord> train_records_, valid_records_;
  std::vector<ConversationRecord> train_conversations_, valid_conversations_;
  ExampleSet train_, valid_;
  std::vector<int32_t> lengths_;  // of the training examples
  std::vector<Example> valid_sample_;
  std::optional<Evaluator> evaluator_;
};

}  // namespace mores::train

#endif  // MORES_TRAIN_SFT_OBJECTIVE_H_
