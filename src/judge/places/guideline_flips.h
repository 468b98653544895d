// How often a guideline changes what a judge says of a dialogue: one that decides should, one that
// has nothing to do with it, or agrees with it, should not (docs/formats/flips.md).
#ifndef MORES_JUDGE_PLACES_GUIDELINE_FLIPS_H_
#define MORES_JUDGE_PLACES_GUIDELINE_FLIPS_H_

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "format/guideline_triple.h"
#include "job/progress.h"
#include "judge/judge.h"
#include "stats/bootstrap.h"

namespace mores::judge {

struct FlipOptions {
  size_t batch_size = 32;  // dialogues asked about at once, each four times
  stats::BootstrapOptions bootstrap;
  StopToken stop;
  job::Progress* progress = nullptr;  // silent when null
  // Called once a triple that failed, in the order given, at the end.
  std::function<void(const std::string& id, const Error& error)> on_failure;
};

// Judges each dialogue without a guideline and with each of its three. The figures as flips.md has
// them. A triple of which one judgement failed is counted and in no figure; kInput where none is
// left. kCancelled after a stop.
Expected<Json> MeasureFlips(Judge& judge, const std::vector<format::GuidelineTriple>& triples,
                            const FlipOptions& options);

// For a terminal.
std::string FormatFlips(const Json& figures);

}  // namespace mores::judge

#endif  // MORES_JUDGE_PLACES_GUIDELINE_FLIPS_H_
