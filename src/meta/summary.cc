#include "meta/summary.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "meta/figures.h"
#include "stats/estimate_json.h"
#include "text/unicode.h"

namespace mores::meta {
namespace {

// The paper's failure signatures (SAFETY-J, arXiv 2407.17075): bounds of our own.
constexpr double kHigh = 0.7, kLow = 0.4;
constexpr size_t kLengthGroups = 3;

using Pointers = std::vector<const Evaluation*>;

Pointers PointersTo(std::span<const Evaluation> evaluations) {
  Pointers pointers;
  for (const Evaluation& evaluation : evaluations) pointers.push_back(&evaluation);
  return pointers;
}

// {"macro":{...},"micro":{...},"intervals":{"macro.precision":{"low","high"}...}}
Json SummaryFigures(const std::vector<stats::Estimate>& estimates) {
  Json json = {{"macro", Json::object()}, {"micro", Json::object()}, {"intervals", Json::object()}};
  for (size_t i = 0; i < kFigureNames.size(); ++i) {
    const std::string_view name = kFigureNames[i];
    const size_t dot = name.find('.');
    json[std::string(name.substr(0, dot))][std::string(name.substr(dot + 1))] =
        stats::NumberOrNull(estimates[i].value);
    json["intervals"][std::string(name)] = ToJson(estimates[i].interval);
  }
  return json;
}

int64_t UnparsedOf(const std::vector<Ruling>& rulings) {
  return std::count_if(rulings.begin(), rulings.end(), [](const Ruling& ruling) {
    return ruling.outcome == RulingOutcome::kUnparsed;
  });
}

int64_t CorrectCount(const std::vector<Ruling>& rulings) {
  return std::count_if(rulings.begin(), rulings.end(), [](const Ruling& ruling) {
    return ruling.outcome == RulingOutcome::kCorrect;
  });
}

Json UnparsedToJson(const Pointers& evaluations) {
  int64_t extraction = 0, precision = 0, recall = 0;
  for (const Evaluation* evaluation : evaluations) {
    extraction += evaluation->extraction_error.empty() ? 0 : 1;
    precision += UnparsedOf(evaluation->precision);
    recall += UnparsedOf(evaluation->recall);
  }
  return {{"extraction", extraction}, {"precision", precision}, {"recall", recall}};
}

Json CountsToJson(const Pointers& evaluations) {
  int64_t aius = 0, correct = 0, reference = 0, stated = 0, without = 0, without_reference = 0;
  for (const Evaluation* evaluation : evaluations) {
    aius += static_cast<int64_t>(evaluation->aius.size());
    correct += CorrectCount(evaluation->precision);
    reference += static_cast<int64_t>(evaluation->reference.size());
    stated += CorrectCount(evaluation->recall);
    without += evaluation->aius.empty() ? 1 : 0;
    without_reference += evaluation->reference.empty() ? 1 : 0;
  }
  return {{"critiques", evaluations.size()},
          {"aius", aius},
          {"aius_correct", correct},
          {"reference_aius", reference},
          {"reference_aius_stated", stated},
          {"critiques_without_aius", without},
          {"references_without_aius", without_reference}};
}

// Figures, counts and unparsed replies of a group of critiques.
Json GroupToJson(const Pointers& evaluations, const stats::BootstrapOptions& options) {
  Json json = SummaryFigures(EstimateFigures(FigureTable(evaluations), options));
  json["unparsed"] = UnparsedToJson(evaluations);
  json["counts"] = CountsToJson(evaluations);
  return json;
}

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Lengths, and recall by thirds of the critiques from the shortest to the longest: a long critique
// states more, so recall grows with length alone.
Json LengthToJson(Pointers evaluations) {
  if (evaluations.empty()) return nullptr;
  std::stable_sort(evaluations.begin(), evaluations.end(),
                   [](const Evaluation* a, const Evaluation* b) {
                     return a->critique_code_points < b->critique_code_points;
                   });
  std::vector<double> lengths;
  for (const Evaluation* one : evaluations) {
    lengths.push_back(static_cast<double>(one->critique_code_points));
  }
  Json groups = Json::array();
  for (size_t group = 0; group < kLengthGroups; ++group) {
    const size_t begin = evaluations.size() * group / kLengthGroups;
    const size_t end = evaluations.size() * (group + 1) / kLengthGroups;
    if (begin == end) continue;
    double recall = 0;
    for (size_t i = begin; i < end; ++i) recall += ScoresOf(*evaluations[i]).recall;
    groups.push_back({{"critiques", end - begin},
                      {"shortest", evaluations[begin]->critique_code_points},
                      {"longest", evaluations[end - 1]->critique_code_points},
                      {"macro_recall", recall / static_cast<double>(end - begin)}});
  }
  const double mean = MeanOf(lengths);
  return {{"unit", "code points"},
          {"mean", mean},
          {"median", stats::Quantile(lengths, 0.5)},
          {"by_length", std::move(groups)}};
}

Json Signatures(const Json& macro) {
  Json signatures = Json::array();
  if (macro["precision"].is_null()) return signatures;
  const auto precision = macro["precision"].get<double>();
  const auto recall = macro["recall"].get<double>();
  const auto add = [&](const char* name, std::string meaning) {
    signatures.push_back({{"name", name},
                          {"meaning", std::move(meaning)},
                          {"macro.precision", precision},
                          {"macro.recall", recall}});
  };
  if (precision >= kHigh && recall < kLow) {
    add("generic", fmt::format("precision at least {:.0f} %, recall below {:.0f} %: what the "
                               "critiques say holds, and misses what matters",
                               100 * kHigh, 100 * kLow));
  }
  if (precision < kLow && recall < kLow) {
    add("wrong", fmt::format("precision and recall below {:.0f} %: the critiques miss the "
                             "dialogue, or the judge can't tell",
                             100 * kLow));
  }
  return signatures;
}

std::string FormatFigure(const Json& group, std::string_view figure) {
  const size_t dot = figure.find('.');
  Json estimate = group["intervals"][std::string(figure)];
  estimate["value"] =
      group[std::string(figure.substr(0, dot))][std::string(figure.substr(dot + 1))];
  return FormatEstimate(stats::EstimateOf(estimate), stats::kPercentStyle);
}

std::string Row(std::string_view name, int64_t critiques, std::string_view kind,
                const Json& group) {
  const auto cell = [&](const char* figure) {
    return FormatFigure(group, fmt::format("{}.{}", kind, figure));
  };
  return fmt::format("{:<7}{:>9}  {:<6}{:<22}{:<22}{:<20}\n", name, critiques, kind,
                     cell("precision"), cell("recall"), cell("f1"));
}

std::string SummaryRows(std::string_view name, const Json& group) {
  const auto critiques = group["counts"]["critiques"].get<int64_t>();
  return Row(name, critiques, "macro", group) + Row(name, critiques, "micro", group);
}

}  // namespace

Json Summarize(std::span<const Evaluation> evaluations, const SummaryContext& context) {
  const Pointers all = PointersTo(evaluations);
  Json summary = {{"kind", "mores-meta"},
                  {"version", 1},
                  {"judge", context.judge},
                  {"judge_fingerprint", context.judge_fingerprint},
                  {"baseline", context.judge == kLexicalJudgeName}};
  summary.update(GroupToJson(all, context.bootstrap));
  for (const std::string_view name : kFigureNames) {
    const size_t dot = name.find('.');
    summary[std::string(name)] =
        summary[std::string(name.substr(0, dot))][std::string(name.substr(dot + 1))];
  }
  summary["bootstrap"] = {{"resamples", context.bootstrap.resamples},
                          {"seed", context.bootstrap.seed},
                          {"coverage", context.bootstrap.coverage},
                          {"unit", "critique"}};
  summary["counts"]["failed"] = context.failed;
  summary["counts"]["input_failed"] = context.verdicts_failed;
  summary["counts"]["references_unused"] = context.references_unused;
  summary["counts"]["references_repeated"] = context.references_repeated;
  summary["critique_length"] = LengthToJson(all);
  summary["languages"] = Json::object();
  for (const text::Language language :
       {text::Language::kEnglish, text::Language::kChinese, text::Language::kOther}) {
    Pointers group;
    std::copy_if(all.begin(), all.end(), std::back_inserter(group),
                 [&](const Evaluation* one) { return one->lang == language; });
    if (group.empty()) continue;
    Json json = GroupToJson(group, context.bootstrap);
    json["critique_length"] = LengthToJson(group);
    summary["languages"][std::string(text::Name(language))] = std::move(json);
  }
  summary["signatures"] = Signatures(summary["macro"]);
  chat::PutReplies(RepliesOf(evaluations, context.judge), summary);
  return summary;
}

std::string FormatSummary(const Json& summary) {
  std::string out = fmt::format(
      "judge: {}{}\n", text::FitColumns(summary["judge"].get<std::string>(), 120),
      summary["baseline"] == true ? " (a baseline without a model: words, not meanings)" : "");
  out += fmt::format("{:<7}{:>9}  {:<6}{:<22}{:<22}{:<20}\n", "", "critiques", "", "precision %",
                     "recall %", "F1 %");
  out += SummaryRows("all", summary);
  if (summary["languages"].size() > 1) {
    for (const auto& [language, group] : summary["languages"].items())
      out += SummaryRows(language, group);
  }
  const Json& unparsed = summary["unparsed"];
  out += fmt::format(
      "unparsed, counted as not correct: {} extractions, {} rulings on precision, "
      "{} on recall\n",
      unparsed["extraction"].get<int64_t>(), unparsed["precision"].get<int64_t>(),
      unparsed["recall"].get<int64_t>());
  if (const Json& length = summary["critique_length"]; !length.is_null()) {
    out += fmt::format("critiques: {:.0f} code points on average, median {:.0f}; recall",
                       length["mean"].get<double>(), length["median"].get<double>());
    const char* separator = "";
    for (const Json& group : length["by_length"]) {
      out +=
          fmt::format("{} {:.1f} % up to {}", std::exchange(separator, ","),
                      100 * group["macro_recall"].get<double>(), group["longest"].get<int64_t>());
    }
    out += '\n';
  }
  const Json& counts = summary["counts"];
  const auto tell = [&](const char* field, std::string_view what) {
    if (counts[field] != 0) out += fmt::format("{}: {}\n", what, counts[field].get<int64_t>());
  };
  tell("critiques_without_aius", "critiques without AIUs");
  tell("references_without_aius", "references without AIUs");
  tell("input_failed", "failed lines in the critiques");
  tell("references_unused", "references without a critique");
  tell("references_repeated", "references that say again what an earlier one says");
  for (const Json& signature : summary["signatures"]) {
    out += fmt::format("signature '{}': {}\n", signature["name"].get<std::string>(),
                       signature["meaning"].get<std::string>());
  }
  for (const Json& warning : summary["warnings"]) {
    out += fmt::format("warning: {}\n", warning.get<std::string>());
  }
  return out;
}

}  // namespace mores::meta
