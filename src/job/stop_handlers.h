// The signals by which a person stops the process.
#ifndef MORES_JOB_STOP_HANDLERS_H_
#define MORES_JOB_STOP_HANDLERS_H_

#include "base/stop.h"

namespace mores::job {

// Ctrl-C and SIGTERM: the first asks for a stop at the next safe moment, the second ends at once.
// Also makes the file size limit of the shell a write error, not a death. The token is the same for
// every call.
StopToken InstallStopHandlers();

}  // namespace mores::job

#endif  // MORES_JOB_STOP_HANDLERS_H_
