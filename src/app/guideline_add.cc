#include "app/guideline_add.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "app/database.h"
#include "base/strings.h"
#include "guidelines/review/review.h"

namespace mores::app {
namespace {

using guidelines::Guideline;
using guidelines::Standing;

constexpr std::array<std::string_view, 3> kKeptNames = {"place", "kind", "topic"};

// Checked as those of a file are: language, dates and the like.
Expected<Guideline> ParseAdded(const Guideline& guideline) {
  Json json = guidelines::ToJson(guideline);
  json.erase("lang");
  if (guideline.id.empty()) json.erase("id");
  return guidelines::ParseGuideline(json, "guidelines add");
}

// Codes and groups of the names given.
Status ReadPlaces(const std::vector<std::string>& names, guidelines::Database& database,
                  Guideline& guideline) {
  guideline.places.clear();
  for (const std::string& name : names) {
    MORES_ASSIGN_OR_RETURN(const guidelines::PlaceScope scope,
                           guidelines::ParsePlaceScope(name, database));
    AddOnce(guideline.places, scope.place);
    if (!scope.group.empty()) AddOnce(guideline.groups, scope.group);
  }
  return {};
}

Guideline GivenGuideline(const AddJob& options) {
  Guideline given = options.guideline;
  given.kind = options.kind.value_or(given.kind);
  given.polarity = options.polarity.value_or(given.polarity);
  given.status = options.status.value_or(Standing::kProposed);
  return given;
}

// `given` over `before`, of which sources and passages aren't kept.
Guideline PutOver(const Guideline& before, const Guideline& given, const AddJob& options) {
  Guideline changed = before;
  changed.status = given.status;
  changed.trusted = false;
  changed.sources = given.sources;
  changed.passages = given.passages;
  if (!given.places.empty()) {
    changed.places = given.places;
    changed.groups = given.groups;
  }
  if (options.kind) changed.kind = *options.kind;
  if (options.polarity) changed.polarity = *options.polarity;
  for (const auto field :
       {&Guideline::topic, &Guideline::text, &Guideline::valid_from, &Guideline::valid_to}) {
    if (!(given.*field).empty()) changed.*field = given.*field;
  }
  return changed;
}

// Whether nothing is said that `before` doesn't say.
bool SaysNothingNew(const Guideline& before, Guideline changed, const AddJob& options) {
  if (options.status && *options.status != Standing::kProposed &&
      *options.status != before.status) {
    return false;
  }
  changed.status = before.status;
  changed.trusted = before.trusted;
  changed.lang = before.lang;
  if (changed.sources.empty()) changed.sources = before.sources;
  if (changed.passages.empty()) changed.passages = before.passages;
  return changed.Hash() == before.Hash();
}

// "NG+tiv".
std::string PlacesAndGroups(const Guideline& guideline) {
  std::string text = fmt::format("{}", fmt::join(guideline.places, ", "));
  for (const std::string& group : guideline.groups) text += "+" + group;
  return text;
}

// A version of a guideline is about what the guideline is about.
Status CheckKept(const Guideline& before, const Guideline& changed, const AddJob& options) {
  const auto said = [](Kept kept, const Guideline& guideline) {
    switch (kept) {
      case Kept::kPlace:
        return PlacesAndGroups(guideline);
      case Kept::kKind:
        return std::string(guidelines::Name(guideline.kind));
      case Kept::kTopic:
        break;
    }
    return guideline.topic;
  };
  for (const Kept kept : {Kept::kPlace, Kept::kKind, Kept::kTopic}) {
    const auto& allowed = options.changed;
    if (said(kept, before) == said(kept, changed) ||
        std::find(allowed.begin(), allowed.end(), kept) != allowed.end()) {
      continue;
    }
    return MakeError(ErrorKind::kInput,
                     "guideline {}: its {} is '{}', not '{}': add another one without {}, or give "
                     "--change {}",
                     before.id, Name(kept), said(kept, before), said(kept, changed),
                     options.id_called, Name(kept));
  }
  return {};
}

tl::unexpected<Error> NeedsSource(const AddJob& options) {
  return MakeError(ErrorKind::kUsage, "a guideline of a group needs a source: give {}",
                   options.source_called);
}

Expected<AddResult> AddVersion(const Guideline& given, const AddJob& options,
                               guidelines::Database& database) {
  MORES_ASSIGN_OR_RETURN(const auto before, database.Find(given.id));
  if (!before) {
    return MakeError(ErrorKind::kInput,
                     "there is no guideline '{}' to change; without {} a new one is added",
                     given.id, options.id_called);
  }
  if (before->guideline.status == Standing::kWithdrawn) {
    return MakeError(ErrorKind::kInput, "guideline '{}' is withdrawn, and stays so", given.id);
  }
  MORES_ASSIGN_OR_RETURN(const Guideline changed,
                         ParseAdded(PutOver(before->guideline, given, options)));
  MORES_RETURN_IF_ERROR(CheckKept(before->guideline, changed, options));
  if (SaysNothingNew(before->guideline, changed, options)) {
    return AddResult{.version = *before, .as_it_was = true};
  }
  if (!changed.groups.empty() && changed.sources.empty()) return NeedsSource(options);
  AddResult result;
  MORES_ASSIGN_OR_RETURN(result.version, database.Put(changed, options.change));
  return result;
}

Expected<AddResult> AddNew(const Guideline& given, const AddJob& options,
                           guidelines::Database& database) {
  MORES_ASSIGN_OR_RETURN(Guideline guideline, ParseAdded(given));
  guideline.id = guidelines::GuidelineId(guideline);
  MORES_ASSIGN_OR_RETURN(const auto there, database.Find(guideline.id));
  AddResult result;
  if (!there) {
    MORES_ASSIGN_OR_RETURN(result.version, database.Put(guideline, options.change));
    return result;
  }
  if (!SaysNothingNew(there->guideline, PutOver(there->guideline, guideline, options), options)) {
    return MakeError(ErrorKind::kInput,
                     "that text is there already, as {} version {}, {}; to change it, give {}",
                     guideline.id, there->guideline.version,
                     guidelines::Name(there->guideline.status), options.id_called);
  }
  result = {.version = *there, .as_it_was = true};
  return result;
}

}  // namespace

std::string_view Name(Kept kept) { return kKeptNames[static_cast<size_t>(kept)]; }

std::optional<Kept> ParseKept(std::string_view name) {
  const auto found = std::find(kKeptNames.begin(), kKeptNames.end(), name);
  if (found == kKeptNames.end()) return std::nullopt;
  return static_cast<Kept>(found - kKeptNames.begin());
}

Status CheckStanding(const AddJob& options) {
  const Standing status = options.status.value_or(Standing::kProposed);
  if (status == Standing::kHumanValidated || status == Standing::kMachineValidated) {
    return MakeError(ErrorKind::kUsage, "{}: a text comes to it by review alone",
                     guidelines::Name(status));
  }
  if (status == Standing::kImported) {
    return MakeError(ErrorKind::kUsage, "{}: a text comes to it by 'guidelines import' alone",
                     guidelines::Name(status));
  }
  if (status == Standing::kGenerated) {
    return MakeError(ErrorKind::kUsage, "{}: a text comes to it by 'guidelines generate' alone",
                     guidelines::Name(status));
  }
  return {};
}

Expected<AddResult> AddGuideline(const AddJob& options) {
  MORES_RETURN_IF_ERROR(CheckStanding(options));
  Guideline given = GivenGuideline(options);
  const std::vector<std::string> names = given.places;
  const bool is_new = given.id.empty();
  // What can be known to be wrong makes no database.
  MORES_ASSIGN_OR_RETURN(const auto catalogue, guidelines::PlaceCatalogue::Open());
  bool of_group = !given.groups.empty();
  for (const std::string& name : names) {
    MORES_RETURN_IF_ERROR(guidelines::ParsePlace(name.substr(0, name.find('+')), *catalogue));
    of_group = of_group || name.find('+') != std::string::npos;
  }
  if (of_group && is_new && given.sources.empty()) return NeedsSource(options);
  if (is_new) MORES_RETURN_IF_ERROR(ParseAdded(given));
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, GuidelineAccess::kCreate));
  MORES_RETURN_IF_ERROR(ReadPlaces(names, *database, given));
  MORES_ASSIGN_OR_RETURN(AddResult result, is_new ? AddNew(given, options, *database)
                                                  : AddVersion(given, options, *database));
  MORES_ASSIGN_OR_RETURN(const guidelines::EnoughRulings enough,
                         guidelines::ReadEnoughRulings(*database));
  result.enough_rulings = enough.number;
  return result;
}

}  // namespace mores::app
