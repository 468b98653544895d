// A whole report: everything that `mores report` computes, and its forms for people and programs.
#ifndef MORES_REPORT_REPORT_H_
#define MORES_REPORT_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "format/gate.h"
#include "job/progress.h"
#include "report/baselines.h"
#include "report/figures.h"
#include "report/items.h"
#include "report/pairs.h"
#include "report/places.h"

namespace mores::report {

struct SliceFigures {
  std::string dimension;
  std::string name;
  Figures figures;
  bool chosen_by_judge = false;  // as Slice's: then there are no figures over gold
};

struct Report {
  Collection collection;
  Thresholds thresholds;  // those given in place of the verdicts' own
  Figures all;
  stats::Estimate unsafe_share;  // unsafe in general or in a place of its own, as LabelAnywhere
  size_t undecided = 0;          // items without a label, in general or in a place of their own
  size_t undecided_with_swapped = 0;  // or in a place swapped in
  size_t places_not_judged = 0;       // items that name a place and were judged in none
  format::LabelsIn labels_in;
  std::optional<PlaceReport> places;
  stats::Estimate mean_of_sets_accuracy;  // NaN with fewer than two sets with gold
  std::vector<CalibrationPoint> calibration;
  std::vector<SliceFigures> slices;
  std::vector<BaselineFigures> baselines;
  Json baseline_origin;        // null without trained baselines
  std::optional<Pairs> pairs;  // filled by the caller where they are asked for
  stats::BootstrapOptions bootstrap;
};

struct ReportOptions {
  Thresholds thresholds;  // those that Collect was given, kept for the record
  stats::BootstrapOptions bootstrap;
  StopToken stop;  // looked at between slices
};

// kCancelled once a stop is asked for.
Expected<Report> MakeReport(Collection collection, const std::optional<TrainedBaselines>& trained,
                            const ReportOptions& options, job::Progress& progress);

// The summary file, version 2 (docs/formats/report.md).
Json Summarize(const Report& report);
// A table for a terminal, ending in a line break. Names are made harmless and cut to width.
std::string FormatTable(const Report& report);
// The groups of that table with all their figures.
std::string FormatCsv(const Report& report);

enum class CsvContent { kWithText, kNoText };
// One row a verdict.
std::string FormatVerdictsCsv(const Collection& collection, CsvContent content);

// What --fail-if may name, and its value (docs/formats/report.md).
const format::GateFigures& ReportFigures();
format::GateFigure FigureOf(const Report& report, const format::Bound& bound);

}  // namespace mores::report

#endif  // MORES_REPORT_REPORT_H_
