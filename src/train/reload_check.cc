#include "train/reload_check.h"

#include <algorithm>
#include <cmath>

namespace mores::train {
namespace {

// Of a mean, beside one whole unit and what the loss itself is.
constexpr double kExactTolerance = 1e-5;
// Eight bits of each weight: a model that was trained to some end moves by far less.
constexpr double kRoundedTolerance = 0.1;

}  // namespace

Expected<ReloadDifference> CompareReloaded(Trainable& trained, Trainable& written,
                                           const model::TrainBatch& sample, tensor::DType precision,
                                           Rounding rounding) {
  model::BatchFigures before, after;
  trained.Evaluate(sample, {.precision = precision}, &before);
  written.Evaluate(sample, {.precision = precision}, &after);
  ReloadDifference difference{.predictions = static_cast<int64_t>(before.nll.size())};
  double sum = 0, nll = 0;
  bool finite = true;
  for (size_t i = 0; i < before.nll.size(); ++i) {
    const double apart = std::abs(static_cast<double>(before.nll[i]) - after.nll[i]);
    finite = finite && std::isfinite(apart);
    difference.largest = std::max(difference.largest, apart);
    sum += apart;
    nll += static_cast<double>(before.nll[i]);
  }
  const double count = std::max<double>(1, static_cast<double>(before.nll.size()));
  difference.mean = sum / count;
  const double tolerance = rounding == Rounding::kNone ? kExactTolerance : kRoundedTolerance;
  if (!finite || difference.mean > tolerance * (1 + nll / count)) {
    return MakeError(ErrorKind::kCorrupt,
                     "log-probabilities of {} tokens differ by {:.3g} on average from those of "
                     "what was trained",
                     difference.predictions, difference.mean);
  }
  return difference;
}

}  // namespace mores::train
