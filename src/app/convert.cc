#include "app/convert.h"

#include "app/model.h"

namespace mores::app {

Expected<model::ConvertSummary> ConvertModel(const ConvertJob& options, const Watch& watch) {
  if (options.to.empty()) return MakeError(ErrorKind::kUsage, "the output has no name");
  MORES_ASSIGN_OR_RETURN(const auto source, OpenSource(options.from));
  model::ConvertOptions converting = options.options;
  converting.stop = watch.stop;
  const job::ShownProgress progress(watch.progress);
  bool started = false;
  const auto tell = [&](int64_t done, int64_t total) {
    constexpr int64_t kMega = 1'000'000;
    if (!started) progress->Start("converting", "MB", total / kMega, 0);
    started = true;
    progress->Update(done / kMega, "");
  };
  MORES_ASSIGN_OR_RETURN(const model::ConvertSummary summary,
                         model::ConvertModel(*source, options.to, converting, tell));
  if (started) progress->Finish("");
  return summary;
}

}  // namespace mores::app
