#include "app/correct_job.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/files.h"
#include "base/indented_json.h"
#include "base/random.h"
#include "chat/endpoint/endpoint.h"
#include "judge/judge_run.h"

namespace mores::app {
namespace {

// Items of one query share it; without a query each is one of its own.
uint64_t QueryKey(const format::Dialogue& dialogue) {
  const std::string_view query = format::QueryOf(dialogue);
  return query.empty() ? HashBytes("id " + dialogue.id) : HashBytes(fmt::format("query {}", query));
}

Json CorrectFingerprint(const CorrectJob& options, const CorrectResult& opened,
                        const std::vector<format::Dialogue>& dialogues) {
  Json fingerprint = {{"command", "correct"}, {"input", judge::ContentHash(dialogues)}};
  fingerprint["judge"] = opened.judge->Fingerprint();
  fingerprint["writer"] = opened.writer->name();
  if (const Json identity = opened.writer->identity(); !identity.empty()) {
    fingerprint["writer_identity"] = identity;
  }
  fingerprint["task"] = chat::FindTask("revision").hash;
  fingerprint["rounds"] = options.options.rounds;
  fingerprint["feedback"] = judge::Name(options.options.feedback);
  fingerprint["max_response_tokens"] = options.options.max_response_tokens;
  return fingerprint;
}

Json CorrectSummary(const CorrectJob& options, const CorrectResult& result) {
  Json summary = result.counts.ToJson();
  const auto replies = result.counts.Replies(result.judge->model_name(), result.writer->name());
  chat::PutReplies(replies, summary);
  summary["judge"] = result.judge->model_name();
  summary["writer"] = result.writer->name();
  summary["rounds"] = options.options.rounds;
  summary["feedback"] = judge::Name(options.options.feedback);
  summary["wall_seconds"] = result.run.seconds;
  summary["writer_totals"] = ToJson(result.writer->totals());
  if (!result.judge->runs_locally()) summary["judge_totals"] = ToJson(result.judge->totals());
  return summary;
}

job::BatchFunction CorrectBatch(const CorrectJob& options, const CorrectResult& opened,
                                const std::vector<format::Dialogue>& dialogues) {
  return [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
    std::vector<const format::Dialogue*> batch;  // without what nobody can judge
    for (const size_t item : items) {
      if (dialogues[item].unjudgeable.empty()) batch.push_back(&dialogues[item]);
    }
    MORES_ASSIGN_OR_RETURN(auto corrections,
                           judge::Correct(*opened.judge, *opened.writer, batch, options.options));
    std::vector<job::ItemResult> lines;
    size_t next = 0;
    for (const size_t item : items) {
      const std::string& why = dialogues[item].unjudgeable;
      if (!why.empty()) {
        lines.push_back(MakeError(ErrorKind::kInput, "{}", why));
        continue;
      }
      lines.push_back(std::move(corrections[next++]).map([&](const judge::Correction& correction) {
        return judge::ToJson(dialogues[item], correction, opened.judge->options().content);
      }));
    }
    return lines;
  };
}

// Judge and writer, of which endpoints share one file of replies.
Status OpenCorrectModels(const CorrectJob& options, const JudgeOptions& judging,
                         CorrectResult& result) {
  MORES_ASSIGN_OR_RETURN(result.judge, OpenJudge(judging, options.output));
  ChatOptions chat = judging.chat;
  chat.model = options.writer;
  if (chat::IsEndpoint(NamedModel(judging.judge)))
    chat.fresh = false;  // the judge dropped what was there
  MORES_ASSIGN_OR_RETURN(result.writer, OpenChatModel(chat, judging.local, options.output));
  return {};
}

}  // namespace

std::vector<std::string> InputsOf(const CorrectJob& options) {
  std::vector<std::string> inputs = InputsOf(options.judge);
  inputs.push_back(options.input);
  inputs.push_back(ScriptOf(options.writer));
  return inputs;
}

Expected<CorrectResult> CorrectFile(const CorrectJob& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckRunOutput(InputsOf(options), options.output, options.start));
  JudgeOptions judging = options.judge;
  // Only a critique that is handed on is worth writing.
  judging.reply = options.options.feedback == judge::Feedback::kCritique
                      ? judge::Reply::kLabelAndCritique
                      : judge::Reply::kLabelOnly;
  judging.chat.fresh = options.start == job::JournalStart::kFresh;
  judging.chat.watch = watch;
  MORES_ASSIGN_OR_RETURN(const std::vector<format::Dialogue> dialogues,
                         format::ReadDialogues(options.input));
  CorrectResult result;
  MORES_RETURN_IF_ERROR(OpenCorrectModels(options, judging, result));
  if (const auto note = NoteOnRules(*result.judge, dialogues)) watch.Note(*note);
  if (const auto note = format::NoteOnLeftOut(dialogues)) watch.Note(*note);
  job::JobOptions job;
  job.output = options.output;
  for (const format::Dialogue& dialogue : dialogues) job.keys.push_back(dialogue.id);
  job.fingerprint = CorrectFingerprint(options, result, dialogues);
  MORES_ASSIGN_OR_RETURN(job.manifest,
                         JudgeManifest("correct", options.input, judging, *result.judge));
  job.manifest["writer"] = result.writer->name();
  const bool local = result.judge->runs_locally() || !IsRemoteModel(options.writer);
  job.batch_size = local ? 32 : BatchRequests(judging.chat);
  job.title = "correcting";
  job.unit = "answers";
  job.progress = watch.progress;
  job.stop = watch.stop;
  job.start = options.start;
  job.results = [&] {
    const std::vector<chat::ModelUse> uses = {
        {"judge", result.judge->model_name(), result.judge->totals()},
        {"writer", result.writer->name(), result.writer->totals()}};
    return chat::UsageToJson(uses);
  };
  job.visit = [&](size_t item, const Json& line, bool failed) {
    if (!failed) return result.counts.Add(line, QueryKey(dialogues[item]));
    result.counts.AddFailed();
    watch.Failure(dialogues[item].id, line["error"]["message"].get<std::string>());
  };
  MORES_ASSIGN_OR_RETURN(result.run, job::RunJob(job, CorrectBatch(options, result, dialogues)));
  const Json summary = CorrectSummary(options, result);
  result.notes = summary["warnings"].get<std::vector<std::string>>();
  if (!IsStream(options.output) && !result.run.was_finished) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(job::BesidePath(options.output, "summary.json"),
                                              IndentedJson(summary)));
  }
  for (std::string& note : NotesOnBaseline(*result.judge, Asked::kInGeneral)) {
    result.notes.push_back(std::move(note));
  }
  return result;
}

}  // namespace mores::app
