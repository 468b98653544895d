#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/exact_math.h"
#include "model/train/train_head.h"
#include "ops/kernels.h"
#include "ops/rows.h"

namespace mores::model {
namespace {

using ops::Accumulate;
using ops::Kernels;
using ops::Layout;

// Tokens of the vocabulary at a time.
constexpr int64_t kVocabularyChunk = 2048;

class FrozenHead : public TrainHead {
 public:
  explicit FrozenHead(tensor::TensorView weight) : weight_(std::move(weight)) {}

  bool trains() const override { return false; }
  void Prepare(tensor::DType, TrainLinear::Use, ThreadPool&) override {}
  void Run(const HeadPass& head, BatchFigures& figures, const LinearPass& pass) override;

 private:
  // Sums over the tokens seen so far, scaled by exp(-largest).
  struct Running {
    float largest = -INFINITY;
    double sum = 0, squares = 0, expected = 0;  // of exp; of its square; of exp * logit
    double logit_sum = 0;
    float rescale = 1;  // of what was summed before the present chunk
  };

  int64_t vocab() const { return weight_.shape[0]; }
  int64_t hidden() const { return weight_.shape[1]; }
  void DecodeChunk(int64_t first, int64_t count, ThreadPool& pool);
  void AddChunk(const HeadPass& head, int64_t row, int64_t first, int64_t count, float* logits);
  void FillFigures(const HeadPass& head, BatchFigures& figures) const;
  void FillGradient(const HeadPass& head, ThreadPool& pool);

  tensor::TensorView weight_;
  std::vector<Running> running_;  // [rows]
  std::vector<float> picked_;     // logits of the picks
  ops::LeftOperand input_, numerators_;
  ops::RightOperand forward_, backward_;
  tensor::AlignedBuffer<float> decoded_, logits_, sums_;  // sums_ [rows][hidden]: of exp * W
};

void FrozenHead::DecodeChunk(int64_t first, int64_t count, ThreadPool& pool) {
  float* out = decoded_.Resize(kVocabularyChunk * hidden());
  ops::ParallelRows(pool, count, [&](int64_t begin, int64_t end) {
    weight_.Copy((first + begin) * hidden(), (end - begin) * hidden(), out + begin * hidden());
  });
}

// Logits become numerators relative to the row's largest so far.
void FrozenHead::AddChunk(const HeadPass& head, int64_t row, int64_t first, int64_t count,
                          float* logits) {
  const auto at = static_cast<size_t>(row);
  Running& run = running_[at];
  for (int32_t pick = head.rows.first_pick[at]; pick < head.rows.first_pick[at + 1]; ++pick) {
    const int64_t token = head.rows.picks[static_cast<size_t>(pick)] - first;
    if (token >= 0 && token < count) picked_[static_cast<size_t>(pick)] = logits[token];
  }
  thread_local std::vector<float> kept;
  if (head.figures) kept.assign(logits, logits + count);
  float largest = 0;
  const float sum = Kernels().softmax_numerators(logits, count, count, 1.0f, &largest);
  const float before = std::max(run.largest, largest);
  const double old_scale = ExactExp(double{run.largest} - double{before});
  const double new_scale = ExactExp(double{largest} - double{before});
  run.largest = before;
  run.rescale = static_cast<float>(old_scale);
  run.sum = run.sum * old_scale + double{sum} * new_scale;
  if (head.figures) {
    for (const float logit : kept) run.logit_sum += double{logit};
    run.squares = run.squares * old_scale * old_scale +
                  double{Kernels().dot(logits, logits, count)} * new_scale * new_scale;
    run.expected =
        run.expected * old_scale + double{Kernels().dot(logits, kept.data(), count)} * new_scale;
  }
  if (head.gradient == nullptr) return;
  Kernels().scale(logits, count, static_cast<float>(new_scale));
  Kernels().scale(sums_.data() + row * hidden(), hidden(), run.rescale);
}

void FrozenHead::FillFigures(const HeadPass& head, BatchFigures& figures) const {
  for (int64_t row = 0; row < head.rows.rows(); ++row) {
    const auto at = static_cast<size_t>(row);
    const Running& run = running_[at];
    const double log_sum = double{run.largest} + ExactLog(run.sum);
    RowFigures of_row{.largest = run.largest};
    if (head.figures) {
      of_row.entropy = static_cast<float>(log_sum - run.expected / run.sum);
      of_row.log_square_sum = static_cast<float>(ExactLog(run.squares) - 2 * ExactLog(run.sum));
      of_row.mean_logit = static_cast<float>(run.logit_sum / static_cast<double>(vocab()));
    }
    for (int32_t pick = head.rows.first_pick[at]; pick < head.rows.first_pick[at + 1]; ++pick) {
      const float logit = picked_[static_cast<size_t>(pick)];
      PutFigures(head, pick, static_cast<float>(log_sum - double{logit}), logit, of_row, figures);
    }
  }
}

// (sum of the weights) * (mean of W under the softmax) - sum of weight * W[pick].
void FrozenHead::FillGradient(const HeadPass& head, ThreadPool& pool) {
  ops::ParallelRows(pool, head.rows.rows(), [&](int64_t begin, int64_t end) {
    std::vector<float> of_pick(static_cast<size_t>(hidden()));
    for (int64_t row = begin; row < end; ++row) {
      const auto at = static_cast<size_t>(row);
      float* gradient = head.gradient + row * hidden();
      double sum = 0;
      for (int32_t pick = head.rows.first_pick[at]; pick < head.rows.first_pick[at + 1]; ++pick) {
        sum += double{head.weights[static_cast<size_t>(pick)]};
      }
      std::memcpy(gradient, sums_.data() + row * hidden(), static_cast<size_t>(hidden()) * 4);
      Kernels().scale(gradient, hidden(), static_cast<float>(sum / running_[at].sum));
      for (int32_t pick = head.rows.first_pick[at]; pick < head.rows.first_pick[at + 1]; ++pick) {
        weight_.Copy(head.rows.picks[static_cast<size_t>(pick)] * hidden(), hidden(),
                     of_pick.data());
        Kernels().scale(of_pick.data(), hidden(), -head.weights[static_cast<size_t>(pick)]);
        Kernels().add(of_pick.data(), gradient, hidden());
      }
    }
  });
}

void FrozenHead::Run(const HeadPass& head, BatchFigures& figures, const LinearPass& pass) {
  const int64_t rows = head.rows.rows();
  ThreadPool& pool = pass.pool;
  ResizeFigures(head, figures);
  running_.assign(static_cast<size_t>(rows), {});
  picked_.assign(head.rows.picks.size(), 0);
  input_.Pack({head.rows.normed, rows, hidden(), hidden()}, Layout::kPlain, pass.precision, pool);
  sums_.Resize(rows * hidden());
  sums_.FillZero();
  for (int64_t first = 0; first < vocab(); first += kVocabularyChunk) {
    const int64_t count = std::min(kVocabularyChunk, vocab() - first);
    DecodeChunk(first, count, pool);
    const ops::MatrixView weights{decoded_.data(), count, hidden(), hidden()};
    forward_.Pack(weights, Layout::kTransposed, pass.precision, pool);
    float* logits = logits_.Resize(rows * count);
    ops::MatMul(input_, forward_, logits, count, Accumulate::kNo, pool);
    pool.ParallelFor(rows,
                     [&](int64_t row) { AddChunk(head, row, first, count, logits + row * count); });
    if (head.gradient == nullptr) continue;
    numerators_.Pack({logits, rows, count, count}, Layout::kPlain, pass.precision, pool);
    backward_.Pack(weights, Layout::kPlain, pass.precision, pool);
    ops::MatMul(numerators_, backward_, sums_.data(), hidden(), Accumulate::kYes, pool);
  }
  FillFigures(head, figures);
  if (head.weigh) head.weigh(figures);
  if (head.gradient != nullptr) FillGradient(head, pool);
}

}  // namespace

std::unique_ptr<TrainHead> MakeFrozenHead(tensor::TensorView weight) {
  return std::make_unique<FrozenHead>(std::move(weight));
}

}  // namespace mores::model
