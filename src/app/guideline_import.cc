#include "app/guideline_import.h"

#include <utility>

#include "app/database.h"
#include "app/guideline_output.h"
#include "base/files.h"
#include "base/version.h"
#include "guidelines/import/safeworld.h"
#include "guidelines/import/travel_advice.h"
#include "job/document.h"

namespace mores::app {
namespace {

Status ReadSource(const ImportJob& options, const guidelines::PlaceCatalogue& places,
                  ImportResult& result) {
  switch (options.kind) {
    case ImportKind::kSafeWorld: {
      MORES_ASSIGN_OR_RETURN(result.batch, guidelines::ReadSafeWorld(options.path, places));
      return {};
    }
    case ImportKind::kTravelAdvice: {
      MORES_ASSIGN_OR_RETURN(guidelines::TravelAdvice advice,
                             guidelines::ReadTravelAdvice(options.path, places));
      result.pages = advice.pages;
      result.batch = std::move(advice.batch);
      return {};
    }
    case ImportKind::kJsonLines:
      break;
  }
  MORES_ASSIGN_OR_RETURN(result.batch,
                         guidelines::ReadGuidelines(options.path, places, options.statuses));
  return {};
}

Json ImportReport(const ImportJob& options, const ImportResult& result) {
  Json report = {{"command", "guidelines import"}, {"version", Version()},
                 {"kind", Name(options.kind)},     {"path", options.path},
                 {"by", options.change.by},        {"reason", options.change.reason},
                 {"trusted", options.trusted},     {"counts", guidelines::ToJson(result.counts)}};
  if (result.pages > 0) report["counts"]["pages"] = result.pages;
  report["repairs"] = Json::array();
  for (const guidelines::Repair& repair : result.batch.repairs) {
    report["repairs"].push_back({{"file", repair.file},
                                 {"record", repair.record},
                                 {"line", repair.line},
                                 {"what", repair.what}});
  }
  report["broken_off"] = result.batch.broken_off;
  report["unmapped"] = Json::array();
  for (const guidelines::UnmappedName& name : result.batch.unmapped) {
    report["unmapped"].push_back(
        {{"name", name.name}, {"place", name.place}, {"reason", name.reason}});
  }
  return report;
}

}  // namespace

std::string_view Name(ImportKind kind) {
  switch (kind) {
    case ImportKind::kSafeWorld:
      return "safeworld";
    case ImportKind::kTravelAdvice:
      return "travel-advice";
    case ImportKind::kJsonLines:
      break;
  }
  return "jsonl";
}

Expected<ImportResult> ImportGuidelines(const ImportJob& options, const Watch& watch) {
  // What is read before the database is touched: a bad line leaves none behind.
  MORES_ASSIGN_OR_RETURN(const std::string path, DatabasePath(options.database));
  MORES_RETURN_IF_ERROR(CheckWholeFile(std::vector{options.path, path}, {options.report}));
  MORES_RETURN_IF_ERROR(job::CheckDocument(options.report, "guidelines import"));
  MORES_ASSIGN_OR_RETURN(const auto places, guidelines::PlaceCatalogue::Open());
  ImportResult result;
  MORES_RETURN_IF_ERROR(ReadSource(options, *places, result));
  for (guidelines::Guideline& guideline : result.batch.guidelines) {
    if (options.trusted && guideline.status == guidelines::Standing::kImported) {
      guideline.trusted = true;
    }
  }
  MORES_RETURN_IF_ERROR(watch.stop.Check());  // a database that isn't there yet isn't made
  MORES_ASSIGN_OR_RETURN(const auto database, OpenDatabase(path, GuidelineAccess::kCreate));
  const guidelines::Batch& batch = result.batch;
  const size_t total = batch.passages.size() + batch.guidelines.size() + batch.queries.size();
  const job::ShownProgress progress(watch.progress);
  progress->Start("import", "records", static_cast<int64_t>(total), 0);
  const auto go_on = [&](size_t done) {
    progress->Update(static_cast<int64_t>(done), "");
    return watch.stop.Check();
  };
  MORES_ASSIGN_OR_RETURN(result.counts, database->Import(batch, options.change, go_on));
  progress->Finish("");
  if (!options.report.empty()) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(
        options.report, ImportReport(options, result).dump(/*indent=*/2) + "\n"));
  }
  return result;
}

}  // namespace mores::app
