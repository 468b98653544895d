// Verdicts in pairs: one content in two wordings, such as English and Chinese. How far does a judge
// say the same of both?
#ifndef MORES_REPORT_PAIRS_H_
#define MORES_REPORT_PAIRS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "report/items.h"
#include "stats/bootstrap.h"

namespace mores::report {

// Pairs of one pair of languages. The first of a pair is the one whose language comes first of en,
// zh, other; within one language the one that comes first in the files.
struct PairFigures {
  std::string languages;  // "en-zh"
  size_t pairs = 0;
  size_t contents = 0;  // distinct values of the field, the clusters of the resampling
  size_t unparsed = 0;  // pairs with a verdict that states no label; never the same label
  size_t same = 0;
  // Of the pairs whose labels differ: which of them is the unsafe one.
  size_t first_unsafe = 0, second_unsafe = 0;
  size_t scored = 0;  // pairs with both probabilities
  stats::Estimate same_share;
  stats::Estimate kappa;            // Cohen's, over the pairs in which both state a label
  stats::Estimate mean_difference;  // of p_unsafe, absolute, over the scored
  stats::Estimate mean_shift;       // of p_unsafe, second less first
};

struct Pairs {
  std::string field;
  size_t unpaired = 0;               // items in no pair
  std::vector<PairFigures> figures;  // by languages: en-en, en-zh, zh-zh, ...
};

// Items are paired whose `input.FIELD`, a text, a number or a boolean, agree, and which the same
// model judged by the same prompt; of more than two every pair counts. kInput where there is none.
Expected<Pairs> MeasurePairs(const Collection& collection, const std::string& field,
                             const stats::BootstrapOptions& options);

Json ToJson(const Pairs& pairs);
// Lines for a terminal, below the table of a report.
std::string FormatPairs(const Pairs& pairs);

}  // namespace mores::report

#endif  // MORES_REPORT_PAIRS_H_
