// Progress with rate and time left: one rewritten line on a terminal, plain lines elsewhere.
#ifndef MORES_JOB_PROGRESS_H_
#define MORES_JOB_PROGRESS_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "base/clock.h"

namespace mores::job {

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void Start(const std::string& title, const std::string& unit, int64_t total,
                     int64_t already_done) = 0;
  // `note` is a short text shown at the end of the line, such as "loss 2.31".
  virtual void Update(int64_t done, const std::string& note) = 0;
  virtual void Finish(const std::string& summary) = 0;
};

// On standard error. Shows nothing in the first second; then rewrites one line at most 10 times a
// second when it is a terminal, else prints a line when a tenth of the work or 30 seconds have
// passed.
std::unique_ptr<Progress> MakeProgress(Clock& clock);
std::unique_ptr<Progress> MakeProgress(Clock& clock, std::FILE* stream, bool terminal);
std::unique_ptr<Progress> MakeSilentProgress();

// The progress that somebody handed on, silent where they have none. What is handed on outlives it.
class ShownProgress {
 public:
  explicit ShownProgress(Progress* progress)
      : silent_(progress == nullptr ? MakeSilentProgress() : nullptr),
        shown_(progress == nullptr ? silent_.get() : progress) {}
  Progress& operator*() const { return *shown_; }
  Progress* operator->() const { return shown_; }

 private:
  std::unique_ptr<Progress> silent_;
  Progress* shown_;
};

}  // namespace mores::job

#endif  // MORES_JOB_PROGRESS_H_
