// Rulings on guidelines from files, and how far reviewers agree.
#ifndef MORES_APP_GUIDELINE_REVIEW_H_
#define MORES_APP_GUIDELINE_REVIEW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "app/database.h"
#include "base/error.h"
#include "guidelines/review/review.h"
#include "guidelines/review/review_agreement.h"

namespace mores::app {

// A file of rulings, a line each (guidelines::ParseGivenRuling); those without a reviewer are
// `reviewer`'s.
Expected<std::vector<guidelines::GivenRuling>> ReadRulings(const std::string& path,
                                                           const std::string& reviewer,
                                                           guidelines::Database& database);

// Over the rulings within `places`.
Expected<std::vector<guidelines::ReviewAgreement>> MeasureReviews(const std::string& database,
                                                                  const NamedPlaces& places,
                                                                  uint64_t seed);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_REVIEW_H_
