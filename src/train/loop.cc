#include "train/loop.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/figure_text.h"
#include "base/files.h"
#include "base/random.h"
#include "train/adamw.h"
#include "train/schedule.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

constexpr double kRateWindowSeconds = 10;

struct StepResult {
  StepSums sums;
  double gradient_norm = 0;
  double learning_rate = 0;
};

// Of a metric of an evaluation, by its name.
bool LessIsBetter(const std::string& field) {
  return field.find("loss") != std::string::npos || field.find("entropy") != std::string::npos;
}

class StepLoop {
 public:
  StepLoop(const LoopOptions& options, const LoopCheckpoints& checkpoints, Trainable& trainable,
           const Objective& objective, ThreadPool& pool)
      : options_(options),
        checkpoints_(checkpoints),
        trainable_(trainable),
        objective_(objective),
        pool_(pool),
        total_steps_(TotalSteps(options.optim, objective)) {}

  Expected<CheckpointState> Run();

 private:
  double Now() const { return options_.clock->MonotonicSeconds(); }
  Schedule LearningRates() const;
  Status Start();
  Status OpenMetrics();
  // False when a stop was asked for; the step then left no trace.
  Expected<bool> Step(StepResult& result);
  bool Accumulate(const std::vector<MicroBatch>& micro_batches, StepResult& result);
  Json Line(const char* kind) const;
  Status Record(const StepResult& result);
  // Leaves a checkpoint where it is the best so far and the run stops by its evaluations.
  Status Evaluate();
  Expected<bool> IsBest(const Json& line);
  bool EvaluationDue() const;
  bool Finished() const;
  Expected<CheckpointState> End();
  int64_t TotalTokens() const;
  Status Save();
  Status Checkpoint();
  bool CheckpointDue() const;

  const LoopOptions& options_;
  const LoopCheckpoints& checkpoints_;
  Trainable& trainable_;
  const Objective& objective_;
  ThreadPool& pool_;
  const int64_t total_steps_;
  CheckpointState state_;
  AdamWState optimizer_;
  std::unique_ptr<AppendFile> metrics_;
  int64_t planned_epoch_ = -1;
  std::vector<std::vector<MicroBatch>> plan_;
  double seconds_before_ = 0;  // spent by earlier processes
  double start_ = 0;
  double last_checkpoint_ = 0;
  int64_t checkpointed_step_ = 0;
  double rate_since_ = 0;
  int64_t rate_tokens_ = 0;
  double rate_ = 0;
  std::string validated_;  // the last validation, as it is shown
  bool warned_ = false;
};

Schedule StepLoop::LearningRates() const {
  const OptimRecipe& optim = options_.optim;
  const int64_t warmup =
      optim.warmup_steps >= 0
          ? optim.warmup_steps
          : std::llround(optim.warmup_fraction * static_cast<double>(total_steps_));
  return {.learning_rate = optim.learning_rate,
          .warmup_steps = warmup,
          .total_steps = total_steps_,
          .decay = optim.decay,
          .min_fraction = optim.min_lr_fraction};
}

// From the checkpoint, or as things stand, which is the first one.
Status StepLoop::Start() {
  std::vector<model::Parameter>& parameters = trainable_.parameters();
  if (const std::optional<FoundCheckpoint>& found = checkpoints_.found) {
    state_ = found->state;
    ++state_.resumes;
    MORES_RETURN_IF_ERROR(CheckpointStore::Restore(*found, parameters, optimizer_));
    trainable_.ParametersChanged();
    return {};
  }
  optimizer_ = ZeroAdamWState(parameters);
  state_.fingerprint = checkpoints_.fingerprint;
  return Save();
}

// Lines after the checkpoint are cut off: their steps are made again.
Status StepLoop::OpenMetrics() {
  const std::string& path = options_.metrics;
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (!error && size > static_cast<uintmax_t>(state_.metrics_bytes)) {
    fs::resize_file(path, static_cast<uintmax_t>(state_.metrics_bytes), error);
    if (error) return MakeError(ErrorKind::kIo, "{}: can't cut: {}", path, error.message());
  }
  MORES_ASSIGN_OR_RETURN(metrics_, AppendFile::Open(path));
  return {};
}

bool StepLoop::Accumulate(const std::vector<MicroBatch>& micro_batches, StepResult& result) {
  const StepContext context{
      .progress = static_cast<double>(state_.step) / static_cast<double>(total_steps_),
      .precision = options_.run.precision};
  result.sums.others.resize(objective_.measures().size());
  const std::unique_ptr<ObjectiveStep> step = objective_.BeginStep(micro_batches, context);
  if (step->looks()) {
    for (size_t i = 0; i < micro_batches.size(); ++i) {
      if (options_.stop.requested()) return false;
      step->Look(trainable_, i);
    }
  }
  const Random dropout(static_cast<uint64_t>(options_.run.seed), HashBytes("dropout"));
  trainable_.ZeroGradients();
  for (size_t i = 0; i < micro_batches.size(); ++i) {
    if (options_.stop.requested()) return false;
    const model::TrainStepOptions options{
        .precision = options_.run.precision,
        .dropout = static_cast<float>(options_.run.dropout),
        .dropout_seed = dropout.At((static_cast<uint64_t>(state_.step) << 20) + i),
        .activation_bytes = static_cast<int64_t>(options_.run.activation_gb * 1e9)};
    step->Add(trainable_, i, options, result.sums);
  }
  return true;
}

Expected<bool> StepLoop::Step(StepResult& result) {
  const int64_t step = state_.step;
  const int64_t epoch = step / objective_.steps_per_epoch();
  if (epoch != planned_epoch_) {
    plan_ = objective_.PlanEpoch(epoch);
    planned_epoch_ = epoch;
  }
  const size_t place = static_cast<size_t>(step % objective_.steps_per_epoch());
  if (!Accumulate(plan_[place], result)) return false;
  std::vector<model::Parameter>& parameters = trainable_.parameters();
  result.gradient_norm = GradientNorm(parameters, pool_);
  if (!std::isfinite(result.sums.loss) || !std::isfinite(result.gradient_norm)) {
    options_.progress->Finish("");
    return MakeError(ErrorKind::kInput,
                     "{}: training diverged at step {}: the {} is no longer a number; lower "
                     "optim.learning_rate (the last checkpoint, of step {}, is kept)",
                     options_.recipe, step + 1,
                     std::isfinite(result.sums.loss) ? "loss's gradient" : "loss",
                     checkpointed_step_);
  }
  result.learning_rate = LearningRate(LearningRates(), step);
  AdamWStep(options_.optim.adamw,
            {.learning_rate = result.learning_rate,
             .gradient_factor = ClipFactor(result.gradient_norm, options_.optim.clip_norm)},
            parameters, optimizer_, pool_);
  trainable_.ParametersChanged();
  state_.step = step + 1;
  state_.tokens += result.sums.tokens;
  return true;
}

// Named as TRL names them, so that what reads its logs reads these.
Json StepLoop::Line(const char* kind) const {
  return {{"kind", kind},
          {"step", state_.step},
          {"epoch",
           static_cast<double>(state_.step) / static_cast<double>(objective_.steps_per_epoch())},
          {"num_tokens", state_.tokens}};
}

Status StepLoop::Record(const StepResult& result) {
  rate_tokens_ += result.sums.tokens;
  const double now = Now();
  if (rate_ == 0 || now - rate_since_ >= kRateWindowSeconds) {
    rate_ = static_cast<double>(rate_tokens_) / std::max(now - rate_since_, 1e-9);
    rate_since_ = now;
    rate_tokens_ = 0;
  }
  state_.seconds = seconds_before_ + now - start_;
  Json line = Line("train");
  line["learning_rate"] = result.learning_rate;
  line["loss"] = result.sums.loss;
  std::string shown = fmt::format("step {}, loss {:.3f}", state_.step, result.sums.loss);
  for (size_t i = 0; i < result.sums.others.size(); ++i) {
    const Measure& measure = objective_.measures()[i];
    const std::optional<double> mean = result.sums.others[i].mean();
    if (!mean) continue;
    line[measure.field] = *mean;
    if (!measure.label.empty()) shown += fmt::format(", {} {}", measure.label, FigureText(*mean));
  }
  if (!validated_.empty()) shown += "; validation: " + validated_;
  line["grad_norm"] = result.gradient_norm;
  line["tokens_per_second"] = std::round(rate_);
  options_.progress->Update(state_.tokens, shown);
  return metrics_->Append(DumpJson(line) + "\n");
}

// Keeps what it says of the best so far. Where the figure is missing or no number it is no better.
Expected<bool> StepLoop::IsBest(const Json& line) {
  const std::string& field = options_.run.stop_by;
  const auto found = line.find(field);
  if (found == line.end()) {
    return MakeError(ErrorKind::kInput, "{}: field 'run.stop_by': no evaluation says '{}'",
                     options_.recipe, field);
  }
  const double value = found->is_number() ? found->get<double>() : NAN;
  const double gain = LessIsBetter(field) ? state_.best_value - value : value - state_.best_value;
  if (std::isfinite(value) && (state_.best_step < 0 || gain > 0)) {
    state_.best_step = state_.step;
    state_.best_value = value;
    state_.worse_evaluations = 0;
    return true;
  }
  ++state_.worse_evaluations;
  return false;
}

Status StepLoop::Evaluate() {
  const double before = Now();
  Json line = Line("evaluation");
  const Objective::Validation validation = objective_.Evaluate(trainable_);
  for (const auto& [name, value] : validation.fields.items()) line["eval_" + name] = value;
  validated_ = validation.shown;
  if (!validation.warning.empty() && !warned_ && options_.on_warning) {
    options_.progress->Finish("");  // the line that it would be written into
    options_.on_warning(fmt::format("step {}: {}", state_.step, validation.warning));
    warned_ = true;
  }
  line["eval_runtime"] = Now() - before;
  rate_since_ += Now() - before;
  MORES_RETURN_IF_ERROR(metrics_->Append(DumpJson(line) + "\n"));
  if (options_.run.stop_after == 0) return {};
  MORES_ASSIGN_OR_RETURN(const bool best, IsBest(line));
  return best ? Checkpoint() : Status();
}

bool StepLoop::EvaluationDue() const {
  const RunRecipe& run = options_.run;
  if (!objective_.has_validation() || run.eval_every == 0) return false;
  // What comes of the run is chosen among evaluations, so its end has one.
  return state_.step % run.eval_every == 0 || (run.stop_after > 0 && state_.step == total_steps_);
}

bool StepLoop::Finished() const {
  const int64_t patience = options_.run.stop_after;
  return state_.step >= total_steps_ || (patience > 0 && state_.worse_evaluations >= patience);
}

Status StepLoop::Save() {
  return checkpoints_.store.Save(state_, checkpoints_.files, trainable_.parameters(), optimizer_);
}

Status StepLoop::Checkpoint() {
  MORES_RETURN_IF_ERROR(metrics_->Sync());
  std::error_code error;
  state_.metrics_bytes = static_cast<int64_t>(fs::file_size(options_.metrics, error));
  state_.seconds = seconds_before_ + Now() - start_;
  MORES_RETURN_IF_ERROR(Save());
  checkpointed_step_ = state_.step;
  last_checkpoint_ = Now();
  return {};
}

bool StepLoop::CheckpointDue() const {
  const RunRecipe& recipe = options_.run;
  if (state_.step == checkpointed_step_) return false;
  if (Finished()) return true;
  if (recipe.checkpoint_steps > 0 && state_.step % recipe.checkpoint_steps == 0) return true;
  return recipe.checkpoint_seconds > 0 && Now() - last_checkpoint_ >= recipe.checkpoint_seconds;
}

Expected<CheckpointState> StepLoop::End() {
  options_.progress->Finish("");
  if (state_.best_step >= 0 && state_.best_step != state_.step) {
    MORES_ASSIGN_OR_RETURN(const FoundCheckpoint best, checkpoints_.store.OfStep(state_.best_step));
    MORES_RETURN_IF_ERROR(CheckpointStore::RestoreValues(best, trainable_.parameters()));
    trainable_.ParametersChanged();
  }
  return state_;
}

// Whole epochs have the same examples, the last one those of its first steps.
int64_t StepLoop::TotalTokens() const {
  const auto tokens_of = [&](int64_t epoch, int64_t steps) {
    const std::vector<std::vector<MicroBatch>> plan = objective_.PlanEpoch(epoch);
    int64_t tokens = 0;
    for (int64_t i = 0; i < steps; ++i) {
      for (const MicroBatch& micro_batch : plan[static_cast<size_t>(i)]) {
        tokens += objective_.TokensOf(micro_batch);
      }
    }
    return tokens;
  };
  const int64_t each = objective_.steps_per_epoch();
  const int64_t whole = total_steps_ / each, rest = total_steps_ % each;
  return (whole > 0 ? whole * tokens_of(0, each) : 0) + (rest > 0 ? tokens_of(whole, rest) : 0);
}

Expected<CheckpointState> StepLoop::Run() {
  MORES_RETURN_IF_ERROR(Start());
  if (state_.step > 0 && options_.on_warning) {
    options_.on_warning(fmt::format("going on from step {} of {}", state_.step, total_steps_));
  }
  MORES_RETURN_IF_ERROR(OpenMetrics());
  checkpointed_step_ = state_.step;
  seconds_before_ = state_.seconds;
  start_ = last_checkpoint_ = rate_since_ = Now();
  options_.progress->Start("training", "tokens", TotalTokens(), state_.tokens);
  while (!Finished()) {
    StepResult result;
    MORES_ASSIGN_OR_RETURN(const bool finished, Step(result));
    if (!finished) {
      MORES_RETURN_IF_ERROR(Checkpoint());
      options_.progress->Finish("");
      return MakeError(ErrorKind::kCancelled,
                       "stopped after step {} of {}; the same command goes on from there",
                       state_.step, total_steps_);
    }
    MORES_RETURN_IF_ERROR(Record(result));
    if (EvaluationDue()) MORES_RETURN_IF_ERROR(Evaluate());
    if (CheckpointDue()) MORES_RETURN_IF_ERROR(Checkpoint());
  }
  return End();
}

}  // namespace

int64_t TotalSteps(const OptimRecipe& optim, const Objective& objective) {
  if (optim.steps > 0) return optim.steps;
  return std::max<int64_t>(
      1, std::llround(optim.epochs * static_cast<double>(objective.steps_per_epoch())));
}

Expected<CheckpointState> RunLoop(const LoopOptions& options, const LoopCheckpoints& checkpoints,
                                  Trainable& trainable, const Objective& objective,
                                  ThreadPool& pool) {
  StepLoop loop(options, checkpoints, trainable, objective, pool);
  return loop.Run();
}

}  // namespace mores::train
