// Guidelines and evidence taken into a database: all of a source, or nothing.
#ifndef MORES_APP_GUIDELINE_IMPORT_H_
#define MORES_APP_GUIDELINE_IMPORT_H_

#include <string>

#include "app/run.h"
#include "base/error.h"
#include "guidelines/import/jsonl.h"
#include "guidelines/store/database.h"

namespace mores::app {

enum class ImportKind { kSafeWorld, kTravelAdvice, kJsonLines };
// "safeworld", "travel-advice", "jsonl"
std::string_view Name(ImportKind kind);

struct ImportJob {
  ImportKind kind = ImportKind::kJsonLines;
  std::string path;      // folder or file
  std::string database;  // as OpenDatabase's; made where there is none
  std::string report;    // file with counts and every repair; may be empty
  guidelines::Change change;
  // Of JSON lines.
  guidelines::Statuses statuses = guidelines::Statuses::kAsUnreviewed;
  // Who makes the change vouches for what is imported: it decides.
  bool trusted = false;
};

struct ImportResult {
  guidelines::Batch batch;
  guidelines::ImportCounts counts;
  size_t pages = 0;  // of travel advice
};

Expected<ImportResult> ImportGuidelines(const ImportJob& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_IMPORT_H_
