// mores meta fitness: may a meta-judge be trusted?
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/meta/meta_judge.h"
#include "job/stop_handlers.h"
#include "meta/fitness_run.h"
#include "meta/references.h"

namespace mores::cli {
namespace {

struct FitnessCommand {
  MetaJudgeOptions judge;
  std::vector<std::string> references;
  std::string output;
  std::string fail_if;
  int64_t limit = 0;
  uint64_t seed = 1;
  bool fresh = false;
};

std::string RulingsPath(const FitnessCommand& command) {
  return IsStream(command.output) || command.output.empty() ? ""
                                                            : command.output + ".rulings.jsonl";
}

// An id that stays when other references come or go before it.
std::string IdOf(const meta::Reference& reference) {
  if (!reference.id.empty()) return reference.id;
  return Sha256Hex(Sha256Hex(*reference.prompt) + Sha256Hex(*reference.response)).substr(0, 16);
}

// At most `limit` of them, drawn by the seed, in their order: files of several languages stay
// mixed.
std::vector<meta::CritiqueItem> Draw(std::vector<meta::CritiqueItem> items,
                                     const FitnessCommand& command) {
  const auto limit = static_cast<size_t>(command.limit);
  if (limit == 0 || items.size() <= limit) return items;
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random(command.seed, HashBytes("meta fitness --limit")).Shuffle(order);
  order.resize(limit);
  std::sort(order.begin(), order.end());
  std::vector<meta::CritiqueItem> drawn;
  for (const size_t i : order) drawn.push_back(std::move(items[i]));
  return drawn;
}

Expected<std::vector<meta::CritiqueItem>> ReadReferenceItems(const FitnessCommand& command) {
  MORES_ASSIGN_OR_RETURN(const meta::References references,
                         meta::References::Read(command.references));
  std::vector<meta::CritiqueItem> items;
  for (const meta::Reference& reference : references.all()) {
    if (!reference.prompt) {
      return MakeError(ErrorKind::kInput,
                       "{}: reference '{}' has no dialogue; fitness needs 'prompt' and 'response'",
                       fmt::join(command.references, ", "), reference.id);
    }
    meta::CritiqueItem item;
    item.id = IdOf(reference);
    item.dialogue = meta::DialogueOf(reference);
    item.reference_aius = reference.aius;
    items.push_back(std::move(item));
  }
  return Draw(std::move(items), command);
}

Status CheckOutputs(const FitnessCommand& command) {
  if (!command.fail_if.empty() && command.fail_if != "unfit") {
    return MakeError(ErrorKind::kUsage, "--fail-if {}: must be 'unfit'", command.fail_if);
  }
  if (command.output.empty()) return {};
  for (const std::string& input : command.references) {
    MORES_RETURN_IF_ERROR(CheckOutput(input, command.output));
  }
  return {};
}

Expected<Json> MakeFitnessManifest(const FitnessCommand& command) {
  Json inputs = Json::array();
  for (const std::string& path : command.references) {
    MORES_ASSIGN_OR_RETURN(Json input, job::DescribeInput(path));
    inputs.push_back(std::move(input));
  }
  return Json{{"command", "meta fitness"}, {"version", Version()}, {"input", std::move(inputs)}};
}

Expected<int> RunFitnessCommand(const FitnessCommand& command) {
  MORES_RETURN_IF_ERROR(CheckOutputs(command));
  MORES_ASSIGN_OR_RETURN(const std::vector<meta::CritiqueItem> items, ReadReferenceItems(command));
  MORES_ASSIGN_OR_RETURN(const meta::ProbeMaker maker,
                         meta::ProbeMaker::Create(items, command.seed));
  MetaJudgeOptions judge_options = command.judge;
  judge_options.chat.fresh = command.fresh;
  const std::string rulings = RulingsPath(command);
  MORES_ASSIGN_OR_RETURN(const MetaJudge opened,
                         OpenMetaJudge(judge_options, rulings.empty() ? "-" : rulings));
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  meta::FitnessRunOptions options;
  options.rulings = rulings;
  options.seed = command.seed;
  options.fingerprint = {{"command", "meta fitness"}, {"local", FingerprintOf(command.judge)}};
  MORES_ASSIGN_OR_RETURN(options.manifest, MakeFitnessManifest(command));
  if (opened.model != nullptr) options.batch_size = IsRemoteModel(command.judge.judge) ? 512 : 8;
  options.results = UsageOf(opened);
  options.progress = progress.get();
  options.start = command.fresh ? job::JournalStart::kFresh : job::JournalStart::kResume;
  options.stop = job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(const meta::FitnessReport report,
                         meta::RunFitness(*opened.judge, maker, options));
  if (!command.output.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(command.output, DumpJson(meta::ToJson(report)) + "\n"));
  }
  if (!IsStandardOutput(command.output)) fmt::print("{}", meta::FormatTable(report));
  if (opened.model != nullptr) fmt::print(stderr, "{}\n", Describe(opened.model->totals()));
  if (command.fail_if == "unfit" && !report.fitness.fit) {
    fmt::print(stderr, "mores: --fail-if unfit: the meta-judge is\n");
    return kExitBoundExceeded;
  }
  return report.failed > 0 ? kExitFailedItems : kExitDone;
}

constexpr const char kMetaFitnessExample[] =
    R"(  mores meta fitness --references examples/references.jsonl --judge lexical -o fitness.json

Measures critiques of which it is known how they ought to score: the references joined, negated,
replaced by the dialogue or by another dialogue's, with a claim dropped, swapped or added, and
reordered, re-cased, merged or reworded. The judge is fit where the references' mean F1 and recall
lie above those of the negated, the copied and the foreign by more than the paired interval, in each
language (docs/formats/fitness.md).
In:  {"prompt","response","aius"} a line, or one JSON array of these.
Out: all figures as JSON, and every ruling in OUT.rulings.jsonl. A run that was stopped goes on
     where it was when it is repeated.
Exit codes: 0 done, whatever the verdict; 1 some critiques failed; 4 unfit, with --fail-if unfit.)";

}  // namespace

void AddMetaFitnessCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<FitnessCommand>();
  CLI::App* command =
      AddCommand(parent, {.name = "fitness",
                          .summary = "Whether a meta-judge ranks critiques as it ought to.",
                          .example = kMetaFitnessExample});
  command->add_option("--references", options->references, "Reference AIUs with their dialogues")
      ->required();
  command->add_option("-o,--output", options->output, "All figures as JSON");
  AddMetaJudgeOptions(command, options->judge);
  command->add_option("--limit", options->limit, "References at most, drawn by the seed (0: all)")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the probes and the resampling")
      ->capture_default_str();
  command->add_option("--fail-if", options->fail_if, "'unfit': exit with 4 then");
  command->add_flag("--fresh", options->fresh, "Drop unfinished work of an earlier run");
  OnRun(line, command, [options] {
    const Expected<int> code = RunFitnessCommand(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
