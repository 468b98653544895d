// Guidelines as JSON lines (docs/formats/guidelines.md): a guideline a line, and before those that
// need them {"group_record": {...}} and {"passage_record": {...}}.
#ifndef MORES_GUIDELINES_IMPORT_JSONL_H_
#define MORES_GUIDELINES_IMPORT_JSONL_H_

#include <cstdint>
#include <string>

#include "base/error.h"
#include "guidelines/places/places.h"
#include "guidelines/store/database.h"
#include "guidelines/store/guideline.h"

namespace mores::guidelines {

// As a line of `export` has it below `passage_record`.
Json ToJson(const Passage& passage);

// Whether a file may say that a guideline was validated, contested or withdrawn: what is taken in
// from elsewhere was reviewed by nobody here, and what is restored from an export was. Nor may a
// file say of itself that it is trusted.
enum class Statuses { kAsUnreviewed, kKept };

// Places are as ParsePlace reads them; of a guideline also with a group, "NG+Tiv".
// kInput "FILE:LINE: field ..." for the first bad line: an unknown place, a field that is missing
// or unknown, an id that stood before, a status that isn't for the file to say. Versions in the
// file are not taken over: the database gives its own.
Expected<Batch> ReadGuidelines(const std::string& path, const PlaceCatalogue& places,
                               Statuses statuses = Statuses::kAsUnreviewed);

enum class ExportWhat { kAll, kRedistributable };

struct Export {
  std::string lines;       // what ReadGuidelines reads
  int64_t guidelines = 0;  // current versions
  int64_t left_out = 0;    // for a source that may not be passed on, or for having none
};
// Groups and cited passages come along. What may not be passed on is left out where asked, and so
// is a guideline whose text rests on a passage that may not.
Expected<Export> ExportGuidelines(Database& database, ExportWhat what);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_IMPORT_JSONL_H_
