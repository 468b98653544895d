// Thresholds as they are given on the command line.
#ifndef MORES_CLI_THRESHOLDS_H_
#define MORES_CLI_THRESHOLDS_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "report/items.h"

namespace mores::cli {

// Each of `texts`, as --threshold has it, is a number in [0, 1] for every language, or LANG=NUMBER
// with en, zh or other; later ones win. kUsage otherwise.
Expected<report::Thresholds> ParseThresholds(const std::vector<std::string>& texts);

}  // namespace mores::cli

#endif  // MORES_CLI_THRESHOLDS_H_
