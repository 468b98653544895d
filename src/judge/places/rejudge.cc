#include "judge/places/rejudge.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/strings.h"
#include "guidelines/store/day.h"

namespace mores::judge {
namespace {

constexpr std::array<std::string_view, 8> kGrounds = {
    "changed", "contested", "withdrawn", "not-valid", "gone", "not-found", "found", "other-day"};

using References = std::vector<format::GuidelineRef>;

bool HasId(const References& references, const std::string& id) {
  return std::any_of(references.begin(), references.end(),
                     [&](const format::GuidelineRef& one) { return one.id == id; });
}

// The dialogue that a verdict was made of; null where it holds none.
Expected<std::optional<format::Dialogue>> DialogueOf(const format::Verdict& verdict) {
  if (!verdict.input.is_object() || !verdict.input.contains("messages")) {
    return std::optional<format::Dialogue>();
  }
  Json record = {{"id", verdict.id}};
  for (const char* name : {"messages", "place", "rules"}) {
    if (verdict.input.contains(name)) record[name] = verdict.input[name];
  }
  MORES_ASSIGN_OR_RETURN(
      format::Dialogue dialogue,
      format::ParseDialogue(record, fmt::format("verdict '{}'", verdict.id), /*number=*/1));
  return std::optional<format::Dialogue>(std::move(dialogue));
}

// How a verdict was retrieved for, and how it is now.
struct Conditions {
  PlaceOptions before, now;
};

Expected<Conditions> ConditionsOf(const format::Verdict& verdict, const RejudgeOptions& options) {
  const format::PlaceFindings& findings = *verdict.findings;
  if (!guidelines::IsDay(findings.as_of)) {
    return MakeError(ErrorKind::kInput, "verdict '{}': field 'as_of': must be a day, as 2026-01-31",
                     verdict.id);
  }
  constexpr int64_t kMostShown = 50;
  if (findings.guidelines_shown > kMostShown) {
    return MakeError(ErrorKind::kInput, "verdict '{}': field 'guidelines_shown': more than {}",
                     verdict.id, kMostShown);
  }
  const auto shown = static_cast<size_t>(findings.guidelines_shown);
  if (shown > 0 && options.shown > 0 && shown != options.shown) {
    return MakeError(ErrorKind::kUsage,
                     "verdict '{}' was made with --guidelines-shown {}, not {}: leave it out",
                     verdict.id, shown, options.shown);
  }
  Conditions conditions{.before = {.as_of = findings.as_of}};
  if (shown + options.shown > 0) conditions.before.shown = std::max(shown, options.shown);
  if (findings.trust_imports) conditions.before.imports = guidelines::ImportTrust::kAll;
  conditions.now = conditions.before;
  if (options.imports == guidelines::ImportTrust::kAll) conditions.now.imports = options.imports;
  if (!options.as_of.empty()) conditions.now.as_of = options.as_of;
  return conditions;
}

// What became of a guideline that was shown; nullopt where it is as it was.
Expected<std::optional<Ground>> GroundOf(const format::GuidelineRef& shown,
                                         guidelines::Database& database,
                                         const Conditions& conditions) {
  MORES_ASSIGN_OR_RETURN(const std::optional<guidelines::Version> now, database.Find(shown.id));
  if (!now) return Ground::kGone;
  const guidelines::Guideline& guideline = now->guideline;
  if (guideline.status == guidelines::Standing::kWithdrawn) return Ground::kWithdrawn;
  if (guideline.status == guidelines::Standing::kContested) return Ground::kContested;
  const bool as_it_was = guideline.version == shown.version;
  if (!guideline.Decides(conditions.now.as_of, conditions.now.imports)) {
    const bool by_day =
        as_it_was && guideline.Decides(conditions.before.as_of, conditions.now.imports);
    return by_day ? Ground::kOtherDay : Ground::kNotValid;
  }
  if (!as_it_was) return Ground::kChanged;
  return std::optional<Ground>();
}

References ReferencesTo(const RetrievedPlace& retrieved) {
  References found;
  for (const guidelines::Guideline& one : retrieved.guidelines) {
    found.push_back({.id = one.id, .version = one.version});
  }
  return found;
}

// What the database as it is now finds on the day of the verdict, and on the day asked for.
struct Found {
  References before, now;
};

// `retrieved` null: what is found isn't known.
Expected<std::vector<ChangedGuideline>> Compare(const References& shown, const Found* retrieved,
                                                guidelines::Database& database,
                                                const Conditions& conditions) {
  std::vector<ChangedGuideline> why;
  for (const format::GuidelineRef& one : shown) {
    MORES_ASSIGN_OR_RETURN(std::optional<Ground> ground, GroundOf(one, database, conditions));
    if (!ground && retrieved != nullptr && !HasId(retrieved->now, one.id)) {
      ground = HasId(retrieved->before, one.id) ? Ground::kOtherDay : Ground::kNotFound;
    }
    if (ground) why.push_back({.ground = *ground, .guideline = one});
  }
  if (retrieved == nullptr) return why;
  for (const format::GuidelineRef& one : retrieved->now) {
    if (HasId(shown, one.id)) continue;
    const bool before = HasId(retrieved->before, one.id);
    why.push_back({.ground = before ? Ground::kFound : Ground::kOtherDay, .guideline = one});
  }
  return why;
}

Status CheckSameJudge(const format::Verdict& verdict, const format::Dialogue& dialogue,
                      const Judge& judge) {
  if (verdict.model != judge.model_name()) {
    return MakeError(ErrorKind::kUsage,
                     "verdict '{}' was made by {}, not by {}: name that model with --model",
                     verdict.id, verdict.model, judge.model_name());
  }
  if (const std::string prompt = judge.prompt_name(dialogue); verdict.prompt != prompt) {
    return MakeError(ErrorKind::kUsage,
                     "verdict '{}' was asked by the prompt {}, not by {}: give the options that it "
                     "was made with",
                     verdict.id, verdict.prompt, prompt);
  }
  const double threshold = judge.options().config.threshold(verdict.lang);
  if (verdict.threshold == threshold) return {};
  return MakeError(ErrorKind::kUsage,
                   "verdict '{}' was decided at the threshold {}, not {}: set it with --threshold",
                   verdict.id, verdict.threshold, threshold);
}

// One verdict, from what changed to what it says now.
struct Work {
  const format::Verdict* verdict;
  std::optional<format::Dialogue> dialogue;
  Rejudged rejudged;
  PlaceOptions options;
  std::vector<PlaceCase> cases;  // one a place, where any is to be judged again
};

Status FindChanges(PlaceJudge& judge, const RejudgeOptions& options, Work& work) {
  const format::Verdict& verdict = *work.verdict;
  if (!verdict.findings || verdict.label == format::Label::kUnsafe) return {};
  MORES_ASSIGN_OR_RETURN(const Conditions conditions, ConditionsOf(verdict, options));
  work.options = conditions.now;
  for (const format::PlaceResult& place : verdict.findings->places) {
    PlaceCase one{
        .dialogue = work.dialogue ? &*work.dialogue : nullptr,
        .general = work.verdict,
        .asked = {.scope = guidelines::ReadScopeName(place.place, judge.database().places()),
                  .origin = place.origin}};
    Found found;
    if (work.dialogue) {
      MORES_ASSIGN_OR_RETURN(one.retrieved,
                             judge.Retrieve(*work.dialogue, one.asked.scope, conditions.now));
      found.before = found.now = ReferencesTo(one.retrieved);
      if (conditions.before.as_of != conditions.now.as_of) {
        PlaceOptions then = conditions.now;
        then.as_of = conditions.before.as_of;
        MORES_ASSIGN_OR_RETURN(const RetrievedPlace before,
                               judge.Retrieve(*work.dialogue, one.asked.scope, then));
        found.before = ReferencesTo(before);
      }
    }
    MORES_ASSIGN_OR_RETURN(
        std::vector<ChangedGuideline> why,
        Compare(place.shown, work.dialogue ? &found : nullptr, judge.database(), conditions));
    if (why.empty()) {
      one.kept = place;
    } else {
      work.rejudged.changes.push_back(
          {.id = verdict.id, .place = place.place, .why = std::move(why), .before = place.label});
    }
    work.cases.push_back(std::move(one));
  }
  if (work.rejudged.changes.empty() || !work.dialogue) {
    work.cases.clear();
    return {};
  }
  return CheckSameJudge(verdict, *work.dialogue, judge.judge());
}

Expected<Rejudged> Finish(const PlaceJudge& judge, Work work, std::span<const PlaceCase> cases) {
  if (cases.empty()) return std::move(work.rejudged);
  format::Verdict& verdict = work.rejudged.verdict;
  auto change = work.rejudged.changes.begin();
  for (size_t i = 0; i < cases.size(); ++i) {
    if (!cases[i].result) return tl::unexpected<Error>(cases[i].result.error());
    verdict.findings->places[i] = *cases[i].result;
    if (!cases[i].kept) (change++)->after = cases[i].result->label;
    verdict.usage.prompt_tokens += cases[i].usage.prompt_tokens;
    verdict.usage.completion_tokens += cases[i].usage.completion_tokens;
    for (const std::string& oddity : cases[i].oddities) AddOnce(verdict.oddities, oddity);
  }
  verdict.findings->flips = FlipsOf(verdict.findings->places);
  verdict.findings->guideline_set = judge.guideline_set();
  verdict.findings->as_of = work.options.as_of;
  verdict.findings->guidelines_shown = static_cast<int64_t>(work.options.shown);
  verdict.findings->trust_imports = work.options.imports == guidelines::ImportTrust::kAll;
  return std::move(work.rejudged);
}

// Whether nothing but the day makes the difference. `why`: as it is written.
bool ByDayAlone(const Json& why) {
  const auto is = [](const Json& one, Ground ground) { return one["what"] == Name(ground); };
  return std::any_of(why.begin(), why.end(),
                     [&](const Json& one) { return is(one, Ground::kOtherDay); }) &&
         std::all_of(why.begin(), why.end(), [&](const Json& one) {
           return is(one, Ground::kOtherDay) || is(one, Ground::kNotFound);
         });
}

}  // namespace

std::string_view Name(Ground ground) { return kGrounds[static_cast<size_t>(ground)]; }

Json ToJson(const PlaceChange& change) {
  Json why = Json::array();
  for (const ChangedGuideline& one : change.why) {
    why.push_back(
        {{"what", Name(one.ground)}, {"id", one.guideline.id}, {"version", one.guideline.version}});
  }
  return {{"id", change.id},
          {"place", change.place},
          {"why", std::move(why)},
          {"before", format::Name(change.before)},
          {"after", change.after ? Json(format::Name(*change.after)) : Json()},
          {"flipped", change.flipped()}};
}

Expected<std::vector<Expected<Rejudged>>> Rejudge(PlaceJudge& judge,
                                                  std::span<const format::Verdict* const> verdicts,
                                                  const RejudgeOptions& options) {
  std::vector<Expected<Work>> works;
  works.reserve(verdicts.size());
  for (const format::Verdict* verdict : verdicts) {
    works.push_back(Work{.verdict = verdict, .rejudged = {.verdict = *verdict}});
    auto dialogue = DialogueOf(*verdict);
    if (!dialogue) {
      works.back() = tl::unexpected<Error>(dialogue.error());
      continue;
    }
    works.back()->dialogue = std::move(*dialogue);
    MORES_RETURN_IF_ERROR(FindChanges(judge, options, *works.back()));
  }
  std::vector<PlaceCase> cases;
  for (Expected<Work>& work : works) {
    if (work) std::move(work->cases.begin(), work->cases.end(), std::back_inserter(cases));
  }
  MORES_RETURN_IF_ERROR(judge.Decide(cases));
  std::vector<Expected<Rejudged>> results;
  size_t next = 0;
  for (Expected<Work>& work : works) {
    if (!work) {
      results.push_back(tl::unexpected<Error>(work.error()));
      continue;
    }
    const std::span<const PlaceCase> own = std::span(cases).subspan(next, work->cases.size());
    next += own.size();
    results.push_back(Finish(judge, std::move(*work), own));
  }
  return results;
}

void RejudgeCounts::Add(const Json& verdict, const Json& changes) {
  ++verdicts;
  if (verdict.contains("places")) ++with_places;
  if (!changes.empty()) ++changed;
  for (const Json& change : changes) {
    ++places;
    if (change["after"].is_null()) ++not_judgeable;
    if (change["flipped"] == true) ++flipped;
    if (change["after"] == "unsafe" && change["flipped"] == true) ++to_unsafe;
    if (change["after"] == "unparsed") ++unparsed;
    if (ByDayAlone(change["why"])) ++other_day;
  }
}

std::string RejudgeCounts::Describe() const {
  std::string text = fmt::format(
      "{} of {} verdicts with places rest on changed guidelines, in {} place{}; {} flip", changed,
      with_places, places, places == 1 ? "" : "s", flipped);
  if (to_unsafe > 0) text += fmt::format(", {} of them to unsafe", to_unsafe);
  if (unparsed > 0) text += fmt::format("\n{} of these places have no label now", unparsed);
  if (other_day > 0) {
    text += fmt::format("\n{} of these places differ by the day alone", other_day);
  }
  if (not_judgeable > 0) {
    text += fmt::format("\n{} could not be judged again: their text was left out", not_judgeable);
  }
  if (failed > 0) text += fmt::format("\n{} failed, see their \"error\"", failed);
  return text;
}

}  // namespace mores::judge
