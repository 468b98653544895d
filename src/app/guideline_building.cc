#include "app/guideline_building.h"

#include <functional>
#include <utility>

#include "guidelines/search/vectors.h"

namespace mores::app {
namespace {

using Build = std::function<Expected<curate::CurationResult>(const curate::BuildingOptions&)>;

// `step`: "generate".
Expected<CurationRun> RunBuilding(const std::string& step, const BuildingOptions& options,
                                  guidelines::Database& database, const Watch& watch,
                                  const Build& build) {
  CurationOptions common = options.common;
  common.files.input = database.path();
  if (common.files.output.empty()) {
    common.files.output = job::BesidePath(database.path(), step + ".jsonl");
    common.files.other_runs = job::OtherRuns::kReplaced;  // what came of them is in the database
  }
  Json manifest = Json::object();
  MORES_ASSIGN_OR_RETURN(manifest["guideline_set"], database.SetHash());
  const CurationPlan plan{.command = "guidelines " + step,
                          .inputs = {common.files.input},
                          .models = {options.model},
                          .role = step == "validate" ? "judge" : "writer"};
  return RunCuration(plan, common, manifest, watch,
                     [&](const curate::RunOptions& run, const auto& models) {
                       return build({.run = run,
                                     .model = models.front().get(),
                                     .sampling = common.sampling,
                                     .database = &database});
                     });
}

Expected<curate::GuidelineSelection> SelectionOf(const SelectionOptions& options,
                                                 guidelines::Database& database) {
  curate::GuidelineSelection selection{.ids = options.ids, .statuses = options.statuses};
  MORES_ASSIGN_OR_RETURN(selection.places, PlaceCodes(options.places, database));
  return selection;
}

// Each place, of which none may be named twice.
Expected<std::vector<guidelines::PlaceScope>> DistinctPlaces(const NamedPlaces& given,
                                                             guidelines::Database& database) {
  std::vector<guidelines::PlaceScope> places;
  for (const std::string& name : given.names) {
    MORES_ASSIGN_OR_RETURN(const guidelines::PlaceScope place,
                           guidelines::ParsePlaceScope(name, database));
    for (const guidelines::PlaceScope& before : places) {
      if (before.place == place.place && before.group == place.group) {
        return MakeError(ErrorKind::kUsage, "{} {}: named twice", given.called, name);
      }
    }
    places.push_back(place);
  }
  return places;
}

}  // namespace

Expected<CurationRun> GenerateGuidelines(const GenerationJob& job, const Watch& watch) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(job.building.database, GuidelineAccess::kCreate));
  curate::GenerationOptions options = job.options;
  MORES_ASSIGN_OR_RETURN(options.places, DistinctPlaces(job.places, *database));
  return RunBuilding("generate", job.building, *database, watch,
                     [&](const curate::BuildingOptions& building) {
                       options.building = building;
                       return curate::GenerateGuidelines(options);
                     });
}

Expected<CurationRun> VaryGuidelines(const VariationJob& job, const Watch& watch) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(job.building.database, GuidelineAccess::kWrite));
  curate::VariationOptions options{.groups = job.groups};
  MORES_ASSIGN_OR_RETURN(const auto selection, SelectionOf(job.selection, *database));
  MORES_ASSIGN_OR_RETURN(options.guidelines, curate::SelectToVary(*database, selection));
  return RunBuilding("vary", job.building, *database, watch,
                     [&](const curate::BuildingOptions& building) {
                       options.building = building;
                       return curate::VaryGuidelines(options);
                     });
}

Expected<CurationRun> ValidateGuidelines(const ValidationJob& job, const Watch& watch) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(job.building.database, GuidelineAccess::kWrite));
  curate::ValidationOptions options;
  MORES_ASSIGN_OR_RETURN(const auto selection, SelectionOf(job.selection, *database));
  MORES_ASSIGN_OR_RETURN(options.guidelines, curate::SelectToValidate(*database, selection));
  MORES_ASSIGN_OR_RETURN(const auto searcher, guidelines::Searcher::Create(*database));
  options.searcher = searcher.get();
  return RunBuilding("validate", job.building, *database, watch,
                     [&](const curate::BuildingOptions& building) {
                       options.building = building;
                       return curate::ValidateGuidelines(options);
                     });
}

Expected<EmbedResult> EmbedGuidelines(const std::string& database, const EmbedOptions& options,
                                      const Watch& watch) {
  EmbedOptions asked = options;
  asked.stop = watch.stop;
  MORES_ASSIGN_OR_RETURN(const auto embedder, OpenEmbedder(asked));
  MORES_ASSIGN_OR_RETURN(const auto opened, OpenDatabase(database, GuidelineAccess::kWrite));
  bool started = false;
  const auto tell = [&](int64_t done, int64_t total) {
    if (watch.progress == nullptr) return;
    if (started) {
      watch.progress->Update(done, "");
    } else {
      watch.progress->Start("embed", "documents", total, done);
    }
    started = true;
  };
  MORES_ASSIGN_OR_RETURN(const guidelines::EmbedCounts counts,
                         guidelines::EmbedDocuments(*opened, *embedder, tell));
  if (watch.progress != nullptr) watch.progress->Finish("");
  return EmbedResult{.made = static_cast<int64_t>(counts.made),
                     .current = static_cast<int64_t>(counts.current),
                     .model = embedder->name()};
}

}  // namespace mores::app
