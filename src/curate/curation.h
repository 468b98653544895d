// What every curation command is: a resumable job (job/job.h) whose items become records that are
// kept, records that are rejected, or neither.
#ifndef MORES_CURATE_CURATION_H_
#define MORES_CURATE_CURATION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "chat/chat_model.h"
#include "chat/reply_tally.h"
#include "job/job.h"

namespace mores::curate {

struct RunOptions {
  std::string input;   // the file read, as records name it in their origin
  std::string output;  // a file; OUTPUT.rejected.jsonl and OUTPUT.summary.json stand beside it
  Json manifest = Json::object();
  // Options of the caller that a resume must share, beside what each command adds.
  Json fingerprint = Json::object();
  std::function<Json()> results;  // for the manifest, as in job::JobOptions
  // Called once an item that failed, in the order of the output, at the end.
  std::function<void(const std::string& id, const std::string& message)> on_failure;
  size_t batch_size = 64;  // items asked about at once, and lost to a kill without a reply cache
  job::JournalStart start = job::JournalStart::kResume;
  job::OtherRuns other_runs = job::OtherRuns::kRefused;
  StopToken stop;
  job::Progress* progress = nullptr;  // silent when null
  Clock* clock = nullptr;             // the system's when null
};

// The records that one item became. A rejected one says why (Rejected).
struct Sorted {
  std::vector<Json> kept;
  std::vector<Json> rejected;
};

// `record` with `rejected`: {"reason"} and the members of `details`.
Json Rejected(Json record, std::string_view reason, const Json& details = Json::object());

// A reply, in the form that the journal keeps: its value, or {"problem"} where it can't be read.
// Another error than that is the item's own.
job::ItemResult Journalled(Expected<chat::TaskReply> reply);
// The replies to one task a request, each as Journalled.
Expected<std::vector<job::ItemResult>> AskJournalled(chat::ChatModel& model,
                                                     std::span<const chat::ChatRequest> requests);
// Whether a journalled reply could not be read, and what was wrong with it.
bool IsUnreadable(const Json& journalled);
// What an item with such a reply becomes.
Sorted Unreadable(Json record, const Json& journalled);

// Counts what a journalled reply came to.
void CountReply(const Json& journalled, chat::ReplyTally& replies);

// What a resume must share of how models are asked.
Json SamplingFingerprint(const chat::Sampling& sampling);

struct Curation {
  std::string command;            // "data label", for the summary
  std::string title, unit;        // of the progress line
  std::vector<std::string> keys;  // one an item, unique
  Json fingerprint = Json::object();
  job::BatchFunction ask;
  // What an item's result becomes. Called in input order, once all results are there; an error
  // stops the job, whose journal stays.
  std::function<Expected<Sorted>(size_t item, const Json& result)> sort;
  // The record of an item whose request failed: it is rejected.
  std::function<Json(size_t item)> failed_record;
  // The summary's further fields, with what became of replies (chat::PutReplies); called after the
  // last item.
  std::function<Json()> summarize;
};

struct CurationResult {
  job::JobSummary job;
  int64_t kept = 0, rejected = 0;
  Json summary;  // as written
};

// Runs it, and writes the output, the rejected records, the summary and the manifest. kUsage for an
// output that is no file; other errors as RunJob's.
Expected<CurationResult> RunCuration(const RunOptions& options, const Curation& curation);

}  // namespace mores::curate

#endif  // MORES_CURATE_CURATION_H_
