// Critiques measured by a meta-judge, and whether it may be trusted.
#ifndef MORES_APP_META_H_
#define MORES_APP_META_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/chat.h"
#include "app/run.h"
#include "base/error.h"
#include "base/json.h"
#include "meta/aiu_judge.h"
#include "meta/fitness.h"
#include "meta/meta_run.h"

namespace mores::app {

// A baseline without a model.
inline constexpr const char kLexicalJudge[] = "lexical";

struct MetaJudgeOptions {
  std::string judge = kLexicalJudge;  // else as ChatOptions::model
  ModelOptions local;                 // for a directory
  ChatOptions chat;
};

struct MetaJudge {
  std::unique_ptr<chat::ChatModel> model;  // null for the lexical judge
  std::unique_ptr<meta::AiuJudge> judge;

  // Of what was asked; none of the lexical judge.
  std::optional<chat::ChatTotals> totals() const;
  // For a manifest: what was asked; an empty list of the lexical judge. For a fingerprint: what
  // shapes rulings beside the judge's own; null where nothing is computed here.
  Json Usage() const;
  Json Identity() const;
};
// kUsage for a judge without a name. Replies of endpoints are kept beside `output`, as
// OpenChatModel does, and dropped for a fresh start.
Expected<MetaJudge> OpenMetaJudge(MetaJudgeOptions options, job::JournalStart start,
                                  const std::string& output, const Watch& watch);
// Critiques asked about at once; no bound of its own for the lexical judge.
std::optional<size_t> MetaBatch(const MetaJudgeOptions& options);

struct MetaJob {
  MetaJudgeOptions judge;
  std::string critiques;  // file
  std::string output;     // rulings; beside it stands OUTPUT.summary.json
  std::string page;       // to read critiques and rulings on; may be empty
  std::vector<std::string> references;
  uint64_t seed = 1;  // of the resampling
  meta::Content content = meta::Content::kKept;
  job::JournalStart start = job::JournalStart::kResume;
};
struct MetaResult {
  meta::MetaRun run;
  Json summary;
  std::optional<chat::ChatTotals> totals;  // of a model
};
Expected<MetaResult> MeasureCritiques(const MetaJob& options, const Watch& watch);

struct FitnessJob {
  MetaJudgeOptions judge;
  std::vector<std::string> references;
  std::string output;  // all figures; may be empty. Rulings stand in OUTPUT.rulings.jsonl
  int64_t limit = 0;   // references at most, drawn by the seed; 0: all
  uint64_t seed = 1;   // of the probes and the resampling
  job::JournalStart start = job::JournalStart::kResume;
};
struct FitnessResult {
  meta::FitnessReport report;
  std::optional<chat::ChatTotals> totals;  // of a model
};
Expected<FitnessResult> MeasureFitness(const FitnessJob& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_META_H_
