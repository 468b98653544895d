#include "app/curation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "app/manifest.h"
#include "base/version.h"
#include "curate/annotations.h"
#include "curate/critiques.h"
#include "curate/queries.h"
#include "curate/record.h"
#include "format/profile/judge_profile.h"
#include "format/sft.h"

namespace mores::app {
namespace {

// Items asked of our engine at once. It has no cache of replies: a kill loses its batch.
constexpr size_t kLocalBatch = 16;

// What every run of the kind has in common; checks the output against all inputs.
Expected<curate::RunOptions> MakeCurationRun(const CurationPlan& plan, const CurationFiles& files,
                                             const ChatOptions& chat, const Watch& watch) {
  std::vector<std::string> read = plan.inputs;
  for (const std::string& model : plan.models) read.push_back(ScriptOf(model));
  const bool replaced = files.other_runs == job::OtherRuns::kReplaced;
  MORES_RETURN_IF_ERROR(
      CheckRunOutput(read, files.output, replaced ? job::JournalStart::kFresh : files.start));
  MORES_ASSIGN_OR_RETURN(Json inputs, DescribeInputs(plan.inputs));
  const bool ours = std::any_of(plan.models.begin(), plan.models.end(),
                                [](const std::string& model) { return !IsRemoteModel(model); });
  curate::RunOptions run;
  run.input = files.input;
  run.output = files.output;
  run.manifest = {{"command", plan.command},
                  {"version", Version()},
                  {"inputs", std::move(inputs)},
                  {"models", plan.models}};
  run.batch_size = ours ? kLocalBatch : BatchRequests(chat);
  run.start = files.start;
  run.other_runs = files.other_runs;
  run.progress = watch.progress;
  run.stop = watch.stop;
  run.on_failure = watch.on_failure;
  return run;
}

// Of models that are computed here: how, in the fingerprint and in the manifest.
void AddIdentity(const Json& identity, curate::RunOptions& run) {
  run.fingerprint.update(identity);
  for (const char* name : {"precision", "isa"}) {
    if (identity.contains(name)) run.manifest[name] = identity[name];
  }
}

}  // namespace

Expected<CurationRun> RunCuration(const CurationPlan& plan, const CurationOptions& options,
                                  const Json& manifest, const Watch& watch, const Curate& curate) {
  MORES_ASSIGN_OR_RETURN(curate::RunOptions run,
                         MakeCurationRun(plan, options.files, options.chat, watch));
  run.manifest.update(manifest);
  CurationRun result;
  for (const std::string& name : plan.models) {
    ChatOptions chat = options.chat;
    chat.model = name;
    chat.fresh = options.files.start == job::JournalStart::kFresh;
    chat.watch = watch;
    MORES_ASSIGN_OR_RETURN(auto model, OpenChatModel(chat, options.local, options.files.output));
    AddIdentity(model->identity(), run);
    result.models.push_back(std::move(model));
  }
  run.results = UsageOf(plan.role, result.models);
  MORES_ASSIGN_OR_RETURN(result.curation, curate(run, result.models));
  return result;
}

Expected<CurationRun> LabelData(const LabelJob& options, const Watch& watch) {
  const std::string& input = options.common.files.input;
  curate::LabelOptions labelling;
  MORES_ASSIGN_OR_RETURN(const std::vector<curate::Record> records,
                         curate::ReadRecords(input, labelling.failed_before));
  MORES_ASSIGN_OR_RETURN(labelling.annotations, curate::ReadAnnotations(options.annotations));
  labelling.sampling = options.common.sampling;
  labelling.ties = options.ties;
  CurationPlan plan{"data label", {input}, options.annotators, "annotator"};
  plan.inputs.insert(plan.inputs.end(), options.annotations.begin(), options.annotations.end());
  return RunCuration(plan, options.common, Json::object(), watch,
                     [&](const curate::RunOptions& run, const auto& models) {
                       for (const auto& model : models) labelling.annotators.push_back(model.get());
                       labelling.run = run;
                       return curate::LabelRecords(records, labelling);
                     });
}

Expected<CurationRun> CritiqueData(const CritiqueJob& options, const Watch& watch) {
  const std::string& input = options.common.files.input;
  curate::CritiqueOptions writing;
  MORES_ASSIGN_OR_RETURN(const std::vector<curate::Record> records,
                         curate::ReadRecords(input, writing.failed_before));
  CurationPlan plan{"data critique", {input}, {options.writer}, "writer"};
  std::optional<curate::CritiqueExamples> examples;
  if (!options.examples.empty()) {
    plan.inputs.push_back(options.examples);
    MORES_ASSIGN_OR_RETURN(const auto profile,
                           format::FindJudgeProfile(format::JudgeConfig().profile));
    MORES_ASSIGN_OR_RETURN(auto read, format::ReadSftRecords(options.examples, *profile));
    examples.emplace(std::move(read), options.common.sampling.seed);
    writing.examples = &*examples;
  }
  writing.sampling = options.common.sampling;
  return RunCuration(plan, options.common, Json::object(), watch,
                     [&](const curate::RunOptions& run, const auto& models) {
                       writing.writer = models.front().get();
                       writing.run = run;
                       return curate::WriteCritiques(records, writing);
                     });
}

Expected<CurationRun> WriteQueries(const QueriesJob& options, const Watch& watch) {
  const std::string& input = options.common.files.input;
  curate::QueryOptions writing;
  MORES_ASSIGN_OR_RETURN(const std::vector<curate::SourceRule> rules,
                         curate::ReadSourceRules(input));
  CurationPlan plan{"data queries", {input}, {options.writer}, "writer"};
  if (!options.examples.empty()) {
    plan.inputs.push_back(options.examples);
    MORES_ASSIGN_OR_RETURN(writing.examples, curate::ReadExampleQueries(options.examples));
  }
  writing.sampling = options.common.sampling;
  writing.seed = options.common.sampling.seed;
  writing.count = options.count;
  return RunCuration(plan, options.common, Json::object(), watch,
                     [&](const curate::RunOptions& run, const auto& models) {
                       writing.writer = models.front().get();
                       writing.run = run;
                       return curate::WriteQueries(rules, writing);
                     });
}

Expected<FilterRun> FilterData(const FilterJob& options, const Watch& watch) {
  curate::FilterOptions filtering;
  filtering.drop_if = options.drop_if;
  MORES_ASSIGN_OR_RETURN(const std::vector<curate::Record> records,
                         curate::ReadRecords(options.files.input, filtering.failed_before));
  CurationPlan plan{"data filter", {options.files.input}, {options.judge.judge}, "judge"};
  if (!options.judge.rules.empty()) plan.inputs.push_back(options.judge.rules);
  MORES_ASSIGN_OR_RETURN(curate::RunOptions run,
                         MakeCurationRun(plan, options.files, options.judge.chat, watch));
  JudgeOptions judging = options.judge;
  judging.chat.fresh = options.files.start == job::JournalStart::kFresh;
  judging.chat.watch = watch;
  judging.content = judge::Content::kLeftOut;  // the records hold it
  FilterRun result;
  MORES_ASSIGN_OR_RETURN(result.judge, OpenJudge(judging, options.files.output));
  const bool bounds = std::any_of(filtering.drop_if.begin(), filtering.drop_if.end(),
                                  [](const auto& condition) { return condition.p_unsafe; });
  if (bounds && !result.judge->tells_probabilities()) {
    return MakeError(ErrorKind::kUsage, "{} gives no log-probabilities, so p_unsafe is unknown",
                     result.judge->model_name());
  }
  if (const auto computed = result.judge->computation()) {
    run.manifest.update(chat::ToJson(*computed));
  }
  if (!result.judge->options().rules.empty()) {
    run.manifest["rules"] = result.judge->options().rules;
  }
  run.results = [&result] { return result.judge->Usage(); };
  filtering.judge = result.judge.get();
  filtering.run = std::move(run);
  MORES_ASSIGN_OR_RETURN(result.curation, curate::FilterRecords(records, filtering));
  return result;
}

}  // namespace mores::app
