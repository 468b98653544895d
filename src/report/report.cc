#include "report/report.h"

#include <cmath>
#include <limits>
#include <utility>

#include "base/figure_text.h"
#include "stats/estimate_json.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

constexpr int kSummaryVersion = 2;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

stats::Estimate MeanOfSets(const Collection& collection, const stats::BootstrapOptions& options) {
  std::vector<PairedItem> items;
  for (const Item& item : collection.items) {
    if (!item.has_gold()) continue;
    items.push_back({.first_correct = item.correct(),
                     .second_correct = item.correct(),
                     .cluster = item.cluster,
                     .set = item.set});
  }
  if (collection.sets.size() < 2 || items.empty()) {
    return {kUndefined, {kUndefined, kUndefined}};
  }
  return CompareMeanOfSets(items, collection.sets.size(), options).first_accuracy;
}

Json ToJson(const std::vector<InputFile>& files) {
  Json array = Json::array();
  for (const InputFile& file : files) {
    array.push_back(Json{{"path", file.path}, {"sha256", file.sha256}, {"records", file.records}});
  }
  return array;
}

Json ToJson(const Thresholds& thresholds) {
  Json json = Json::object();
  if (thresholds.en) json["en"] = *thresholds.en;
  if (thresholds.zh) json["zh"] = *thresholds.zh;
  if (thresholds.other) json["other"] = *thresholds.other;
  return json;
}

std::string FigureLine(const std::string& name, const Figures& figures) {
  return fmt::format("{} {:>7} {:>20} {:>20} {:>20} {:>6}\n", text::PadColumns(name, 30),
                     figures.items, FormatEstimate(figures.unsafe_share, stats::kPercentStyle),
                     FormatEstimate(figures.accuracy, stats::kPercentStyle),
                     FormatEstimate(figures.f1, stats::kPercentStyle),
                     FigureText(figures.auroc.value));
}

std::string DimensionLine(const SliceFigures& slice) {
  if (!slice.chosen_by_judge) return slice.dimension + "\n";
  return "category, by the judge (no accuracy: what it is wrong about stands in another row)\n";
}

std::string BaselineLines(const Report& report) {
  std::string text;
  for (const BaselineFigures& baseline : report.baselines) {
    for (const BaselineRow& row : baseline.rows) {
      if (!row.set.empty() && row.set != kMeanOfSets) continue;
      const std::string name =
          fmt::format("{} ({}){}", baseline.name, baseline.basis, row.set.empty() ? "" : ", mean");
      text += fmt::format("{} {:>7} {:>20} {:>20}\n", text::PadColumns(name, 30), row.figures.items,
                          FormatEstimate(row.figures.second_accuracy, stats::kPercentStyle),
                          FormatEstimate(row.figures.difference, stats::kPercentStyle));
    }
  }
  return text;
}

// Items of groups that the judge chose, without what is expected of them.
Figures MeasureSlice(const Slice& slice, const stats::BootstrapOptions& options) {
  if (!slice.chosen_by_judge) return Measure(slice.items, options);
  std::vector<Measured> items;
  for (const Item* item : slice.items) {
    items.push_back(MeasuredOf(*item));
    items.back().truly_unsafe.reset();
  }
  return Measure(items, options);
}

void MeasureAnywhere(const stats::BootstrapOptions& options, Report& report) {
  std::vector<SharedItem> items;
  for (const Item& item : report.collection.items) {
    const format::Label label = format::LabelAnywhere(item.verdict);
    items.push_back({.cluster = item.cluster,
                     .counted = label != format::Label::kUnparsed,
                     .holds = label == format::Label::kUnsafe});
    report.undecided += format::AnyUnparsed(item.verdict) ? 1 : 0;
    report.undecided_with_swapped += format::AnyUnparsedWithSwapped(item.verdict) ? 1 : 0;
    report.places_not_judged += format::PlaceNotJudged(item.verdict) ? 1 : 0;
    report.labels_in.Add(item.verdict);
  }
  report.unsafe_share = MeasureShare(items, options);
}

}  // namespace

Expected<Report> MakeReport(Collection collection, const std::optional<TrainedBaselines>& trained,
                            const ReportOptions& options, job::Progress& progress) {
  Report report;
  report.collection = std::move(collection);
  report.thresholds = options.thresholds;
  report.bootstrap = options.bootstrap;
  Items all;
  for (const Item& item : report.collection.items) all.push_back(&item);
  const std::vector<Slice> slices = Slices(report.collection);

  progress.Start("computing intervals", "groups", static_cast<int64_t>(slices.size()) + 2, 0);
  report.all = Measure(all, options.bootstrap);
  MeasureAnywhere(options.bootstrap, report);
  report.places = MeasurePlaces(report.collection, options.bootstrap);
  report.calibration = MeasureCalibration(all, options.bootstrap);
  report.mean_of_sets_accuracy = MeanOfSets(report.collection, options.bootstrap);
  int64_t done = 1;
  progress.Update(done, "all");
  for (const Slice& slice : slices) {
    MORES_RETURN_IF_ERROR(options.stop.Check());
    report.slices.push_back({slice.dimension, slice.name, MeasureSlice(slice, options.bootstrap),
                             slice.chosen_by_judge});
    progress.Update(++done, slice.dimension);
  }
  report.baselines = MeasureBaselines(report.collection, trained, options.bootstrap);
  if (trained) report.baseline_origin = trained->origin();
  progress.Finish(fmt::format("{} items in {} groups", all.size(), slices.size() + 1));
  return report;
}

Json Summarize(const Report& report) {
  const Collection& collection = report.collection;
  Json slices = Json::array();
  for (const SliceFigures& slice : report.slices) {
    Json json = {{"dimension", slice.dimension}, {"name", slice.name}};
    if (slice.chosen_by_judge) json["chosen_by_judge"] = true;
    json.update(ToJson(slice.figures));
    slices.push_back(std::move(json));
  }
  Json summary{{"kind", "mores-report"},
               {"version", kSummaryVersion},
               {"verdicts", ToJson(collection.verdict_files)},
               {"labels", ToJson(collection.label_files)},
               {"models", collection.models},
               {"prompts", collection.prompts},
               {"sets", collection.sets},
               {"failed", collection.failed},
               {"labels_unmatched", collection.labels_unmatched},
               {"thresholds", ToJson(report.thresholds)},
               {"bootstrap",
                {{"resamples", report.bootstrap.resamples},
                 {"seed", report.bootstrap.seed},
                 {"coverage", report.bootstrap.coverage},
                 {"unit", "query"}}},
               {"all", ToJson(report.all)},
               {"unsafe_share", ToJson(report.unsafe_share)},
               {"undecided", report.undecided},
               {"mean_of_sets_accuracy", ToJson(report.mean_of_sets_accuracy)},
               {"calibration", ToJson(report.calibration)},
               {"slices", std::move(slices)},
               {"baselines", ToJson(report.baselines)},
               {"baseline_origin", report.baseline_origin}};
  if (report.places_not_judged > 0) summary["places_not_judged"] = report.places_not_judged;
  if (report.places) summary["places"] = ToJson(*report.places);
  if (report.pairs) summary["pairs"] = ToJson(*report.pairs);
  return summary;
}

std::string FormatTable(const Report& report) {
  std::string text = fmt::format("{:<30} {:>7} {:>20} {:>20} {:>20} {:>6}\n", "", "items",
                                 "judged unsafe %", "accuracy %", "F1 of unsafe %", "AUROC");
  text += FigureLine("all", report.all);
  std::string dimension;
  for (const SliceFigures& slice : report.slices) {
    if (slice.dimension != dimension) text += DimensionLine(slice);
    dimension = slice.dimension;
    text += FigureLine("  " + slice.name, slice.figures);
  }
  if (!std::isnan(report.mean_of_sets_accuracy.value)) {
    text += fmt::format("accuracy, mean of {} sets: {} %\n", report.collection.sets.size(),
                        FormatEstimate(report.mean_of_sets_accuracy, stats::kPercentStyle));
  }
  if (report.all.unparsed > 0) {
    text += fmt::format("unparsed, counted as wrong: {}\n", report.all.unparsed);
  }
  if (report.collection.failed > 0) {
    text += fmt::format("failed, without a verdict: {}\n", report.collection.failed);
  }
  if (report.places_not_judged > 0) {
    text += fmt::format("name a place and were judged in general alone: {}\n",
                        report.places_not_judged);
  }
  if (report.all.with_gold == 0) {
    text += "no gold labels: accuracy and the like need `expected` in the verdicts or --labels\n";
  }
  if (report.places) text += FormatPlaces(*report.places);
  if (report.pairs) text += FormatPairs(*report.pairs);
  if (report.all.with_gold > 0 && !report.baselines.empty()) {
    text += fmt::format("\n{:<30} {:>7} {:>20} {:>20}\n", "baseline", "items", "accuracy %",
                        "judge less it, %");
    text += BaselineLines(report);
  }
  return text;
}

}  // namespace mores::report
