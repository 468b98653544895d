// One guideline by hand, or a version of one.
#ifndef MORES_APP_GUIDELINE_ADD_H_
#define MORES_APP_GUIDELINE_ADD_H_

#include <optional>
#include <string>

#include "base/error.h"
#include "guidelines/store/database.h"

namespace mores::app {

struct AddJob {
  std::string database;
  // With an id: of the guideline that this is a version of. Its polarity and status are those
  // below.
  guidelines::Guideline guideline;
  std::string id_called = "an id";               // how an error names it
  std::optional<guidelines::Polarity> polarity;  // none: that of the version before
  // None: human-validated, and of a group generated.
  std::optional<guidelines::Standing> status;
  guidelines::Change change;
};

struct AddResult {
  guidelines::Version version;
  bool as_it_was = false;
};

// kUsage for a status that a guideline of a group comes to by review alone. AddGuideline checks it,
// too.
Status CheckStanding(const AddJob& options);

// What is said of a group decides nothing before people of that group have reviewed it: kUsage
// where it has no source, and for a status that comes by review alone. A new version says of what
// isn't given what the one before says.
Expected<AddResult> AddGuideline(const AddJob& options);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_ADD_H_
