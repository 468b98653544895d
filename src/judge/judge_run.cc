#include "judge/judge_run.h"

#include <utility>

#include "base/hash.h"

namespace mores::judge {
namespace {

using Verdicts = std::vector<Expected<format::Verdict>>;

// The verdicts of a batch. What nobody can judge isn't asked about; it fails by itself.
Expected<Verdicts> JudgeThoseOf(std::span<const size_t> items,
                                const std::vector<format::Dialogue>& dialogues, JudgePlan& plan,
                                const JudgePlan::OnReceived& tell) {
  std::vector<size_t> asked;
  for (const size_t item : items) {
    if (dialogues[item].unjudgeable.empty()) asked.push_back(item);
  }
  Verdicts judged;
  if (!asked.empty()) {
    MORES_ASSIGN_OR_RETURN(judged, plan.JudgeItems(asked, tell));
  }
  Verdicts verdicts;
  size_t next = 0;
  for (const size_t item : items) {
    const std::string& why = dialogues[item].unjudgeable;
    if (why.empty()) {
      verdicts.push_back(std::move(judged[next++]));
    } else {
      verdicts.push_back(MakeError(ErrorKind::kInput, "{}", why));
    }
  }
  return verdicts;
}

// A verdict that nobody could read again would be counted nowhere, so its item fails.
job::ItemResult LineOf(const format::Verdict& verdict) {
  Json line = ToJson(verdict);
  MORES_RETURN_IF_ERROR(format::ParseVerdict(line, "verdict").map([](const auto&) {}));
  return line;
}

// The lines of a batch, with what its places add.
Expected<std::vector<job::ItemResult>> FinishItems(const JudgeRunOptions& options,
                                                   const std::vector<format::Dialogue>& dialogues,
                                                   std::span<const size_t> items,
                                                   Verdicts verdicts) {
  if (options.places != nullptr) {
    std::vector<const format::Dialogue*> batch;
    std::vector<const std::vector<AskedPlace>*> places;
    static const std::vector<AskedPlace> kNone;
    for (size_t i = 0; i < items.size(); ++i) {
      const Expected<std::vector<AskedPlace>>& asked = options.places->places[items[i]];
      batch.push_back(&dialogues[items[i]]);
      places.push_back(asked ? &*asked : &kNone);
      if (!asked) verdicts[i] = tl::unexpected<Error>(asked.error());
    }
    MORES_RETURN_IF_ERROR(options.places->judge->AddPlaces(batch, places, verdicts));
  }
  std::vector<job::ItemResult> results;
  for (const auto& verdict : verdicts) results.push_back(verdict.and_then(LineOf));
  return results;
}

// Of the places that each dialogue is judged in.
std::string PlacesHash(const std::vector<Expected<std::vector<AskedPlace>>>& places) {
  std::string all;
  for (const auto& asked : places) {
    if (!asked) continue;
    for (const AskedPlace& one : *asked) {
      all += fmt::format("{} {};", ScopeName(one.scope), format::Name(one.origin));
    }
    all += '\n';
  }
  return Sha256Hex(all);
}

// `read`: of the first line that is no verdict, such as one that somebody changed.
job::JobOptions JobOf(const Judge& judge, const JudgePlan& plan,
                      const std::vector<format::Dialogue>& dialogues,
                      const JudgeRunOptions& options, Status& read) {
  job::JobOptions job;
  job.output = options.output;
  job.fingerprint = options.fingerprint;
  job.fingerprint["input"] = ContentHash(dialogues);
  job.fingerprint.update(judge.Fingerprint());
  if (options.places != nullptr) {
    job.fingerprint["places"] = options.places->judge->Fingerprint();
    job.fingerprint_notes = PlaceJudge::FingerprintNotes();
    job.fingerprint["places"]["asked"] = PlacesHash(options.places->places);
  }
  job.manifest = options.manifest;
  for (const format::Dialogue& dialogue : dialogues) job.keys.push_back(dialogue.id);
  job.order = plan.order;
  job.costs = plan.costs;
  job.batch_cost = options.batch_tokens;
  job.batch_size = plan.batch_items > 0 ? plan.batch_items : options.batch_requests;
  job.title = "judging";
  job.unit = "dialogues";
  job.stop = options.stop;
  job.progress = options.progress;
  job.start = options.start;
  job.results = [&judge, &options] {
    Json results = judge.Usage();
    if (options.results) results.update(options.results());
    return results;
  };
  job.visit = [&](size_t item, const Json& line, bool failed) {
    if (failed) {
      if (options.on_failure) {
        options.on_failure(dialogues[item], line["error"]["message"].get<std::string>());
      }
      return;
    }
    const Expected<format::Verdict> verdict = format::ParseVerdict(line, options.output);
    if (!verdict) {
      if (read) read = tl::unexpected<Error>(verdict.error());
    } else if (options.on_verdict) {
      options.on_verdict(dialogues[item], *verdict);
    }
  };
  job.before_commit = [&read] { return read; };
  return job;
}

}  // namespace

std::string ContentHash(const std::vector<format::Dialogue>& dialogues) {
  std::string hashes;
  for (const format::Dialogue& dialogue : dialogues) {
    Json content = {{"id", dialogue.id}, {"input", VerdictInput(dialogue, Content::kKept)}};
    if (dialogue.expected) content["expected"] = format::Name(*dialogue.expected);
    hashes += Sha256Hex(DumpJson(content));
  }
  return Sha256Hex(hashes);
}

Expected<job::JobSummary> RunJudge(Judge& judge, const std::vector<format::Dialogue>& dialogues,
                                   const JudgeRunOptions& options) {
  MORES_ASSIGN_OR_RETURN(const auto plan,
                         judge.Plan(dialogues, {.threads = options.threads, .stop = options.stop}));
  Status read;  // of every line of the output
  job::JobOptions job = JobOf(judge, *plan, dialogues, options, read);
  job::BatchProgress batch_progress;
  job.batch_progress = &batch_progress;
  const auto tell = [&](size_t received) { batch_progress.Tell(received); };
  MORES_ASSIGN_OR_RETURN(
      job::JobSummary summary,
      job::RunJob(
          job, [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
            MORES_ASSIGN_OR_RETURN(Verdicts verdicts, JudgeThoseOf(items, dialogues, *plan, tell));
            return FinishItems(options, dialogues, items, std::move(verdicts));
          }));
  MORES_RETURN_IF_ERROR(read);  // also of one that was finished before
  return summary;
}

}  // namespace mores::judge
