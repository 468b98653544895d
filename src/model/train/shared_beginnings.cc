#include "model/train/shared_beginnings.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace mores::model {
namespace {

// Shorter beginnings aren't worth a segment of their own.
constexpr int64_t kLeastShared = 16;

}  // namespace

// Builds the tree of what the roots begin with; segments that go on from others keep doing so.
struct SharedBeginnings::Builder {
  const TrainBatch& from;
  TrainBatch& to;
  std::vector<int32_t>& row_of;
  std::vector<int32_t> last_piece = {};  // of each original segment, in `to`

  std::span<const int32_t> Tokens(int32_t segment) const {
    const auto at = static_cast<size_t>(segment);
    return std::span(from.tokens)
        .subspan(static_cast<size_t>(from.offsets[at]),
                 static_cast<size_t>(from.offsets[at + 1] - from.offsets[at]));
  }

  // A segment of tokens [begin, end) of the originals given, which have them all.
  int32_t Emit(std::span<const int32_t> originals, int64_t begin, int64_t end, int32_t parent) {
    if (begin == end) return parent;
    const auto piece = static_cast<int32_t>(to.segments());
    const auto first = static_cast<int32_t>(to.tokens.size());
    const auto tokens = Tokens(originals.front());
    to.tokens.insert(to.tokens.end(), tokens.begin() + begin, tokens.begin() + end);
    to.offsets.push_back(static_cast<int32_t>(to.tokens.size()));
    to.parents.push_back(parent);
    for (const int32_t original : originals) {
      const int32_t row = from.offsets[static_cast<size_t>(original)];
      std::iota(row_of.begin() + row + begin, row_of.begin() + row + end, first);
    }
    return piece;
  }

  // `roots`, sorted, have tokens [0, known) in common; [0, emitted) of them are in `to`, the last
  // one in the segment `parent`.
  void Split(std::span<const int32_t> roots, int64_t known, int64_t emitted, int32_t parent) {
    const auto first = Tokens(roots.front()), last = Tokens(roots.back());
    const auto length = static_cast<int64_t>(first.size());
    if (roots.size() == 1) {
      last_piece[static_cast<size_t>(roots.front())] = Emit(roots, emitted, length, parent);
      return;
    }
    const auto differ =
        std::mismatch(first.begin() + known, first.end(), last.begin() + known, last.end());
    const int64_t alike = differ.first - first.begin();
    if (alike - emitted >= kLeastShared) {
      parent = Emit(roots, emitted, alike, parent);
      emitted = alike;
    }
    size_t begin = 0;
    // Those that end here come first.
    for (; begin < roots.size(); ++begin) {
      if (static_cast<int64_t>(Tokens(roots[begin]).size()) > alike) break;
      last_piece[static_cast<size_t>(roots[begin])] =
          Emit(roots.subspan(begin, 1), emitted, alike, parent);
    }
    while (begin < roots.size()) {
      const int32_t token = Tokens(roots[begin])[static_cast<size_t>(alike)];
      size_t end = begin + 1;
      while (end < roots.size() && Tokens(roots[end])[static_cast<size_t>(alike)] == token) ++end;
      Split(roots.subspan(begin, end - begin), alike + 1, emitted, parent);
      begin = end;
    }
  }

  void Run() {
    std::vector<int32_t> roots;
    for (int32_t segment = 0; segment < from.segments(); ++segment) {
      if (from.parent(segment) < 0) roots.push_back(segment);
    }
    std::stable_sort(roots.begin(), roots.end(), [&](int32_t a, int32_t b) {
      const auto one = Tokens(a), other = Tokens(b);
      return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end());
    });
    to.offsets = {0};
    row_of.assign(from.tokens.size(), 0);
    last_piece.assign(static_cast<size_t>(from.segments()), -1);
    if (!roots.empty()) Split(roots, /*known=*/0, /*emitted=*/0, /*parent=*/-1);
    for (int32_t segment = 0; segment < from.segments(); ++segment) {
      const int32_t parent = from.parent(segment);
      if (parent < 0) continue;
      const std::vector<int32_t> alone = {segment};
      last_piece[static_cast<size_t>(segment)] =
          Emit(alone, 0, static_cast<int64_t>(Tokens(segment).size()),
               last_piece[static_cast<size_t>(parent)]);
    }
  }
};

SharedBeginnings::SharedBeginnings(const TrainBatch& batch) {
  Builder{.from = batch, .to = shared_, .row_of = row_of_}.Run();
  if (shared_.tokens.size() == batch.tokens.size()) {
    row_of_.clear();
    shared_ = batch;
    return;
  }
  std::vector<int32_t> order(batch.predictions.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int32_t i) {
    const Prediction& prediction = batch.predictions[static_cast<size_t>(i)];
    return std::pair(row(prediction.row), prediction.token);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return key(a) < key(b); });
  prediction_of_.resize(order.size());
  for (const int32_t i : order) {
    const auto [new_row, token] = key(i);
    std::vector<Prediction>& predictions = shared_.predictions;
    if (predictions.empty() || predictions.back().row != new_row ||
        predictions.back().token != token) {
      predictions.push_back({.row = new_row, .token = token, .weight = 0});
    }
    prediction_of_[static_cast<size_t>(i)] = static_cast<int32_t>(predictions.size()) - 1;
    predictions.back().weight += batch.predictions[static_cast<size_t>(i)].weight;
  }
}

void SharedBeginnings::AddUp(std::span<const float> weights, std::span<float> sums) const {
  if (prediction_of_.empty()) {
    std::copy(weights.begin(), weights.end(), sums.begin());
    return;
  }
  std::fill(sums.begin(), sums.end(), 0.0f);
  for (size_t i = 0; i < weights.size(); ++i) {
    sums[static_cast<size_t>(prediction_of_[i])] += weights[i];
  }
}

BatchFigures SharedBeginnings::Spread(BatchFigures figures) const {
  if (prediction_of_.empty()) return figures;
  BatchFigures spread;
  const auto take = [&](const auto& found, auto& out) {
    if (found.empty()) return;
    for (const int32_t at : prediction_of_) out.push_back(found[static_cast<size_t>(at)]);
  };
  take(figures.nll, spread.nll);
  take(figures.entropy, spread.entropy);
  take(figures.log_square_sum, spread.log_square_sum);
  take(figures.mean_logit, spread.mean_logit);
  take(figures.likeliest, spread.likeliest);
  return spread;
}

}  // namespace mores::model
