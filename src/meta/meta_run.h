// Measures a whole set of critiques as one job: journalled, resumable, in input order.
#ifndef MORES_META_META_RUN_H_
#define MORES_META_META_RUN_H_

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "job/job.h"
#include "meta/aiu_judge.h"
#include "meta/evaluation.h"

namespace mores::meta {

enum class Content { kKept, kLeftOut };  // whether lines hold the dialogue's turns

struct MetaRunOptions {
  std::string output;
  Content content = Content::kKept;
  // What must be the same for a resume, beside what the judge and the critiques are.
  Json fingerprint = Json::object();
  Json manifest = Json::object();
  std::function<Json()> results;  // for the manifest, as in job::JobOptions
  size_t batch_size = 32;         // critiques asked about at once, and lost at most by a kill
  job::JournalStart start = job::JournalStart::kResume;
  StopToken stop;
  job::Progress* progress = nullptr;
};

struct Failure {
  std::string id, message;
};

struct MetaRun {
  job::JobSummary job;
  std::vector<Evaluation> evaluations;  // of the items that did not fail, in input order
  std::vector<Json> lines;              // as they stand in the output, of the same items
  std::vector<Failure> failures;
};

// One line of the output: the evaluation with the critique and, if kept, the dialogue's "messages".
Json ToLine(const Evaluation& evaluation, const CritiqueItem& item, Content content);

// Errors as in job::RunJob. REQUIRES: the ids of `items` are unique.
Expected<MetaRun> RunMeta(AiuJudge& judge, std::span<const CritiqueItem> items,
                          const MetaRunOptions& options);

}  // namespace mores::meta

#endif  // MORES_META_META_RUN_H_
