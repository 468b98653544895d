#include "train/sft_objective.h"

#include "base/hash.h"

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

}  // namespace

Status SftObjective::Read() {
  MORES_ASSIGN_OR_RETURN(const auto ours, format::FindJudgeProfile(format::JudgeConfig().profile));
  MORES_ASSIGN_OR_RETURN(train_records_, format::ReadSftRecords(options_.train_path, *ours));
  MORES_ASSIGN_OR_RETURN(valid_records_, format::ReadSftRecords(options_.valid_path, *ours));
  return {};
}

Status SftObjective::Tokenize(const text::Tokenizer& tokenizer, const format::JudgeConfig& judge) {
  MORES_ASSIGN_OR_RETURN(
      train_, TokenizeFile(train_records_, options_.train_path, profile_, tokenizer, judge));
  MORES_ASSIGN_OR_RETURN(
      valid_, TokenizeFile(valid_records_, options_.valid_path, profile_, tokenizer, judge));
  lengths_ = train_.lengths();
  valid_sample_ = SampleExamples(valid_.examples, options_.eval_examples);
  evaluator_.emplace(profile_, tokenizer, options_.evaluation);
  return {};
}

Expected<Json> SftObjective::Fingerprint() const {
  MORES_ASSIGN_OR_RETURN(const std::string train, Sha256HexOfFile(options_.train_path));
  MORES_ASSIGN_OR_RETURN(const std::string valid, Sha256HexOfFile(options_.valid_path));
  return Json{{"profile", profile_.name()},
              {"prompt_hash", profile_.prompt_hash()},
              {"train_sha256", train},
              {"valid_sha256", valid}};
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

double SftObjective::WeightOf(const MicroBatch& micro_batch, double progress) const {
  return train::WeightOf(train_.examples, micro_batch, Weights(progress));
}

void SftObjective::AddMicroBatch(Trainable& trainable, const MicroBatch& micro_batch,
                                 const StepContext& context, StepSums& sums) const {
  const model::TrainBatch batch =
      BuildBatch(train_.examples, micro_batch, Weights(context.progress));
  model::TrainStepOptions options = context.options;
  options.loss_scale = static_cast<float>(1 / context.weight);
  model::BatchFigures figures;
  sums.loss += trainable.ForwardBackward(batch, options, &figures).weighted_nll;
  const LabelLoss label = LabelLossOf(train_.examples, micro_batch, batch, figures);
  sums.others[0].sum += label.nll;
  sums.others[0].weight += label.weight;
  sums.tokens += static_cast<int64_t>(batch.tokens.size());
}

const std::vector<Measure>& SftObjective::measures() const {
  static const std::vector<Measure> measures = {{.field = "label_loss", .label = "label"}};
  return measures;
}

Objective::Validation SftObjective::Evaluate(Trainable& trainable) const {
  Json summary = Summary(evaluator_->Run(trainable, valid_sample_), valid_sample_);
  std::string shown = Describe(summary), warning = WarningOf(summary);
  return {.fields = std::move(summary), .shown = std::move(shown), .warning = std::move(warning)};
}

}  // namespace mores::train
