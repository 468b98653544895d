// Asks a meta-judge about all probes, as a job that resumes.
#ifndef MORES_META_FITNESS_RUN_H_
#define MORES_META_FITNESS_RUN_H_

#include <functional>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "job/job.h"
#include "meta/fitness.h"

namespace mores::meta {

struct FitnessRunOptions {
  std::string rulings;     // path of every ruling, one critique a line; empty: kept nowhere
  uint64_t seed = 1;       // of the probes and of the resampling
  size_t batch_size = 64;  // critiques asked about at once
  Json fingerprint = Json::object();  // beside the judge's and the references'
  Json manifest = Json::object();
  std::function<Json()> results;  // for the manifest, as in job::JobOptions
  // Called once an item that failed, in the order of the output, at the end.
  std::function<void(const std::string& id, const std::string& message)> on_failure;
  StopToken stop;
  job::Progress* progress = nullptr;
  job::JournalStart start = job::JournalStart::kResume;
};

// One job item a probe and reference, with the key "PROBE/ID".
Expected<FitnessReport> RunFitness(AiuJudge& judge, const ProbeMaker& maker,
                                   const FitnessRunOptions& options);

}  // namespace mores::meta

#endif  // MORES_META_FITNESS_RUN_H_
