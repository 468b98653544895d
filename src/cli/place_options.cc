#include "cli/place_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/guidelines/guidelines.h"
#include "guidelines/store/day.h"
#include "text/unicode.h"

namespace mores::cli {
namespace {

constexpr size_t kGuidelineColumns = 72;
constexpr size_t kMostPlaces = 20;  // that one dialogue is judged in because it names them

using Places = std::vector<judge::AskedPlace>;

// Each place once, as it first came.
void AddPlace(guidelines::PlaceScope scope, format::PlaceOrigin origin, Places& places) {
  const std::string name = guidelines::ScopeName(scope);
  const bool swapped = origin == format::PlaceOrigin::kSwapped;
  // What is swapped in is compared with the first place, also where it is a later one itself.
  const bool there = std::any_of(places.begin(), places.end(), [&](const judge::AskedPlace& one) {
    return guidelines::ScopeName(one.scope) == name &&
           (!swapped || &one == places.data() || one.origin == format::PlaceOrigin::kSwapped);
  });
  if (!there) places.push_back({.scope = std::move(scope), .origin = origin});
}

Expected<Places> ParsePlaces(const std::vector<std::string>& names, const char* option,
                             format::PlaceOrigin origin, guidelines::Database& database) {
  Places places;
  for (const std::string& name : names) {
    auto scope = guidelines::ParsePlaceScope(name, database);
    if (!scope) return MakeError(scope.error().kind, "{}: {}", option, scope.error().message);
    AddPlace(std::move(*scope), origin, places);
  }
  return places;
}

void AddMentions(const format::Dialogue& dialogue, guidelines::Database& database, Places& places) {
  for (const format::Turn& turn : dialogue.turns) {
    if (turn.role != format::Role::kUser) continue;
    for (const guidelines::PlaceMention& mention : database.places().Mentions(turn.content)) {
      if (places.size() >= kMostPlaces) return;
      AddPlace({.place = mention.code},
               mention.mention == guidelines::Mention::kStated ? format::PlaceOrigin::kStated
                                                               : format::PlaceOrigin::kInferred,
               places);
    }
  }
}

// --db, --as-of, --guidelines-shown.
void AddGuidelineOptions(CLI::App* command, GuidelineOptions& options) {
  AddDatabaseOption(command, options.database);
  command->add_option("--as-of", options.as_of,
                      "Day whose guidelines hold, as 2026-01-31 (default: today)");
  command
      ->add_option("--guidelines-shown", options.shown,
                   "Guidelines of a place that the judge is shown, at most")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();
}

}  // namespace

void AddPlaceOptions(CLI::App* command, PlaceFlags& flags) {
  command
      ->add_option("--place", flags.places,
                   "Judge in this place too, where a dialogue names none: NG, NG+Tiv, Nigeria")
      ->allow_extra_args(false);
  command->add_flag("--infer-places", flags.infer,
                    "Judge in the places that the user's turns name, too");
  command->add_option("--swap", flags.swap, "Judge in each of these too, and list what flips: P,P")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddGuidelineOptions(command, flags.guidelines);
}

Expected<std::unique_ptr<OpenedGuidelines>> OpenedGuidelines::Open(
    const GuidelineOptions& options) {
  std::unique_ptr<OpenedGuidelines> opened(new OpenedGuidelines);
  opened->options_ = {.as_of = options.as_of, .shown = options.shown};
  if (options.as_of.empty()) {
    opened->options_.as_of = SystemClock().UtcTimestamp().substr(0, 10);
  } else if (!guidelines::IsDay(options.as_of)) {
    return MakeError(ErrorKind::kUsage, "--as-of {}: must be a day, as 2026-01-31", options.as_of);
  }
  MORES_ASSIGN_OR_RETURN(opened->database_, OpenDatabase(options.database, GuidelineAccess::kRead));
  MORES_RETURN_IF_ERROR(opened->database_->connection().HoldState());
  MORES_ASSIGN_OR_RETURN(opened->searcher_, guidelines::Searcher::Create(*opened->database_));
  return opened;
}

Status OpenedGuidelines::Attach(judge::Judge& judge) {
  MORES_ASSIGN_OR_RETURN(judge_,
                         judge::PlaceJudge::Create(judge, *database_, *searcher_, options_));
  return {};
}

Json OpenedGuidelines::Manifest() const {
  Json manifest = {{"database", database_->path()}};
  manifest.update(judge_->Fingerprint());
  return manifest;
}

Status OpenedPlaces::Attach(judge::Judge& judge) {
  MORES_RETURN_IF_ERROR(guidelines->Attach(judge));
  run.judge = &guidelines->judge();
  return {};
}

Expected<std::unique_ptr<OpenedPlaces>> OpenPlaces(const PlaceFlags& flags,
                                                   const std::vector<format::Dialogue>& dialogues) {
  const bool asked = !flags.places.empty() || !flags.swap.empty() || flags.infer ||
                     !flags.guidelines.database.empty();
  const bool own = std::any_of(dialogues.begin(), dialogues.end(),
                               [](const auto& dialogue) { return !dialogue.places.empty(); });
  if (!asked && !(own && std::getenv("MORES_GUIDELINES") != nullptr)) return nullptr;
  auto opened = std::make_unique<OpenedPlaces>();
  MORES_ASSIGN_OR_RETURN(opened->guidelines, OpenedGuidelines::Open(flags.guidelines));
  guidelines::Database& database = opened->guidelines->database();
  MORES_ASSIGN_OR_RETURN(const Places usual, ParsePlaces(flags.places, "--place",
                                                         format::PlaceOrigin::kGiven, database));
  MORES_ASSIGN_OR_RETURN(
      const Places swapped,
      ParsePlaces(flags.swap, "--swap", format::PlaceOrigin::kSwapped, database));
  for (const format::Dialogue& dialogue : dialogues) {
    Expected<Places> places = usual;
    if (!dialogue.places.empty()) {
      places = ParsePlaces(dialogue.places, "field 'place'", format::PlaceOrigin::kGiven, database);
      if (!places) places.error().kind = ErrorKind::kInput;
    }
    if (places) {
      if (flags.infer) AddMentions(dialogue, database, *places);
      for (const judge::AskedPlace& one : swapped) AddPlace(one.scope, one.origin, *places);
    }
    opened->run.places.push_back(std::move(places));
  }
  return opened;
}

void FlipTable::Add(const format::Verdict& verdict) {
  if (!verdict.findings) return;
  const auto& places = verdict.findings->places;
  const bool compared = std::any_of(places.begin(), places.end(), [](const auto& place) {
    return place.origin == format::PlaceOrigin::kSwapped;
  });
  if (compared) ++dialogues_;
  if (!verdict.findings->flips.empty()) {
    flipped_.push_back({.id = verdict.id, .flips = verdict.findings->flips});
  }
}

Expected<std::string> FlipTable::Describe(guidelines::Database& database) const {
  std::string text;
  for (const Flipped& one : flipped_) {
    for (const format::PlaceFlip& flip : one.flips) {
      text +=
          fmt::format("{}: {} in {}, {} in {}\n", Printable(one.id), format::Name(flip.label_from),
                      flip.from, format::Name(flip.label_to), flip.to);
      for (const format::GuidelineRef& reference : flip.guidelines) {
        MORES_ASSIGN_OR_RETURN(const auto found, database.Find(reference.id, reference.version));
        if (!found) continue;
        text +=
            fmt::format("  {} {} {}: {}\n", Printable(reference.id),
                        guidelines::Name(found->guideline.kind), Printable(found->guideline.topic),
                        text::FitColumns(found->guideline.text, kGuidelineColumns));
      }
    }
  }
  return text;
}

}  // namespace mores::cli
