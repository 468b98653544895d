#include "meta/fitness_run.h"

#include <utility>

namespace mores::meta {
namespace {

struct ProbedCritiques {
  std::vector<CritiqueItem> items;  // probe by probe, each in the order of the references
  std::array<RewriteCounts, kProbes.size()> rewrites{};
};

ProbedCritiques MakeAll(const ProbeMaker& maker) {
  ProbedCritiques all;
  for (const Probe probe : kProbes) {
    std::vector<CritiqueItem> items = maker.Make(probe, &all.rewrites[static_cast<size_t>(probe)]);
    for (CritiqueItem& item : items) all.items.push_back(std::move(item));
  }
  return all;
}

Expected<std::vector<job::ItemResult>> EvaluateProbes(AiuJudge& judge,
                                                      const std::vector<CritiqueItem>& items,
                                                      std::span<const size_t> indices) {
  std::vector<CritiqueItem> batch;
  for (const size_t index : indices) batch.push_back(items[index]);
  MORES_ASSIGN_OR_RETURN(const auto evaluations, EvaluateCritiques(judge, batch));
  std::vector<job::ItemResult> results;
  for (const Evaluation& evaluation : evaluations) {
    if (evaluation.failure) {
      results.emplace_back(tl::unexpected<Error>(*evaluation.failure));
    } else {
      results.emplace_back(ToJson(evaluation));
    }
  }
  return results;
}

}  // namespace

Expected<FitnessReport> RunFitness(AiuJudge& judge, const ProbeMaker& maker,
                                   const FitnessRunOptions& options) {
  const ProbedCritiques all = MakeAll(maker);
  const size_t count = maker.references().size();
  std::vector<ProbedReference> probed(count);
  Status read;  // of lines of our own
  job::JobOptions job;
  job.output = options.rulings.empty() ? "/dev/null" : options.rulings;
  for (const CritiqueItem& item : all.items) job.keys.push_back(item.id);
  job.fingerprint = options.fingerprint;
  job.fingerprint["judge"] = judge.fingerprint();
  job.fingerprint["references"] = HashReferences(maker.references());
  job.fingerprint["seed"] = options.seed;
  job.manifest = options.manifest;
  job.results = options.results;
  job.batch_size = options.batch_size;
  job.title = "meta fitness";
  job.unit = "critiques";
  job.stop = options.stop;
  job.progress = options.progress;
  job.start = options.start;
  job.visit = [&](size_t index, const Json& line, bool failed) {
    if (failed) {
      if (!options.on_failure) return;
      options.on_failure(job.keys[index], line["error"]["message"].get<std::string>());
      return;
    }
    const Expected<Evaluation> evaluation = ParseEvaluation(line, job.keys[index]);
    if (evaluation) {
      probed[index % count][index / count] = CountsOf(*evaluation);
    } else if (read) {
      read = tl::unexpected<Error>(evaluation.error());
    }
  };
  MORES_RETURN_IF_ERROR(job::RunJob(job, [&](std::span<const size_t> indices) {
    return EvaluateProbes(judge, all.items, indices);
  }));
  MORES_RETURN_IF_ERROR(read);
  FitnessReport report = AssessFitness(maker, probed, {.seed = options.seed});
  report.seed = options.seed;
  report.rewrites = all.rewrites;
  report.fitness.judge = judge.name();
  report.fitness.judge_fingerprint = judge.fingerprint();
  return report;
}

}  // namespace mores::meta
