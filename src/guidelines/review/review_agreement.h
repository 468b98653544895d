// How far reviewers agree on guidelines (docs/formats/guideline-review.md).
#ifndef MORES_GUIDELINES_REVIEW_REVIEW_AGREEMENT_H_
#define MORES_GUIDELINES_REVIEW_REVIEW_AGREEMENT_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "guidelines/review/review.h"
#include "stats/bootstrap.h"

namespace mores::guidelines {

// All rulings, or those of one kind or one country.
struct ReviewAgreement {
  std::string name;                  // "all", "norm", "NG"
  size_t guidelines = 0;             // with a ruling
  size_t compared = 0;               // versions with two rulings or more
  size_t unanimous = 0;              // of these, those whose rulings are the same
  std::array<int64_t, 3> rulings{};  // by Ruling
  // Krippendorff's over the rulings of each version, "unsure" being one of three categories; its
  // interval is resampled by guideline.
  stats::Estimate alpha;
};

// "all", then kinds and countries where there are several of them.
// REQUIRES: in the order of ReviewDesk::ForEachRuling.
std::vector<ReviewAgreement> AssessReviews(std::span<const StoredRuling> rulings,
                                           const stats::BootstrapOptions& options);

Json ToJson(const ReviewAgreement& agreement);
std::string FormatTable(std::span<const ReviewAgreement> agreements);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_REVIEW_REVIEW_AGREEMENT_H_
