#include "curate/critiques.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/json_lines.h"
#include "base/random.h"
#include "curate/critique_checks.h"
#include "judge/judge.h"

namespace mores::curate {
namespace {

constexpr const char* kNotAsked = "not_asked";  // in the journal: the reason

bool SameTurns(const std::vector<format::Turn>& a, const std::vector<format::Turn>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.role == y.role && x.content == y.content;
  });
}

size_t LabelIndex(format::Label label) { return label == format::Label::kUnsafe ? 1 : 0; }

struct LanguageCounts {
  int64_t items = 0, safe = 0, unsafe = 0, contradicted = 0;
};

class CritiqueWriting {
 public:
  CritiqueWriting(std::span<const Record> records, const CritiqueOptions& options,
                  const format::JudgeProfile& profile)
      : records_(records),
        options_(options),
        profile_(profile),
        task_(chat::FindTask("critique")),
        generator_(GeneratorOf(options.writer->name(), task_)),
        replies_{.role = "writer", .name = options.writer->name()} {}

  Json Fingerprint() const {
    Json fingerprint = {{"input", ContentHash(records_)},
                        {"writer", options_.writer->name()},
                        {"task", task_.hash},
                        {"sampling", SamplingFingerprint(options_.sampling)}};
    fingerprint["examples"] =
        options_.examples != nullptr ? options_.examples->fingerprint() : Json();
    return fingerprint;
  }

  Expected<std::vector<job::ItemResult>> Ask(std::span<const size_t> items) const {
    std::vector<job::ItemResult> results(items.size());
    std::vector<chat::ChatRequest> requests;
    std::vector<size_t> asked;                       // indices of results
    std::vector<const format::SftRecord*> examples;  // one a request
    for (size_t i = 0; i < items.size(); ++i) {
      const Record& record = records_[items[i]];
      if (!record.dialogue.expected) {
        results[i] = Json{{kNotAsked, "unlabelled"}};
        continue;
      }
      const format::SftRecord* example =
          options_.examples != nullptr ? options_.examples->ExampleFor(record) : nullptr;
      if (options_.examples != nullptr && example == nullptr) {
        results[i] = Json{{kNotAsked, "no_example"}};
        continue;
      }
      requests.push_back(
          chat::AskTask(task_, record.lang, Material(record, example), options_.sampling));
      requests.back().id = record.dialogue.id;
      asked.push_back(i);
      examples.push_back(example);
    }
    if (asked.empty()) return results;
    MORES_ASSIGN_OR_RETURN(auto replies, chat::AskTasks(*options_.writer, requests));
    for (size_t i = 0; i < asked.size(); ++i) {
      results[asked[i]] = Journalled(std::move(replies[i])).map([&](Json line) {
        if (examples[i] != nullptr) line["example"] = examples[i]->dialogue.id;
        return line;
      });
    }
    return results;
  }

  Sorted Sort(size_t item, const Json& result) {
    const Record& record = records_[item];
    LanguageCounts& counts = languages_[std::string(text::Name(record.lang))];
    ++counts.items;
    const auto reject = [&](std::string_view reason, const Json& details = Json::object()) {
      Json line = Derive(record, options_.run.input, {{"generator", generator_}});
      return Sorted{.kept = {}, .rejected = {Rejected(std::move(line), reason, details)}};
    };
    if (result.contains(kNotAsked)) return reject(result[kNotAsked].get<std::string>());
    CountReply(result, replies_);
    if (IsUnreadable(result)) return reject("unreadable", {{"problem", result["problem"]}});
    const format::Label label = *record.dialogue.expected;
    if (result["label"] != format::Name(label)) {
      ++counts.contradicted;
      return reject("contradicted", {{"label", result["label"]}, {"analysis", result["analysis"]}});
    }
    const std::string critique = judge::CleanCritique(result["analysis"].get<std::string>());
    if (critique.empty()) return reject("empty");
    if (const auto reason = checks_.Check(record, label, critique)) {
      return reject(*reason, {{"label", result["label"]}, {"analysis", result["analysis"]}});
    }
    ++(label == format::Label::kSafe ? counts.safe : counts.unsafe);
    return {.kept = {SftLine(record, label, critique, result.value("example", Json()))},
            .rejected = {}};
  }

  Json FailedRecord(size_t item) {
    ++replies_.failed;
    return records_[item].fields;
  }

  Json Summary() const {
    Json summary = {{"method", Method()}, {"by_language", Json::object()}};
    for (const auto& [name, counts] : languages_) {
      summary["by_language"][name] = {{"items", counts.items},
                                      {"safe", counts.safe},
                                      {"unsafe", counts.unsafe},
                                      {"contradicted", counts.contradicted}};
    }
    summary["failed_before"] = options_.failed_before;
    chat::PutReplies({&replies_, 1}, summary);
    summary["chat"] = {{options_.writer->name(), chat::ToJson(options_.writer->totals())}};
    return summary;
  }

 private:
  const char* Method() const { return options_.examples != nullptr ? "M2" : "M1"; }

  static Json Material(const Record& record, const format::SftRecord* example) {
    Json material = MaterialOf(record);
    material["label"] = format::Name(*record.dialogue.expected);
    if (example != nullptr) {
      material["example"] = {{"dialogue", format::TurnsToJson(example->dialogue.turns)},
                             {"label", format::Name(*example->dialogue.expected)},
                             {"analysis", example->critique}};
    }
    return material;
  }

  Json SftLine(const Record& record, format::Label label, const std::string& critique,
               Json example) const {
    std::string source = SourceOf(record);
    if (source.empty()) source = std::filesystem::path(ShownPath(options_.run.input)).stem();
    Json ours = {{"completion", profile_.RenderCompletion(label, critique, record.lang)},
                 {"label", format::Name(label)},
                 {"lang", text::Name(record.lang)},
                 {"source", std::move(source)},
                 {"method", Method()},
                 {"example", std::move(example)}};
    ours["generator"] = generator_;
    return Derive(record, options_.run.input, ours);
  }

  std::span<const Record> records_;
  const CritiqueOptions& options_;
  const format::JudgeProfile& profile_;
  const chat::Task& task_;
  const Json generator_;
  std::map<std::string, LanguageCounts> languages_;
  chat::ReplyTally replies_;
  CritiqueChecks checks_;
};

}  // namespace

CritiqueExamples::CritiqueExamples(std::vector<format::SftRecord> examples, uint64_t seed)
    : examples_(std::move(examples)), seed_(seed) {
  std::erase_if(examples_, [](const format::SftRecord& example) {
    return judge::CleanCritique(example.critique).empty();
  });
  for (size_t i = 0; i < examples_.size(); ++i) {
    const format::SftRecord& example = examples_[i];
    groups_[LabelIndex(*example.dialogue.expected)][static_cast<size_t>(example.lang)].push_back(i);
  }
}

const format::SftRecord* CritiqueExamples::ExampleFor(const Record& record) const {
  MORES_CHECK(record.dialogue.expected.has_value());
  const std::vector<size_t>& group =
      groups_[LabelIndex(*record.dialogue.expected)][static_cast<size_t>(record.lang)];
  if (group.empty()) return nullptr;
  const size_t first =
      Random(seed_, HashBytes("example")).At(HashBytes(record.dialogue.id)) % group.size();
  for (size_t i = 0; i < group.size(); ++i) {
    const format::SftRecord& example = examples_[group[(first + i) % group.size()]];
    if (!SameTurns(example.dialogue.turns, record.dialogue.turns)) return &example;
  }
  return nullptr;
}

Json CritiqueExamples::fingerprint() const {
  std::string hashes;
  for (const format::SftRecord& example : examples_) {
    hashes += Sha256Hex(DumpJson({{"id", example.dialogue.id},
                                  {"messages", format::TurnsToJson(example.dialogue.turns)},
                                  {"label", format::Name(*example.dialogue.expected)},
                                  {"critique", example.critique}}));
  }
  return {{"hash", Sha256Hex(hashes)}, {"seed", seed_}};
}

Expected<CurationResult> WriteCritiques(std::span<const Record> records,
                                        const CritiqueOptions& options) {
  MORES_CHECK(options.writer != nullptr);
  // The profile whose completions sft.md describes.
  MORES_ASSIGN_OR_RETURN(const auto profile,
                         format::FindJudgeProfile(format::JudgeConfig().profile));
  CritiqueWriting writing(records, options, *profile);
  Curation curation;
  curation.command = "data critique";
  curation.title = "writing critiques";
  curation.unit = "dialogues";
  for (const Record& record : records) curation.keys.push_back(record.dialogue.id);
  curation.fingerprint = writing.Fingerprint();
  curation.ask = [&](std::span<const size_t> items) { return writing.Ask(items); };
  curation.sort = [&](size_t item, const Json& result) { return writing.Sort(item, result); };
  curation.failed_record = [&](size_t item) { return writing.FailedRecord(item); };
  curation.summarize = [&] { return writing.Summary(); };
  return RunCuration(options.run, curation);
}

}  // namespace mores::curate
