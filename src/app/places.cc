#include "app/places.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "base/clock.h"
#include "guidelines/store/day.h"

namespace mores::app {
namespace {

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

Expected<Places> ParsePlaces(const NamedPlaces& given, format::PlaceOrigin origin,
                             guidelines::Database& database) {
  Places places;
  for (const std::string& name : given.names) {
    auto scope = guidelines::ParsePlaceScope(name, database);
    if (!scope) {
      return MakeError(scope.error().kind, "{}: {}", given.called, scope.error().message);
    }
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

}  // namespace

Expected<std::unique_ptr<OpenedGuidelines>> OpenedGuidelines::Open(
    const GuidelineOptions& options) {
  std::unique_ptr<OpenedGuidelines> opened(new OpenedGuidelines);
  opened->options_ = {.as_of = options.as_of, .shown = options.shown, .imports = options.imports};
  if (options.as_of.empty()) {
    opened->options_.as_of = SystemClock().UtcTimestamp().substr(0, 10);
  } else if (!guidelines::IsDay(options.as_of)) {
    return MakeError(ErrorKind::kUsage, "{}: must be a day, as 2026-01-31", options.as_of);
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

std::vector<std::string> PlacesAsked(const judge::PlaceRun& run) {
  std::set<std::string> codes;
  for (const Expected<Places>& places : run.places) {
    if (!places) continue;
    for (const judge::AskedPlace& place : *places) codes.insert(place.scope.place);
  }
  return {codes.begin(), codes.end()};
}

Expected<std::optional<std::string>> NoteOnUndeciding(OpenedGuidelines& opened,
                                                      const std::vector<std::string>& codes) {
  using guidelines::Standing;
  guidelines::Database& database = opened.database();
  std::set<std::string> within;
  for (const std::string& code : codes) {
    for (const std::string& place : database.places().WithAncestors(code)) {
      for (const std::string& written : database.places().CodesOf(place)) within.insert(written);
    }
  }
  const std::vector<std::string_view> marks(within.size(), "?");
  MORES_ASSIGN_OR_RETURN(
      guidelines::Statement read,
      database.connection().Prepare(fmt::format(
          "SELECT v.status, count(DISTINCT g.key) FROM version_place p JOIN guideline g ON g.key = "
          "p.guideline AND g.current = p.version JOIN version v ON v.guideline = g.key AND "
          "v.version = g.current WHERE p.place IN ({}) AND NOT {} GROUP BY v.status",
          fmt::join(marks, ", "), database.trusted_column())));
  for (const std::string& place : within) read.Bind(place);
  std::map<Standing, int64_t> counts;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    const auto status = guidelines::ParseStanding(read.Text(0));
    if (status) counts[*status] = read.Integer(1);
  }
  int64_t all = 0;
  std::string listed;
  for (const auto& [status, count] : counts) {
    const guidelines::Guideline like = {.status = status};
    if (status == Standing::kWithdrawn || like.StatusDecides(opened.options().imports)) {
      continue;
    }
    all += count;
    listed += fmt::format("{}{} {}", listed.empty() ? "" : ", ", count, guidelines::Name(status));
    if (status == Standing::kImported) listed += " (--trust-imports lets them)";
  }
  if (all == 0) return std::optional<std::string>();
  return std::optional(fmt::format("{} guideline{} of these places {} decide: {}", all,
                                   all == 1 ? "" : "s", all == 1 ? "doesn't" : "don't", listed));
}

std::optional<std::string> NoteOnPlacesLeft(const std::vector<format::Dialogue>& dialogues) {
  const auto named = std::count_if(dialogues.begin(), dialogues.end(),
                                   [](const auto& dialogue) { return !dialogue.places.empty(); });
  if (named == 0) return std::nullopt;
  return fmt::format(
      "{} dialogue{} a place and {} judged in general alone: no database of guidelines is named "
      "(--db, MORES_GUIDELINES)",
      named, named == 1 ? " names" : "s name", named == 1 ? "is" : "are");
}

std::function<std::string(std::string_view)> PlaceNames() {
  using Catalogue = std::shared_ptr<const guidelines::PlaceCatalogue>;
  auto opened = std::make_shared<std::optional<Catalogue>>();
  return [opened](std::string_view name) {
    if (!*opened) *opened = guidelines::PlaceCatalogue::Open().value_or(nullptr);
    const Catalogue& places = **opened;
    if (!places) return std::string(name);
    return guidelines::ScopeName(guidelines::ReadScopeName(name, *places));
  };
}

Expected<std::string> PlaceNamed(std::string_view text) {
  const size_t plus = std::min(text.find('+'), text.size());
  MORES_ASSIGN_OR_RETURN(const auto places, guidelines::PlaceCatalogue::Open());
  MORES_ASSIGN_OR_RETURN(const std::string code,
                         guidelines::ParsePlace(text.substr(0, plus), *places));
  return code + std::string(text.substr(plus));
}

Expected<std::unique_ptr<OpenedPlaces>> OpenPlaces(const PlacesOptions& options,
                                                   const std::vector<format::Dialogue>& dialogues) {
  const bool own = std::any_of(dialogues.begin(), dialogues.end(),
                               [](const auto& dialogue) { return !dialogue.places.empty(); });
  if (!options.asked() && !(own && std::getenv("MORES_GUIDELINES") != nullptr)) return nullptr;
  auto opened = std::make_unique<OpenedPlaces>();
  MORES_ASSIGN_OR_RETURN(opened->guidelines, OpenedGuidelines::Open(options.guidelines));
  guidelines::Database& database = opened->guidelines->database();
  MORES_ASSIGN_OR_RETURN(const Places usual,
                         ParsePlaces(options.places, format::PlaceOrigin::kGiven, database));
  MORES_ASSIGN_OR_RETURN(const Places swapped,
                         ParsePlaces(options.swapped, format::PlaceOrigin::kSwapped, database));
  for (const format::Dialogue& dialogue : dialogues) {
    Expected<Places> places = usual;
    if (!dialogue.places.empty()) {
      places = ParsePlaces({.names = dialogue.places, .called = "field 'place'"},
                           format::PlaceOrigin::kGiven, database);
      if (!places) places.error().kind = ErrorKind::kInput;
    }
    if (places) {
      if (options.infer) AddMentions(dialogue, database, *places);
      for (const judge::AskedPlace& one : swapped) AddPlace(one.scope, one.origin, *places);
    }
    opened->run.places.push_back(std::move(places));
  }
  return opened;
}

}  // namespace mores::app
