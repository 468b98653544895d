// The signals by which a person stops the process.
#ifndef MORES_JOB_STOP_HANDLERS_H_
#define MORES_JOB_STOP_HANDLERS_H_

#include "base/stop.h"

namespace mores::job {

// Ctrl-C and SIGTERM: the first asks for a stop at the next safe moment, the second ends at once.
// So does the first before anybody has looked at the token, while input is read or a model loaded:
// nothing has begun by then that a later run would miss, and nobody might look for long. Also makes
// the file size limit of the shell a write error, not a death. The token is the same for every
// call.
StopToken InstallStopHandlers();

}  // namespace mores::job

#endif  // MORES_JOB_STOP_HANDLERS_H_
