#include "curate/queries.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json_fields.h"
#include "base/json_lines.h"
#include "base/random.h"
#include "base/strings.h"
#include "curate/record.h"
#include "text/language.h"
#include "text/unicode.h"

namespace mores::curate {
namespace {

// What two queries that ask the same have in common. Text without letters or digits stands for
// itself.
std::string MatchKey(const std::string& query) {
  std::string key = text::NormalizeForMatch(query);
  return key.empty() ? std::string(Trim(query, kAsciiSpace)) : key;
}

class QueryWriting {
 public:
  QueryWriting(std::span<const SourceRule> rules, const QueryOptions& options)
      : rules_(rules),
        options_(options),
        task_(chat::FindTask("query_augmentation")),
        generator_(GeneratorOf(options.writer->name(), task_)),
        replies_{.role = "writer", .name = options.writer->name()} {
    for (const std::string& example : options.examples) {
      examples_[text::DetectLanguage(example)].push_back(&example);
      seen_.insert(MatchKey(example));
    }
  }

  Json Fingerprint() const {
    std::string rules, examples;
    for (const SourceRule& rule : rules_) {
      rules += Sha256Hex(fmt::format("{} {}", rule.line, rule.text));
    }
    for (const std::string& example : options_.examples) examples += Sha256Hex(example);
    return {{"input", Sha256Hex(rules)}, {"writer", options_.writer->name()},
            {"task", task_.hash},        {"sampling", SamplingFingerprint(options_.sampling)},
            {"count", options_.count},   {"examples", Sha256Hex(examples)},
            {"seed", options_.seed}};
  }

  Expected<std::vector<job::ItemResult>> Ask(std::span<const size_t> items) const {
    std::vector<chat::ChatRequest> requests;
    for (const size_t item : items) {
      const SourceRule& rule = rules_[item];
      Json material = {{"rule", rule.text}, {"count", options_.count}};
      const text::Language language = text::DetectLanguage(rule.text);
      if (Json shown = Shown(rule, language); !shown.empty()) {
        material["examples"] = std::move(shown);
      }
      requests.push_back(chat::AskTask(task_, language, material, options_.sampling));
      requests.back().id = Key(rule);
    }
    return AskJournalled(*options_.writer, requests);
  }

  Sorted Sort(size_t item, const Json& result) {
    const SourceRule& rule = rules_[item];
    Sorted sorted;
    CountReply(result, replies_);
    if (IsUnreadable(result)) {
      ++without_queries_;
      return Unreadable(RuleRecord(item), result);
    }
    int number = 0;
    for (const Json& one : result["queries"]) {
      const auto query = std::string(Trim(one.get<std::string>(), kAsciiSpace));
      Json line = {{"id", fmt::format("{}-{}", Key(rule), ++number)},
                   {"query", query},
                   {"lang", text::Name(text::DetectLanguage(query))},
                   {"origin", Origin(rule)},
                   {"generator", generator_}};
      const char* reason = nullptr;
      if (query.empty()) {
        reason = "blank";
      } else if (std::ssize(sorted.kept) >= options_.count) {
        reason = "surplus";
      } else if (!seen_.insert(MatchKey(query)).second) {
        reason = "duplicate";
      }
      if (reason != nullptr) {
        sorted.rejected.push_back(Rejected(std::move(line), reason));
        continue;
      }
      ++languages_[line["lang"].get<std::string>()];
      sorted.kept.push_back(std::move(line));
    }
    missing_ += options_.count - std::ssize(sorted.kept);
    without_queries_ += sorted.kept.empty() ? 1 : 0;
    return sorted;
  }

  Json RuleRecord(size_t item) const {
    const SourceRule& rule = rules_[item];
    return {{"id", Key(rule)}, {"origin", Origin(rule)}, {"generator", generator_}};
  }

  Json FailedRecord(size_t item) {
    ++replies_.failed;
    return RuleRecord(item);
  }

  Json Summary() const {
    Json summary = {{"count", options_.count},
                    {"missing", missing_},
                    {"rules_without_queries", without_queries_},
                    {"by_language", Json::object()}};
    for (const auto& [name, count] : languages_) summary["by_language"][name] = count;
    chat::PutReplies({&replies_, 1}, summary);
    summary["chat"] = {{options_.writer->name(), chat::ToJson(options_.writer->totals())}};
    return summary;
  }

  static std::string Key(const SourceRule& rule) { return fmt::format("rule-{}", rule.line); }

 private:
  Json Origin(const SourceRule& rule) const {
    return {{"rule", rule.text}, {"line", rule.line}, {"file", ShownPath(options_.run.input)}};
  }

  // Examples of the rule's language, chosen by the seed and the rule's text.
  Json Shown(const SourceRule& rule, text::Language language) const {
    Json shown = Json::array();
    const auto found = examples_.find(language);
    if (found == examples_.end()) return shown;
    std::vector<const std::string*> examples = found->second;
    Random random(options_.seed, HashBytes(rule.text));
    random.Shuffle(examples);
    examples.resize(std::min(examples.size(), kShownExamples));
    for (const std::string* example : examples) shown.push_back(*example);
    return shown;
  }

  std::span<const SourceRule> rules_;
  const QueryOptions& options_;
  const chat::Task& task_;
  const Json generator_;
  chat::ReplyTally replies_;
  std::map<text::Language, std::vector<const std::string*>> examples_;
  std::unordered_set<std::string> seen_;  // keys of the examples and of what was kept
  std::map<std::string, int64_t> languages_;
  int64_t missing_ = 0, without_queries_ = 0;
};

}  // namespace

Expected<std::vector<SourceRule>> ReadSourceRules(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::vector<SourceRule> rules;
  std::unordered_map<std::string, int64_t> first;
  std::string line;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    const std::string_view rule = Trim(line, kAsciiSpace);
    if (rule.empty() || rule.front() == '#') continue;
    const int64_t number = reader->line_number();
    const std::string where = fmt::format("{}:{}", ShownPath(path), number);
    if (!text::IsValidUtf8(rule)) return MakeError(ErrorKind::kInput, "{}: invalid UTF-8", where);
    const auto [seen, fresh] = first.emplace(rule, number);
    if (!fresh) {
      return MakeError(ErrorKind::kInput, "{}: the rule of line {} again", where, seen->second);
    }
    rules.push_back({std::string(rule), number});
  }
  if (rules.empty()) return MakeError(ErrorKind::kInput, "{}: no rules in it", ShownPath(path));
  return rules;
}

Expected<std::vector<std::string>> ReadExampleQueries(const std::string& path) {
  std::vector<std::string> queries;
  const auto add = [&](const JsonLine& line) -> Status {
    std::string query;
    if (format::HoldsDialogue(line.value) && !line.value.contains("query")) {
      MORES_ASSIGN_OR_RETURN(const format::Dialogue dialogue,
                             format::ParseDialogue(line.value, line.where, line.number));
      query = format::QueryOf(dialogue);
    } else {
      MORES_ASSIGN_OR_RETURN(query, RequiredString(line.value, "query", line.where));
    }
    queries.emplace_back(Trim(query, kAsciiSpace));
    if (queries.back().empty()) return FieldError(line.where, "query", "blank");
    return {};
  };
  MORES_RETURN_IF_ERROR(ForEachJsonLine(path, {.when_empty = "no queries in it"}, add));
  return queries;
}

Expected<CurationResult> WriteQueries(std::span<const SourceRule> rules,
                                      const QueryOptions& options) {
  MORES_CHECK(options.writer != nullptr);
  QueryWriting writing(rules, options);
  Curation curation;
  curation.command = "data queries";
  curation.title = "writing queries";
  curation.unit = "rules";
  for (const SourceRule& rule : rules) curation.keys.push_back(QueryWriting::Key(rule));
  curation.fingerprint = writing.Fingerprint();
  curation.ask = [&](std::span<const size_t> items) { return writing.Ask(items); };
  curation.sort = [&](size_t item, const Json& result) { return writing.Sort(item, result); };
  curation.failed_record = [&](size_t item) { return writing.FailedRecord(item); };
  curation.summarize = [&] { return writing.Summary(); };
  return RunCuration(options.run, curation);
}

}  // namespace mores::curate
