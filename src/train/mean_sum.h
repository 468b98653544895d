// A weighted mean in the making.
#ifndef MORES_TRAIN_MEAN_SUM_H_
#define MORES_TRAIN_MEAN_SUM_H_

#include <optional>

namespace mores::train {

struct MeanSum {
  double sum = 0;
  double weight = 0;

  void Add(double value, double its_weight = 1) {
    sum += value * its_weight;
    weight += its_weight;
  }
  void Add(const MeanSum& other) {
    sum += other.sum;
    weight += other.weight;
  }
  // None of nothing.
  std::optional<double> mean() const {
    return weight == 0 ? std::nullopt : std::optional<double>(sum / weight);
  }
};

}  // namespace mores::train

#endif  // MORES_TRAIN_MEAN_SUM_H_
