#include "judge/places/guideline_flips.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "chat/reply_tally.h"
#include "stats/estimate_json.h"
#include "stats/share.h"

namespace mores::judge {
namespace {

constexpr std::array kArms = {"none", "deciding", "irrelevant", "opposite"};
constexpr size_t kArmCount = kArms.size();
constexpr size_t kFiguresPerArm = 5;  // changed, to unsafe, to safe, unparsed, mean p_unsafe
constexpr size_t kShares = 4;         // of them

// What was said of one dialogue, by arm.
struct Outcome {
  text::Language lang = text::Language::kOther;
  std::array<format::Label, kArmCount> labels;
  std::array<std::optional<double>, kArmCount> p_unsafe;
};

std::array<format::Dialogue, kArmCount> Dialogues(const format::GuidelineTriple& triple) {
  std::array<format::Dialogue, kArmCount> dialogues;
  for (format::Dialogue& dialogue : dialogues) {
    dialogue.id = triple.id;
    dialogue.turns = triple.turns;
  }
  dialogues[1].guideline = triple.deciding;
  dialogues[2].guideline = triple.irrelevant;
  dialogues[3].guideline = triple.opposite;
  return dialogues;
}

struct JudgedTriples {
  std::vector<Outcome> outcomes;
  std::vector<std::pair<std::string, Error>> failures;  // by id
};

// Judges the triples and adds what became of them.
Status JudgeSome(Judge& judge, std::span<const format::GuidelineTriple> triples,
                 JudgedTriples& judged) {
  std::vector<std::array<format::Dialogue, kArmCount>> dialogues;
  for (const format::GuidelineTriple& triple : triples) dialogues.push_back(Dialogues(triple));
  std::vector<const format::Dialogue*> asked;
  for (const auto& of_triple : dialogues) {
    for (const format::Dialogue& dialogue : of_triple) asked.push_back(&dialogue);
  }
  MORES_ASSIGN_OR_RETURN(const auto verdicts, judge.JudgeBatch(asked));
  for (size_t i = 0; i < triples.size(); ++i) {
    Outcome outcome = {.lang = triples[i].lang, .labels = {}, .p_unsafe = {}};
    const Error* failure = nullptr;
    for (size_t arm = 0; arm < kArmCount; ++arm) {
      const Expected<format::Verdict>& verdict = verdicts[i * kArmCount + arm];
      if (!verdict) {
        if (failure == nullptr) failure = &verdict.error();
        continue;
      }
      outcome.labels[arm] = verdict->label;
      outcome.p_unsafe[arm] = verdict->p_unsafe;
    }
    if (failure == nullptr) {
      judged.outcomes.push_back(outcome);
    } else {
      judged.failures.emplace_back(triples[i].id, *failure);
    }
  }
  return {};
}

// The figures of one arm of one outcome; NaN for a probability that isn't known.
std::array<double, kFiguresPerArm> FiguresOf(const Outcome& outcome, size_t arm) {
  const format::Label before = outcome.labels[0], after = outcome.labels[arm];
  const bool to_unsafe = before == format::Label::kSafe && after == format::Label::kUnsafe;
  const bool to_safe = before == format::Label::kUnsafe && after == format::Label::kSafe;
  // What states no label has changed none.
  return {to_unsafe || to_safe ? 1.0 : 0.0, to_unsafe ? 1.0 : 0.0, to_safe ? 1.0 : 0.0,
          after == format::Label::kUnparsed ? 1.0 : 0.0,
          outcome.p_unsafe[arm].value_or(std::numeric_limits<double>::quiet_NaN())};
}

std::vector<stats::ClusterShare> SharesOf(const std::vector<Outcome>& outcomes, size_t arm,
                                          size_t figure) {
  std::vector<stats::ClusterShare> shares;
  for (const Outcome& outcome : outcomes) {
    shares.push_back({.part = FiguresOf(outcome, arm)[figure], .whole = 1});
  }
  return shares;
}

// Means over the outcomes, each of which is resampled by itself.
Json Summarize(const std::vector<Outcome>& outcomes, const stats::BootstrapOptions& bootstrap) {
  const auto means = [&](std::span<const double> weights, std::span<double> values) {
    std::fill(values.begin(), values.end(), 0.0);
    double total = 0;
    for (size_t i = 0; i < outcomes.size(); ++i) {
      total += weights[i];
      if (weights[i] == 0) continue;
      for (size_t arm = 0; arm < kArmCount; ++arm) {
        const auto figures = FiguresOf(outcomes[i], arm);
        for (size_t f = 0; f < kFiguresPerArm; ++f) {
          values[arm * kFiguresPerArm + f] += weights[i] * figures[f];
        }
      }
    }
    for (double& value : values) value /= total;
  };
  std::vector<stats::Estimate> estimates =
      stats::ClusterBootstrap(outcomes.size(), kArmCount * kFiguresPerArm, means, bootstrap);
  for (size_t arm = 0; arm < kArmCount; ++arm) {
    for (size_t f = 0; f < kFiguresPerArm; ++f) {
      stats::Estimate& estimate = estimates[arm * kFiguresPerArm + f];
      estimate = f < kShares ? stats::ShareEstimate(SharesOf(outcomes, arm, f), estimate,
                                                    bootstrap.coverage)
                             : stats::WithoutPointInterval(estimate);
    }
  }
  Json json = {{"triples", outcomes.size()}};
  for (size_t arm = 0; arm < kArmCount; ++arm) {
    const auto of_arm = std::span(estimates).subspan(arm * kFiguresPerArm, kFiguresPerArm);
    Json& figures = json["arms"][kArms[arm]];
    if (arm > 0) {
      figures["changed"] = ToJson(of_arm[0]);
      figures["safe_to_unsafe"] = ToJson(of_arm[1]);
      figures["unsafe_to_safe"] = ToJson(of_arm[2]);
    }
    figures["unparsed"] = ToJson(of_arm[3]);
    figures["mean_p_unsafe"] = ToJson(of_arm[4]);
  }
  return json;
}

chat::ReplyTally RepliesOfFlips(const std::string& judge, const std::vector<Outcome>& outcomes) {
  chat::ReplyTally replies{.role = "judge", .name = judge};
  for (const Outcome& outcome : outcomes) {
    for (const format::Label label : outcome.labels) {
      ++(label == format::Label::kUnparsed ? replies.unparsed : replies.read);
    }
  }
  return replies;
}

}  // namespace

Expected<Json> MeasureFlips(Judge& judge, const std::vector<format::GuidelineTriple>& triples,
                            const FlipOptions& options) {
  const job::ShownProgress progress(options.progress);
  progress->Start("judging", "triples", static_cast<int64_t>(triples.size()), 0);
  JudgedTriples judged;
  for (size_t begin = 0; begin < triples.size(); begin += options.batch_size) {
    MORES_RETURN_IF_ERROR(options.stop.Check());
    const size_t count = std::min(options.batch_size, triples.size() - begin);
    MORES_RETURN_IF_ERROR(JudgeSome(judge, std::span(triples).subspan(begin, count), judged));
    progress->Update(static_cast<int64_t>(begin + count), "");
  }
  progress->Finish("");
  if (options.on_failure) {
    for (const auto& [id, error] : judged.failures) options.on_failure(id, error);
  }
  const std::vector<Outcome>& outcomes = judged.outcomes;
  if (outcomes.empty()) {
    return MakeError(ErrorKind::kInput, "not one of the {} triples could be judged",
                     triples.size());
  }
  Json json = {{"kind", "mores-guideline-flips"}, {"version", 1}, {"model", judge.model_name()}};
  json["failed"] = judged.failures.size();
  chat::PutReplies({{RepliesOfFlips(judge.model_name(), outcomes)}}, json);
  json["all"] = Summarize(outcomes, options.bootstrap);
  for (const text::Language lang : {text::Language::kEnglish, text::Language::kChinese}) {
    std::vector<Outcome> some;
    std::copy_if(outcomes.begin(), outcomes.end(), std::back_inserter(some),
                 [&](const Outcome& outcome) { return outcome.lang == lang; });
    if (!some.empty()) json[std::string(text::Name(lang))] = Summarize(some, options.bootstrap);
  }
  return json;
}

std::string FormatFlips(const Json& figures) {
  const auto percent = [](const Json& estimate) {
    return FormatEstimate(stats::EstimateOf(estimate), stats::kPercentStyle);
  };
  std::string out = fmt::format("{:<6}{:<12}{:>8}  {:<20}{:<20}{:<20}{:<20}{}\n", "", "guideline",
                                "triples", "changed %", "safe to unsafe %", "unsafe to safe %",
                                "unparsed %", "mean p_unsafe %");
  for (const char* scope : {"all", "en", "zh"}) {
    if (!figures.contains(scope)) continue;
    const Json& of_scope = figures[scope];
    for (const char* arm : kArms) {
      const Json& row = of_scope["arms"][arm];
      const bool none = !row.contains("changed");
      out += fmt::format("{:<6}{:<12}{:>8}  {:<20}{:<20}{:<20}{:<20}{}\n", scope, arm,
                         of_scope["triples"].get<size_t>(), none ? "" : percent(row["changed"]),
                         none ? "" : percent(row["safe_to_unsafe"]),
                         none ? "" : percent(row["unsafe_to_safe"]), percent(row["unparsed"]),
                         percent(row["mean_p_unsafe"]));
    }
  }
  for (const Json& warning : figures["warnings"]) {
    out += fmt::format("warning: {}\n", warning.get<std::string>());
  }
  return out;
}

}  // namespace mores::judge
