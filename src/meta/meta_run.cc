#include "meta/meta_run.h"

#include <utility>

#include "base/hash.h"

namespace mores::meta {
namespace {

std::string ContentHash(std::span<const CritiqueItem> items) {
  std::string hashes;
  for (const CritiqueItem& item : items) {
    hashes += Sha256Hex(DumpJson({{"id", item.id},
                                  {"messages", format::TurnsToJson(item.dialogue.turns)},
                                  {"critique", item.critique},
                                  {"reference", item.reference_aius}}));
  }
  return Sha256Hex(hashes);
}

Expected<std::vector<job::ItemResult>> Evaluate(AiuJudge& judge,
                                                std::span<const CritiqueItem> items,
                                                std::span<const size_t> wanted, Content content) {
  std::vector<CritiqueItem> batch;
  for (const size_t item : wanted) batch.push_back(items[item]);
  MORES_ASSIGN_OR_RETURN(const std::vector<Evaluation> evaluations,
                         EvaluateCritiques(judge, batch));
  std::vector<job::ItemResult> results;
  for (size_t i = 0; i < evaluations.size(); ++i) {
    if (evaluations[i].failure) {
      results.emplace_back(tl::unexpected<Error>(*evaluations[i].failure));
    } else {
      results.emplace_back(ToLine(evaluations[i], batch[i], content));
    }
  }
  return results;
}

}  // namespace

Json ToLine(const Evaluation& evaluation, const CritiqueItem& item, Content content) {
  Json line = ToJson(evaluation);
  line["critique"] = item.critique;
  if (content == Content::kKept) line["messages"] = format::TurnsToJson(item.dialogue.turns);
  return line;
}

Expected<MetaRun> RunMeta(AiuJudge& judge, std::span<const CritiqueItem> items,
                          const MetaRunOptions& options) {
  MetaRun run;
  Status parsed;
  job::JobOptions job;
  job.output = options.output;
  for (const CritiqueItem& item : items) job.keys.push_back(item.id);
  job.fingerprint = options.fingerprint;
  job.fingerprint["judge"] = judge.fingerprint();
  job.fingerprint["input"] = ContentHash(items);
  job.fingerprint["content"] = options.content == Content::kKept;
  job.manifest = options.manifest;
  job.results = options.results;
  job.batch_size = options.batch_size;
  job.title = "measuring";
  job.unit = "critiques";
  job.stop = options.stop;
  job.progress = options.progress;
  job.start = options.start;
  job.visit = [&](size_t item, const Json& line, bool failed) {
    if (failed) {
      run.failures.push_back({items[item].id, line["error"]["message"].get<std::string>()});
      return;
    }
    Expected<Evaluation> evaluation = ParseEvaluation(line, options.output);
    if (!evaluation) {
      if (parsed) parsed = tl::unexpected<Error>(std::move(evaluation.error()));
      return;
    }
    run.evaluations.push_back(std::move(*evaluation));
    run.lines.push_back(line);
  };
  MORES_ASSIGN_OR_RETURN(run.job, job::RunJob(job, [&](std::span<const size_t> wanted) {
                           return Evaluate(judge, items, wanted, options.content);
                         }));
  MORES_RETURN_IF_ERROR(parsed);
  return run;
}

}  // namespace mores::meta
