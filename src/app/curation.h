// Data labelled, criticised, written and filtered with models.
#ifndef MORES_APP_CURATION_H_
#define MORES_APP_CURATION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/chat.h"
#include "app/judge.h"
#include "app/run.h"
#include "base/error.h"
#include "curate/curation.h"
#include "curate/filter.h"
#include "curate/label.h"

namespace mores::app {

struct CurationFiles {
  // OUTPUT.rejected.jsonl and OUTPUT.summary.json stand beside the output.
  std::string input, output;
  job::OtherRuns other_runs = job::OtherRuns::kRefused;
  job::JournalStart start = job::JournalStart::kResume;
};

// All that is said of models but for which they are.
struct CurationOptions {
  CurationFiles files;
  ModelOptions local;
  ChatOptions chat;
  chat::Sampling sampling;
};

struct CurationRun {
  curate::CurationResult curation;
  std::vector<std::unique_ptr<chat::ChatModel>> models;  // that were asked
};

struct LabelJob {
  CurationOptions common;
  std::vector<std::string> annotators;   // models, as ChatOptions::model
  std::vector<std::string> annotations;  // files
  curate::Ties ties = curate::Ties::kLeftOut;
};
Expected<CurationRun> LabelData(const LabelJob& options, const Watch& watch);

struct CritiqueJob {
  CurationOptions common;
  std::string writer;
  std::string examples;  // file of SFT records; may be empty
};
Expected<CurationRun> CritiqueData(const CritiqueJob& options, const Watch& watch);

struct QueriesJob {
  CurationOptions common;
  std::string writer;
  std::string examples;  // file; may be empty
  int count = 5;         // queries wanted for each rule
};
Expected<CurationRun> WriteQueries(const QueriesJob& options, const Watch& watch);

struct FilterJob {
  CurationFiles files;
  JudgeOptions judge;
  std::vector<curate::DropCondition> drop_if;
};
struct FilterRun {
  curate::CurationResult curation;
  std::unique_ptr<judge::Judge> judge;
};
// kUsage for a bound on p_unsafe where the judge tells no probabilities.
Expected<FilterRun> FilterData(const FilterJob& options, const Watch& watch);

// What the runs above are made of; for others like them.
struct CurationPlan {
  std::string command;              // "data label"
  std::vector<std::string> inputs;  // files read, the first among them
  std::vector<std::string> models;  // as given
  std::string role;                 // what they are asked as, for the manifest
};
// Called with options that lack nothing but what is the job's own, and the models in their order.
using Curate = std::function<Expected<curate::CurationResult>(
    const curate::RunOptions& run, const std::vector<std::unique_ptr<chat::ChatModel>>& models)>;
// `manifest`: members to add to that of the run.
Expected<CurationRun> RunCuration(const CurationPlan& plan, const CurationOptions& options,
                                  const Json& manifest, const Watch& watch, const Curate& curate);

}  // namespace mores::app

#endif  // MORES_APP_CURATION_H_
