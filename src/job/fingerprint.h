// What two runs must have in common for the second to go on where the first stopped.
#ifndef MORES_JOB_FINGERPRINT_H_
#define MORES_JOB_FINGERPRINT_H_

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace mores::job {

// The fields in which two fingerprints differ, sorted by name: "model", or where the values are
// short "threshold.en (0.5 before, 0.4 now)"; a field of `notes` with its note, "set (it changed)".
// Empty when they are alike.
using FieldNotes = std::map<std::string, std::string>;
std::vector<std::string> FingerprintDifferences(const Json& before, const Json& now,
                                                const FieldNotes& notes = {});

}  // namespace mores::job

#endif  // MORES_JOB_FINGERPRINT_H_
