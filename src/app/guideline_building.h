// Guidelines written, varied and checked with language models.
#ifndef MORES_APP_GUIDELINE_BUILDING_H_
#define MORES_APP_GUIDELINE_BUILDING_H_

#include <string>
#include <vector>

#include "app/curation.h"
#include "app/database.h"
#include "app/run.h"
#include "base/error.h"
#include "curate/guidelines/guideline_building.h"

namespace mores::app {

struct BuildingOptions {
  // The database is the input. Without an output it is DB.generate.jsonl and the like.
  CurationOptions common;
  std::string database, model;
};

struct GenerationJob {
  BuildingOptions building;
  NamedPlaces places;
  curate::GenerationOptions options;  // its places and what they are asked with are filled in
};
Expected<CurationRun> GenerateGuidelines(const GenerationJob& job, const Watch& watch);

struct SelectionOptions {
  std::vector<std::string> ids;  // empty: all that fit
  std::vector<guidelines::Standing> statuses;
  NamedPlaces places;  // these and their parts alone
};

struct VariationJob {
  BuildingOptions building;
  SelectionOptions selection;
  std::vector<std::string> groups;  // empty: all groups of the place
};
Expected<CurationRun> VaryGuidelines(const VariationJob& job, const Watch& watch);

struct ValidationJob {
  BuildingOptions building;
  SelectionOptions selection;
};
Expected<CurationRun> ValidateGuidelines(const ValidationJob& job, const Watch& watch);

struct EmbedResult {
  int64_t made = 0, current = 0;  // documents with a new vector, and with the one they had
  std::string model;
};
// Makes the vectors of guidelines and passages that lack them.
Expected<EmbedResult> EmbedGuidelines(const std::string& database, const EmbedOptions& options,
                                      const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_BUILDING_H_
