#include "curate/filter.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/check.h"

namespace mores::curate {
namespace {

constexpr const char* kNotConfirmable = "not_asked";  // in the journal: the reason
constexpr const char* kLabelDiffers = "label!=expected";

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

// Of a verdict, what a record keeps.
Json WhatIsSaid(const format::Verdict& verdict) {
  Json said = {
      {"model", verdict.model}, {"prompt", verdict.prompt}, {"label", format::Name(verdict.label)}};
  said["p_unsafe"] = verdict.p_unsafe ? Json(*verdict.p_unsafe) : Json();
  said["critique"] = verdict.critique;
  if (verdict.rule) said["rule"] = *verdict.rule;
  if (verdict.unparsed_reason) said["unparsed_reason"] = format::Name(*verdict.unparsed_reason);
  return said;
}

class Filtering {
 public:
  Filtering(std::span<const Record> records, const FilterOptions& options)
      : records_(records), options_(options), conditions_(options.drop_if) {
    replies_ = {.role = "judge", .name = options.judge->model_name()};
    if (conditions_.empty()) conditions_.emplace_back();
    for (const DropCondition& condition : conditions_) {
      needs_label_ |= !condition.p_unsafe;
    }
  }

  Json Fingerprint() const {
    Json fingerprint = options_.judge->Fingerprint();
    fingerprint["input"] = ContentHash(records_);
    fingerprint["drop_if"] = Conditions();
    return fingerprint;
  }

  Expected<std::vector<job::ItemResult>> Ask(std::span<const size_t> items) const {
    std::vector<job::ItemResult> results(items.size());
    std::vector<const format::Dialogue*> dialogues;
    std::vector<size_t> asked;  // indices of results
    for (size_t i = 0; i < items.size(); ++i) {
      const Record& record = records_[items[i]];
      if (needs_label_ && !record.dialogue.expected) {
        results[i] = Json{{kNotConfirmable, "unlabelled"}};
        continue;
      }
      dialogues.push_back(&record.dialogue);
      asked.push_back(i);
    }
    if (asked.empty()) return results;
    MORES_ASSIGN_OR_RETURN(auto verdicts, options_.judge->JudgeBatch(dialogues));
    for (size_t i = 0; i < asked.size(); ++i) {
      results[asked[i]] = std::move(verdicts[i]).map(WhatIsSaid);
    }
    return results;
  }

  Sorted Sort(size_t item, const Json& result) {
    const Record& record = records_[item];
    std::array<Counts*, 2> counted = {&sources_[SourceOf(record)],
                                      &languages_[std::string(text::Name(record.lang))]};
    for (Counts* counts : counted) ++counts->items;
    if (result.contains(kNotConfirmable)) {
      return Reject(record, Json(), result[kNotConfirmable].get<std::string>());
    }
    if (result["label"] == format::Name(format::Label::kUnparsed)) {
      for (Counts* counts : counted) ++counts->unreadable;
      replies_.AddUnparsed(result.value("unparsed_reason", std::string()));
      return Reject(record, result, "unreadable");
    }
    ++replies_.read;
    const std::string reason = ReasonToDrop(record, result);
    if (!reason.empty()) return Reject(record, result, reason);
    for (Counts* counts : counted) ++counts->kept;
    return {.kept = {Line(record, result)}, .rejected = {}};
  }

  Json FailedRecord(size_t item) {
    const Record& record = records_[item];
    ++replies_.failed;
    ++sources_[SourceOf(record)].items;
    ++languages_[std::string(text::Name(record.lang))].items;
    return Line(record, Json());
  }

  Json Summary() const {
    Json summary = {{"judge", options_.judge->model_name()}, {"drop_if", Conditions()}};
    summary["by_source"] = ToJson(sources_);
    summary["by_language"] = ToJson(languages_);
    summary["failed_before"] = options_.failed_before;
    chat::PutReplies({&replies_, 1}, summary);
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

  Json Conditions() const {
    Json conditions = Json::array();
    for (const DropCondition& condition : conditions_) conditions.push_back(ToString(condition));
    return conditions;
  }

  // `said`: what the judge said, null where it wasn't asked. The record's own generator stays: the
  // judge has written none of it.
  Json Line(const Record& record, const Json& said) const {
    Json ours = {{"filter", said}};
    ours["generator"] = record.fields.value("generator", Json());
    return Derive(record, options_.run.input, ours);
  }

  Sorted Reject(const Record& record, const Json& said, const std::string& reason) const {
    return {.kept = {}, .rejected = {Rejected(Line(record, said), reason)}};
  }

  std::span<const Record> records_;
  const FilterOptions& options_;
  std::vector<DropCondition> conditions_;
  bool needs_label_ = false;
  std::map<std::string, Counts> sources_, languages_;
  chat::ReplyTally replies_;
};

}  // namespace

Expected<DropCondition> ParseDropCondition(std::string_view text) {
  std::string plain(text);
  std::erase_if(plain, [](char c) { return c == ' ' || c == '\t'; });
  if (plain == kLabelDiffers) return DropCondition();
  constexpr std::array<format::KnownFigure, 1> kFigures = {{{.name = "p_unsafe"}}};
  Expected<format::Bound> bound = format::ParseBound(text, kFigures);
  if (!bound) {
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
