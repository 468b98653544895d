// Every long command is a function from items to results handed to RunJob: it journals, resumes,
// reports progress, honours a stop, leaves a manifest and ends in an exit code.
#ifndef MORES_JOB_JOB_H_
#define MORES_JOB_JOB_H_

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "job/progress.h"

namespace mores::job {

// One result line for one item: a JSON object, or the error that failed this item alone.
using ItemResult = Expected<Json>;
// Results for `indices` into the job's items, in that order. An error of the call itself stops the
// job (finished items stay in the journal).
using BatchFunction = std::function<Expected<std::vector<ItemResult>>(std::span<const size_t>)>;

struct JobOptions {
  std::string output;            // final path, "-" for standard output (then no journal)
  std::vector<std::string> keys;  // one a job item, unique, in output order
  // Everything that must be the same for a resume: model, prompt, options and input hashes.
  Json fingerprint;
  // Written to OUTPUT.manifest.json with results and times added; secrets never go in here.
  Json manifest;
  // Order in which items are processed (indices); empty means input order. Output is always in
  // input order.
  std::vector<size_t> order;
  size_t batch_size = 32;
  std::string unit = "items";  // for the progress line
  Progress* progress = nullptr;
};

struct JobSummary {
  size_t done = 0;      // items with a result, those taken from the journal included
  size_t resumed = 0;   // of these, taken from the journal
  size_t failed = 0;
  double seconds = 0;
};

// Runs what the journal OUTPUT.part lacks, appending each batch's results to it, then writes the
// ordered output beside and renames it. Items that failed appear in the output as {"id","error"}.
// Refuses with kUsage when OUTPUT.part was made with another fingerprint, naming what differs.
// kCancelled when StopRequested() turned true; the journal stays.
Expected<JobSummary> RunJob(const JobOptions& options, const BatchFunction& run);

}  // namespace mores::job

#endif  // MORES_JOB_JOB_H_
