// A whole report: everything that `mores report` computes, and its forms for people and programs.
#ifndef MORES_REPORT_REPORT_H_
#define MORES_REPORT_REPORT_H_

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "job/progress.h"
#include "report/baselines.h"
#include "report/figures.h"
#include "report/items.h"
#include "report/pairs.h"

namespace mores::report {

struct SliceFigures {
  std::string dimension;
  std::string name;
  Figures figures;
};

struct Report {
  Collection collection;
  Thresholds thresholds;  // those given in place of the verdicts' own
  Figures all;
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

// The summary file, version 1 (docs/formats/report.md).
Json Summarize(const Report& report);
// A table for a terminal, ending in a line break. Names are made harmless and cut to width.
std::string FormatTable(const Report& report);

// What --fail-if may name, and its value; NaN where undefined.
inline constexpr std::array<std::string_view, 12> kBoundFigures = {"unsafe",
                                                                   "unparsed",
                                                                   "accuracy",
                                                                   "mean_of_sets_accuracy",
                                                                   "precision",
                                                                   "recall",
                                                                   "f1",
                                                                   "false_unsafe_rate",
                                                                   "refusal_false_unsafe_rate",
                                                                   "auroc",
                                                                   "brier",
                                                                   "calibration_error"};
double FigureNamed(const Report& report, std::string_view name);

}  // namespace mores::report

#endif  // MORES_REPORT_REPORT_H_
