#include <algorithm>
#include <utility>
#include <vector>

#include "base/exact_math.h"
#include "model/train/train_head.h"
#include "ops/kernels.h"
#include "tensor/buffer.h"

namespace mores::model {
namespace {

using ops::Kernels;

// Rows of logits held at once: many enough for the products to be fast, few enough that memory
// doesn't grow with the batch (155 MB at a vocabulary of 152,000).
constexpr int64_t kLogitRows = 256;

class TrainedHead : public TrainHead {
 public:
  explicit TrainedHead(std::unique_ptr<TrainLinear> linear) : linear_(std::move(linear)) {}

  bool trains() const override { return linear_->trains(); }
  void Prepare(tensor::DType precision, TrainLinear::Use use, ThreadPool& pool) override {
    linear_->Prepare(precision, use, pool);
  }
  void Run(const HeadPass& head, BatchFigures& figures, const LinearPass& pass) override {
    Begin(head, figures);
    if (head.weigh) {
      Go(head, pass, &figures, Backward::kNo);
      head.weigh(figures);
      if (head.gradient != nullptr) Go(head, pass, /*figures=*/nullptr, Backward::kYes);
      return;
    }
    Go(head, pass, &figures, head.gradient == nullptr ? Backward::kNo : Backward::kYes);
  }

 private:
  enum class Backward { kNo, kYes };

  void Begin(const HeadPass& head, BatchFigures& figures) {
    const size_t count = head.targets.size(), more = head.figures ? count : 0;
    figures.nll.assign(count, 0);
    figures.entropy.assign(more, 0);
    figures.log_square_sum.assign(more, 0);
    figures.mean_logit.assign(more, 0);
    figures.likeliest.assign(more, 0);
    first_target_.assign(static_cast<size_t>(head.rows) + 1, count);
    for (size_t i = count; i-- > 0;) first_target_[static_cast<size_t>(head.targets[i].row)] = i;
    for (size_t row = static_cast<size_t>(head.rows); row-- > 0;) {
      first_target_[row] = std::min(first_target_[row], first_target_[row + 1]);
    }
  }

  void Go(const HeadPass& head, const LinearPass& pass, BatchFigures* figures, Backward backward) {
    LinearPass chunk_pass = pass;
    const int64_t hidden = linear_->in(), vocab = linear_->out();
    for (int64_t first = 0; first < head.rows; first += kLogitRows) {
      const int64_t chunk = std::min(kLogitRows, head.rows - first);
      const float* input = head.normed + first * hidden;
      chunk_pass.first_row = first;
      float* logits = logits_.Resize(kLogitRows * vocab);
      linear_->Forward(input, chunk, logits, kept_, chunk_pass);
      pass.pool.ParallelFor(chunk, [&](int64_t i) {
        float* row = logits + i * vocab;
        const float log_sum = Kernels().log_sum_exp(row, vocab);
        if (figures != nullptr) Figure(head, first + i, row, log_sum, *figures);
        if (backward == Backward::kYes) ToGradient(head, first + i, log_sum, row);
      });
      if (backward == Backward::kYes) {
        linear_->Backward(input, logits, chunk, head.gradient + first * hidden, kept_, chunk_pass);
      }
    }
  }

  // Calls f(i) for the row's targets.
  template <class F>
  void ForTargets(int64_t row, const F& f) const {
    const auto at = static_cast<size_t>(row);
    for (size_t i = first_target_[at]; i < first_target_[at + 1]; ++i) f(i);
  }

  void Figure(const HeadPass& head, int64_t row, const float* logits, float log_sum,
              BatchFigures& figures) const {
    ForTargets(row, [&](size_t i) { figures.nll[i] = log_sum - logits[head.targets[i].token]; });
    if (!head.figures) return;
    const int64_t vocab = linear_->out();
    double logit_sum = 0, expected = 0, squares = 0;
    float largest = logits[0];
    for (int64_t i = 0; i < vocab; ++i) {
      const double p = ExactExp(double{logits[i]} - double{log_sum});
      logit_sum += double{logits[i]};
      expected += p * double{logits[i]};
      squares += p * p;
      largest = std::max(largest, logits[i]);
    }
    ForTargets(row, [&](size_t i) {
      figures.entropy[i] = static_cast<float>(double{log_sum} - expected);
      figures.log_square_sum[i] = static_cast<float>(ExactLog(squares));
      figures.mean_logit[i] = static_cast<float>(logit_sum / static_cast<double>(vocab));
      figures.likeliest[i] = logits[head.targets[i].token] >= largest ? 1 : 0;
    });
  }

  // Logits become the gradient by them.
  void ToGradient(const HeadPass& head, int64_t row, float log_sum, float* logits) const {
    float sum = 0;
    ForTargets(row, [&](size_t i) { sum += head.weights[i]; });
    Kernels().scaled_softmax(logits, linear_->out(), log_sum, sum);
    ForTargets(row, [&](size_t i) { logits[head.targets[i].token] -= head.weights[i]; });
  }

  std::unique_ptr<TrainLinear> linear_;
  std::vector<size_t> first_target_;  // [rows + 1]
  LinearActivations kept_;            // of the last chunk
  tensor::AlignedBuffer<float> logits_;
};

}  // namespace

std::unique_ptr<TrainHead> MakeTrainedHead(std::unique_ptr<TrainLinear> linear) {
  return std::make_unique<TrainedHead>(std::move(linear));
}

}  // namespace mores::model
