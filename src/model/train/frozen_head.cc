#include "ops/frozen_head.h"

#include <utility>

#include "model/train/train_head.h"

namespace mores::model {
namespace {

class FrozenHead : public TrainHead {
 public:
  explicit FrozenHead(tensor::TensorView weight) : weight_(std::move(weight)) {}

  bool trains() const override { return false; }
  void Prepare(tensor::DType, TrainLinear::Use, ThreadPool&) override {}
  void Run(const HeadPass& head, BatchFigures& figures, const LinearPass& pass) override {
    std::vector<ops::HeadTarget> targets;
    for (int64_t row = 0; row < head.rows.rows(); ++row) {
      const auto at = static_cast<size_t>(row);
      for (int32_t pick = head.rows.first_pick[at]; pick < head.rows.first_pick[at + 1]; ++pick) {
        targets.push_back({static_cast<int32_t>(row), head.rows.picks[static_cast<size_t>(pick)]});
      }
    }
    const bool backward = head.gradient != nullptr;
    const ops::HeadInput input{
        .weight = weight_,
        .hidden = head.rows.normed,
        .rows = head.rows.rows(),
        .targets = targets,
        .precision = pass.precision,
        .sums = kTrainingSums,
        .gradients = backward ? ops::HeadInput::Gradients::kYes : ops::HeadInput::Gradients::kNo};
    ops::HeadFigures found = head_.Run(input, pass.pool);
    figures = {.nll = std::move(found.nll)};
    if (head.figures) {
      figures.entropy = std::move(found.entropy);
      figures.log_square_sum = std::move(found.log_square_sum);
      figures.mean_logit = std::move(found.mean_logit);
      figures.likeliest = std::move(found.likeliest);
    }
    if (head.weigh) head.weigh(figures);
    if (backward) head_.Gradient(input, head.weights, head.gradient, pass.pool);
  }

 private:
  tensor::TensorView weight_;
  ops::FrozenHead head_;
};

}  // namespace

std::unique_ptr<TrainHead> MakeFrozenHead(tensor::TensorView weight) {
  return std::make_unique<FrozenHead>(std::move(weight));
}

}  // namespace mores::model
