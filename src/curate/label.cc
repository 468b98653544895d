#include "curate/label.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/json_lines.h"
#include "chat/reply_tally.h"
#include "stats/agreement.h"
#include "stats/bootstrap.h"
#include "stats/estimate_json.h"

namespace mores::curate {
namespace {

constexpr std::array kLanguages = {text::Language::kEnglish, text::Language::kChinese,
                                   text::Language::kOther};

// The labels given to each item, and by whom.
struct GivenLabels {
  std::vector<std::vector<int>> units;
  std::map<std::string, int64_t> compared;  // of an annotator: labels that others' stand beside

  void Add(const std::vector<Vote>& votes) {
    std::vector<int> unit;
    std::vector<const std::string*> by;
    for (const Vote& vote : votes) {
      if (vote.label == format::Label::kUnparsed) continue;
      unit.push_back(vote.label == format::Label::kSafe ? 0 : 1);
      by.push_back(&vote.by);
    }
    if (unit.size() > 1) {
      for (const std::string* one : by) ++compared[*one];
    }
    units.push_back(std::move(unit));
  }
};

// Alpha with its interval by resampling items, and what it rests on: it looks at no vote without a
// label, however many there are.
Json AlphaOf(const GivenLabels& given) {
  const stats::NominalAlpha alpha(given.units);
  const auto compared = std::count_if(given.units.begin(), given.units.end(),
                                      [](const std::vector<int>& unit) { return unit.size() > 1; });
  const auto statistics = [&](std::span<const double> weights, std::span<double> values) {
    values[0] = alpha.Alpha(weights);
  };
  const stats::Estimate estimate = stats::CoefficientEstimate(
      stats::ClusterBootstrap(given.units.size(), 1, statistics)[0], static_cast<size_t>(compared));
  Json json = ToJson(estimate);
  json["items"] = compared;
  json["annotators"] = given.compared.size();
  if (!std::isfinite(estimate.value)) {
    json["undefined"] = compared == 0 ? "no item has the labels of two annotators"
                                      : "all labels compared are the same";
  }
  return json;
}

struct LabelCounts {
  int64_t items = 0, safe = 0, unsafe = 0, tie = 0, none = 0;
  GivenLabels given;
};

struct AnnotatorCounts {
  int64_t votes = 0, safe = 0, unsafe = 0;
  chat::ReplyTally replies;
  int64_t compared = 0, with_majority = 0;  // labels where there is a majority; those that are it
};

Json VotesToJson(const LabelCounts& counts) {
  return {{"items", counts.items}, {"safe", counts.safe},        {"unsafe", counts.unsafe},
          {"tie", counts.tie},     {"no_majority", counts.none}, {"alpha", AlphaOf(counts.given)}};
}

Json VotesToJson(const AnnotatorCounts& counts) {
  return {{"votes", counts.votes},
          {"labelled", counts.safe + counts.unsafe},
          {"safe", counts.safe},
          {"unsafe", counts.unsafe},
          {"unparsed", counts.replies.unparsed},
          {"failed", counts.replies.failed},
          {"compared", counts.compared},
          {"with_majority", counts.with_majority}};
}

format::Label LabelOf(const Json& vote) {
  const auto label = vote.find("label");
  if (label == vote.end() || !label->is_string()) return format::Label::kUnparsed;
  return format::ParseLabel(label->get<std::string>()).value_or(format::Label::kUnparsed);
}

Json LabelJson(format::Label label) {
  return label == format::Label::kUnparsed ? Json() : Json(format::Name(label));
}

// A model's reply as a vote: what can't be read states no label.
Json ModelVote(const std::string& by, Expected<chat::TaskReply> reply) {
  Json vote = {{"by", by}, {"label", nullptr}};
  if (!reply) {
    vote["problem"] = std::move(reply.error().message);
    if (reply.error().kind != ErrorKind::kInput) vote["failed"] = true;
    return vote;
  }
  vote["label"] = std::move(reply->value["label"]);
  vote["analysis"] = std::move(reply->value["analysis"]);
  return vote;
}

class Labelling {
 public:
  Labelling(std::span<const Record> records, const LabelOptions& options)
      : records_(records), options_(options), task_(chat::FindTask("judge")) {}

  Status Check() {
    std::set<std::string> names;
    for (const chat::ChatModel* model : options_.annotators) {
      MORES_CHECK(model != nullptr);
      if (!names.insert(model->name()).second) {
        return MakeError(ErrorKind::kUsage, "two annotators are called {}", model->name());
      }
      generators_.emplace(model->name(), GeneratorOf(model->name(), task_));
    }
    for (const std::string& by : options_.annotations.annotators) {
      if (names.contains(by)) {
        return MakeError(ErrorKind::kUsage, "an annotator of a file has the name of a model: {}",
                         DumpJson(by));
      }
    }
    if (names.empty() && options_.annotations.annotators.empty()) {
      return MakeError(ErrorKind::kUsage,
                       "nobody annotates: give a model or a file of annotations");
    }
    size_t known = 0;
    for (const Record& record : records_) {
      known += options_.annotations.by_id.count(record.dialogue.id);
    }
    if (!options_.annotations.by_id.empty() && known == 0) {
      return MakeError(ErrorKind::kInput, "the annotations are of no item of {}",
                       ShownPath(options_.run.input));
    }
    annotated_elsewhere_ = static_cast<int64_t>(options_.annotations.by_id.size() - known);
    return {};
  }

  Json Fingerprint() const {
    Json names = Json::array();
    for (const chat::ChatModel* model : options_.annotators) names.push_back(model->name());
    return {{"input", ContentHash(records_)},
            {"annotators", names},
            {"annotations", options_.annotations.hash},
            {"task", task_.hash},
            {"ties_kept", options_.ties == Ties::kKept}};
  }

  Expected<std::vector<job::ItemResult>> Ask(std::span<const size_t> items) const {
    std::vector<chat::ChatRequest> requests;
    for (const size_t item : items) {
      const Record& record = records_[item];
      requests.push_back(chat::AskTask(task_, record.lang, MaterialOf(record), options_.sampling));
      requests.back().id = record.dialogue.id;
    }
    std::vector<Json> votes(items.size(), Json::array());
    for (chat::ChatModel* model : options_.annotators) {
      MORES_ASSIGN_OR_RETURN(auto replies, chat::AskTasks(*model, requests));
      for (size_t i = 0; i < items.size(); ++i) {
        votes[i].push_back(ModelVote(model->name(), std::move(replies[i])));
      }
    }
    std::vector<job::ItemResult> results;
    for (Json& one : votes) results.push_back(Json{{"votes", std::move(one)}});
    return results;
  }

  Sorted Sort(size_t item, const Json& result) {
    const Record& record = records_[item];
    Json cast = result["votes"];
    Json generators = Json::array();
    for (const Json& vote : cast) generators.push_back(GeneratorOfModel(vote["by"]));
    const auto given = options_.annotations.by_id.find(record.dialogue.id);
    if (given != options_.annotations.by_id.end()) {
      for (const Annotation& one : given->second) {
        cast.push_back({{"by", one.by}, {"label", LabelJson(one.label)}});
        generators.push_back(one.generator);
      }
    }
    std::vector<Vote> votes;
    for (const Json& vote : cast) votes.push_back({vote["by"], LabelOf(vote)});
    const MajorityOutcome outcome = MajorityOf(votes);
    Count(record.lang, votes, cast, outcome);

    Json ours = {{"label", nullptr}, {"lang", text::Name(record.lang)}, {"votes", std::move(cast)}};
    ours["generator"] = std::move(generators);
    const bool decided = outcome == MajorityOutcome::kSafe || outcome == MajorityOutcome::kUnsafe;
    if (decided) ours["label"] = outcome == MajorityOutcome::kSafe ? "safe" : "unsafe";
    Json line = Derive(record, options_.run.input, ours);
    if (decided || options_.ties == Ties::kKept) return {.kept = {std::move(line)}, .rejected = {}};
    const char* reason = outcome == MajorityOutcome::kTie ? "tie" : "no_majority";
    return {.kept = {}, .rejected = {Rejected(std::move(line), reason)}};
  }

  Json Summary() const {
    Json summary = {{"alpha", AlphaOf(overall_)},
                    {"by_language", Json::object()},
                    {"annotators", Json::object()},
                    {"annotated_elsewhere", annotated_elsewhere_},
                    {"failed_before", options_.failed_before},
                    {"chat", Json::object()}};
    for (const text::Language language : kLanguages) {
      const LabelCounts& counts = languages_[static_cast<size_t>(language)];
      if (counts.items == 0) continue;
      summary["by_language"][std::string(text::Name(language))] = VotesToJson(counts);
    }
    for (const auto& [by, counts] : annotators_) summary["annotators"][by] = VotesToJson(counts);
    std::vector<chat::ReplyTally> replies;
    for (const auto& [by, counts] : annotators_) replies.push_back(counts.replies);
    chat::PutReplies(replies, summary);
    for (const chat::ChatModel* model : options_.annotators) {
      summary["chat"][model->name()] = chat::ToJson(model->totals());
    }
    return summary;
  }

 private:
  Json GeneratorOfModel(const std::string& name) const {
    const auto found = generators_.find(name);
    return found == generators_.end() ? Json() : found->second;
  }

  void Count(text::Language language, const std::vector<Vote>& votes, const Json& cast,
             MajorityOutcome outcome) {
    LabelCounts& counts = languages_[static_cast<size_t>(language)];
    ++counts.items;
    counts.safe += outcome == MajorityOutcome::kSafe ? 1 : 0;
    counts.unsafe += outcome == MajorityOutcome::kUnsafe ? 1 : 0;
    counts.tie += outcome == MajorityOutcome::kTie ? 1 : 0;
    counts.none += outcome == MajorityOutcome::kNone ? 1 : 0;
    for (size_t i = 0; i < votes.size(); ++i) {
      AnnotatorCounts& annotator = annotators_[votes[i].by];
      ++annotator.votes;
      CountReply(votes[i].by, cast[i], annotator.replies);
      if (votes[i].label == format::Label::kUnparsed) continue;
      const bool safe = votes[i].label == format::Label::kSafe;
      annotator.safe += safe ? 1 : 0;
      annotator.unsafe += safe ? 0 : 1;
      if (outcome != MajorityOutcome::kSafe && outcome != MajorityOutcome::kUnsafe) continue;
      ++annotator.compared;
      annotator.with_majority += safe == (outcome == MajorityOutcome::kSafe) ? 1 : 0;
    }
    overall_.Add(votes);
    counts.given.Add(votes);
  }

  void CountReply(const std::string& by, const Json& vote, chat::ReplyTally& replies) const {
    replies.role = "annotator";
    replies.name = by;
    if (!generators_.contains(by)) {
      replies.part = "votes";
      replies.unparsed_means = "state no label";
    }
    if (vote.contains("failed")) {
      ++replies.failed;
    } else if (LabelOf(vote) == format::Label::kUnparsed) {
      replies.AddUnparsed(vote.value("problem", std::string()));
    } else {
      ++replies.read;
    }
  }

  std::span<const Record> records_;
  const LabelOptions& options_;
  const chat::Task& task_;
  std::map<std::string, Json> generators_;  // of the models, by name
  int64_t annotated_elsewhere_ = 0;         // items of the files that aren't in the input
  std::array<LabelCounts, kLanguages.size()> languages_;
  std::map<std::string, AnnotatorCounts> annotators_;
  GivenLabels overall_;
};

}  // namespace

MajorityOutcome MajorityOf(std::span<const Vote> votes) {
  size_t safe = 0, unsafe = 0;
  for (const Vote& vote : votes) {
    safe += vote.label == format::Label::kSafe ? 1 : 0;
    unsafe += vote.label == format::Label::kUnsafe ? 1 : 0;
  }
  if (2 * safe > votes.size()) return MajorityOutcome::kSafe;
  if (2 * unsafe > votes.size()) return MajorityOutcome::kUnsafe;
  return safe == unsafe && safe > 0 ? MajorityOutcome::kTie : MajorityOutcome::kNone;
}

Expected<CurationResult> LabelRecords(std::span<const Record> records,
                                      const LabelOptions& options) {
  Labelling labelling(records, options);
  MORES_RETURN_IF_ERROR(labelling.Check());
  Curation curation;
  curation.command = "data label";
  curation.title = "labelling";
  curation.unit = "dialogues";
  for (const Record& record : records) curation.keys.push_back(record.dialogue.id);
  curation.fingerprint = labelling.Fingerprint();
  curation.fingerprint["sampling"] = SamplingFingerprint(options.sampling);
  curation.ask = [&](std::span<const size_t> items) { return labelling.Ask(items); };
  curation.sort = [&](size_t item, const Json& result) { return labelling.Sort(item, result); };
  curation.failed_record = [&](size_t item) { return records[item].fields; };
  curation.summarize = [&] { return labelling.Summary(); };
  return RunCuration(options.run, curation);
}

}  // namespace mores::curate
