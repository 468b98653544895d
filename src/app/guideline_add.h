// One guideline by hand, or a version of one.
#ifndef MORES_APP_GUIDELINE_ADD_H_
#define MORES_APP_GUIDELINE_ADD_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "guidelines/store/database.h"

namespace mores::app {

// What a version of a guideline keeps, unless it is said that it changes.
enum class Kept { kPlace, kKind, kTopic };
std::string_view Name(Kept kept);  // "place", "kind", "topic"
std::optional<Kept> ParseKept(std::string_view name);

struct AddJob {
  std::string database;
  // With an id: of the guideline that this is a version of; that keeps what isn't given here, but
  // for sources and passages, which are those that are given. Places are names as
  // guidelines::ParsePlaceScope takes them. Kind, polarity and status are those below.
  guidelines::Guideline guideline;
  std::string id_called = "an id";               // how errors name it,
  std::string source_called = "a source title";  // and this
  std::optional<guidelines::Kind> kind;
  std::optional<guidelines::Polarity> polarity;
  std::optional<guidelines::Standing> status;  // none: proposed
  std::vector<Kept> changed;                   // with an id: of what it keeps else
  guidelines::Change change;
};

struct AddResult {
  guidelines::Version version;
  bool as_it_was = false;
  size_t enough_rulings = 0;  // of others, for a proposed one to decide
};

// kUsage for a status that a text comes to by review or import alone. AddGuideline checks it, too.
Status CheckStanding(const AddJob& options);

// What one person adds is proposed, and so is what one person changes: it decides once others have
// ruled on it. What is said of a group needs a source (kUsage). Without an id, what is there
// already stays as it is where nothing differs, and is kInput where something does.
Expected<AddResult> AddGuideline(const AddJob& options);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_ADD_H_
