// What commands tell on the terminal of the jobs of layer app: progress, notes, the first failures.
#ifndef MORES_CLI_TELLING_H_
#define MORES_CLI_TELLING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/run.h"
#include "base/stop.h"
#include "chat/chat_model.h"
#include "job/progress.h"

namespace mores::cli {

// From when it is made, Ctrl-C stops the job that is watched at its next safe moment, or at once
// while it hasn't begun. It outlives the job.
class Telling {
 public:
  Telling();
  app::Watch watch();

 private:
  std::unique_ptr<job::Progress> progress_;
  StopToken stop_;
  int64_t failures_ = 0;
};

// A line each on standard error: the last that a run tells.
void TellNotes(const std::vector<std::string>& notes);

// "asked 20 times (3 of them again), 5 replies kept from before, 1 failed; 5120 tokens in, 640 out"
// and the cost, where there are prices; on lines of their own what was odd, and what to do about
// it.
std::string Describe(const chat::ChatTotals& totals);

}  // namespace mores::cli

#endif  // MORES_CLI_TELLING_H_
