// Counts of a two-class decision that may also be missing, and what follows from them.
#ifndef MORES_STATS_CONFUSION_H_
#define MORES_STATS_CONFUSION_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace mores::stats {

// The outcome of one item: what it truly is (positive or negative) and what was decided (positive,
// negative, or nothing: "missing").
enum class Outcome : uint8_t {
  kTruePositive,
  kFalsePositive,
  kTrueNegative,
  kFalseNegative,
  kMissingPositive,  // truly positive, nothing decided
  kMissingNegative,  // truly negative, nothing decided
};
inline constexpr int kOutcomes = 6;

enum class Decision : uint8_t { kNegative, kPositive, kMissing };
Outcome OutcomeOf(bool truly_positive, Decision decision);
bool IsCorrect(Outcome outcome);

// Counts are doubles, since resampling weighs them.
struct Confusion {
  std::array<double, kOutcomes> counts{};

  double& operator[](Outcome outcome) { return counts[static_cast<size_t>(outcome)]; }
  double operator[](Outcome outcome) const { return counts[static_cast<size_t>(outcome)]; }
  double total() const;
};

// NaN where a denominator is zero. A missing decision is wrong in accuracy, and for a truly
// positive item it is one not found (it lowers recall); it is never a positive decision, so
// precision does not see it.
struct ConfusionMetrics {
  double accuracy = 0;
  double precision = 0;  // TP / (TP + FP)
  double recall = 0;     // TP / all truly positive
  double f1 = 0;         // 2 TP / (2 TP + FP + positives not found); NaN without positives
  double false_positive_rate = 0;  // FP / all truly negative
};
ConfusionMetrics MetricsOf(const Confusion& confusion);

}  // namespace mores::stats

#endif  // MORES_STATS_CONFUSION_H_
