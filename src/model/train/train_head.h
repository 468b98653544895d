// The end of a model in training: from normed hidden states to what a loss looks at, and back.
#ifndef MORES_MODEL_TRAIN_TRAIN_HEAD_H_
#define MORES_MODEL_TRAIN_TRAIN_HEAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "model/train/train_batch.h"
#include "model/train/train_linear.h"
#include "ops/frozen_head.h"
#include "tensor/tensor_view.h"

namespace mores::model {

struct HeadPass {
  const float* normed = nullptr;  // [rows][hidden]
  int64_t rows = 0;
  std::span<const ops::HeadTarget> targets;  // by rows in order
  bool figures = false;                      // all of BatchFigures
  // Null: no backward pass. Else the gradient by `normed` of sum over targets of weight * nll comes
  // to `gradient` [rows][hidden], which is written.
  float* gradient = nullptr;
  std::span<const float> weights;  // by target; read for the backward pass
  // Called when the figures are known, before `weights` is read. May be null.
  std::function<void(const BatchFigures& figures)> weigh = nullptr;
};

class TrainHead {
 public:
  virtual ~TrainHead() = default;
  virtual bool trains() const = 0;
  virtual void Prepare(tensor::DType precision, TrainLinear::Use use, ThreadPool& pool) = 0;
  // Figures are by target.
  virtual void Run(const HeadPass& head, BatchFigures& figures, const LinearPass& pass) = 0;
};

// Logits by chunks of rows: of any product, trained ones too.
std::unique_ptr<TrainHead> MakeTrainedHead(std::unique_ptr<TrainLinear> linear);
// Of a weight [vocab, hidden] that stays as it is, by ops::FrozenHead.
std::unique_ptr<TrainHead> MakeFrozenHead(tensor::TensorView weight);

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_TRAIN_HEAD_H_
