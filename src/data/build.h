// `mores data build`: from a recipe to train.jsonl, valid.jsonl and what is known about them.
#ifndef MORES_DATA_BUILD_H_
#define MORES_DATA_BUILD_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "data/build_output.h"
#include "job/progress.h"

namespace mores::data {

struct BuildOptions {
  std::string recipe_path;
  std::string data_root;
  std::string output_directory;
  int threads = 0;  // 0: one for each processor; the result does not depend on it
  job::JournalStart start = job::JournalStart::kResume;  // kFresh: another set there is replaced
  StopToken stop;
  job::Progress* progress = nullptr;
};

struct BuildResult {
  Json table;            // as written to table.json (docs/formats/recipe-data.md)
  std::string readable;  // the same for a person
  SetWritten written = SetWritten::kNow;
  // Files without an example, of those that the recipe wants examples in.
  std::vector<std::string> empty;
};

// Writes train.jsonl, valid.jsonl, holdout.jsonl (only when the recipe holds a source out),
// table.json and manifest.json, as WriteBuiltSet does. The same recipe, seed and inputs give the
// same bytes. kInput, kMissing or kIo; kCancelled when a stop was asked for.
Expected<BuildResult> BuildData(const BuildOptions& options);

}  // namespace mores::data

#endif  // MORES_DATA_BUILD_H_
