// What a database of guidelines has under an id.
#ifndef MORES_APP_GUIDELINE_LOOKUP_H_
#define MORES_APP_GUIDELINE_LOOKUP_H_

#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "guidelines/store/database.h"

namespace mores::app {

using FoundById = std::variant<guidelines::Version, guidelines::Passage>;

// `version`: of a guideline; 0: the current one, or a passage. kInput where there is none.
Expected<FoundById> FindById(const std::string& database, const std::string& id, int version);

// All versions of a guideline, the oldest first. kInput where there is none.
Expected<std::vector<guidelines::Version>> GuidelineHistory(const std::string& database,
                                                            const std::string& id);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_LOOKUP_H_
