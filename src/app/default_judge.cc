#include "app/default_judge.h"

#include <fmt/format.h>

#include <utility>

#include "app/model.h"
#include "app/opened_model.h"
#include "model/adapter/adapter.h"

namespace mores::app {

Expected<DefaultJudge> FindDefaultJudge() {
  std::string note;
  const Expected<std::string> small = FindModel("models/small");
  if (small && model::IsAdapterDirectory(*small)) {
    MORES_ASSIGN_OR_RETURN(const model::AdapterConfig config, model::ReadAdapterConfig(*small));
    const Expected<ModelPaths> found = FindModelAndAdapters({.model = *small});
    if (found) {
      return DefaultJudge{
          .path = *small,
          .note =
              fmt::format("judging with models/small over {} (the one before: --model models/mini)",
                          config.base)};
    }
    if (found.error().kind != ErrorKind::kMissing) return tl::unexpected<Error>(found.error());
    note = fmt::format(
        "judging with models/mini; models/small knows more, and needs its base: mores model fetch "
        "{}",
        config.base);
  }
  MORES_ASSIGN_OR_RETURN(std::string mini, FindModel(""));
  return DefaultJudge{.path = std::move(mini), .note = std::move(note)};
}

Expected<std::string> JudgeModel(const std::string& given, const Watch* told) {
  if (!NamedModel(given).empty()) return given;
  MORES_ASSIGN_OR_RETURN(const DefaultJudge found, FindDefaultJudge());
  if (told != nullptr && !found.note.empty()) told->Note(found.note);
  return found.path;
}

}  // namespace mores::app
