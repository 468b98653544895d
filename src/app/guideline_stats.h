// What a database of guidelines holds, counted.
#ifndef MORES_APP_GUIDELINE_STATS_H_
#define MORES_APP_GUIDELINE_STATS_H_

#include "base/error.h"
#include "base/json.h"
#include "guidelines/store/database.h"

namespace mores::app {

// {"database","set_hash", counts by name, and by kind, status, language, place and publisher}, all
// of one state.
Expected<Json> DescribeDatabase(guidelines::Database& database);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_STATS_H_
