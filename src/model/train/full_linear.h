// A product whose weights are all trained.
#ifndef MORES_MODEL_TRAIN_FULL_LINEAR_H_
#define MORES_MODEL_TRAIN_FULL_LINEAR_H_

#include <vector>

#include "model/train/parameter.h"
#include "model/train/train_linear.h"

namespace mores::model {

class FullLinear : public TrainLinear {
 public:
  struct Part {
    Parameter* weight;  // [out, in]
    Parameter* bias;    // [out] or null
  };
  // At least one part; parameters must outlive it.
  explicit FullLinear(std::vector<Part> parts);

  int64_t in() const override { return in_; }
  int64_t out() const override { return out_; }
  bool trains() const override { return true; }
  // Packs the present values; the copy for Backward only where it is wanted.
  void Prepare(tensor::DType precision, Use use, ThreadPool& pool) override;
  int64_t KeptPerRow() const override { return 0; }
  void Forward(const float* x, int64_t rows, float* y, LinearActivations& keep,
               const LinearPass& pass) override;
  void Backward(const float* x, const float* dy, int64_t rows, float* dx,
                const LinearActivations& kept, const LinearPass& pass) override;

 private:
  std::vector<Part> parts_;
  int64_t in_ = 0, out_ = 0;
  std::vector<float> bias_;  // all parts', zeros where a part has none; empty if none has one
  ops::RightOperand forward_, backward_;
  std::vector<float> stacked_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_FULL_LINEAR_H_
