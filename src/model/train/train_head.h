// The end of a model in training: from normed hidden states to what a loss looks at, and back.
#ifndef MORES_MODEL_TRAIN_TRAIN_HEAD_H_
#define MORES_MODEL_TRAIN_TRAIN_HEAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "model/train/train_batch.h"
#include "model/train/train_linear.h"
#include "tensor/buffer.h"
#include "tensor/tensor_view.h"

namespace mores::model {

// Rows whose logits are wanted, and of each the tokens that are asked about.
struct HeadRows {
  const float* normed = nullptr;    // [rows][hidden]
  std::vector<int32_t> first_pick;  // [rows + 1]
  std::vector<int32_t> picks;       // tokens, row after row
  int64_t rows() const { return static_cast<int64_t>(first_pick.size()) - 1; }
};

struct HeadPass {
  const HeadRows& rows;
  bool figures = false;  // all of BatchFigures
  // Null: no backward pass. Else the gradient by `normed` of sum over picks of weight * nll comes
  // to `gradient` [rows][hidden], which is written.
  float* gradient = nullptr;
  std::span<const float> weights;  // by pick; read for the backward pass
  // Called when the figures are known, before `weights` is read. May be null.
  std::function<void(const BatchFigures& figures)> weigh = nullptr;
};

// What BatchFigures says of all of a row's picks alike.
struct RowFigures {
  float entropy = 0, log_square_sum = 0, mean_logit = 0;
  float largest = 0;  // logit
};

class TrainHead {
 public:
  virtual ~TrainHead() = default;
  virtual bool trains() const = 0;
  virtual void Prepare(tensor::DType precision, TrainLinear::Use use, ThreadPool& pool) = 0;
  // Figures are by pick.
  virtual void Run(const HeadPass& head, BatchFigures& figures, const LinearPass& pass) = 0;
};

// For implementations.
void ResizeFigures(const HeadPass& head, BatchFigures& figures);
void PutFigures(const HeadPass& head, int64_t pick, float nll, float logit, const RowFigures& row,
                BatchFigures& figures);

// Logits by chunks of rows: of any product, trained ones too.
std::unique_ptr<TrainHead> MakeTrainedHead(std::unique_ptr<TrainLinear> linear);
// Of a weight [vocab, hidden] that stays as it is, by ops/frozen_head.h. Logits never exist as a
// whole.
std::unique_ptr<TrainHead> MakeFrozenHead(tensor::TensorView weight);

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_TRAIN_HEAD_H_
