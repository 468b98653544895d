#include "job/job.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/hash_stream.h"
#include "base/indented_json.h"
#include "job/file_kind.h"
#include "job/finished.h"

namespace mores::job {
namespace {

std::string KeysHash(const std::vector<std::string>& keys) {
  std::string joined;
  for (const std::string& key : keys) joined += DumpJson(Json(key)) + "\n";
  return Sha256Hex(joined);
}

// Whether an item failed for a reason that may be gone when it is asked again.
bool MayPass(std::string_view line) {
  const Expected<Json> failed = ParseJson(line, "");
  return failed && failed->is_object() && (*failed)["error"]["kind"] == Name(ErrorKind::kIo);
}

class Job {
 public:
  Job(const JobOptions& options, const BatchFunction& run)
      : options_(options),
        run_(run),
        clock_(options.clock != nullptr ? *options.clock : SystemClock()),
        shown_(options.progress),
        progress_(*shown_),
        stream_(IsStream(options.output)) {}

  Expected<JobSummary> Run() {
    const double start = clock_.MonotonicSeconds();
    const std::string started = clock_.UtcTimestamp();
    MORES_RETURN_IF_ERROR(CheckPlace());
    MORES_ASSIGN_OR_RETURN(const std::optional<FinishedRun> finished, FindRepeated());
    if (finished) return Repeated(*finished);
    MORES_RETURN_IF_ERROR(OpenJournal());
    const size_t resumed = journal_->done_count();
    MORES_RETURN_IF_ERROR(RunBatches());
    JobSummary summary = {
        .done = journal_->done_count(), .resumed = resumed, .failed = journal_->failed_count()};
    const auto manifest = [&](const std::string& sha256) -> Status {
      if (stream_) return {};
      summary.seconds = clock_.MonotonicSeconds() - start;
      return WriteManifest(summary, started, sha256);
    };
    MORES_RETURN_IF_ERROR(WriteOutput(manifest));
    summary.seconds = clock_.MonotonicSeconds() - start;
    if (!stream_) MORES_RETURN_IF_ERROR(journal_->Remove());
    return summary;
  }

 private:
  Status CheckPlace() {
    if (stream_) return {};
    if (DirectoryExists(options_.output)) {
      return MakeError(ErrorKind::kUsage, "{}: the output is a directory", options_.output);
    }
    fingerprint_ = options_.fingerprint;
    fingerprint_["items"] = KeysHash(options_.keys);
    return CheckReplaces(options_.output, FileKind::kJsonLines);
  }

  // The run whose output stands there already, where it is this one and there is nothing to do.
  Expected<std::optional<FinishedRun>> FindRepeated() {
    if (stream_ || options_.start == JournalStart::kFresh) return std::nullopt;
    // It was asked for that what stands there is replaced, and that work was stopped.
    if (Journal::Replaces(PartPath())) return std::nullopt;
    auto finished = FindFinished(options_.output, fingerprint_, options_.fingerprint_notes);
    if (!finished && options_.other_runs == OtherRuns::kReplaced) return std::nullopt;
    if (finished && *finished && (*finished)->may_pass > 0) return std::nullopt;
    return finished;
  }

  // Only looks at what is there.
  Expected<JobSummary> Repeated(const FinishedRun& finished) {
    RemoveLeftOver();
    if (options_.visit && !options_.render) MORES_RETURN_IF_ERROR(VisitOutput());
    progress_.Finish(
        fmt::format("{}: finished before by the same run: nothing to do (--fresh does "
                    "it again)",
                    options_.output));
    return JobSummary{.done = finished.done,
                      .resumed = finished.done,
                      .failed = finished.failed,
                      .was_finished = true};
  }

  // The journal, where work ended between the output and it; another run's stays.
  void RemoveLeftOver() const {
    if (!FileExists(PartPath())) return;
    const auto journal = Journal::Open(PartPath(), fingerprint_, options_.keys.size(), {});
    if (journal && (*journal)->done_count() == options_.keys.size()) (void)(*journal)->Remove();
  }

  Status VisitOutput() const {
    MORES_ASSIGN_OR_RETURN(const auto reader, LineReader::Open(options_.output));
    std::string text;
    for (size_t item = 0; item < options_.keys.size(); ++item) {
      MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(text));
      if (!more) break;
      const std::string where = fmt::format("{}:{}", options_.output, reader->line_number());
      MORES_ASSIGN_OR_RETURN(const Json line, ParseJson(text, where, kJournalJson));
      // As Append makes them.
      const bool failed = line.size() == 2 && line.contains("id") && line.contains("error");
      options_.visit(item, line, failed);
    }
    return {};
  }

  std::string PartPath() const { return options_.output + ".part"; }

  Status OpenJournal() {
    if (stream_) {
      journal_ = Journal::InMemory(options_.keys.size());
      return {};
    }
    MORES_ASSIGN_OR_RETURN(
        journal_, Journal::Open(PartPath(), fingerprint_, options_.keys.size(),
                                {.start = options_.start,
                                 .replaces = KindOfFile(options_.output) != FileKind::kNothing,
                                 .notes = options_.fingerprint_notes}));
    return {};
  }

  // Indices still to do, in processing order.
  std::vector<size_t> Remaining() const {
    std::vector<size_t> remaining;
    for (size_t i = 0; i < options_.keys.size(); ++i) {
      const size_t item = options_.order.empty() ? i : options_.order[i];
      if (!journal_->done(item)) remaining.push_back(item);
    }
    return remaining;
  }

  // One past the last item of the batch that starts at `begin`.
  size_t BatchEnd(const std::vector<size_t>& items, size_t begin) const {
    const size_t limit = std::min(items.size(), begin + std::max<size_t>(1, options_.batch_size));
    if (options_.costs.empty()) return limit;
    size_t end = begin;
    int64_t cost = 0;
    while (end < limit) {
      cost += options_.costs[items[end]];
      if (end > begin && cost > options_.batch_cost) break;
      ++end;
    }
    return end;
  }

  Status RunBatches() {
    const std::vector<size_t> items = Remaining();
    const auto total = static_cast<int64_t>(options_.keys.size());
    progress_.Start(options_.title, options_.unit, total,
                    static_cast<int64_t>(journal_->done_count()));
    for (size_t begin = 0; begin < items.size();) {
      if (Status go_on = options_.stop.Check(); !go_on) return Resumable(std::move(go_on.error()));
      const size_t end = BatchEnd(items, begin);
      const std::span<const size_t> batch(items.data() + begin, end - begin);
      if (options_.batch_progress != nullptr) {
        options_.batch_progress->report = [this](size_t finished) {
          progress_.Update(static_cast<int64_t>(journal_->done_count() + finished), "");
        };
      }
      Expected<std::vector<ItemResult>> results = run_(batch);
      if (options_.batch_progress != nullptr) options_.batch_progress->report = nullptr;
      if (!results) return Resumable(std::move(results.error()));
      MORES_RETURN_IF_ERROR(Append(batch, *results));
      begin = end;
      progress_.Update(static_cast<int64_t>(journal_->done_count()), "");
    }
    progress_.Finish("");
    return {};
  }

  Status Append(std::span<const size_t> batch, const std::vector<ItemResult>& results) {
    MORES_CHECK(results.size() == batch.size());
    std::vector<Finished> finished;
    finished.reserve(batch.size());
    for (size_t i = 0; i < batch.size(); ++i) {
      const std::string& key = options_.keys[batch[i]];
      Json line;
      if (results[i]) {
        line = *results[i];
      } else {
        const Error& error = results[i].error();
        line = {{"id", key}, {"error", {{"kind", Name(error.kind)}, {"message", error.message}}}};
      }
      finished.push_back(
          {.item = batch[i], .key = key, .failed = !results[i], .result = DumpJson(line)});
    }
    Status appended = journal_->Append(finished);
    if (!appended) return Resumable(std::move(appended.error()));
    return {};
  }

  // The same error, saying what is safe and how to go on.
  tl::unexpected<Error> Resumable(Error error) const {
    if (!stream_) {
      error.message += fmt::format(
          "; {} of {} {} are finished and kept in {}.part: run the same command again{} to go on",
          journal_->done_count(), options_.keys.size(), options_.unit, options_.output,
          options_.start == JournalStart::kFresh ? ", without --fresh," : "");
    }
    return tl::unexpected<Error>(std::move(error));
  }

  // Appends what an item's line becomes in the output.
  Status Render(size_t item, std::string_view line, bool failed, std::string& output) {
    if (failed && MayPass(line)) ++may_pass_;
    if (options_.visit || options_.render) {
      MORES_ASSIGN_OR_RETURN(const Json value,
                             ParseJson(line, options_.output + ".part", kJournalJson));
      if (options_.visit) options_.visit(item, value, failed);
      if (options_.render) return options_.render(item, value, failed, output);
    }
    output.append(line);
    output += '\n';
    return {};
  }

  // `described` is called with the output's hash when all is written, before it is put in place.
  Status WriteOutput(const std::function<Status(const std::string& sha256)>& described) {
    MORES_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file,
                           AtomicFile::Create(options_.output));
    std::string buffer;
    HashStream hash;
    const auto write = [&]() -> Status {
      hash.Add(buffer);
      MORES_RETURN_IF_ERROR(file->Write(buffer));
      buffer.clear();
      return {};
    };
    constexpr size_t kBufferSize = size_t{1} << 20;
    const Status visited =
        journal_->VisitInOrder([&](size_t item, std::string_view line, bool failed) -> Status {
          MORES_RETURN_IF_ERROR(Render(item, line, failed, buffer));
          return buffer.size() < kBufferSize ? Status() : write();
        });
    Status written = visited ? write() : visited;
    if (written && options_.before_commit) written = options_.before_commit();
    if (written) written = described(hash.Hex());
    if (written) written = file->Commit();
    if (!written) return Resumable(std::move(written.error()));
    return {};
  }

  Status WriteManifest(const JobSummary& summary, const std::string& started,
                       const std::string& sha256) const {
    Json manifest = options_.manifest;
    manifest.update(DescribeOutput(options_.output, fingerprint_, sha256));
    manifest["started"] = started;
    manifest["finished"] = clock_.UtcTimestamp();
    manifest["wall_seconds"] = summary.seconds;
    AddProcessCosts(manifest);
    if (options_.results) manifest.update(options_.results());
    manifest["counts"] = {{"items", options_.keys.size()},
                          {"done", summary.done},
                          {"resumed", summary.resumed},
                          {"failed", summary.failed},
                          {"may_pass", may_pass_}};
    return WriteFileAtomically(options_.output + ".manifest.json", IndentedJson(manifest));
  }

  const JobOptions& options_;
  const BatchFunction& run_;
  Clock& clock_;
  const ShownProgress shown_;
  Progress& progress_;
  const bool stream_;
  Json fingerprint_;  // with the items' keys
  size_t may_pass_ = 0;
  std::unique_ptr<Journal> journal_;
};

}  // namespace

Expected<JobSummary> RunJob(const JobOptions& options, const BatchFunction& run) {
  MORES_CHECK(options.order.empty() || options.order.size() == options.keys.size());
  MORES_CHECK(options.costs.empty() || options.costs.size() == options.keys.size());
  return Job(options, run).Run();
}

std::string BesidePath(const std::string& output, std::string_view name) {
  constexpr std::string_view kLines = ".jsonl";
  const bool ends = output.size() > kLines.size() && output.ends_with(kLines);
  const std::string stem = ends ? output.substr(0, output.size() - kLines.size()) : output;
  return fmt::format("{}.{}", stem, name);
}

Expected<Json> DescribeInput(const std::string& path) {
  if (IsStream(path)) return Json{{"path", path}};
  MORES_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(path));
  struct stat info {};
  const bool known = stat(path.c_str(), &info) == 0;
  return Json{{"path", path}, {"bytes", known ? info.st_size : 0}, {"sha256", sha256}};
}

}  // namespace mores::job
