#include <utility>

#include "model/train/train_head.h"

namespace mores::model {
namespace {

class UntrainedHead : public TrainHead {
 public:
  explicit UntrainedHead(tensor::TensorView weight) : weight_(std::move(weight)) {}

  bool trains() const override { return false; }
  void Prepare(tensor::DType, TrainLinear::Use, ThreadPool&) override {}
  void Run(const HeadPass& head, BatchFigures& figures, const LinearPass& pass) override {
    using Gradients = ops::HeadInput::Gradients;
    const bool backward = head.gradient != nullptr;
    const ops::HeadInput input{.weight = weight_,
                               .hidden = head.normed,
                               .rows = head.rows,
                               .targets = head.targets,
                               .precision = pass.precision,
                               .sums = kTrainingSums,
                               .gradients = backward ? Gradients::kYes : Gradients::kNo};
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
  return std::make_unique<UntrainedHead>(std::move(weight));
}

}  // namespace mores::model
