// What a judge must beat: rules so plain that a judge no better than they has learned nothing.
#ifndef MORES_REPORT_BASELINES_H_
#define MORES_REPORT_BASELINES_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "format/dialogue.h"
#include "job/progress.h"
#include "report/items.h"
#include "report/ngram_baseline.h"
#include "report/paired.h"

namespace mores::report {

// Unsafe by the answer's length alone, in code points.
struct LengthRule {
  double limit = 0;
  bool longer_is_unsafe = true;  // else: at most `limit` is unsafe
  bool Unsafe(size_t code_points) const {
    return (static_cast<double>(code_points) > limit) == longer_is_unsafe;
  }
};

struct LengthExample {
  size_t code_points = 0;
  bool unsafe = false;
};
// The rule with the most correct examples; among equals the smallest limit. "Always safe" and
// "always unsafe" are among the rules.
LengthRule FitLengthRule(std::vector<LengthExample> examples);

// Baselines fixed on training data (docs/formats/baselines.md is their file).
class TrainedBaselines {
 public:
  // From labelled dialogues, such as SFT training data. kInput when no dialogue, or only one
  // label, is in it; kCancelled once a stop is asked for, looked at between epochs.
  static Expected<TrainedBaselines> Train(const std::string& path, job::Progress& progress,
                                          StopToken stop = {});
  static Expected<TrainedBaselines> Load(const std::string& path);
  Status Save(const std::string& path) const;

  const LengthRule& length_rule(text::Language language) const;
  const NgramModel& full() const { return full_; }
  const NgramModel& query_only() const { return query_only_; }
  // {"examples","unsafe","sha256"} of the training file.
  const Json& origin() const { return origin_; }

 private:
  TrainedBaselines(NgramModel full, NgramModel query_only)
      : full_(std::move(full)), query_only_(std::move(query_only)) {}

  NgramModel full_;
  NgramModel query_only_;
  std::array<LengthRule, 3> length_rules_;  // by text::Language
  Json origin_;
};

struct BaselineRow {
  std::string set;        // a set's name; "" for all items; kMeanOfSets
  PairedFigures figures;  // first: the judge; second: the baseline
};
inline constexpr const char* kMeanOfSets = "(mean of sets)";

struct BaselineFigures {
  std::string name;   // "majority", "length", "query n-grams", "n-grams"
  std::string basis;  // "hindsight": chosen on the items themselves; "training": fixed before
  std::vector<BaselineRow> rows;
};

// Over the items with gold label and text (majority: with gold label; length: with known length).
// Without `trained` the length rule is chosen in hindsight, by set and language, and the n-gram
// models are left out.
std::vector<BaselineFigures> MeasureBaselines(const Collection& collection,
                                              const std::optional<TrainedBaselines>& trained,
                                              const stats::BootstrapOptions& options);
Json ToJson(const std::vector<BaselineFigures>& baselines);

}  // namespace mores::report

#endif  // MORES_REPORT_BASELINES_H_
