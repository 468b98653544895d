// Whether an output stands already, and whether it is that of the same run: OUTPUT.manifest.json
// has the run's fingerprint and the output's hash.
#ifndef MORES_JOB_FINISHED_H_
#define MORES_JOB_FINISHED_H_

#include <cstddef>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "job/fingerprint.h"

namespace mores::job {

struct FinishedRun {
  size_t done = 0, failed = 0;
  size_t may_pass = 0;  // of these, failed for a reason that may be gone, such as the network
};

// Nullopt where nothing stands at `output`, or an empty file. kUsage where something does that
// isn't the output of the run of this fingerprint as it was written: says what it is, and which
// fields differ.
Expected<std::optional<FinishedRun>> FindFinished(const std::string& output,
                                                  const Json& fingerprint,
                                                  const FieldNotes& notes = {});

// That without a fingerprint, for what can be told before a model is loaded: kUsage where no
// manifest speaks for what stands there, or it was changed since.
Status CheckFinished(const std::string& output);

// The fingerprint of the unfinished work beside `output`, else that in the manifest there; null
// where neither tells.
Json LastFingerprint(const std::string& output);

// Adds to a manifest what this process has taken so far: seconds of processor time over all
// threads, and the most memory that was resident at once, mapped files included.
void AddProcessCosts(Json& manifest);

// Members of a manifest by which FindFinished knows the output again, by its hash. A manifest is
// written before its output is put in place: where work ends in between, no output stands there
// that nothing speaks for.
Json DescribeOutput(const std::string& output, const Json& fingerprint, const std::string& sha256);

}  // namespace mores::job

#endif  // MORES_JOB_FINISHED_H_
