#include <algorithm>
#include <cmath>
#include <utility>

#include "base/exact_math.h"
#include "model/train/train_head.h"
#include "ops/kernels.h"

namespace mores::model {
namespace {

using ops::Kernels;

// Rows of logits held at once: few enough to stay in cache, whatever the vocabulary.
constexpr int64_t kLogitRows = 256;

class TrainedHead : public TrainHead {
 public:
  explicit TrainedHead(std::unique_ptr<TrainLinear> linear) : linear_(std::move(linear)) {}

  bool trains() const override { return linear_->trains(); }
  void Prepare(tensor::DType precision, TrainLinear::Use use, ThreadPool& pool) override {
    linear_->Prepare(precision, use, pool);
  }
  void Run(const HeadPass& head, BatchFigures& figures, const LinearPass& pass) override {
    ResizeFigures(head, figures);
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

  void Go(const HeadPass& head, const LinearPass& pass, BatchFigures* figures, Backward backward) {
    const int64_t count = head.rows.rows(), hidden = linear_->in(), vocab = linear_->out();
    for (int64_t first = 0; first < count; first += kLogitRows) {
      const int64_t chunk = std::min(kLogitRows, count - first);
      const float* input = head.rows.normed + first * hidden;
      float* logits = logits_.Resize(kLogitRows * vocab);
      linear_->Forward(input, chunk, logits, pass);
      pass.pool.ParallelFor(chunk, [&](int64_t i) {
        float* row = logits + i * vocab;
        const float log_sum = Kernels().log_sum_exp(row, vocab);
        if (figures != nullptr) Figure(head, first + i, row, log_sum, *figures);
        if (backward == Backward::kYes) ToGradient(head, first + i, log_sum, row);
      });
      if (backward == Backward::kYes) {
        linear_->Backward(input, logits, chunk, head.gradient + first * hidden, pass);
      }
    }
  }

  void Figure(const HeadPass& head, int64_t row, const float* logits, float log_sum,
              BatchFigures& figures) const {
    const auto at = static_cast<size_t>(row);
    const int64_t vocab = linear_->out();
    RowFigures of_row;
    if (head.figures) {
      double logit_sum = 0, expected = 0, squares = 0;
      of_row.largest = logits[0];
      for (int64_t i = 0; i < vocab; ++i) {
        const double p = ExactExp(double{logits[i]} - double{log_sum});
        logit_sum += double{logits[i]};
        expected += p * double{logits[i]};
        squares += p * p;
        of_row.largest = std::max(of_row.largest, logits[i]);
      }
      of_row.entropy = static_cast<float>(double{log_sum} - expected);
      of_row.log_square_sum = static_cast<float>(ExactLog(squares));
      of_row.mean_logit = static_cast<float>(logit_sum / static_cast<double>(vocab));
    }
    for (int32_t pick = head.rows.first_pick[at]; pick < head.rows.first_pick[at + 1]; ++pick) {
      const float logit = logits[head.rows.picks[static_cast<size_t>(pick)]];
      PutFigures(head, pick, log_sum - logit, logit, of_row, figures);
    }
  }

  // Logits become the gradient by them.
  void ToGradient(const HeadPass& head, int64_t row, float log_sum, float* logits) const {
    const auto at = static_cast<size_t>(row);
    float sum = 0;
    for (int32_t pick = head.rows.first_pick[at]; pick < head.rows.first_pick[at + 1]; ++pick) {
      sum += head.weights[static_cast<size_t>(pick)];
    }
    Kernels().scaled_softmax(logits, linear_->out(), log_sum, sum);
    for (int32_t pick = head.rows.first_pick[at]; pick < head.rows.first_pick[at + 1]; ++pick) {
      logits[head.rows.picks[static_cast<size_t>(pick)]] -= head.weights[static_cast<size_t>(pick)];
    }
  }

  std::unique_ptr<TrainLinear> linear_;
  tensor::AlignedBuffer<float> logits_;
};

}  // namespace

void ResizeFigures(const HeadPass& head, BatchFigures& figures) {
  const size_t count = head.rows.picks.size(), more = head.figures ? count : 0;
  figures.nll.assign(count, 0);
  figures.entropy.assign(more, 0);
  figures.log_square_sum.assign(more, 0);
  figures.mean_logit.assign(more, 0);
  figures.likeliest.assign(more, 0);
}

void PutFigures(const HeadPass& head, int64_t pick, float nll, float logit, const RowFigures& row,
                BatchFigures& figures) {
  const auto at = static_cast<size_t>(pick);
  figures.nll[at] = nll;
  if (!head.figures) return;
  figures.entropy[at] = row.entropy;
  figures.log_square_sum[at] = row.log_square_sum;
  figures.mean_logit[at] = row.mean_logit;
  figures.likeliest[at] = logit >= row.largest ? 1 : 0;
}

std::unique_ptr<TrainHead> MakeTrainedHead(std::unique_ptr<TrainLinear> linear) {
  return std::make_unique<TrainedHead>(std::move(linear));
}

}  // namespace mores::model
