// Two sets of verdicts compared, without judging again.
#ifndef MORES_APP_COMPARE_H_
#define MORES_APP_COMPARE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "app/report.h"
#include "base/error.h"
#include "report/compare.h"

namespace mores::app {

struct CompareJob {
  std::string first, second;        // verdicts
  std::vector<std::string> labels;  // as report::CollectOptions', for both
  report::Thresholds thresholds;    // in place of the verdicts' own, in both
  FigureFiles files;
  uint64_t seed = 1;  // of the resampling
};

Expected<report::Comparison> CompareVerdicts(const CompareJob& options);

}  // namespace mores::app

#endif  // MORES_APP_COMPARE_H_
