// A fitness report as a file and as a table (docs/formats/fitness.md).
#include <array>

#include "base/files.h"
#include "base/json_fields.h"
#include "meta/figures.h"
#include "meta/fitness.h"
#include "stats/estimate_json.h"

namespace mores::meta {
namespace {

constexpr const char* kLevelNames[] = {"macro", "micro"};
constexpr const char* kMeasureNames[] = {"precision", "recall", "f1"};

Json FiguresToJson(const FitnessFigures& figures) {
  Json json = Json::object();
  for (size_t level = 0; level < 2; ++level) {
    for (size_t measure = 0; measure < 3; ++measure) {
      json[kLevelNames[level]][kMeasureNames[measure]] = ToJson(figures.values[level][measure]);
    }
  }
  return json;
}

Json ScopeToJson(const FitnessScope& scope) {
  Json probes = Json::object();
  for (const Probe probe : kProbes) {
    const ProbeFigures& figures = scope.probes[static_cast<size_t>(probe)];
    Json one = FiguresToJson(figures.figures);
    if (probe != Probe::kReferences) one["below_references"] = FiguresToJson(figures.below);
    one["unparsed_rulings"] = figures.unparsed;
    one["unreadable_extractions"] = figures.unreadable;
    probes[std::string(Name(probe))] = std::move(one);
  }
  return {{"references", scope.references}, {"probes", std::move(probes)}};
}

Json ComparisonsToJson(const std::vector<ProbeComparison>& comparisons) {
  Json json = Json::array();
  for (const ProbeComparison& one : comparisons) {
    json.push_back(
        {{"scope", one.scope},
         {"probe", Name(one.probe)},
         {"figure", fmt::format("macro.{}", kMeasureNames[static_cast<size_t>(one.measure)])},
         {"below_references", ToJson(one.below)},
         {"holds", one.holds}});
  }
  return json;
}

Json RewritesToJson(const std::array<RewriteCounts, kProbes.size()>& rewrites) {
  Json json = Json::object();
  for (const Probe probe : kProbes) {
    const RewriteCounts& counts = rewrites[static_cast<size_t>(probe)];
    if (counts.claims == 0) continue;
    json[std::string(Name(probe))] = {{"claims", counts.claims},
                                      {"by_rule", counts.by_rule},
                                      {"framed", counts.framed},
                                      {"unchanged", counts.unchanged}};
  }
  return json;
}

std::string FitnessPercent(const stats::Estimate& estimate) {
  stats::EstimateStyle style = stats::kPercentStyle;
  style.width = 5;
  return FormatEstimate(estimate, style);
}

std::string ScopeTable(const FitnessScope& scope) {
  std::string out = fmt::format("\n{}: {} references\n  {:<12} {:<20} {:<20} {:<20} {}\n",
                                scope.name, scope.references, "critiques", "precision", "recall",
                                "F1", "F1 below references");
  for (const Probe probe : kProbes) {
    const ProbeFigures& figures = scope.probes[static_cast<size_t>(probe)];
    out += fmt::format("  {:<12}", Name(probe));
    for (const Measure measure : {Measure::kPrecision, Measure::kRecall, Measure::kF1}) {
      out += fmt::format(" {:<20}", FitnessPercent(figures.figures.At(Level::kMacro, measure)));
    }
    out += probe == Probe::kReferences
               ? std::string()
               : " " + FitnessPercent(figures.below.At(Level::kMacro, Measure::kF1));
    while (out.ends_with(' ')) out.pop_back();
    if (figures.unparsed + figures.unreadable > 0) {
      out += fmt::format("  ({} rulings unparsed, {} extractions unreadable)", figures.unparsed,
                         figures.unreadable);
    }
    out += '\n';
  }
  return out;
}

}  // namespace

Json ToJson(const FitnessReport& report) {
  Json scopes = Json::object();
  for (const FitnessScope& scope : report.scopes) scopes[scope.name] = ScopeToJson(scope);
  Json json = {
      {"kind", "mores-fitness"},
      {"version", 1},
      {"fit", report.fitness.fit},
      {"reasons", report.fitness.reasons},
      {"cautions", report.cautions},
      {"judge",
       {{"name", report.fitness.judge}, {"fingerprint", report.fitness.judge_fingerprint}}},
      {"references",
       {{"sha256", report.fitness.references_sha256},
        {"measured", report.references},
        {"left_out", report.left_out},
        {"failed", report.failed}}},
      {"seed", report.seed},
      {"bootstrap",
       {{"resamples", report.bootstrap.resamples},
        {"seed", report.bootstrap.seed},
        {"coverage", report.bootstrap.coverage}}},
      {"rewrites", RewritesToJson(report.rewrites)},
      {"requirements", ComparisonsToJson(report.requirements)},
      {"directions", ComparisonsToJson(report.directions)},
      {"invariances", ComparisonsToJson(report.invariances)},
      {"scopes", std::move(scopes)}};
  std::vector<chat::ReplyTally> replies = report.replies;
  for (chat::ReplyTally& one : replies) one.name = report.fitness.judge;
  chat::PutReplies(replies, json);
  return json;
}

std::string FormatTable(const FitnessReport& report) {
  std::string out = fmt::format(
      "meta-judge {}: {}\nPercent, means over critiques, with {:.0f}% intervals by query.\n",
      report.fitness.judge, report.fitness.fit ? "fit" : "UNFIT", 100 * report.bootstrap.coverage);
  for (const FitnessScope& scope : report.scopes) out += ScopeTable(scope);
  const RewriteCounts& negated = report.rewrites[static_cast<size_t>(Probe::kNegated)];
  const RewriteCounts& reworded = report.rewrites[static_cast<size_t>(Probe::kParaphrased)];
  out += fmt::format(
      "\nnegated: {} of {} claims by a rule of grammar, {} in a frame; paraphrased: {} of {} "
      "claims "
      "changed, by a list of words\n",
      negated.by_rule, negated.claims, negated.framed, reworded.by_rule, reworded.claims);
  if (report.left_out > 0) out += fmt::format("left out: {} references\n", report.left_out);
  for (const std::string& reason : report.fitness.reasons) out += "unfit: " + reason + "\n";
  for (chat::ReplyTally replies : report.replies) {
    replies.name = report.fitness.judge;
    const std::string warning = chat::WarningOf(replies);
    if (!warning.empty()) out += fmt::format("warning: {}\n", warning);
  }
  for (const std::string& caution : report.cautions) out += "caution: " + caution + "\n";
  return out;
}

Expected<Fitness> ReadFitness(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  MORES_ASSIGN_OR_RETURN(const Json value, ParseJson(text, path));
  const JsonFields fields(value, path);
  constexpr std::array<std::string_view, 1> kKinds = {"mores-fitness"};
  MORES_RETURN_IF_ERROR(fields.OneOf("kind", kKinds));
  if (const Json* version = fields.Find("version"); version == nullptr || *version != 1) {
    return fields.Wrong("version", "must be 1");
  }
  Fitness fitness;
  MORES_RETURN_IF_ERROR(fields.Required("fit"));
  MORES_ASSIGN_OR_RETURN(fitness.fit, fields.Flag("fit"));
  MORES_RETURN_IF_ERROR(fields.Required("reasons"));
  MORES_ASSIGN_OR_RETURN(fitness.reasons, fields.Strings("reasons"));
  MORES_ASSIGN_OR_RETURN(const auto judge, fields.Object("judge"));
  if (!judge || !judge->Has("fingerprint")) {
    return fields.Wrong("judge", "must have a name and a fingerprint");
  }
  MORES_ASSIGN_OR_RETURN(fitness.judge, judge->RequiredString("name"));
  fitness.judge_fingerprint = *judge->Find("fingerprint");
  MORES_ASSIGN_OR_RETURN(const auto references, fields.Object("references"));
  if (!references) return fields.Wrong("references", "missing");
  MORES_ASSIGN_OR_RETURN(fitness.references_sha256, references->RequiredString("sha256"));
  return fitness;
}

}  // namespace mores::meta
