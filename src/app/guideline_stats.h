// A database of guidelines as a whole: counted, written out, brought to the current schema.
#ifndef MORES_APP_GUIDELINE_STATS_H_
#define MORES_APP_GUIDELINE_STATS_H_

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "guidelines/import/jsonl.h"

namespace mores::app {

// {"database","set_hash", counts by name, and by kind, status, language, place and publisher}, all
// of one state.
Expected<Json> DescribeDatabase(const std::string& database);

struct ExportJob {
  std::string database, output;
  guidelines::ExportWhat what = guidelines::ExportWhat::kAll;
};
Expected<guidelines::Export> ExportGuidelines(const ExportJob& options);

// The file that was meant; its schema is guidelines::Database::kSchema then.
struct Migrated {
  std::string path;
  int64_t unreviewed = 0;  // made proposed, as Database::unreviewed_when_migrated says
};
Expected<Migrated> MigrateDatabase(const std::string& database);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_STATS_H_
