// What a job has finished so far: a file beside the output, OUTPUT.part, appended to batch by
// batch, or memory when there is no file to put it beside.
//
// The file is JSON lines. The first holds the fingerprint of the job; each later one an item:
//   {"journal":1,"fingerprint":{...}}      with "replaces":true where an output is to be replaced
//   {"item":12,"key":"a-13","failed":false,"result":{...}}
// Results are kept as places in the file, never as parsed values, so that millions of items take
// megabytes. A last line without its line break was torn by a kill, and is cut off.
#ifndef MORES_JOB_JOURNAL_H_
#define MORES_JOB_JOURNAL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "job/fingerprint.h"

namespace mores::job {

struct Finished {
  size_t item = 0;  // index into the job's items
  std::string key;  // for people; `item` decides
  bool failed = false;
  std::string result;  // one line of JSON
};

// How what was finished is read: as it was written, and somewhat deeper than what people may send.
inline constexpr JsonOptions kJournalJson = {.max_depth = 80,
                                             .numbers = JsonOptions::Numbers::kAsWritten};

enum class JournalStart { kResume, kFresh };

struct JournalOptions {
  JournalStart start = JournalStart::kResume;
  bool replaces = false;  // an output stands there that the work is meant to replace
  FieldNotes notes;       // what to say of fields of the fingerprint that differ
};

// Holds a lock on the file from Open to destruction. Not thread-safe.
class Journal {
 public:
  // Creates `path`, or reads it and cuts off a torn end. kUsage when it is locked by another
  // process or was made with another fingerprint (naming what differs, with its note), kCorrupt
  // when it is no journal.
  static Expected<std::unique_ptr<Journal>> Open(const std::string& path, const Json& fingerprint,
                                                 size_t items, const JournalOptions& options);
  // Whether there is a journal of work that is meant to replace an output.
  static bool Replaces(const std::string& path);
  static std::unique_ptr<Journal> InMemory(size_t items);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  bool done(size_t item) const { return entries_[item].length != 0; }
  size_t done_count() const { return done_count_; }
  size_t failed_count() const { return failed_count_; }

  // One write call for all of `batch`, with the operating system before it returns.
  Status Append(const std::vector<Finished>& batch);

  // Calls `visit` with each finished item's result line, in item order; stops at its first error.
  using Visitor = std::function<Status(size_t item, std::string_view result, bool failed)>;
  Status VisitInOrder(const Visitor& visit) const;

  Status Remove();  // after the output is in place

 private:
  struct Entry {
    uint64_t offset = 0;  // of the result in the journal
    uint32_t length = 0;  // 0: not finished
    bool failed = false;
  };

  explicit Journal(size_t items) : entries_(items) {}
  Status Lock();
  Status Load(const Json& fingerprint, const JournalOptions& options);
  Status StartAfresh(const Json& fingerprint, const JournalOptions& options);
  Status ReadLine(std::string_view line, uint64_t offset, int64_t number);
  void Record(size_t item, Entry entry);

  std::string path_;  // empty: in memory
  int lock_ = -1;     // descriptor that holds the lock
  std::unique_ptr<AppendFile> file_;
  std::string memory_;
  uint64_t size_ = 0;
  std::vector<Entry> entries_;
  size_t done_count_ = 0;
  size_t failed_count_ = 0;
};

}  // namespace mores::job

#endif  // MORES_JOB_JOURNAL_H_
