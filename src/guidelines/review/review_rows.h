// What the files of the review desk share.
#ifndef MORES_GUIDELINES_REVIEW_REVIEW_ROWS_H_
#define MORES_GUIDELINES_REVIEW_REVIEW_ROWS_H_

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "guidelines/review/review.h"

namespace mores::guidelines {

struct ReviewDesk::Row {
  std::string_view act;
  std::string ruling;  // "" for none
  std::string reviewer, reviewer_place, reason;
};

inline tl::unexpected<Error> Refused(std::string_view id, std::string_view why) {
  return MakeError(ErrorKind::kInput, "guideline {}: {}", id, why);
}

inline Status CheckPerson(std::string_view id, std::string_view name) {
  if (name.empty() || name.front() == ' ' || name.back() == ' ') {
    return Refused(id, "who says it isn't said");
  }
  return {};
}

// Whatever the case, the width and the invisible characters of their names.
bool IsSamePerson(std::string_view a, std::string_view b);

// With its passages, and the reasons of complaints where it is contested.
Expected<ReviewItem> ShowForReview(Database& database, Guideline guideline);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_REVIEW_REVIEW_ROWS_H_
