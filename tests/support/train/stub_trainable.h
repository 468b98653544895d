// For tests: a model of which only what a test overrides does anything; nothing of it is learned.
#ifndef MORES_SUPPORT_TRAIN_STUB_TRAINABLE_H_
#define MORES_SUPPORT_TRAIN_STUB_TRAINABLE_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "train/trainable.h"

namespace mores::train {

class StubTrainable : public Trainable {
 public:
  const model::ModelConfig& config() const override { return config_; }
  const model::LongestSequence& longest_sequence() const override { return longest_; }
  std::vector<model::Parameter>& parameters() override { return parameters_; }
  void ParametersChanged() override {}
  void ZeroGradients() override {}
  model::LossSum ForwardBackward(const model::TrainBatch&, const model::TrainStepOptions&,
                                 model::BatchFigures*) override {
    return {};
  }
  model::LossSum Evaluate(const model::TrainBatch&, const model::TrainStepOptions&,
                          model::BatchFigures*) override {
    return {};
  }
  std::vector<std::vector<float>> LogProbabilities(const model::TrainBatch&,
                                                   std::span<const int32_t>,
                                                   std::span<const int32_t>,
                                                   tensor::DType) override {
    return {};
  }
  Status Save(const std::string&, tensor::DType) const override { return {}; }
  Expected<std::unique_ptr<Trainable>> Reopen(const std::string&) const override {
    return std::make_unique<StubTrainable>();
  }

 protected:
  std::vector<model::Parameter> parameters_;

 private:
  model::ModelConfig config_;
  model::LongestSequence longest_;
};

}  // namespace mores::train

#endif  // MORES_SUPPORT_TRAIN_STUB_TRAINABLE_H_
