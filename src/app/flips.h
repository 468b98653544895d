// How often a guideline changes a judge's label.
#ifndef MORES_APP_FLIPS_H_
#define MORES_APP_FLIPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "app/judge.h"
#include "app/run.h"
#include "base/error.h"
#include "base/json.h"

namespace mores::app {

struct FlipsJob {
  JudgeOptions judge;
  std::string triples;
  std::string output;                                    // may be empty
  job::JournalStart start = job::JournalStart::kResume;  // kFresh: a finished output is replaced
  uint64_t seed = 1;                                     // of the resampling
};

struct FlipsResult {
  Json figures;  // as they are written (docs/formats/flips.md)
  size_t triples = 0, failed = 0;
  bool was_finished = false;       // by the same run before: nothing was asked
  std::vector<std::string> notes;  // NotesOnBaseline: to be told last
};
// The files that it reads; some may be empty.
std::vector<std::string> InputsOf(const FlipsJob& options);

// Beside an output that is a file stands OUTPUT.manifest.json.
Expected<FlipsResult> MeasureFlips(const FlipsJob& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_FLIPS_H_
