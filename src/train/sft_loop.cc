#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "base/files.h"
#include "base/random.h"
#include "train/evaluation.h"
#include "train/sft_run.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

constexpr double kRateWindowSeconds = 10;

struct StepResult {
  double loss = 0;
  double label_loss = 0;
  double gradient_norm = 0;
  double learning_rate = 0;
  int64_t tokens = 0;
};

class StepLoop {
 public:
  explicit StepLoop(SftRun& run)
      : run_(run),
        valid_sample_(SampleExamples(run.valid.examples, run.recipe.run.eval_examples)),
        evaluator_(*run.profile, *run.tokenizer,
                   {.precision = run.recipe.run.precision,
                    .micro_batch_tokens = run.recipe.optim.micro_batch_tokens}) {}

  Status Run();

 private:
  double Now() const { return run_.options.clock->MonotonicSeconds(); }
  Schedule LearningRates() const;
  TokenWeights Weights() const;
  Status OpenMetrics();
  // False when a stop was asked for; the step then left no trace.
  Expected<bool> Step(StepResult& result);
  Expected<bool> Accumulate(const std::vector<MicroBatch>& micro_batches, StepResult& result);
  Status Record(const StepResult& result);
  Status Evaluate();
  Status Checkpoint();
  bool CheckpointDue() const;

  SftRun& run_;
  std::vector<Example> valid_sample_;
  Evaluator evaluator_;
  std::unique_ptr<AppendFile> metrics_;
  int64_t planned_epoch_ = -1;
  std::vector<std::vector<MicroBatch>> plan_;
  double seconds_before_ = 0;  // spent by earlier processes
  double start_ = 0;
  double last_checkpoint_ = 0;
  double rate_since_ = 0;
  int64_t rate_tokens_ = 0;
  double rate_ = 0;
};

Schedule StepLoop::LearningRates() const {
  const OptimRecipe& optim = run_.recipe.optim;
  const int64_t warmup =
      optim.warmup_steps >= 0
          ? optim.warmup_steps
          : std::llround(optim.warmup_fraction * static_cast<double>(run_.total_steps));
  return {.learning_rate = optim.learning_rate,
          .warmup_steps = warmup,
          .total_steps = run_.total_steps,
          .decay = optim.decay,
          .min_fraction = optim.min_lr_fraction};
}

TokenWeights StepLoop::Weights() const {
  const LossRecipe& loss = run_.recipe.loss;
  const double done = static_cast<double>(run_.state.step) / static_cast<double>(run_.total_steps);
  return {.prompt = done < loss.prompt_until ? loss.prompt_weight : loss.prompt_weight_after,
          .label = loss.label_weight,
          .critique = loss.critique_weight};
}

// Lines after the checkpoint are cut off: their steps are made again.
Status StepLoop::OpenMetrics() {
  const std::string& path = run_.paths.metrics;
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (!error && size > static_cast<uintmax_t>(run_.state.metrics_bytes)) {
    fs::resize_file(path, static_cast<uintmax_t>(run_.state.metrics_bytes), error);
    if (error) return MakeError(ErrorKind::kIo, "{}: can't cut: {}", path, error.message());
  }
  MORES_ASSIGN_OR_RETURN(metrics_, AppendFile::Open(path));
  return {};
}

Expected<bool> StepLoop::Accumulate(const std::vector<MicroBatch>& micro_batches,
                                    StepResult& result) {
  const std::vector<Example>& examples = run_.train.examples;
  const TokenWeights weights = Weights();
  double weight = 0;
  for (const MicroBatch& micro_batch : micro_batches) {
    weight += WeightOf(examples, micro_batch, weights);
  }
  const Random dropout(static_cast<uint64_t>(run_.recipe.run.seed), HashBytes("dropout"));
  run_.model->ZeroGradients();
  double nll = 0, label_nll = 0, label_weight = 0;
  uint64_t index = 0;
  for (const MicroBatch& micro_batch : micro_batches) {
    if (run_.options.stop.requested()) return false;
    const model::TrainBatch batch = BuildBatch(examples, micro_batch, weights);
    const model::TrainStepOptions options{
        .precision = run_.recipe.run.precision,
        .dropout = static_cast<float>(run_.recipe.run.dropout),
        .dropout_seed = dropout.At((static_cast<uint64_t>(run_.state.step) << 20) + index++),
        .loss_scale = static_cast<float>(1 / std::max(weight, 1e-30))};
    std::vector<float> losses;
    nll += run_.model->ForwardBackward(batch, options, &losses).weighted_nll;
    const LabelLoss label = LabelLossOf(examples, micro_batch, losses);
    label_nll += label.nll;
    label_weight += label.weight;
    result.tokens += static_cast<int64_t>(batch.tokens.size());
  }
  result.loss = nll / std::max(weight, 1e-30);
  result.label_loss = label_nll / label_weight;
  return true;
}

Expected<bool> StepLoop::Step(StepResult& result) {
  const int64_t step = run_.state.step;
  const int64_t epoch = step / run_.steps_per_epoch;
  if (epoch != planned_epoch_) {
    plan_ = PlanEpoch(run_.train.lengths(), run_.packing(), epoch);
    planned_epoch_ = epoch;
  }
  MORES_ASSIGN_OR_RETURN(
      const bool finished,
      Accumulate(plan_[static_cast<size_t>(step % run_.steps_per_epoch)], result));
  if (!finished) return false;
  std::vector<model::Parameter>& parameters = run_.model->parameters();
  result.gradient_norm = GradientNorm(parameters, run_.pool);
  if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm)) {
    return MakeError(ErrorKind::kInput,
                     "{}: training diverged at step {}: the loss or its gradient is no longer a "
                     "number; lower optim.learning_rate",
                     run_.options.recipe, step + 1);
  }
  result.learning_rate = LearningRate(LearningRates(), step);
  AdamWStep(run_.recipe.optim.adamw,
            {.learning_rate = result.learning_rate,
             .gradient_factor = ClipFactor(result.gradient_norm, run_.recipe.optim.clip_norm)},
            parameters, run_.optimizer, run_.pool);
  run_.model->ParametersChanged();
  run_.state.step = step + 1;
  run_.state.tokens += result.tokens;
  return true;
}

Status StepLoop::Record(const StepResult& result) {
  rate_tokens_ += result.tokens;
  const double now = Now();
  if (rate_ == 0 || now - rate_since_ >= kRateWindowSeconds) {
    rate_ = static_cast<double>(rate_tokens_) / std::max(now - rate_since_, 1e-9);
    rate_since_ = now;
    rate_tokens_ = 0;
  }
  run_.state.seconds = seconds_before_ + now - start_;
  run_.options.progress->Update(run_.state.tokens,
                                fmt::format("step {}, loss {:.3f}, label {:.3f}", run_.state.step,
                                            result.loss, result.label_loss));
  return metrics_->Append(DumpJson({{"kind", "train"},
                                    {"step", run_.state.step},
                                    {"tokens", run_.state.tokens},
                                    {"learning_rate", result.learning_rate},
                                    {"loss", result.loss},
                                    {"label_loss", result.label_loss},
                                    {"gradient_norm", result.gradient_norm},
                                    {"tokens_per_second", std::round(rate_)}}) +
                          "\n");
}

Status StepLoop::Evaluate() {
  const double before = Now();
  const Evaluation evaluation = evaluator_.Run(*run_.model, valid_sample_);
  Json line = {{"kind", "evaluation"}, {"step", run_.state.step}, {"tokens", run_.state.tokens}};
  line.update(Summary(evaluation, valid_sample_));
  line["seconds"] = Now() - before;
  rate_since_ += Now() - before;
  return metrics_->Append(DumpJson(line) + "\n");
}

Status StepLoop::Checkpoint() {
  MORES_RETURN_IF_ERROR(metrics_->Sync());
  std::error_code error;
  run_.state.metrics_bytes = static_cast<int64_t>(fs::file_size(run_.paths.metrics, error));
  run_.state.seconds = seconds_before_ + Now() - start_;
  MORES_RETURN_IF_ERROR(run_.SaveCheckpoint());
  last_checkpoint_ = Now();
  return {};
}

bool StepLoop::CheckpointDue() const {
  const RunRecipe& recipe = run_.recipe.run;
  if (run_.state.step == run_.total_steps) return true;
  if (recipe.checkpoint_steps > 0 && run_.state.step % recipe.checkpoint_steps == 0) return true;
  return recipe.checkpoint_seconds > 0 && Now() - last_checkpoint_ >= recipe.checkpoint_seconds;
}

Status StepLoop::Run() {
  MORES_RETURN_IF_ERROR(OpenMetrics());
  seconds_before_ = run_.state.seconds;
  start_ = last_checkpoint_ = rate_since_ = Now();
  const double epochs =
      static_cast<double>(run_.total_steps) / static_cast<double>(run_.steps_per_epoch);
  run_.options.progress->Start("training", "tokens",
                               std::llround(epochs * static_cast<double>(run_.train.tokens)),
                               run_.state.tokens);
  const int64_t eval_every = run_.recipe.run.eval_every;
  while (run_.state.step < run_.total_steps) {
    StepResult result;
    MORES_ASSIGN_OR_RETURN(const bool finished, Step(result));
    if (!finished) {
      MORES_RETURN_IF_ERROR(Checkpoint());
      run_.options.progress->Finish("");
      return MakeError(ErrorKind::kCancelled,
                       "stopped after step {} of {}; the same command goes on from there",
                       run_.state.step, run_.total_steps);
    }
    MORES_RETURN_IF_ERROR(Record(result));
    if (eval_every > 0 && run_.state.step % eval_every == 0) MORES_RETURN_IF_ERROR(Evaluate());
    if (CheckpointDue()) MORES_RETURN_IF_ERROR(Checkpoint());
  }
  run_.options.progress->Finish("");
  return {};
}

}  // namespace

Status RunSteps(SftRun& run) {
  StepLoop loop(run);
  return loop.Run();
}

}  // namespace mores::train
