// A product whose weights stay as they are, with an adapter beside some of its parts: LoRA (Hu et
// al. 2021, arXiv:2106.09685) and DoRA (Liu et al. 2024, arXiv:2402.09353).
#ifndef MORES_MODEL_TRAIN_ADAPTED_LINEAR_H_
#define MORES_MODEL_TRAIN_ADAPTED_LINEAR_H_

#include <memory>
#include <vector>

#include "model/train/parameter.h"
#include "model/train/train_linear.h"
#include "tensor/tensor_view.h"

namespace mores::model {

// It keeps s x A^T in down_rows, [rows][rank]; where a part has DoRA, what its factors multiply in
// products, [rows][out].
class AdaptedLinear : public TrainLinear {
 public:
  // y = c (x W^T + s (x A^T) B^T) + bias, with c = 1 or, of DoRA, the magnitude over the norm of
  // its row of W + s B A, which counts as a constant in the backward pass.
  struct Part {
    tensor::TensorView weight;       // [out, in], where it lies
    std::vector<float> bias;         // [out] or empty
    Parameter* a = nullptr;          // [rank, in]; null: no adapter
    Parameter* b = nullptr;          // [out, rank]
    Parameter* magnitude = nullptr;  // [out]; null: no DoRA
    float scale = 1;
    int64_t out() const { return weight.shape[0]; }
    int64_t rank() const { return a == nullptr ? 0 : a->shape[0]; }
  };
  // At least one part; all of the same width. `dropout` is of the adapters' input, its masks keyed
  // by `stream`; parameters and the weights' memory must outlive it.
  AdaptedLinear(std::vector<Part> parts, float dropout, uint64_t stream);

  int64_t in() const override { return in_; }
  int64_t out() const override { return out_; }
  bool trains() const override { return rank_ > 0; }
  void Prepare(tensor::DType precision, Use use, ThreadPool& pool) override;
  int64_t KeptPerRow() const override { return rank_ + (dora_ ? out_ : 0); }
  void Forward(const float* x, int64_t rows, float* y, LinearActivations& keep,
               const LinearPass& pass) override;
  void Backward(const float* x, const float* dy, int64_t rows, float* dx,
                const LinearActivations& kept, const LinearPass& pass) override;

 private:
  // Of an adapter's part, the products' operands.
  struct Packed {
    ops::RightOperand up_forward;       // B as [rank] to [out]
    ops::RightOperand up_backward;      // B as [out] to [rank]
    std::vector<float> factors, norms;  // of DoRA, [out]
  };
  void FindFactors(const Part& part, Packed& packed, ThreadPool& pool) const;
  // x under the dropout mask, or x itself.
  const float* AdapterInput(const float* x, int64_t rows, const LinearPass& pass);
  uint32_t DropoutKey(const LinearPass& pass) const;
  // The gradient by what c multiplies, of a part's columns, which `dy` and `products` begin at.
  const float* MagnitudeBackward(const Part& part, const Packed& packed, const float* dy,
                                 const float* products, int64_t rows, ThreadPool& pool) const;

  std::vector<Part> parts_;
  std::vector<Packed> packed_;  // one a part
  int64_t in_ = 0, out_ = 0;
  int64_t rank_ = 0;  // of all parts together
  bool dora_ = false;
  float dropout_;
  uint64_t stream_;
  ops::RightOperand down_forward_, down_backward_;  // the parts' A, one under the other
  std::vector<float> stacked_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_ADAPTED_LINEAR_H_
