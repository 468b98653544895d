#include "train/trainable.h"

#include <utility>

#include "base/files.h"

namespace mores::train {
namespace {

class OfModel : public Trainable {
 public:
  OfModel(std::unique_ptr<model::TrainableModel> model, ThreadPool& pool)
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

 protected:
  std::unique_ptr<model::TrainableModel> model_;
  ThreadPool& pool_;
};

class EveryWeight : public OfModel {
 public:
  using OfModel::OfModel;

  Status Save(const std::string& directory, tensor::DType dtype) const override {
    return model_->Save(directory, dtype);
  }
  Expected<std::unique_ptr<Trainable>> Reopen(const std::string& directory) const override {
    MORES_ASSIGN_OR_RETURN(auto written, model::TrainableModel::Load(directory, pool_));
    return TrainEveryWeight(std::move(written), pool_);
  }
};

class AdapterOverBase : public OfModel {
 public:
  AdapterOverBase(std::shared_ptr<const model::ModelSource> base, model::AdapterConfig adapter,
                  AdapterFiles files, std::unique_ptr<model::TrainableModel> model,
                  ThreadPool& pool)
      : OfModel(std::move(model), pool),
        base_(std::move(base)),
        adapter_config_(std::move(adapter)),
        files_(files) {}

  Status Save(const std::string& directory, tensor::DType) const override {
    MORES_RETURN_IF_ERROR(MakeDirectories(directory));
    model::Adapter adapter = model_->CurrentAdapter();
    adapter.config = adapter_config_;
    MORES_RETURN_IF_ERROR(model::WritePeftAdapter(adapter, directory));
    if (files_ == AdapterFiles::kPeft) return {};
    return model::WriteGgufAdapter(adapter, model_->config(), directory + "/" + kGgufAdapterFile);
  }
  Expected<std::unique_ptr<Trainable>> Reopen(const std::string& directory) const override {
    MORES_ASSIGN_OR_RETURN(const auto written, model::OpenAdapter(directory, base_->config()));
    return TrainAdapter(base_, *written, files_, pool_);
  }

 private:
  std::shared_ptr<const model::ModelSource> base_;
  model::AdapterConfig adapter_config_;
  AdapterFiles files_;
};

}  // namespace

std::unique_ptr<Trainable> TrainEveryWeight(std::unique_ptr<model::TrainableModel> model,
                                            ThreadPool& pool) {
  return std::make_unique<EveryWeight>(std::move(model), pool);
}

Expected<std::unique_ptr<Trainable>> TrainAdapter(std::shared_ptr<const model::ModelSource> base,
                                                  const model::Adapter& adapter, AdapterFiles files,
                                                  ThreadPool& pool) {
  MORES_ASSIGN_OR_RETURN(auto model, model::TrainableModel::Adapt(base, adapter, pool));
  return std::make_unique<AdapterOverBase>(std::move(base), adapter.config, files, std::move(model),
                                           pool);
}

}  // namespace mores::train
