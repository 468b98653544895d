#include "job/stop_handlers.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace mores::job {
namespace {

TEST(StopHandlers, FirstSignalAsksSecondEnds) {
  const pid_t child = fork();
  if (child == 0) {
    const StopToken stop = InstallStopHandlers();
    if (stop.requested()) _exit(1);
    std::raise(SIGTERM);
    if (!stop.requested() || !InstallStopHandlers().requested()) _exit(2);
    std::raise(SIGINT);
    _exit(3);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 130);
}

TEST(StopHandlers, TheFirstSignalEndsWhatHasNotLookedYet) {
  const pid_t child = fork();
  if (child == 0) {
    (void)InstallStopHandlers();
    std::raise(SIGINT);
    _exit(3);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 130);
}

}  // namespace
}  // namespace mores::job
