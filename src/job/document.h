// Whether a document that is written in one go may replace the one that stands there.
#ifndef MORES_JOB_DOCUMENT_H_
#define MORES_JOB_DOCUMENT_H_

#include <string>
#include <string_view>

#include "base/error.h"

namespace mores::job {

// kUsage where a JSON document stands at `path` whose `kind` isn't this one: a manifest, a model's
// file, or what another command wrote. Beside CheckReplaces, which takes any kind of ours.
Status CheckDocument(const std::string& path, std::string_view kind);

}  // namespace mores::job

#endif  // MORES_JOB_DOCUMENT_H_
