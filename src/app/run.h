// What the jobs of this layer have in common: from a struct of options to a struct of results, from
// files to files. They print nothing and need no terminal; who calls them looks on.
#ifndef MORES_APP_RUN_H_
#define MORES_APP_RUN_H_

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "base/stop.h"
#include "job/job.h"
#include "job/progress.h"

namespace mores::app {

// Who looks on while a job runs.
struct Watch {
  job::Progress* progress = nullptr;  // silent when null
  StopToken stop;                     // looked at between pieces of work
  // What somebody should know before results come, called before the work begins or on the way.
  std::function<void(const std::string& note)> on_note;
  // Called once an item that failed, in the order of the output, at the end.
  std::function<void(const std::string& id, const std::string& message)> on_failure;

  void Note(const std::string& note) const {
    if (on_note) on_note(note);
  }
  void Failure(const std::string& id, const std::string& message) const {
    if (on_failure) on_failure(id, message);
  }
};

// The progress of a watch, silent where it has none. The watch outlives it.
class ShownProgress {
 public:
  explicit ShownProgress(const Watch& watch)
      : silent_(watch.progress == nullptr ? job::MakeSilentProgress() : nullptr),
        shown_(watch.progress == nullptr ? silent_.get() : watch.progress) {}
  job::Progress& operator*() const { return *shown_; }
  job::Progress* operator->() const { return shown_; }

 private:
  std::unique_ptr<job::Progress> silent_;
  job::Progress* shown_;
};

// kUsage for an output without a name, or one that is an input file itself, or beside which a run
// would write over one; kIo where there is no such folder, or no such descriptor open for writing.
// Every job looks at its own.
Status CheckOutput(const std::string& input, const std::string& output);
Status CheckOutputs(std::span<const std::string> inputs, const std::string& output);

}  // namespace mores::app

#endif  // MORES_APP_RUN_H_
