// Files that commands on guidelines write in one go.
#ifndef MORES_APP_GUIDELINE_OUTPUT_H_
#define MORES_APP_GUIDELINE_OUTPUT_H_

#include <span>
#include <string>

#include "app/run.h"
#include "base/error.h"

namespace mores::app {

// CheckWritten; also kUsage where a run wrote what is there, by its manifest: JSON lines of another
// command look like one's own.
Status CheckWholeFile(std::span<const std::string> inputs, const WrittenFile& file);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_OUTPUT_H_
