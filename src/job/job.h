// Every long command is a function from items to results handed to RunJob: it journals, resumes,
// reports progress, honours a stop, leaves a manifest and ends in an exit code.
#ifndef MORES_JOB_JOB_H_
#define MORES_JOB_JOB_H_

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "job/journal.h"
#include "job/progress.h"

namespace mores::job {

// Whether the finished output of another run, as it was written, may be replaced unasked: where the
// name is ours, and what came of that run is kept elsewhere.
enum class OtherRuns { kRefused, kReplaced };

// One result line for one item: a JSON object, or the error that failed this item alone.
using ItemResult = Expected<Json>;
// Results for `indices` into the job's items, in that order. An error of the call itself stops the
// job (finished items stay in the journal).
using BatchFunction = std::function<Expected<std::vector<ItemResult>>(std::span<const size_t>)>;

// For a batch function to tell how far it is within its batch. Does nothing outside of RunJob.
struct BatchProgress {
  std::function<void(size_t items)> report;
  void Tell(size_t items) const {
    if (report) report(items);
  }
};

struct JobOptions {
  std::string output;             // final path, "-" for standard output (then no journal)
  std::vector<std::string> keys;  // one a job item, unique, in output order
  // Everything that must be the same for a resume: model, prompt, options and input hashes.
  Json fingerprint;
  // By field of it, "places.as_of": what to say where an unfinished run differs there.
  FieldNotes fingerprint_notes;
  // Written to OUTPUT.manifest.json with results and times added; secrets never go in here.
  Json manifest;
  // Order in which items are processed (indices); empty means input order. Output is always in
  // input order.
  std::vector<size_t> order;
  // A batch ends at `batch_size` items, or before `batch_cost` is exceeded where `costs` (one an
  // item, such as its tokens) are given; a single item above it is a batch of its own.
  size_t batch_size = 32;
  std::vector<int64_t> costs;
  int64_t batch_cost = 0;
  std::string title = "working";  // for the progress line
  std::string unit = "items";
  StopToken stop;                           // looked at between batches
  Progress* progress = nullptr;             // silent when null
  BatchProgress* batch_progress = nullptr;  // made to report to `progress` while a batch runs
  Clock* clock = nullptr;                   // the system's when null
  // kFresh: --fresh, an older journal is dropped and a finished output replaced.
  JournalStart start = JournalStart::kResume;
  OtherRuns other_runs = OtherRuns::kRefused;
  // Called with each line of the output, in output order, before the output is put in place; the
  // only look at results that were taken from the journal.
  std::function<void(size_t item, const Json& line, bool failed)> visit;
  // Where items aren't lines one to one: appends to `output` what an item's line becomes there,
  // none or any number of lines with their line breaks. Called after `visit`; null: the line
  // itself.
  std::function<Status(size_t item, const Json& line, bool failed, std::string& output)> render;
  // Called after the last item, before the output is put in place: for files beside it. The journal
  // is still there if it fails.
  std::function<Status()> before_commit;
  // Called after all items, for the manifest: members to add to it, such as what models were asked.
  std::function<Json()> results;
};

struct JobSummary {
  size_t done = 0;     // items finished, failed ones and those taken from the journal included
  size_t resumed = 0;  // of these, taken from the journal
  size_t failed = 0;
  double seconds = 0;
  bool was_finished = false;  // by an earlier run: nothing was done
};

// Runs what the journal OUTPUT.part lacks, appending each batch's results to it, then writes the
// ordered output beside, then the manifest, renames the output and removes the journal: stopped
// anywhere in between, the same command goes on. Items that
// failed appear in the output as {"id","error":{"kind","message"}}.
// What stands at OUTPUT is replaced only for a fresh start. Where it is the output of the same run,
// as it was written, nothing is done: `visit` is called with its lines (where there is no
// `render`), and the manifest stays; but items that failed for a reason that may be gone, such as
// the network, make the run begin again. Anything else there is refused with kUsage. Refuses with
// kUsage when OUTPUT.part was made with another fingerprint, naming what differs, or when another
// process is at work on it. kCancelled when a stop was asked for; the journal stays. An output that
// is standard output, a device or a pipe gets its lines at the end, without a journal or a
// manifest.
Expected<JobSummary> RunJob(const JobOptions& options, const BatchFunction& run);

// A file of the run beside its output: BesidePath("OUT.jsonl", "summary.json") is
// "OUT.summary.json".
std::string BesidePath(const std::string& output, std::string_view name);

// {"path","bytes","sha256"} of an input file, for a fingerprint or a manifest; the path alone of
// one that can't be read again, such as a pipe.
Expected<Json> DescribeInput(const std::string& path);

}  // namespace mores::job

#endif  // MORES_JOB_JOB_H_
