#include "train/trainable.h"

#include <utility>

namespace mores::train {
namespace {

class EveryWeight : public Trainable {
 public:
  EveryWeight(std::unique_ptr<model::TrainableModel> model, ThreadPool& pool)
      : model_(std::move(model)), pool_(pool) {}

  const model::ModelConfig& config() const override { return model_->config(); }
  const model::LongestSequence& longest_sequence() const override {
    return model_->longest_sequence();
  }
  std::vector<model::Parameter>& parameters() override { return model_->parameters(); }
  void ParametersChanged() override { model_->ParametersChanged(); }
  void ZeroGradients() override { model_->ZeroGradients(); }

  model::LossSum ForwardBackward(const model::TrainBatch& batch,
                                 const model::TrainStepOptions& options,
                                 model::BatchFigures* figures) override {
    return model_->ForwardBackward(batch, options, figures);
  }
  model::LossSum Evaluate(const model::TrainBatch& batch, const model::TrainStepOptions& options,
                          model::BatchFigures* figures) override {
    return model_->Evaluate(batch, options, figures);
  }
  std::vector<std::vector<float>> LogProbabilities(const model::TrainBatch& batch,
                                                   std::span<const int32_t> positions,
                                                   std::span<const int32_t> token_ids,
                                                   tensor::DType precision) override {
    return model_->LogProbabilities(batch, positions, token_ids, precision);
  }

  Status Save(const std::string& directory, tensor::DType dtype) const override {
    return model_->Save(directory, dtype);
  }
  Expected<std::unique_ptr<Trainable>> Reopen(const std::string& directory) const override {
    MORES_ASSIGN_OR_RETURN(auto written, model::TrainableModel::Load(directory, pool_));
    return TrainEveryWeight(std::move(written), pool_);
  }

 private:
  std::unique_ptr<model::TrainableModel> model_;
  ThreadPool& pool_;
};

}  // namespace

std::unique_ptr<Trainable> TrainEveryWeight(std::unique_ptr<model::TrainableModel> model,
                                            ThreadPool& pool) {
  return std::make_unique<EveryWeight>(std::move(model), pool);
}

}  // namespace mores::train
