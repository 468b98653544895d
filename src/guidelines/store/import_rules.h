// What an import may do to a guideline that is there: people's reviews are undone by no file.
#ifndef MORES_GUIDELINES_STORE_IMPORT_RULES_H_
#define MORES_GUIDELINES_STORE_IMPORT_RULES_H_

#include "guidelines/store/guideline.h"

namespace mores::guidelines {

enum class ImportOver {
  kTake,     // as it is brought
  kPropose,  // its content as a new version that decides nothing
  kLeave,    // what is there stays
  kRefuse,   // it is about something else than what was reviewed
};

// `current` and `brought` have one id and differ. Nothing that doesn't decide comes to decide, but
// where `current` is imported, and no reviewed one comes to say something else than it did.
ImportOver RuleImport(const Guideline& current, const Guideline& brought);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_STORE_IMPORT_RULES_H_
