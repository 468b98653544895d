#include "app/meta.h"

#include <utility>

#include "app/manifest.h"
#include "base/files.h"
#include "base/version.h"
#include "meta/critiques.h"
#include "meta/references.h"
#include "meta/summary.h"
#include "report/page.h"

namespace mores::app {
namespace {

std::vector<std::string> InputsOf(const MetaJob& options) {
  std::vector<std::string> inputs = options.references;
  inputs.push_back(options.critiques);
  inputs.push_back(ScriptOf(options.judge.judge));
  return inputs;
}

Expected<Json> MetaManifest(const MetaJob& options, const meta::AiuJudge& judge) {
  Json manifest = {{"command", "meta"}, {"version", Version()}, {"judge", judge.name()}};
  MORES_ASSIGN_OR_RETURN(manifest["critiques"], job::DescribeInput(options.critiques));
  MORES_ASSIGN_OR_RETURN(manifest["references"], DescribeInputs(options.references));
  return manifest;
}

Status WriteMetaResults(const MetaJob& options, const Json& summary, const meta::MetaRun& run) {
  if (!IsStream(options.output)) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(job::BesidePath(options.output, "summary.json"),
                                              DumpJson(summary) + "\n"));
  }
  if (options.page.empty()) return {};
  const auto content = options.content == meta::Content::kLeftOut ? report::PageContent::kNoText
                                                                  : report::PageContent::kWithText;
  return WriteFileAtomically(options.page,
                             report::RenderMetaPage(summary, Json(run.lines), content));
}

}  // namespace

std::optional<chat::ChatTotals> MetaJudge::totals() const {
  if (model == nullptr) return std::nullopt;
  return model->totals();
}

Json MetaJudge::Usage() const {
  if (model == nullptr) return chat::UsageToJson({});
  const chat::ModelUse use = {"judge", model->name(), model->totals()};
  return chat::UsageToJson({&use, 1});
}

Json MetaJudge::Identity() const {
  if (model == nullptr) return nullptr;
  Json identity = model->identity();
  return identity.empty() ? Json() : identity;
}

std::optional<size_t> MetaBatch(const MetaJudgeOptions& options) {
  if (options.judge == kLexicalJudge) return std::nullopt;
  return IsRemoteModel(options.judge) ? 512 : 8;
}

Expected<MetaJudge> OpenMetaJudge(MetaJudgeOptions options, job::JournalStart start,
                                  const std::string& output, const Watch& watch) {
  MetaJudge opened;
  if (options.judge == kLexicalJudge) {
    opened.judge = meta::MakeLexicalJudge();
    return opened;
  }
  if (options.judge.empty()) return MakeError(ErrorKind::kUsage, "the judge's name is empty");
  options.chat.model = options.judge;
  options.chat.fresh = start == job::JournalStart::kFresh;
  options.chat.watch = watch;
  MORES_ASSIGN_OR_RETURN(opened.model, OpenChatModel(options.chat, options.local, output));
  opened.judge = meta::MakeChatJudge(*opened.model);
  return opened;
}

Expected<MetaResult> MeasureCritiques(const MetaJob& options, const Watch& watch) {
  const std::vector<std::string> inputs = InputsOf(options);
  const std::vector<WrittenFile> files = {{options.output, job::FileKind::kJsonLines},
                                          {options.page, job::FileKind::kPage}};
  MORES_RETURN_IF_ERROR(CheckWritten(inputs, files));
  MORES_RETURN_IF_ERROR(CheckRunOutput(inputs, options.output, options.start));
  MORES_ASSIGN_OR_RETURN(const meta::References references,
                         meta::References::Read(options.references));
  MORES_ASSIGN_OR_RETURN(const meta::Critiques critiques,
                         meta::ReadCritiques(options.critiques, references));
  MORES_ASSIGN_OR_RETURN(const MetaJudge opened,
                         OpenMetaJudge(options.judge, options.start, options.output, watch));
  meta::MetaRunOptions run;
  run.output = options.output;
  run.content = options.content;
  run.fingerprint = {{"command", "meta"}, {"local", opened.Identity()}, {"seed", options.seed}};
  MORES_ASSIGN_OR_RETURN(run.manifest, MetaManifest(options, *opened.judge));
  run.batch_size = MetaBatch(options.judge).value_or(run.batch_size);
  run.start = options.start;
  run.results = [&opened] { return opened.Usage(); };
  run.progress = watch.progress;
  run.stop = watch.stop;
  MetaResult result;
  MORES_ASSIGN_OR_RETURN(result.run, meta::RunMeta(*opened.judge, critiques.items, run));
  result.summary =
      meta::Summarize(result.run.evaluations, {.judge = opened.judge->name(),
                                               .judge_fingerprint = opened.judge->fingerprint(),
                                               .failed = result.run.failures.size(),
                                               .verdicts_failed = critiques.failed,
                                               .references_unused = critiques.references_unused,
                                               .references_repeated = references.repeated(),
                                               .bootstrap = {.seed = options.seed}});
  MORES_RETURN_IF_ERROR(WriteMetaResults(options, result.summary, result.run));
  for (const meta::Failure& failure : result.run.failures) {
    watch.Failure(failure.id, failure.message);
  }
  result.totals = opened.totals();
  return result;
}

}  // namespace mores::app
