// A model directory in another form.
#ifndef MORES_APP_CONVERT_H_
#define MORES_APP_CONVERT_H_

#include <string>

#include "app/run.h"
#include "base/error.h"
#include "model/convert.h"

namespace mores::app {

struct ConvertJob {
  std::string from, to;           // directories; the second new or empty
  model::ConvertOptions options;  // its stop is the watch's
};

Expected<model::ConvertSummary> ConvertModel(const ConvertJob& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_CONVERT_H_
