#include "judge/judge_run.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "base/hash.h"
#include "base/threads.h"

namespace mores::judge {
namespace {

// Prompts are kept between sorting and judging up to this many tokens in all (256 MiB), and made
// again beyond.
constexpr int64_t kKeptTokens = int64_t{64} << 20;

// In the order of their turns' texts.
bool BeginsBefore(const format::Dialogue& a, const format::Dialogue& b) {
  return std::lexicographical_compare(
      a.turns.begin(), a.turns.end(), b.turns.begin(), b.turns.end(),
      [](const format::Turn& x, const format::Turn& y) {
        return std::tie(x.role, x.content) < std::tie(y.role, y.content);
      });
}

class PromptTable {
 public:
  PromptTable(const LabelFirstJudge& judge, const std::vector<format::Dialogue>& dialogues)
      : judge_(judge), dialogues_(dialogues) {}

  Status Measure(int threads, StopToken stop) {
    constexpr size_t kSlice = 4096;
    ThreadPool pool(threads);
    std::vector<std::optional<Expected<format::PromptTokens>>> slice(kSlice);
    for (size_t begin = 0; begin < dialogues_.size(); begin += kSlice) {
      const size_t count = std::min(kSlice, dialogues_.size() - begin);
      MORES_RETURN_IF_ERROR(stop.Check());
      pool.ParallelFor(static_cast<int64_t>(count), [&](int64_t i) {
        const auto at = static_cast<size_t>(i);
        slice[at] = judge_.Prompt(dialogues_[begin + at]);
      });
      for (size_t i = 0; i < count; ++i) {
        Keep(std::move(*slice[i]));
      }
    }
    return {};
  }

  const std::vector<int64_t>& lengths() const { return lengths_; }

  Expected<format::PromptTokens> Get(size_t item) const {
    if (!kept_.empty()) return kept_[item];
    return judge_.Prompt(dialogues_[item]);
  }

 private:
  // A dialogue that the profile can't ask about is an item that fails.
  void Keep(Expected<format::PromptTokens> prompt) {
    lengths_.push_back(prompt ? static_cast<int64_t>(prompt->ids.size()) : 1);
    total_ += lengths_.back();
    if (total_ > kKeptTokens) {
      kept_.clear();
      kept_.shrink_to_fit();
    } else {
      kept_.push_back(std::move(prompt));
    }
  }

  const LabelFirstJudge& judge_;
  const std::vector<format::Dialogue>& dialogues_;
  std::vector<int64_t> lengths_;  // tokens of each prompt
  std::vector<Expected<format::PromptTokens>> kept_;
  int64_t total_ = 0;
};

using Verdicts = std::vector<Expected<format::Verdict>>;

Expected<Verdicts> JudgeItems(LabelFirstJudge& judge,
                              const std::vector<format::Dialogue>& dialogues,
                              const PromptTable& table, std::span<const size_t> items) {
  std::vector<const format::Dialogue*> batch;
  std::vector<format::PromptTokens> prompts;
  Verdicts verdicts(items.size());
  std::vector<size_t> asked;  // indices of verdicts
  for (size_t i = 0; i < items.size(); ++i) {
    Expected<format::PromptTokens> prompt = table.Get(items[i]);
    if (!prompt) {
      verdicts[i] = tl::unexpected<Error>(std::move(prompt.error()));
      continue;
    }
    batch.push_back(&dialogues[items[i]]);
    prompts.push_back(std::move(*prompt));
    asked.push_back(i);
  }
  if (asked.empty()) return verdicts;
  MORES_ASSIGN_OR_RETURN(Verdicts judged, judge.JudgePrompts(batch, prompts));
  for (size_t i = 0; i < asked.size(); ++i) verdicts[asked[i]] = std::move(judged[i]);
  return verdicts;
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
  for (auto& verdict : verdicts) {
    results.push_back(std::move(verdict).map([](const auto& v) { return ToJson(v); }));
  }
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

// What every run of a judge has in common, whatever judges.
job::JobOptions JobOf(const Judge& judge, const std::vector<format::Dialogue>& dialogues,
                      const JudgeRunOptions& options) {
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
  job.title = "judging";
  job.unit = "dialogues";
  job.stop = options.stop;
  job.progress = options.progress;
  job.start = options.start;
  job.results = [&judge] { return judge.Usage(); };
  job.visit = [&](size_t item, const Json& line, bool failed) {
    if (failed) {
      if (options.on_failure) {
        options.on_failure(dialogues[item], line["error"]["message"].get<std::string>());
      }
      return;
    }
    const Expected<format::Verdict> verdict = format::ParseVerdict(line, options.output);
    if (verdict && options.on_verdict) options.on_verdict(dialogues[item], *verdict);
  };
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

Expected<job::JobSummary> RunJudge(LabelFirstJudge& judge,
                                   const std::vector<format::Dialogue>& dialogues,
                                   const JudgeRunOptions& options) {
  PromptTable table(judge, dialogues);
  MORES_RETURN_IF_ERROR(table.Measure(options.threads, options.stop));
  job::JobOptions job = JobOf(judge, dialogues, options);
  job.fingerprint["max_prompt_tokens"] = judge.max_prompt_tokens();
  job.order.resize(dialogues.size());
  std::iota(job.order.begin(), job.order.end(), size_t{0});
  job.costs = table.lengths();
  // Dialogues that begin alike are neighbours: the engine computes what they share once.
  std::stable_sort(job.order.begin(), job.order.end(),
                   [&](size_t a, size_t b) { return BeginsBefore(dialogues[a], dialogues[b]); });
  job.batch_cost = options.batch_tokens;
  // With critiques a batch takes long; smaller ones lose less to a kill.
  job.batch_size = judge.options().reply == Reply::kLabelOnly ? 256 : 32;
  return job::RunJob(
      job, [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
        MORES_ASSIGN_OR_RETURN(Verdicts verdicts, JudgeItems(judge, dialogues, table, items));
        return FinishItems(options, dialogues, items, std::move(verdicts));
      });
}

Expected<job::JobSummary> RunJudge(ChatJudge& judge, const std::vector<format::Dialogue>& dialogues,
                                   const JudgeRunOptions& options) {
  job::JobOptions job = JobOf(judge, dialogues, options);
  job.batch_size = options.batch_requests;
  job::BatchProgress batch_progress;
  job.batch_progress = &batch_progress;
  judge.set_on_reply([&](size_t received) { batch_progress.Tell(received); });
  Expected<job::JobSummary> summary = job::RunJob(
      job, [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
        std::vector<const format::Dialogue*> batch;
        for (const size_t item : items) batch.push_back(&dialogues[item]);
        MORES_ASSIGN_OR_RETURN(auto verdicts, judge.JudgeBatch(batch));
        return FinishItems(options, dialogues, items, std::move(verdicts));
      });
  judge.set_on_reply({});
  return summary;
}

}  // namespace mores::judge
