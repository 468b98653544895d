// What runs cost, from their manifests.
#ifndef MORES_APP_COSTS_H_
#define MORES_APP_COSTS_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "report/costs.h"

namespace mores::app {

struct CostsJob {
  std::vector<std::string> manifests;  // or the outputs beside which they stand
  std::string output;                  // the same as JSON; may be empty
};

// One a manifest, in their order.
Expected<std::vector<report::StageCost>> TellCosts(const CostsJob& options);

}  // namespace mores::app

#endif  // MORES_APP_COSTS_H_
