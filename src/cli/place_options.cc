#include "cli/place_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/guidelines/guidelines.h"
#include "guidelines/store/day.h"
#include "text/unicode.h"

namespace mores::cli {
namespace {

constexpr size_t kGuidelineColumns = 72;
// --db, --as-of, --guidelines-shown, --trust-imports.
void AddGuidelineOptions(CLI::App* command, app::GuidelineOptions& options) {
  AddDatabaseOption(command, options.database);
  command->add_option("--as-of", options.as_of,
                      "Day whose guidelines hold, as 2026-01-31 (default: today)");
  command
      ->add_option("--guidelines-shown", options.shown,
                   "Guidelines of a place that the judge is shown, at most")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();
  AddTrustOption(command, options.imports);
}

}  // namespace

void AddTrustOption(CLI::App* command, guidelines::ImportTrust& imports) {
  command->add_flag_callback(
      "--trust-imports", [&imports] { imports = guidelines::ImportTrust::kAll; },
      "Imported guidelines decide, also those of sets that nobody vouched for");
}

void AddPlaceOptions(CLI::App* command, app::PlacesOptions& options) {
  options.places.called = "--place";
  options.swapped.called = "--swap";
  command
      ->add_option("--place", options.places.names,
                   "Judge in this place too, where a dialogue names none: NG, NG+Tiv, Bavaria")
      ->allow_extra_args(false);
  command->add_flag("--infer-places", options.infer,
                    "Judge in the places that the user's turns name, too");
  command
      ->add_option("--swap", options.swapped.names,
                   "Judge in each of these too, and list what flips: P,P")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddGuidelineOptions(command, options.guidelines);
}

Status CheckDay(const std::string& as_of) {
  if (as_of.empty() || guidelines::IsDay(as_of)) return {};
  return MakeError(ErrorKind::kUsage, "--as-of {}: must be a day, as 2026-01-31", as_of);
}

Status CheckPlaceOptions(app::PlacesOptions& options) {
  MORES_RETURN_IF_ERROR(CheckDay(options.guidelines.as_of));
  if (!options.asked()) return {};
  MORES_ASSIGN_OR_RETURN(options.guidelines.database, DatabasePath(options.guidelines.database));
  return {};
}

void FlipTable::Add(const format::Verdict& verdict) {
  if (!verdict.findings) return;
  const auto& places = verdict.findings->places;
  const bool compared = std::any_of(places.begin(), places.end(), [](const auto& place) {
    return place.origin == format::PlaceOrigin::kSwapped;
  });
  if (compared) ++dialogues_;
  const auto unlabelled = [&](const format::PlaceResult& place) {
    return (&place == places.data() || place.origin == format::PlaceOrigin::kSwapped) &&
           place.label == format::Label::kUnparsed;
  };
  if (compared && std::any_of(places.begin(), places.end(), unlabelled)) ++unlabelled_;
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
