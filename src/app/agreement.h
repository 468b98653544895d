// Measurements of critiques held against people's rulings, and against each other.
#ifndef MORES_APP_AGREEMENT_H_
#define MORES_APP_AGREEMENT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "meta/agreement.h"

namespace mores::app {

struct AgreementJob {
  std::string humans;   // rulings by people
  std::string rulings;  // an output of MeasureCritiques over the same
  std::string output;   // all figures; may be empty
  uint64_t seed = 1;    // of the resampling
};
struct AgreementResult {
  meta::AgreementReport report;
  size_t failed = 0;  // critiques whose measurement failed; they are left out
};
Expected<AgreementResult> MeasureAgreement(const AgreementJob& options);

struct MeasurementsJob {
  std::string first, second;  // outputs of MeasureCritiques over the same references
  std::string output;         // all figures; may be empty
  uint64_t seed = 1;          // of the resampling
};
// As it is written: meta::Compare's, and under "sources" where each side comes from, who ruled, and
// how many of its lines are failures.
Expected<Json> CompareMeasurements(const MeasurementsJob& options);

}  // namespace mores::app

#endif  // MORES_APP_AGREEMENT_H_
