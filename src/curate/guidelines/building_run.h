// How building guidelines runs as a job: what the three ways of it share.
#ifndef MORES_CURATE_GUIDELINES_BUILDING_RUN_H_
#define MORES_CURATE_GUIDELINES_BUILDING_RUN_H_

#include "base/error.h"
#include "curate/curation.h"

namespace mores::curate {

struct BuildingTitles {
  const char* command;
  const char* title;  // of the progress line
  const char* unit;
  const char* role;  // of the model
};

// Runs `work`, which says its Keys, Fingerprint and model_name, asks, and sorts what is answered.
template <class Work>
Expected<CurationResult> RunBuilding(const RunOptions& options, const BuildingTitles& titles,
                                     Work& work) {
  Curation curation;
  curation.command = titles.command;
  curation.title = titles.title;
  curation.unit = titles.unit;
  curation.keys = work.Keys();
  curation.fingerprint = work.Fingerprint();
  curation.ask = [&](std::span<const size_t> items) { return work.Ask(items); };
  chat::ReplyTally replies{.role = titles.role, .name = work.model_name()};
  curation.sort = [&](size_t item, const Json& result) {
    CountReply(result, replies);
    return work.Sort(item, result);
  };
  curation.failed_record = [&](size_t item) {
    ++replies.failed;
    return work.ItemRecord(item);
  };
  curation.summarize = [&] {
    Json summary = work.Summary();
    chat::PutReplies({&replies, 1}, summary);
    return summary;
  };
  return RunCuration(options, curation);
}

}  // namespace mores::curate

#endif  // MORES_CURATE_GUIDELINES_BUILDING_RUN_H_
