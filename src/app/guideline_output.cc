#include "app/guideline_output.h"

#include "base/files.h"

namespace mores::app {

Status CheckWholeFile(std::span<const std::string> inputs, const WrittenFile& file) {
  MORES_RETURN_IF_ERROR(CheckWritten(inputs, file));
  if (file.path.empty() || !FileExists(file.path + ".manifest.json")) return {};
  return MakeError(ErrorKind::kUsage, "{}: is what a run wrote, by its manifest; give another name",
                   file.path);
}

}  // namespace mores::app
