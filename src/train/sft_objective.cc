#include "train/sft_objective.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "train/judge_records.h"

namespace mores::train {
namespace {

Expected<ExampleSet> TokenizeFile(const std::vector<format::SftRecord>& records,
                                  const std::string& path, const format::JudgeProfile& profile,
                                  const text::Tokenizer& tokenizer,
                                  const format::JudgeConfig& judge) {
  Expected<ExampleSet> set = TokenizeRecords(records, profile, tokenizer, judge);
  if (!set) return MakeError(set.error().kind, "{}: {}", path, set.error().message);
  return set;
}

class SftStep : public ObjectiveStep {
 public:
  SftStep(std::span<const Example> examples, std::span<const MicroBatch> micro_batches,
          const TokenWeights& weights)
      : examples_(examples), micro_batches_(micro_batches), weights_(weights) {
    for (const MicroBatch& micro_batch : micro_batches) {
      weight_ += WeightOf(examples, micro_batch, weights);
    }
    weight_ = std::max(weight_, 1e-30);
  }

  void Add(Trainable& trainable, size_t index, model::TrainStepOptions options,
           StepSums& sums) override {
    const MicroBatch& micro_batch = micro_batches_[index];
    const model::TrainBatch batch = BuildBatch(examples_, micro_batch, weights_);
    options.loss_scale = static_cast<float>(1 / weight_);
    options.figures = true;
    model::BatchFigures figures;
    sums.loss += trainable.ForwardBackward(batch, options, &figures).weighted_nll / weight_;
    const TokenFigures tokens = TokenFiguresOf(examples_, micro_batch, weights_, figures);
    sums.others[0].Add(tokens.label_loss);
    sums.others[1].Add(tokens.entropy);
    sums.others[2].Add(tokens.accuracy);
    sums.tokens += batch.rows();
  }

 private:
  std::span<const Example> examples_;
  std::span<const MicroBatch> micro_batches_;
  TokenWeights weights_;
  double weight_ = 0;
};

}  // namespace

Status SftObjective::Read() {
  MORES_ASSIGN_OR_RETURN(train_records_, ReadJudgeRecords(options_.train_path));
  if (!options_.valid_path.empty()) {
    MORES_ASSIGN_OR_RETURN(valid_records_, ReadJudgeRecords(options_.valid_path));
    return {};
  }
  SplitRecords split =
      HoldOut(std::move(train_records_), options_.valid_share, options_.packing.seed);
  train_records_ = std::move(split.train);
  valid_records_ = std::move(split.valid);
  return {};
}

Status SftObjective::Tokenize(const text::Tokenizer& tokenizer, const format::JudgeConfig& judge) {
  const std::string& valid_path =
      options_.valid_path.empty() ? options_.train_path : options_.valid_path;
  MORES_ASSIGN_OR_RETURN(
      train_, TokenizeFile(train_records_, options_.train_path, profile_, tokenizer, judge));
  MORES_ASSIGN_OR_RETURN(valid_,
                         TokenizeFile(valid_records_, valid_path, profile_, tokenizer, judge));
  lengths_ = train_.lengths();
  valid_sample_ = SampleExamples(valid_.examples, options_.eval_examples);
  evaluator_.emplace(profile_, tokenizer, options_.evaluation);
  return {};
}

Expected<Json> SftObjective::Fingerprint() const {
  MORES_ASSIGN_OR_RETURN(const std::string train, Sha256HexOfFile(options_.train_path));
  Json json = {{"profile", profile_.name()},
               {"prompt_hash", profile_.prompt_hash()},
               {"train_sha256", train}};
  if (options_.valid_path.empty()) {
    json["valid_share"] = options_.valid_share;
  } else {
    MORES_ASSIGN_OR_RETURN(json["valid_sha256"], Sha256HexOfFile(options_.valid_path));
  }
  return json;
}

int64_t SftObjective::steps_per_epoch() const { return StepsPerEpoch(lengths_, options_.packing); }

std::vector<std::vector<MicroBatch>> SftObjective::PlanEpoch(int64_t epoch) const {
  return train::PlanEpoch(lengths_, options_.packing, epoch);
}

TokenWeights SftObjective::Weights(double progress) const {
  const LossRecipe& loss = options_.loss;
  return {.prompt = progress < loss.prompt_until ? loss.prompt_weight : loss.prompt_weight_after,
          .label = loss.label_weight,
          .critique = loss.critique_weight};
}

std::unique_ptr<ObjectiveStep> SftObjective::BeginStep(std::span<const MicroBatch> micro_batches,
                                                       const StepContext& context) const {
  return std::make_unique<SftStep>(train_.examples, micro_batches, Weights(context.progress));
}

const std::vector<Measure>& SftObjective::measures() const {
  static const std::vector<Measure> measures = {{.field = "label_loss", .label = "label"},
                                                {.field = "entropy"},
                                                {.field = "mean_token_accuracy"}};
  return measures;
}

Objective::Validation SftObjective::Evaluate(Trainable& trainable) const {
  Json summary = Summary(evaluator_->Run(trainable, valid_sample_), valid_sample_);
  std::string shown = Describe(summary), warning = WarningOf(summary);
  return {.fields = std::move(summary), .shown = std::move(shown), .warning = std::move(warning)};
}

}  // namespace mores::train
