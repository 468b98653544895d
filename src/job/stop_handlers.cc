#include "job/stop_handlers.h"

#include <unistd.h>

#include <csignal>

namespace mores::job {
namespace {

StopSource process_stop;

void OnStopSignal(int) {
  if (process_stop.requested() || !process_stop.looked_at()) _exit(130);
  process_stop.Request();
}

}  // namespace

StopToken InstallStopHandlers() {
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
  return process_stop.token();
}

}  // namespace mores::job
