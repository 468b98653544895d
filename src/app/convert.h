// A model in another form: as a directory or as a GGUF file.
#ifndef MORES_APP_CONVERT_H_
#define MORES_APP_CONVERT_H_

#include <string>

#include "app/run.h"
#include "base/error.h"
#include "model/convert.h"

namespace mores::app {

struct ConvertJob {
  std::string from;               // as FindModel takes it
  std::string adapter;            // merged into it, as model::OpenAdapter takes it, or ""
  std::string to;                 // model::ConvertModel's
  model::ConvertOptions options;  // its stop is the watch's
};

// The adapter by itself in the other form: to a GGUF file (model::NamesGgufFile) or a new folder.
// Of the options none counts. A folder gets what shapes how the model is asked, too (judge.json);
// that a file can't hold it is told. kUsage where there is no adapter.
Expected<model::ConvertSummary> ConvertAdapter(const ConvertJob& options, const Watch& watch);
Expected<model::ConvertSummary> ConvertModel(const ConvertJob& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_CONVERT_H_
