#include "curate/filter.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/check.h"
#include "curate/label_probability.h"

namespace mores::curate {
namespace {

constexpr const char* kNotAsked = "not_asked";  // in the journal: the reason
constexpr const char* kLabelDiffers = "label!=expected";
constexpr int kAlternatives = 20;  // as many as endpoints commonly give

struct Counts {
  int64_t items = 0, kept = 0, unreadable = 0;
};

Json ToJson(const std::map<std::string, Counts>& counts) {
  Json json = Json::object();
  for (const auto& [name, one] : counts) {
    json[name] = {{"items", one.items}, {"kept", one.kept}, {"unreadable", one.unreadable}};
  }
  return json;
}

class Filtering {
 public:
  Filtering(std::span<const Record> records, const FilterOptions& options)
      : records_(records),
        options_(options),
        task_(chat::FindTask("judge")),
        conditions_(options.drop_if) {
    if (conditions_.empty()) conditions_.emplace_back();
    for (const DropCondition& condition : conditions_) {
      (condition.p_unsafe ? needs_probability_ : needs_label_) = true;
    }
  }

  Status Check() const {
    if (!needs_probability_ || options_.judge->has_logprobs()) return {};
    return MakeError(ErrorKind::kUsage, "{} gives no log-probabilities, so p_unsafe is unknown",
                     options_.judge->name());
  }

  Json Fingerprint() const {
    Json conditions = Json::array();
    for (const DropCondition& condition : conditions_) conditions.push_back(ToString(condition));
    return {{"input", ContentHash(records_)},
            {"judge", options_.judge->name()},
            {"task", task_.hash},
            {"sampling", SamplingFingerprint(options_.sampling)},
            {"drop_if", std::move(conditions)}};
  }

  Expected<std::vector<job::ItemResult>> Ask(std::span<const size_t> items) const {
    std::vector<job::ItemResult> results(items.size());
    std::vector<chat::ChatRequest> requests;
    std::vector<size_t> asked;  // indices of results
    for (size_t i = 0; i < items.size(); ++i) {
      const Record& record = records_[items[i]];
      if (needs_label_ && !record.dialogue.expected) {
        results[i] = Json{{kNotAsked, "unlabelled"}};
        continue;
      }
      requests.push_back(chat::AskTask(task_, record.lang,
                                       {{"dialogue", chat::TurnsToJson(record.dialogue.turns)}},
                                       options_.sampling));
      requests.back().id = record.dialogue.id;
      requests.back().top_logprobs = options_.judge->has_logprobs() ? kAlternatives : 0;
      asked.push_back(i);
    }
    if (asked.empty()) return results;
    MORES_ASSIGN_OR_RETURN(auto replies, chat::AskTasks(*options_.judge, requests));
    for (size_t i = 0; i < asked.size(); ++i) {
      Json probability;
      if (replies[i]) {
        const std::optional<double> p_unsafe = UnsafeProbability(replies[i]->reply);
        if (p_unsafe) probability = *p_unsafe;
      }
      results[asked[i]] = Journalled(std::move(replies[i])).map([&](Json line) {
        line["p_unsafe"] = probability;
        return line;
      });
    }
    return results;
  }

  Sorted Sort(size_t item, const Json& result) {
    const Record& record = records_[item];
    std::array<Counts*, 2> counted = {&sources_[SourceOf(record)],
                                      &languages_[std::string(text::Name(record.lang))]};
    for (Counts* counts : counted) ++counts->items;
    if (result.contains(kNotAsked)) {
      return Reject(record, nullptr, result[kNotAsked].get<std::string>());
    }
    if (IsUnreadable(result)) {
      for (Counts* counts : counted) ++counts->unreadable;
      return Reject(record, {{"problem", result["problem"]}}, "unreadable");
    }
    Json said = {{"label", result["label"]},
                 {"analysis", result["analysis"]},
                 {"p_unsafe", result["p_unsafe"]}};
    const std::string reason = ReasonToDrop(record, result);
    if (!reason.empty()) return Reject(record, std::move(said), reason);
    for (Counts* counts : counted) ++counts->kept;
    return {.kept = {Line(record, std::move(said))}, .rejected = {}};
  }

  Json FailedRecord(size_t item) {
    const Record& record = records_[item];
    ++sources_[SourceOf(record)].items;
    ++languages_[std::string(text::Name(record.lang))].items;
    return Line(record, nullptr);
  }

  Json Summary() const {
    Json summary = Fingerprint();
    summary.erase("input");
    summary.erase("task");
    summary.erase("sampling");
    summary["by_source"] = ToJson(sources_);
    summary["by_language"] = ToJson(languages_);
    summary["failed_before"] = options_.failed_before;
    summary["chat"] = {{options_.judge->name(), chat::ToJson(options_.judge->totals())}};
    return summary;
  }

 private:
  // The condition that holds, or "".
  std::string ReasonToDrop(const Record& record, const Json& result) const {
    for (const DropCondition& condition : conditions_) {
      if (!condition.p_unsafe) {
        if (result["label"] != format::Name(*record.dialogue.expected)) return kLabelDiffers;
        continue;
      }
      if (!result["p_unsafe"].is_number()) return "no_probability";
      if (format::Exceeds(*condition.p_unsafe, result["p_unsafe"])) return ToString(condition);
    }
    return "";
  }

  // `said`: what the judge said, null where it said nothing. The record's own generator stays: the
  // judge has written none of it.
  Json Line(const Record& record, Json said) const {
    Json filter = GeneratorOf(options_.judge->name(), task_);
    if (said.is_object()) filter.update(said);
    return Derive(
        record, options_.run.input,
        {{"filter", std::move(filter)}, {"generator", record.fields.value("generator", Json())}});
  }

  Sorted Reject(const Record& record, const Json& said, const std::string& reason) const {
    Json details = said.is_object() ? said : Json::object();
    return {.kept = {}, .rejected = {Rejected(Line(record, said), reason, details)}};
  }

  std::span<const Record> records_;
  const FilterOptions& options_;
  const chat::Task& task_;
  std::vector<DropCondition> conditions_;
  bool needs_label_ = false, needs_probability_ = false;
  std::map<std::string, Counts> sources_, languages_;
};

}  // namespace

Expected<DropCondition> ParseDropCondition(std::string_view text) {
  std::string plain(text);
  std::erase_if(plain, [](char c) { return c == ' ' || c == '\t'; });
  if (plain == kLabelDiffers) return DropCondition();
  constexpr std::array<std::string_view, 1> kMetrics = {"p_unsafe"};
  Expected<format::Bound> bound = format::ParseBound(text, kMetrics);
  if (!bound || !(bound->value >= 0 && bound->value <= 1)) {
    return MakeError(ErrorKind::kUsage,
                     "{}: must be label!=expected, or p_unsafe with >, >=, < or <= and a number "
                     "from 0 to 1",
                     text);
  }
  return DropCondition{.p_unsafe = std::move(*bound)};
}

std::string ToString(const DropCondition& condition) {
  return condition.p_unsafe ? format::ToString(*condition.p_unsafe) : kLabelDiffers;
}

Expected<CurationResult> FilterRecords(std::span<const Record> records,
                                       const FilterOptions& options) {
  MORES_CHECK(options.judge != nullptr);
  Filtering filtering(records, options);
  MORES_RETURN_IF_ERROR(filtering.Check());
  Curation curation;
  curation.command = "data filter";
  curation.title = "filtering";
  curation.unit = "records";
  for (const Record& record : records) curation.keys.push_back(record.dialogue.id);
  curation.fingerprint = filtering.Fingerprint();
  curation.ask = [&](std::span<const size_t> items) { return filtering.Ask(items); };
  curation.sort = [&](size_t item, const Json& result) { return filtering.Sort(item, result); };
  curation.failed_record = [&](size_t item) { return filtering.FailedRecord(item); };
  curation.summarize = [&] { return filtering.Summary(); };
  return RunCuration(options.run, curation);
}

}  // namespace mores::curate
