// Runs a parsed chat template.
#ifndef MORES_TEMPLATES_JINJA_RUN_H_
#define MORES_TEMPLATES_JINJA_RUN_H_

#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "templates/jinja/ast.h"

namespace mores::templates::jinja {

struct RunInput {
  std::vector<std::pair<std::string_view, Value>> variables;
  std::string_view utc;  // the time that strftime_now writes: "2026-01-31T23:59:59Z"
  size_t max_steps = kMaxSteps;
};

// The text of the template. Errors ("line N: ...") are kInput where the template refuses what it
// was given or Python would, kUnsupported for what we lack and for a limit. Thread-safe.
Expected<MarkedText> Run(const Block& block, const RunInput& input);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_RUN_H_
