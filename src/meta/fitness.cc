#include "meta/fitness.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/hash.h"
#include "base/random.h"
#include "meta/figures.h"
#include "stats/estimate_json.h"
#include "stats/paired_difference.h"

namespace mores::meta {
namespace {

constexpr size_t kLevels = 2, kMeasures = 3;
constexpr size_t kFigures = kLevels * kMeasures;
constexpr std::string_view kFitnessMeasureNames[] = {"precision", "recall", "F1"};
constexpr size_t kFewReferences = 40;  // as stats/share.h has it, of independent ones
constexpr double kWanting = 0.5;       // a judge that finds fault with most of what people wrote

// What resampling adds up, of one probe.
struct Sums {
  double precision = 0, recall = 0, f1 = 0;
  double precise = 0, claims = 0, recalled = 0, references = 0;
};

double ShareOfAll(double part, double whole) { return whole > 0 ? part / whole : 0; }

void Add(const ProbeCounts& counts, Sums& sums) {
  const auto value = [](int64_t count) { return static_cast<double>(count); };
  const double precision = ShareOfAll(value(counts.precise), value(counts.claims));
  const double recall = ShareOfAll(value(counts.recalled), value(counts.references));
  sums.precision += precision;
  sums.recall += recall;
  sums.f1 += F1(precision, recall);
  sums.precise += value(counts.precise);
  sums.claims += value(counts.claims);
  sums.recalled += value(counts.recalled);
  sums.references += value(counts.references);
}

void AddTimes(double weight, const Sums& one, Sums& sums) {
  sums.precision += weight * one.precision;
  sums.recall += weight * one.recall;
  sums.f1 += weight * one.f1;
  sums.precise += weight * one.precise;
  sums.claims += weight * one.claims;
  sums.recalled += weight * one.recalled;
  sums.references += weight * one.references;
}

std::array<double, kFigures> FiguresOf(const Sums& sums, double items) {
  const double precision = ShareOfAll(sums.precise, sums.claims);
  const double recall = ShareOfAll(sums.recalled, sums.references);
  return {ShareOfAll(sums.precision, items),
          ShareOfAll(sums.recall, items),
          ShareOfAll(sums.f1, items),
          precision,
          recall,
          F1(precision, recall)};
}

using ProbeSums = std::array<Sums, kProbes.size()>;

struct ClusterSums {
  double items = 0;
  ProbeSums probes{};
  // [probe][measure]: how far references score above the probe, and how far below, summed.
  std::array<std::array<double, kMeasures>, kProbes.size()> above{}, below{};
};

std::array<double, kMeasures> ScoresOfCounts(const ProbeCounts& counts) {
  Sums sums;
  Add(counts, sums);
  return {sums.precision, sums.recall, sums.f1};
}

bool IsWhole(const ProbedReference& probed) {
  return std::all_of(probed.begin(), probed.end(), [](const auto& one) { return one.has_value(); });
}

// References of one query stand or fall together.
uint64_t ClusterOf(const CritiqueItem& reference) {
  const std::string_view query = format::QueryOf(reference.dialogue);
  return query.empty() ? HashBytes("id/" + reference.id) : HashBytes(query);
}

std::vector<ClusterSums> SumClusters(const std::vector<CritiqueItem>& references,
                                     std::span<const ProbedReference> probed,
                                     const std::vector<size_t>& members) {
  std::vector<uint64_t> keys;
  for (const size_t i : members) keys.push_back(ClusterOf(references[i]));
  size_t count = 0;
  const std::vector<uint32_t> numbers = stats::DenseClusters(keys, &count);
  std::vector<ClusterSums> clusters(count);
  for (size_t k = 0; k < members.size(); ++k) {
    ClusterSums& cluster = clusters[numbers[k]];
    cluster.items += 1;
    const ProbedReference& reference = probed[members[k]];
    const auto best = ScoresOfCounts(*reference[0]);
    for (size_t p = 0; p < kProbes.size(); ++p) {
      Add(*reference[p], cluster.probes[p]);
      const auto scores = ScoresOfCounts(*reference[p]);
      for (size_t i = 0; i < kMeasures; ++i) {
        cluster.above[p][i] += std::max(best[i] - scores[i], 0.0);
        cluster.below[p][i] += std::max(scores[i] - best[i], 0.0);
      }
    }
  }
  return clusters;
}

// `estimates` are those of one probe: its figures, and how far the references lie above them.
void HoldProbe(const std::vector<ClusterSums>& clusters, size_t probe, double coverage,
               std::span<stats::Estimate> estimates) {
  FigureShares shares;
  std::array<std::vector<stats::ClusterDifference>, kMeasures> below;
  for (const ClusterSums& cluster : clusters) {
    const Sums& sums = cluster.probes[probe];
    const std::array scores = {sums.precision, sums.recall, sums.f1};
    for (size_t i = 0; i < kMeasures; ++i) {
      shares.macro[i].push_back({scores[i], cluster.items});
      below[i].push_back({cluster.above[probe][i], cluster.below[probe][i], cluster.items});
    }
    shares.micro[0].push_back({sums.precise, sums.claims});
    shares.micro[1].push_back({sums.recalled, sums.references});
  }
  HoldFigures(shares, coverage, estimates.first(kFigures));
  const std::span<stats::Estimate> differences = estimates.subspan(kFigures);
  for (size_t i = 0; i < kMeasures; ++i) {
    differences[i] = stats::DifferenceEstimate(below[i], differences[i], coverage);
    differences[kMeasures + i] = stats::WithoutPointInterval(differences[kMeasures + i]);
  }
}

void CountProbeReplies(const ProbeCounts& counts, std::vector<chat::ReplyTally>& replies) {
  if (replies.empty()) replies = RepliesOf({}, "");
  if (counts.blank) return;
  const std::array<int64_t, 3> asked = {1, counts.claims, counts.references};
  const std::array<int64_t, 3> unparsed = {counts.unreadable ? 1 : 0, counts.unparsed_precision,
                                           counts.unparsed_recall};
  for (size_t i = 0; i < replies.size(); ++i) {
    replies[i].unparsed += unparsed[i];
    replies[i].read += asked[i] - unparsed[i];
  }
}

void Assign(std::span<const stats::Estimate> estimates, FitnessFigures& figures) {
  for (size_t level = 0; level < kLevels; ++level) {
    for (size_t measure = 0; measure < kMeasures; ++measure) {
      figures.values[level][measure] = estimates[level * kMeasures + measure];
    }
  }
}

FitnessScope MeasureScope(std::string name, const std::vector<CritiqueItem>& references,
                          std::span<const ProbedReference> probed,
                          const std::vector<size_t>& members,
                          const stats::BootstrapOptions& options) {
  FitnessScope scope;
  scope.name = std::move(name);
  scope.references = members.size();
  const std::vector<ClusterSums> clusters = SumClusters(references, probed, members);
  const auto statistics = [&](std::span<const double> weights, std::span<double> values) {
    ClusterSums total;
    for (size_t c = 0; c < clusters.size(); ++c) {
      if (weights[c] == 0) continue;
      total.items += weights[c] * clusters[c].items;
      for (size_t p = 0; p < kProbes.size(); ++p) {
        AddTimes(weights[c], clusters[c].probes[p], total.probes[p]);
      }
    }
    const auto best = FiguresOf(total.probes[0], total.items);  // the references themselves
    for (size_t p = 0; p < kProbes.size(); ++p) {
      const auto figures = FiguresOf(total.probes[p], total.items);
      for (size_t f = 0; f < kFigures; ++f) {
        values[2 * p * kFigures + f] = figures[f];
        values[(2 * p + 1) * kFigures + f] = best[f] - figures[f];
      }
    }
  };
  std::vector<stats::Estimate> estimates =
      stats::ClusterBootstrap(clusters.size(), 2 * kFigures * kProbes.size(), statistics, options);
  for (size_t p = 0; p < kProbes.size(); ++p) {
    const std::span<stats::Estimate> all(estimates);
    HoldProbe(clusters, p, options.coverage, all.subspan(2 * p * kFigures, 2 * kFigures));
    Assign(all.subspan(2 * p * kFigures, kFigures), scope.probes[p].figures);
    Assign(all.subspan((2 * p + 1) * kFigures, kFigures), scope.probes[p].below);
    for (const size_t i : members) {
      scope.probes[p].unparsed += probed[i][p]->unparsed();
      CountProbeReplies(*probed[i][p], scope.probes[p].replies);
      scope.probes[p].unreadable += probed[i][p]->unreadable ? 1 : 0;
    }
  }
  return scope;
}

enum class Expectation { kFalls, kStays };

ProbeComparison Compare(const FitnessScope& scope, Probe probe, Measure measure,
                        Expectation expectation) {
  ProbeComparison comparison{.scope = scope.name, .probe = probe, .measure = measure, .below = {}};
  comparison.below = scope.probes[static_cast<size_t>(probe)].below.At(Level::kMacro, measure);
  const stats::Interval& interval = comparison.below.interval;  // of NaN: holds nothing
  comparison.holds = expectation == Expectation::kFalls ? interval.low > 0
                                                        : interval.low <= 0 && interval.high >= 0;
  return comparison;
}

std::string Describe(const ProbeComparison& comparison, std::string_view problem) {
  stats::EstimateStyle style = stats::kPercentStyle;
  style.undefined = "an undefined number of";
  return fmt::format("{}: {} critiques {} in macro {}: below them by {} points", comparison.scope,
                     Name(comparison.probe), problem,
                     kFitnessMeasureNames[static_cast<size_t>(comparison.measure)],
                     FormatEstimate(comparison.below, style));
}

void CompareAll(FitnessReport& report) {
  using enum Measure;
  for (const FitnessScope& scope : report.scopes) {
    for (const Probe probe : {Probe::kNegated, Probe::kCopied, Probe::kForeign}) {
      for (const Measure measure : {kF1, kRecall}) {
        report.requirements.push_back(Compare(scope, probe, measure, Expectation::kFalls));
      }
    }
    for (const auto& [probe, measure] :
         {std::pair(Probe::kNegated, kPrecision), std::pair(Probe::kForeign, kPrecision),
          std::pair(Probe::kDropped, kRecall), std::pair(Probe::kSwapped, kRecall),
          std::pair(Probe::kSwapped, kPrecision), std::pair(Probe::kAdded, kPrecision)}) {
      report.directions.push_back(Compare(scope, probe, measure, Expectation::kFalls));
    }
    for (const Probe probe :
         {Probe::kReordered, Probe::kRecased, Probe::kMerged, Probe::kParaphrased}) {
      report.invariances.push_back(Compare(scope, probe, kF1, Expectation::kStays));
    }
  }
}

void AddCautions(FitnessReport& report) {
  for (const FitnessScope& scope : report.scopes) {
    if (scope.references > kFewReferences) continue;
    report.cautions.push_back(
        fmt::format("{}: {} references are few, so the intervals are wide and little can be shown",
                    scope.name, scope.references));
  }
  for (const FitnessScope& scope : report.scopes) {
    for (const Measure measure : {Measure::kPrecision, Measure::kRecall}) {
      const double value = scope.probes[0].figures.At(Level::kMacro, measure).value;
      if (!(value < kWanting)) continue;
      report.cautions.push_back(fmt::format(
          "{}: the judge finds no more than {:.1f} points of macro {} in the references "
          "themselves",
          scope.name, 100 * value, kFitnessMeasureNames[static_cast<size_t>(measure)]));
    }
  }
  for (const ProbeComparison& one : report.directions) {
    if (!one.holds) report.cautions.push_back(Describe(one, "do not fall below the references"));
  }
  for (const ProbeComparison& one : report.invariances) {
    if (!one.holds) report.cautions.push_back(Describe(one, "say the same and score otherwise"));
  }
}

// Why figures that rest on what wasn't read decide nothing; empty where most could be read.
std::vector<std::string> UnreadReasons(const FitnessReport& report) {
  std::vector<std::string> reasons;
  const auto add = [&](const chat::ReplyTally& replies, const std::string& of) {
    if (!replies.IsMostlyUnread()) return;
    reasons.push_back(fmt::format("most {} unparsed{}: {} of {}", replies.part, of,
                                  replies.unparsed, replies.asked()));
  };
  for (const chat::ReplyTally& replies : report.replies) add(replies, "");
  if (!reasons.empty()) return reasons;
  for (const FitnessScope& scope : report.scopes) {
    for (const Probe probe :
         {Probe::kReferences, Probe::kNegated, Probe::kCopied, Probe::kForeign}) {
      for (const auto& replies : scope.probes[static_cast<size_t>(probe)].replies) {
        add(replies, fmt::format(" ({}, {} critiques)", scope.name, Name(probe)));
      }
    }
  }
  return reasons;
}

void Decide(FitnessReport& report) {
  CompareAll(report);
  std::vector<std::string>& reasons = report.fitness.reasons;
  reasons = UnreadReasons(report);
  for (const ProbeComparison& one : report.requirements) {
    if (!one.holds) reasons.push_back(Describe(one, "do not fall below the references"));
  }
  if (report.failed > 0) {
    reasons.push_back(fmt::format("{} references could not be measured whole", report.failed));
  }
  if (report.references == 0) reasons.emplace_back("nothing was measured");
  report.fitness.fit = reasons.empty();
  AddCautions(report);
}

}  // namespace

ProbeCounts CountsOf(const Evaluation& evaluation) {
  ProbeCounts counts;
  counts.claims = static_cast<int64_t>(evaluation.precision.size());
  counts.references = static_cast<int64_t>(evaluation.recall.size());
  counts.unreadable = !evaluation.extraction_error.empty();
  counts.blank = evaluation.critique_code_points == 0;
  for (const Ruling& ruling : evaluation.precision) {
    counts.precise += ruling.outcome == RulingOutcome::kCorrect ? 1 : 0;
    counts.unparsed_precision += ruling.outcome == RulingOutcome::kUnparsed ? 1 : 0;
  }
  for (const Ruling& ruling : evaluation.recall) {
    counts.recalled += ruling.outcome == RulingOutcome::kCorrect ? 1 : 0;
    counts.unparsed_recall += ruling.outcome == RulingOutcome::kUnparsed ? 1 : 0;
  }
  return counts;
}

FitnessReport AssessFitness(const ProbeMaker& maker, std::span<const ProbedReference> probed,
                            const stats::BootstrapOptions& options) {
  const std::vector<CritiqueItem>& references = maker.references();
  MORES_CHECK(probed.size() == references.size());
  FitnessReport report;
  report.bootstrap = options;
  report.left_out = maker.left_out();
  report.fitness.references_sha256 = HashReferences(references);
  std::vector<size_t> all, english, chinese;
  for (size_t i = 0; i < references.size(); ++i) {
    if (!IsWhole(probed[i])) continue;
    all.push_back(i);
    (references[i].lang == text::Language::kChinese ? chinese : english).push_back(i);
  }
  report.references = all.size();
  for (const size_t i : all) {
    for (const auto& counts : probed[i]) CountProbeReplies(*counts, report.replies);
  }
  report.failed = references.size() - all.size();
  if (!all.empty()) {
    report.scopes.push_back(MeasureScope("all", references, probed, all, options));
  }
  if (!english.empty() && !chinese.empty()) {
    report.scopes.push_back(MeasureScope("en", references, probed, english, options));
    report.scopes.push_back(MeasureScope("zh", references, probed, chinese, options));
  }
  Decide(report);
  return report;
}

std::string HashReferences(std::span<const CritiqueItem> references) {
  std::string hashes;
  for (const CritiqueItem& reference : references) {
    Json one = {{"id", reference.id},
                {"turns", format::TurnsToJson(reference.dialogue.turns)},
                {"aius", reference.reference_aius}};
    hashes += Sha256Hex(DumpJson(one));
  }
  return Sha256Hex(hashes);
}

Expected<Json> RequireFit(const Fitness& fitness, const AiuJudge& judge, ProxyUse proxy) {
  if (fitness.judge_fingerprint != judge.fingerprint()) {
    return MakeError(ErrorKind::kUsage,
                     "the fitness given is of meta-judge '{}' and not of '{}' as it is asked here "
                     "(see mores meta fitness)",
                     fitness.judge, judge.name());
  }
  if (fitness.fit) return Json();
  if (proxy == ProxyUse::kRefused) {
    return MakeError(ErrorKind::kUsage,
                     "meta-judge '{}' is unfit ({}); see its fitness file, and mores meta fitness "
                     "for another judge",
                     fitness.judge,
                     fitness.reasons.empty() ? "without a reason given" : fitness.reasons.front());
  }
  return Json{{"proxy", true}, {"judge", fitness.judge}, {"reasons", fitness.reasons}};
}

}  // namespace mores::meta
