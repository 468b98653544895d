#include "app/report.h"

#include <optional>
#include <utility>

#include "app/database.h"
#include "app/places.h"
#include "base/files.h"
#include "job/document.h"

namespace mores::app {
namespace {

using Baselines = std::optional<report::TrainedBaselines>;

Status CheckBaselineFiles(const BaselineFiles& files) {
  if (!files.train.empty() && !files.load.empty()) {
    return MakeError(ErrorKind::kUsage, "baselines are trained or loaded, not both");
  }
  if (!files.save.empty() && files.train.empty()) {
    return MakeError(ErrorKind::kUsage, "{}: no baselines are trained to be saved", files.save);
  }
  return {};
}

Status CheckReportFiles(const ReportJob& options) {
  std::vector<std::string> inputs = options.verdicts;
  inputs.insert(inputs.end(), options.labels.begin(), options.labels.end());
  inputs.push_back(options.baselines.train);
  inputs.push_back(options.baselines.load);
  const std::vector<WrittenFile> files = {{options.files.summary, job::FileKind::kJson},
                                          {options.files.page, job::FileKind::kPage},
                                          {options.files.csv, job::FileKind::kText},
                                          {options.files.verdicts_csv, job::FileKind::kText},
                                          {options.baselines.save, job::FileKind::kBytes}};
  MORES_RETURN_IF_ERROR(CheckWritten(inputs, files));
  return job::CheckDocument(options.files.summary, "mores-report");
}

Expected<Baselines> OpenBaselines(const BaselineFiles& files, job::Progress& progress,
                                  StopToken stop) {
  if (!files.load.empty()) {
    MORES_ASSIGN_OR_RETURN(auto loaded, report::TrainedBaselines::Load(files.load));
    return Baselines(std::move(loaded));
  }
  if (files.train.empty()) return Baselines();
  MORES_ASSIGN_OR_RETURN(auto trained,
                         report::TrainedBaselines::Train(files.train, progress, stop));
  if (!files.save.empty()) MORES_RETURN_IF_ERROR(trained.Save(files.save));
  return Baselines(std::move(trained));
}

// The texts of what verdicts cite, where a database is at hand.
Status AddGuidelineTexts(const std::string& named, report::PlaceReport& places) {
  if (places.cited.empty() || !DatabasePath(named)) return {};
  MORES_ASSIGN_OR_RETURN(const auto database, OpenDatabase(named, GuidelineAccess::kRead));
  const auto find =
      [&](const format::GuidelineRef& ref) -> Expected<std::optional<report::GuidelineText>> {
    MORES_ASSIGN_OR_RETURN(const auto cited, database->Find(ref.id, ref.version));
    if (!cited) return std::nullopt;
    MORES_ASSIGN_OR_RETURN(const auto current, database->Find(ref.id));
    report::GuidelineText text{.kind = std::string(guidelines::Name(cited->guideline.kind)),
                               .topic = cited->guideline.topic,
                               .text = cited->guideline.text};
    if (current) {
      text.status = guidelines::Name(current->guideline.status);
      text.current_version = current->guideline.version;
    }
    return text;
  };
  return report::AddTexts(find, places);
}

Status WriteFigures(const report::Report& report, const FigureFiles& files) {
  const bool with_text = files.content == report::PageContent::kWithText;
  if (!files.summary.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(files.summary, DumpJson(report::Summarize(report)) + "\n"));
  }
  if (!files.csv.empty()) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(files.csv, report::FormatCsv(report)));
  }
  if (!files.verdicts_csv.empty()) {
    const report::CsvContent content =
        with_text ? report::CsvContent::kWithText : report::CsvContent::kNoText;
    MORES_RETURN_IF_ERROR(WriteFileAtomically(
        files.verdicts_csv, report::FormatVerdictsCsv(report.collection, content)));
  }
  if (!files.page.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(files.page, report::RenderReportPage(report, files.content)));
  }
  return {};
}

}  // namespace

Expected<report::Report> ReportVerdicts(const ReportJob& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckBaselineFiles(options.baselines));
  MORES_RETURN_IF_ERROR(CheckReportFiles(options));
  const job::ShownProgress progress(watch.progress);
  MORES_ASSIGN_OR_RETURN(report::Collection collection,
                         report::Collect({.verdict_paths = options.verdicts,
                                          .label_paths = options.labels,
                                          .thresholds = options.thresholds,
                                          .place_name = PlaceNames()}));
  MORES_RETURN_IF_ERROR(watch.stop.Check());
  MORES_ASSIGN_OR_RETURN(const Baselines baselines,
                         OpenBaselines(options.baselines, *progress, watch.stop));
  MORES_RETURN_IF_ERROR(watch.stop.Check());
  const stats::BootstrapOptions bootstrap = {.seed = options.seed};
  std::optional<report::Pairs> pairs;
  if (!options.pairs.empty()) {
    MORES_ASSIGN_OR_RETURN(pairs, report::MeasurePairs(collection, options.pairs, bootstrap));
  }
  MORES_ASSIGN_OR_RETURN(
      report::Report report,
      report::MakeReport(
          std::move(collection), baselines,
          {.thresholds = options.thresholds, .bootstrap = bootstrap, .stop = watch.stop},
          *progress));
  report.pairs = std::move(pairs);
  if (report.places) {
    MORES_RETURN_IF_ERROR(AddGuidelineTexts(options.database, *report.places));
  }
  MORES_RETURN_IF_ERROR(WriteFigures(report, options.files));
  return report;
}

}  // namespace mores::app
