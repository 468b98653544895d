// The loop with an objective and a trainable of its own, which know nothing of judging.
#include "train/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "base/files.h"
#include "support/base/test_directory.h"
#include "support/train/stub_trainable.h"

namespace mores::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One number, drawn to the tokens that it is shown: the loss of each is half its square distance.
class Number : public StubTrainable {
 public:
  Number() {
    parameters_.push_back({.name = "number", .shape = {1, 1}, .value = {3.0f}, .gradient = {0.0f}});
  }
  float value() const { return parameters_[0].value[0]; }

  void ZeroGradients() override { parameters_[0].gradient[0] = 0; }
  model::LossSum ForwardBackward(const model::TrainBatch& batch,
                                 const model::TrainStepOptions& options,
                                 model::BatchFigures*) override {
    model::LossSum sum;
    for (const model::Prediction& prediction : batch.predictions) {
      const float distance = value() - static_cast<float>(prediction.token);
      const float weight = prediction.weight;
      sum.weighted_nll += static_cast<double>(weight * distance * distance / 2);
      parameters_[0].gradient[0] += options.loss_scale * weight * distance;
    }
    return sum;
  }
};

// Two steps an epoch, the second of two micro-batches; even epochs and odd ones in turned order.
class Distances : public Objective {
 public:
  class Step : public ObjectiveStep {
   public:
    Step(const Distances& objective, std::span<const MicroBatch> micro_batches, double progress)
        : objective_(objective), micro_batches_(micro_batches), progress_(progress) {
      for (const MicroBatch& part : micro_batches)
        weight_ += 2.0 * static_cast<double>(part.size());
    }
    bool looks() const override { return objective_.looks; }
    void Look(Trainable&, size_t) override { ++objective_.looked; }
    void Add(Trainable& trainable, size_t index, model::TrainStepOptions options,
             StepSums& sums) override {
      model::TrainBatch batch;
      for (const int32_t example : micro_batches_[index]) {
        objective_.shown.push_back(example);
        batch.predictions.push_back({.row = 0, .token = 5 * example, .weight = 2});
      }
      if (objective_.shown.size() == objective_.stop_at) objective_.stop.Request();
      options.loss_scale = static_cast<float>(objective_.factor / weight_);
      sums.loss += objective_.factor / weight_ *
                   trainable.ForwardBackward(batch, options, /*figures=*/nullptr).weighted_nll;
      sums.tokens += static_cast<int64_t>(micro_batches_[index].size());
      sums.others[0].Add(progress_);
    }

   private:
    const Distances& objective_;
    std::span<const MicroBatch> micro_batches_;
    double progress_, weight_ = 0;
  };

  bool looks = false;
  mutable int looked = 0;
  float best = 0;  // the number that evaluations like best
  mutable std::vector<int32_t> shown;
  double factor = 1;
  std::string warning;
  size_t stop_at = 0;  // examples shown
  mutable StopSource stop;

  Expected<Json> Fingerprint() const override { return Json::object(); }
  int64_t steps_per_epoch() const override { return 2; }
  int64_t TokensOf(const MicroBatch&) const override { return 1; }
  std::vector<std::vector<MicroBatch>> PlanEpoch(int64_t epoch) const override {
    if (epoch % 2 == 1) return {{{2}, {1}}, {{0}}};
    return {{{0}}, {{1}, {2}}};
  }
  std::unique_ptr<ObjectiveStep> BeginStep(std::span<const MicroBatch> micro_batches,
                                           const StepContext& context) const override {
    return std::make_unique<Step>(*this, micro_batches, context.progress);
  }
  const std::vector<Measure>& measures() const override {
    static const std::vector<Measure> measures = {{.field = "done", .label = "done"}};
    return measures;
  }
  bool has_validation() const override { return true; }
  Validation Evaluate(Trainable& trainable) const override {
    const float number = static_cast<const Number&>(trainable).value();
    return {.fields = {{"number", number}, {"loss", std::abs(number - best)}},
            .shown = "all is well",
            .warning = warning};
  }
};

class LoopTest : public testing::Test {
 protected:
  LoopOptions Options(int64_t steps) {
    LoopOptions options{.recipe = "train.toml",
                        .metrics = folder_.path() + "/metrics.jsonl",
                        .progress = progress_.get(),
                        .clock = &clock_};
    options.optim.steps = steps;
    options.optim.learning_rate = 0.5;
    options.run.eval_every = 4;
    options.run.checkpoint_steps = 3;
    return options;
  }
  Expected<CheckpointState> Run(const LoopOptions& options) {
    auto store = CheckpointStore::Open(folder_.path() + "/work");
    EXPECT_TRUE(store) << store.error().message;
    ThreadPool pool(1);
    number_ = Number();
    auto found = (*store)->Latest();
    EXPECT_TRUE(found) << found.error().message;
    return RunLoop(options,
                   {.store = **store,
                    .found = std::move(*found),
                    .fingerprint = {{"seed", 1}},
                    .files = {{"tokenizer.model", "bytes"}}},
                   number_, objective_, pool);
  }
  std::vector<Json> Metrics() const {
    std::vector<Json> lines;
    const std::string text = *ReadFile(folder_.path() + "/metrics.jsonl");
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      lines.push_back(*ParseJson(text.substr(at, end - at), "metrics"));
      at = end + 1;
    }
    return lines;
  }

  TestDirectory folder_;
  FakeClock clock_;
  std::unique_ptr<job::Progress> progress_ = job::MakeSilentProgress();
  Number number_;
  Distances objective_;
};

TEST_F(LoopTest, MakesTheStepsOfThePlanAndTellsOfThem) {
  const auto end = Run(Options(5));
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->step, 5);
  EXPECT_EQ(end->tokens, 7);
  EXPECT_EQ(end->resumes, 0);
  EXPECT_THAT(objective_.shown, ElementsAre(0, 1, 2, 2, 1, 0, 0));
  const std::vector<Json> lines = Metrics();
  ASSERT_EQ(lines.size(), 6u);
  // The number starts at 3 and is drawn to 0: half the square distance, whatever the weights.
  EXPECT_NEAR(lines[0]["loss"].get<double>(), 4.5, 1e-6);
  EXPECT_NEAR(lines[0]["grad_norm"].get<double>(), 3, 1e-6);
  EXPECT_EQ(lines[0]["num_tokens"], 1);
  EXPECT_EQ(lines[0]["epoch"], 0.5);
  EXPECT_TRUE(lines[0]["learning_rate"].is_number());
  EXPECT_EQ(lines[0]["done"], 0.0);
  EXPECT_EQ(lines[1]["done"], 0.2);
  EXPECT_EQ(lines[4]["kind"], "evaluation");
  EXPECT_EQ(lines[4]["step"], 4);
  EXPECT_TRUE(lines[4]["eval_number"].is_number());
  EXPECT_EQ(lines[5]["kind"], "train");
}

TEST_F(LoopTest, GoesOnAfterAStopAsIfThereHadBeenNone) {
  ASSERT_TRUE(Run(Options(12)));
  const float whole = number_.value();
  const size_t lines = Metrics().size();
  std::filesystem::remove_all(folder_.path() + "/work");
  std::filesystem::remove(folder_.path() + "/metrics.jsonl");

  LoopOptions options = Options(12);
  objective_.shown.clear();
  objective_.stop_at = 8;  // amid the sixth step
  options.stop = objective_.stop.token();
  const auto stopped = Run(options);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_THAT(stopped.error().message, HasSubstr("stopped after step 5 of 12"));
  EXPECT_EQ(objective_.shown.size(), 8u);
  const auto end = Run(Options(12));
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->resumes, 1);
  EXPECT_EQ(end->fingerprint, Json({{"seed", 1}}));
  EXPECT_EQ(number_.value(), whole);
  EXPECT_EQ(Metrics().size(), lines);
}

TEST_F(LoopTest, LooksAtAllMicroBatchesFirstWhereTheObjectiveAsks) {
  objective_.looks = true;
  ASSERT_TRUE(Run(Options(5)));
  EXPECT_EQ(objective_.looked, 7);  // two epochs of three micro-batches, and one
}

TEST_F(LoopTest, EndsWhereEvaluationsGetNoBetterWithTheBestNumbers) {
  LoopOptions options = Options(40);
  options.optim.learning_rate = 0.02;
  options.optim.decay = Decay::kConstant;
  options.run.eval_every = 2;
  options.run.stop_after = 3;
  objective_.best = 2.9f;
  const auto end = Run(options);
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_GT(end->best_step, 0);
  EXPECT_EQ(end->step, end->best_step + 6);
  EXPECT_LT(end->step, 40);
  EXPECT_NEAR(std::abs(number_.value() - 2.9f), end->best_value, 1e-6);
  const float best = number_.value();
  const auto whole = Metrics();

  // Stopped on the way and taken up again it is the same; over, it stays so.
  std::filesystem::remove_all(folder_.path() + "/work");
  std::filesystem::remove(folder_.path() + "/metrics.jsonl");
  LoopOptions stopping = options;
  objective_.shown.clear();
  objective_.stop_at = static_cast<size_t>(end->best_step) + 5;
  stopping.stop = objective_.stop.token();
  ASSERT_FALSE(Run(stopping));
  objective_.stop_at = 0;
  for (int round = 0; round < 2; ++round) {
    const auto again = Run(options);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->best_step, end->best_step);
    EXPECT_EQ(number_.value(), best);
    EXPECT_EQ(Metrics().size(), whole.size());
  }
  options.run.stop_by = "eval_rank";
  std::filesystem::remove_all(folder_.path() + "/work");
  const auto unknown = Run(options);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("'run.stop_by': no evaluation says 'eval_rank'"));
}

TEST_F(LoopTest, TheFirstWarningOfAValidationIsToldOnce) {
  std::vector<std::string> warnings;
  LoopOptions options = Options(12);  // three validations
  options.on_warning = [&](const std::string& warning) { warnings.push_back(warning); };
  ASSERT_TRUE(Run(options));
  EXPECT_TRUE(warnings.empty());
  std::filesystem::remove_all(folder_.path() + "/work");
  objective_.warning = "little is left";
  ASSERT_TRUE(Run(options));
  EXPECT_THAT(warnings, ElementsAre("step 4: little is left"));
}

TEST_F(LoopTest, ALossThatIsNoNumberIsAnError) {
  objective_.factor = NAN;
  const auto end = Run(Options(5));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::kInput);
  EXPECT_THAT(end.error().message,
              HasSubstr("train.toml: training diverged at step 1: the loss is no longer"));
}

TEST_F(LoopTest, EpochsMayBeAFraction) {
  OptimRecipe optim;
  optim.epochs = 2.5;
  EXPECT_EQ(TotalSteps(optim, objective_), 5);
  optim.epochs = 0.1;
  EXPECT_EQ(TotalSteps(optim, objective_), 1);
  optim.steps = 7;
  EXPECT_EQ(TotalSteps(optim, objective_), 7);
}

}  // namespace
}  // namespace mores::train
