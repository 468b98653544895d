#include "app/rejudge_job.h"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/json_fields.h"
#include "base/json_lines.h"

namespace mores::app {
namespace {

// A line of the input: a verdict, or an item that failed, which stays as it is.
struct StoredVerdict {
  std::string id;
  Json json;
  std::optional<format::Verdict> verdict;
};

Expected<std::vector<StoredVerdict>> ReadStoredVerdicts(const std::string& path) {
  std::vector<StoredVerdict> verdicts;
  IdLines ids;
  const auto take = [&](const JsonLine& line) -> Status {
    StoredVerdict stored{.json = line.value};
    MORES_ASSIGN_OR_RETURN(stored.id, JsonFields(line.value, line.where).RequiredId());
    if (!stored.json.contains("error") || stored.json.contains("label")) {
      MORES_ASSIGN_OR_RETURN(stored.verdict, format::ParseVerdict(stored.json, line.where));
    }
    MORES_RETURN_IF_ERROR(ids.PutOnce(stored.id, line));
    verdicts.push_back(std::move(stored));
    return {};
  };
  MORES_RETURN_IF_ERROR(ForEachJsonLine(path, {.when_empty = "no verdicts in it"}, take));
  return verdicts;
}

// kUsage where the database has none of the guidelines that the verdicts were shown: nothing is
// ever deleted from one, so it is another.
Status CheckSameDatabase(const std::vector<StoredVerdict>& lines, guidelines::Database& database) {
  bool any = false;
  for (const StoredVerdict& line : lines) {
    if (!line.verdict || !line.verdict->findings) continue;
    for (const format::PlaceResult& place : line.verdict->findings->places) {
      for (const format::GuidelineRef& shown : place.shown) {
        any = true;
        MORES_ASSIGN_OR_RETURN(const auto there, database.Find(shown.id));
        if (there) return {};
      }
    }
  }
  if (!any) return {};
  return MakeError(ErrorKind::kUsage,
                   "{}: has none of the guidelines that these verdicts were shown: is it another "
                   "database?",
                   database.path());
}

// By code, as they were written.
std::vector<std::string> PlacesOfVerdicts(const std::vector<StoredVerdict>& lines) {
  std::set<std::string> codes;
  for (const StoredVerdict& line : lines) {
    if (!line.verdict || !line.verdict->findings) continue;
    for (const format::PlaceResult& place : line.verdict->findings->places) {
      codes.insert(place.place.substr(0, place.place.find('+')));
    }
  }
  return {codes.begin(), codes.end()};
}

// What the journal holds of an item.
Json JournalLine(Json verdict, const std::vector<judge::PlaceChange>& changes) {
  Json list = Json::array();
  for (const judge::PlaceChange& change : changes) list.push_back(ToJson(change));
  return {{"verdict", std::move(verdict)}, {"changes", std::move(list)}};
}

job::BatchFunction RejudgeBatch(judge::PlaceJudge& judge, const std::vector<StoredVerdict>& lines,
                                judge::RejudgeOptions options) {
  return [&, options](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
    std::vector<const format::Verdict*> verdicts;
    std::vector<job::ItemResult> results;
    std::vector<size_t> at;  // indices of results, one a verdict
    for (const size_t item : items) {
      results.push_back(JournalLine(lines[item].json, {}));
      if (!lines[item].verdict) continue;
      verdicts.push_back(&*lines[item].verdict);
      at.push_back(results.size() - 1);
    }
    MORES_ASSIGN_OR_RETURN(const auto rejudged, judge::Rejudge(judge, verdicts, options));
    for (size_t i = 0; i < at.size(); ++i) {
      if (!rejudged[i]) {
        results[at[i]] = tl::unexpected<Error>(rejudged[i].error());
      } else if (!rejudged[i]->changes.empty()) {
        results[at[i]] = JournalLine(ToJson(rejudged[i]->verdict), rejudged[i]->changes);
      }
    }
    return results;
  };
}

// The counts of a run that an earlier process finished, from its two files.
Status CountFinished(const std::string& output, const std::vector<StoredVerdict>& lines,
                     RejudgeResult& result) {
  std::set<std::string> judged;
  for (const StoredVerdict& line : lines) {
    if (line.verdict) judged.insert(line.id);
  }
  std::map<std::string, Json> changes;  // by id of the verdict
  MORES_RETURN_IF_ERROR(ForEachJsonLine(result.changes, {}, [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(const std::string id, RequiredString(line.value, "id", line.where));
    changes[id].push_back(line.value);
    return {};
  }));
  result.counts.failed = result.run.failed;
  MORES_RETURN_IF_ERROR(ForEachJsonLine(output, {}, [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(const std::string id, RequiredString(line.value, "id", line.where));
    // Failed now: one that had failed before is carried over as it was.
    if (judged.contains(id) && !line.value.contains("label")) return {};
    const auto found = changes.find(id);
    result.counts.Add(line.value, found == changes.end() ? Json::array() : found->second);
    return {};
  }));
  return {};
}

Expected<job::JobOptions> MakeRejudgeRun(const RejudgeJob& options,
                                         const std::vector<StoredVerdict>& lines,
                                         const judge::Judge& judge,
                                         const OpenedGuidelines& guidelines) {
  job::JobOptions job;
  job.output = options.output;
  std::string hashes;
  for (const StoredVerdict& line : lines) {
    job.keys.push_back(line.id);
    hashes += Sha256Hex(DumpJson(line.json));
  }
  job.fingerprint = {{"command", "rejudge"}, {"input", Sha256Hex(hashes)}};
  job.fingerprint["judge"] = judge.Fingerprint();
  Json places = guidelines.Manifest();
  places["as_of"] = options.guidelines.as_of.empty() ? Json() : Json(options.guidelines.as_of);
  if (options.guidelines.shown == 0) places["shown"] = Json();
  job.fingerprint["places"] = places;
  job.fingerprint["places"].erase("database");
  job.fingerprint_notes = judge::PlaceJudge::FingerprintNotes();
  MORES_ASSIGN_OR_RETURN(job.manifest,
                         JudgeManifest("rejudge", options.input, options.judge, judge));
  job.manifest["places"] = std::move(places);
  job.batch_size = judge.runs_locally() ? 32 : BatchRequests(options.judge.chat);
  job.title = "judging again";
  job.unit = "verdicts";
  job.start = options.start;
  job.results = [&judge] { return judge.Usage(); };
  job.render = [](size_t, const Json& line, bool failed, std::string& output) -> Status {
    output += DumpJson(failed ? line : line["verdict"]) + "\n";
    return {};
  };
  return job;
}

}  // namespace

std::vector<std::string> InputsOf(const RejudgeJob& options) {
  std::vector<std::string> inputs = InputsOf(options.judge);
  inputs.push_back(options.input);
  inputs.push_back(options.guidelines.database);
  return inputs;
}

Expected<RejudgeResult> RejudgeFile(const RejudgeJob& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckRunOutput(InputsOf(options), options.output, options.start));
  MORES_ASSIGN_OR_RETURN(const std::vector<StoredVerdict> lines, ReadStoredVerdicts(options.input));
  MORES_ASSIGN_OR_RETURN(const auto guidelines, OpenedGuidelines::Open(options.guidelines));
  MORES_RETURN_IF_ERROR(CheckSameDatabase(lines, guidelines->database()));
  JudgeOptions judging = options.judge;
  judging.chat.fresh = options.start == job::JournalStart::kFresh;
  judging.chat.watch = watch;
  MORES_ASSIGN_OR_RETURN(const auto judge, OpenJudge(judging, options.output));
  MORES_RETURN_IF_ERROR(guidelines->Attach(*judge));
  if (const auto note = NoteOnGuidelines(*judge)) watch.Note(*note);
  MORES_ASSIGN_OR_RETURN(const auto undeciding,
                         NoteOnUndeciding(*guidelines, PlacesOfVerdicts(lines)));
  if (undeciding) watch.Note(*undeciding);
  MORES_ASSIGN_OR_RETURN(job::JobOptions job, MakeRejudgeRun(options, lines, *judge, *guidelines));
  job.progress = watch.progress;
  job.stop = watch.stop;
  RejudgeResult result;
  std::string changes;
  job.visit = [&](size_t, const Json& line, bool failed) {
    if (failed) {
      ++result.counts.failed;
      return watch.Failure(line["id"].get<std::string>(),
                           line["error"]["message"].get<std::string>());
    }
    result.counts.Add(line["verdict"], line["changes"]);
    for (const Json& change : line["changes"]) changes += DumpJson(change) + "\n";
  };
  if (!IsStream(options.output)) {
    result.changes = job::BesidePath(options.output, "changes.jsonl");
    job.before_commit = [&] { return WriteFileAtomically(result.changes, changes); };
  }
  const judge::RejudgeOptions again = {.as_of = options.guidelines.as_of,
                                       .shown = options.guidelines.shown,
                                       .imports = options.guidelines.imports};
  MORES_ASSIGN_OR_RETURN(result.run,
                         job::RunJob(job, RejudgeBatch(guidelines->judge(), lines, again)));
  if (result.run.was_finished) MORES_RETURN_IF_ERROR(CountFinished(options.output, lines, result));
  result.notes = NotesOnBaseline(*judge, Asked::kInPlaces);
  return result;
}

}  // namespace mores::app
