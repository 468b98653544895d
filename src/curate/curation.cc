#include "curate/curation.h"

#include <map>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/indented_json.h"
#include "base/json_fields.h"

namespace mores::curate {
namespace {

constexpr const char* kProblem = "problem";
constexpr size_t kBufferSize = size_t{1} << 20;

// The output's two files and what is counted on the way.
class Writer {
 public:
  Writer(const RunOptions& options, const Curation& curation)
      : options_(options), curation_(curation) {}

  Status Render(size_t item, const Json& line, bool failed, std::string& output) {
    Sorted sorted;
    if (failed) {
      sorted.rejected.push_back(
          Rejected(curation_.failed_record(item), "failed", {{"error", line["error"]}}));
    } else {
      MORES_ASSIGN_OR_RETURN(sorted, curation_.sort(item, line));
    }
    for (const Json& record : sorted.kept) output += DumpJson(record) + "\n";
    for (const Json& record : sorted.rejected) {
      ++reasons_[record["rejected"]["reason"].get<std::string>()];
      buffer_ += DumpJson(record) + "\n";
    }
    kept_ += static_cast<int64_t>(sorted.kept.size());
    rejected_ += static_cast<int64_t>(sorted.rejected.size());
    failed_ += failed ? 1 : 0;
    return buffer_.size() < kBufferSize ? Status() : Flush();
  }

  // An empty file where nothing was rejected: one of an earlier run would mislead.
  Status Finish() {
    MORES_RETURN_IF_ERROR(Flush());
    MORES_RETURN_IF_ERROR(file_->Commit());
    summary_ = {
        {"command", curation_.command}, {"items", curation_.keys.size()}, {"kept", kept_},
        {"rejected", rejected_},        {"reasons", Json::object()},      {"failed", failed_}};
    for (const auto& [reason, count] : reasons_) summary_["reasons"][reason] = count;
    summary_.update(curation_.summarize());
    return WriteFileAtomically(job::BesidePath(options_.output, "summary.json"),
                               IndentedJson(summary_));
  }

  CurationResult Result(const job::JobSummary& job) {
    return {.job = job, .kept = kept_, .rejected = rejected_, .summary = std::move(summary_)};
  }

 private:
  Status Flush() {
    if (file_ == nullptr) {
      MORES_ASSIGN_OR_RETURN(
          file_, AtomicFile::Create(job::BesidePath(options_.output, "rejected.jsonl")));
    }
    MORES_RETURN_IF_ERROR(file_->Write(buffer_));
    buffer_.clear();
    return {};
  }

  const RunOptions& options_;
  const Curation& curation_;
  std::unique_ptr<AtomicFile> file_;  // of the rejected records
  std::string buffer_;
  std::map<std::string, int64_t> reasons_;
  int64_t kept_ = 0, rejected_ = 0, failed_ = 0;
  Json summary_;
};

// Of a run that an earlier process finished, from its summary.
Expected<CurationResult> FinishedResult(const std::string& output, const job::JobSummary& job) {
  const std::string path = job::BesidePath(output, "summary.json");
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  MORES_ASSIGN_OR_RETURN(Json summary, ParseJson(bytes, path));
  CurationResult result{.job = job};
  const JsonFields fields(summary, path);
  MORES_ASSIGN_OR_RETURN(result.kept, fields.RequiredWhole("kept", kCountRange));
  MORES_ASSIGN_OR_RETURN(result.rejected, fields.RequiredWhole("rejected", kCountRange));
  result.summary = std::move(summary);
  return result;
}

}  // namespace

Json Rejected(Json record, std::string_view reason, const Json& details) {
  Json why = {{"reason", reason}};
  why.update(details);
  record["rejected"] = std::move(why);
  return record;
}

job::ItemResult Journalled(Expected<chat::TaskReply> reply) {
  if (reply) return std::move(reply->value);
  if (reply.error().kind != ErrorKind::kInput) {
    return tl::unexpected<Error>(std::move(reply.error()));
  }
  return Json{{kProblem, std::move(reply.error().message)}};
}

Expected<std::vector<job::ItemResult>> AskJournalled(chat::ChatModel& model,
                                                     std::span<const chat::ChatRequest> requests) {
  MORES_ASSIGN_OR_RETURN(auto replies, chat::AskTasks(model, requests));
  std::vector<job::ItemResult> results;
  for (auto& reply : replies) results.push_back(Journalled(std::move(reply)));
  return results;
}

bool IsUnreadable(const Json& journalled) { return journalled.contains(kProblem); }

Sorted Unreadable(Json record, const Json& journalled) {
  Sorted sorted;
  sorted.rejected.push_back(
      Rejected(std::move(record), "unreadable", {{"problem", journalled[kProblem]}}));
  return sorted;
}

void CountReply(const Json& journalled, chat::ReplyTally& replies) {
  if (IsUnreadable(journalled)) {
    replies.AddUnparsed(journalled[kProblem].get<std::string>());
  } else {
    ++replies.read;
  }
}

Json SamplingFingerprint(const chat::Sampling& sampling) {
  return {{"max_new_tokens", sampling.max_new_tokens},
          {"temperature", sampling.temperature},
          {"top_p", sampling.top_p},
          {"seed", sampling.seed}};
}

Expected<CurationResult> RunCuration(const RunOptions& options, const Curation& curation) {
  if (IsStream(options.output)) {
    return MakeError(ErrorKind::kUsage,
                     "-o {}: must be a file: a summary and what was rejected are written beside it",
                     options.output);
  }
  Writer writer(options, curation);
  job::JobOptions job;
  job.output = options.output;
  job.keys = curation.keys;
  job.fingerprint = options.fingerprint;
  job.fingerprint.update(curation.fingerprint);
  job.fingerprint["command"] = curation.command;
  job.manifest = options.manifest;
  job.results = options.results;
  job.batch_size = options.batch_size;
  job.title = curation.title;
  job.unit = curation.unit;
  job.stop = options.stop;
  job.progress = options.progress;
  job.clock = options.clock;
  job.start = options.start;
  job.other_runs = options.other_runs;
  job.visit = [&](size_t item, const Json& line, bool failed) {
    if (!failed || !options.on_failure) return;
    options.on_failure(curation.keys[item], line["error"]["message"].get<std::string>());
  };
  job.render = [&](size_t item, const Json& line, bool failed, std::string& output) {
    return writer.Render(item, line, failed, output);
  };
  job.before_commit = [&] { return writer.Finish(); };
  MORES_ASSIGN_OR_RETURN(const job::JobSummary summary, job::RunJob(job, curation.ask));
  if (summary.was_finished) return FinishedResult(options.output, summary);
  return writer.Result(summary);
}

}  // namespace mores::curate
