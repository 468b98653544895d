// Whether a meta-judge ranks critiques as it ought to.
#include <algorithm>
#include <numeric>
#include <utility>

#include "app/manifest.h"
#include "app/meta.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/version.h"
#include "job/document.h"
#include "meta/fitness_run.h"
#include "meta/references.h"

namespace mores::app {
namespace {

// An id that stays when other references come or go before it.
std::string IdOf(const meta::Reference& reference) {
  if (!reference.id.empty()) return reference.id;
  return Sha256Hex(Sha256Hex(*reference.prompt) + Sha256Hex(*reference.response)).substr(0, 16);
}

// At most `limit` of them, drawn by the seed, in their order: files of several languages stay
// mixed.
std::vector<meta::CritiqueItem> Draw(std::vector<meta::CritiqueItem> items,
                                     const FitnessJob& options) {
  const auto limit = static_cast<size_t>(options.limit);
  if (limit == 0 || items.size() <= limit) return items;
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random(options.seed, HashBytes("meta fitness --limit")).Shuffle(order);
  order.resize(limit);
  std::sort(order.begin(), order.end());
  std::vector<meta::CritiqueItem> drawn;
  for (const size_t i : order) drawn.push_back(std::move(items[i]));
  return drawn;
}

Expected<std::vector<meta::CritiqueItem>> ReadReferenceItems(const FitnessJob& options) {
  MORES_ASSIGN_OR_RETURN(const meta::References references,
                         meta::References::Read(options.references));
  std::vector<meta::CritiqueItem> items;
  for (const meta::Reference& reference : references.all()) {
    if (!reference.prompt) {
      return MakeError(ErrorKind::kInput,
                       "{}: reference '{}' has no dialogue; fitness needs 'prompt' and 'response'",
                       fmt::join(options.references, ", "), reference.id);
    }
    meta::CritiqueItem item;
    item.id = IdOf(reference);
    item.dialogue = meta::DialogueOf(reference);
    item.reference_aius = reference.aius;
    items.push_back(std::move(item));
  }
  return Draw(std::move(items), options);
}

Expected<Json> FitnessManifest(const FitnessJob& options) {
  MORES_ASSIGN_OR_RETURN(Json inputs, DescribeInputs(options.references));
  return Json{{"command", "meta fitness"}, {"version", Version()}, {"input", std::move(inputs)}};
}

}  // namespace

Expected<FitnessResult> MeasureFitness(const FitnessJob& options, const Watch& watch) {
  std::vector<std::string> inputs = options.references;
  inputs.push_back(ScriptOf(options.judge.judge));
  MORES_RETURN_IF_ERROR(CheckWritten(inputs, WrittenFile{options.output}));
  MORES_RETURN_IF_ERROR(job::CheckDocument(options.output, "mores-fitness"));
  MORES_ASSIGN_OR_RETURN(const std::vector<meta::CritiqueItem> items, ReadReferenceItems(options));
  MORES_ASSIGN_OR_RETURN(const meta::ProbeMaker maker,
                         meta::ProbeMaker::Create(items, options.seed));
  meta::FitnessRunOptions run;
  if (!options.output.empty() && !IsStream(options.output)) {
    run.rulings = options.output + ".rulings.jsonl";
  }
  MORES_ASSIGN_OR_RETURN(
      const MetaJudge opened,
      OpenMetaJudge(options.judge, options.start, run.rulings.empty() ? "-" : run.rulings, watch));
  run.seed = options.seed;
  run.fingerprint = {{"command", "meta fitness"}, {"local", opened.Identity()}};
  MORES_ASSIGN_OR_RETURN(run.manifest, FitnessManifest(options));
  run.batch_size = MetaBatch(options.judge).value_or(run.batch_size);
  run.results = [&opened] { return opened.Usage(); };
  run.progress = watch.progress;
  run.stop = watch.stop;
  run.on_failure = watch.on_failure;
  run.start = options.start;
  FitnessResult result;
  MORES_ASSIGN_OR_RETURN(result.report, meta::RunFitness(*opened.judge, maker, run));
  if (!options.output.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(options.output, DumpJson(meta::ToJson(result.report)) + "\n"));
  }
  result.totals = opened.totals();
  return result;
}

}  // namespace mores::app
