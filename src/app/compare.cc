#include "app/compare.h"

#include <utility>

#include "app/places.h"
#include "base/files.h"
#include "job/document.h"

namespace mores::app {

Expected<report::Comparison> CompareVerdicts(const CompareJob& options) {
  std::vector<std::string> inputs = options.labels;
  inputs.insert(inputs.end(), {options.first, options.second});
  const std::vector<WrittenFile> written = {{options.files.summary, job::FileKind::kJson},
                                            {options.files.page, job::FileKind::kPage},
                                            {options.files.csv, job::FileKind::kText},
                                            {options.files.verdicts_csv, job::FileKind::kText}};
  MORES_RETURN_IF_ERROR(CheckWritten(inputs, written));
  MORES_RETURN_IF_ERROR(job::CheckDocument(options.files.summary, "mores-comparison"));
  const auto collect = [&](const std::string& path) {
    return report::Collect({.verdict_paths = {path},
                            .label_paths = options.labels,
                            .thresholds = options.thresholds,
                            .place_name = PlaceNames()});
  };
  MORES_ASSIGN_OR_RETURN(report::Collection first, collect(options.first));
  MORES_ASSIGN_OR_RETURN(report::Collection second, collect(options.second));
  MORES_ASSIGN_OR_RETURN(
      report::Comparison comparison,
      report::Compare(std::move(first), std::move(second), {.seed = options.seed}));
  const FigureFiles& files = options.files;
  if (!files.summary.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(files.summary, DumpJson(report::Summarize(comparison)) + "\n"));
  }
  if (!files.csv.empty()) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(files.csv, report::FormatCsv(comparison)));
  }
  if (!files.verdicts_csv.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(files.verdicts_csv, report::FormatVerdictsCsv(comparison)));
  }
  if (!files.page.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(files.page, report::RenderComparePage(comparison, files.content)));
  }
  return comparison;
}

}  // namespace mores::app
