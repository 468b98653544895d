// What the jobs of this layer have in common: from a struct of options to a struct of results, from
// files to files. They print nothing and need no terminal; who calls them looks on.
#ifndef MORES_APP_RUN_H_
#define MORES_APP_RUN_H_

#include <functional>
#include <span>
#include <string>

#include "base/error.h"
#include "base/stop.h"
#include "chat/chat_model.h"
#include "job/file_kind.h"
#include "job/job.h"
#include "job/progress.h"

namespace mores::app {

// Who looks on while a job runs.
struct Watch {
  job::Progress* progress = nullptr;  // silent when null
  StopToken stop;                     // looked at between pieces of work
  // What somebody should know before results come: before the work begins, and of endpoints while
  // they are asked.
  std::function<void(const std::string& note)> on_note;
  // Called once an item that failed, in the order of the output, at the end.
  std::function<void(const std::string& id, const std::string& message)> on_failure;
  // Called where a call of an endpoint ended the run: what it was asked until then, which may have
  // cost something.
  std::function<void(const std::string& model, const chat::ChatTotals& totals)> on_broken_off;

  void Note(const std::string& note) const {
    if (on_note) on_note(note);
  }
  void Failure(const std::string& id, const std::string& message) const {
    if (on_failure) on_failure(id, message);
  }
};

// kUsage for an output without a name, or one that is an input file itself, or beside which a run
// would write over one; kIo where there is no such folder, or no such descriptor open for writing.
// Every job looks at its own.
Status CheckOutput(const std::string& input, const std::string& output);
Status CheckOutputs(std::span<const std::string> inputs, const std::string& output);

// CheckOutputs of what job::RunJob writes, and all that it would refuse whatever the run: before a
// model is loaded.
Status CheckRunOutput(std::span<const std::string> inputs, const std::string& output,
                      job::JournalStart start);

// A file that a command writes in one go, such as a page or a table of figures.
struct WrittenFile {
  std::string path;  // empty: none is written
  job::FileKind kind = job::FileKind::kJson;
};
// CheckOutputs for each; also kUsage where two of them are one file, and where one would be written
// over a file of another kind.
Status CheckWritten(std::span<const std::string> inputs, std::span<const WrittenFile> files);
Status CheckWritten(std::span<const std::string> inputs, const WrittenFile& file);

// The file of "scripted:FILE", which is an input; else nothing.
std::string ScriptOf(const std::string& model);

}  // namespace mores::app

#endif  // MORES_APP_RUN_H_
