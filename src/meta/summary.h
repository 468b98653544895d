// Figures over evaluations with their intervals (docs/formats/meta.md): of one run, and of two over
// the same references.
#ifndef MORES_META_SUMMARY_H_
#define MORES_META_SUMMARY_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "meta/evaluation.h"
#include "stats/bootstrap.h"

namespace mores::meta {

struct SummaryContext {
  std::string judge;
  Json judge_fingerprint;
  size_t failed = 0;               // critiques whose evaluation failed
  size_t verdicts_failed = 0;      // lines of the input that were no critiques
  size_t references_unused = 0;    // references without a critique
  size_t references_repeated = 0;  // that said again what an earlier one said
  stats::BootstrapOptions bootstrap;
};

// The summary file: macro and micro figures, also under dotted keys ("macro.precision"), intervals
// resampled by critique, languages, counts, lengths, and the failure signatures that occur.
Json Summarize(std::span<const Evaluation> evaluations, const SummaryContext& context);

// A summary as a person reads it, on several lines.
std::string FormatSummary(const Json& summary);

// Two evaluations of one item.
struct PairedEvaluation {
  const Evaluation* first = nullptr;
  const Evaluation* second = nullptr;
};

// The items that two runs share, by id. kInput where they share none, or where an item's reference
// AIUs differ. The evaluations must outlive it.
Expected<std::vector<PairedEvaluation>> PairEvaluations(std::span<const Evaluation> first,
                                                        std::span<const Evaluation> second);

// Each figure of both sides and second less first, on the same resamples; for macro figures also
// the p-value of a sign-flip test over critiques.
Json Compare(std::span<const PairedEvaluation> pairs, const stats::BootstrapOptions& bootstrap);
std::string FormatComparison(const Json& comparison);

}  // namespace mores::meta

#endif  // MORES_META_SUMMARY_H_
