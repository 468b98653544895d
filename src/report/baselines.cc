#include "report/baselines.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

constexpr std::string_view kFileKind = "mores-baselines";
constexpr int kFileVersion = 1;
constexpr std::array kLanguages = {text::Language::kEnglish, text::Language::kChinese,
                                   text::Language::kOther};

// What a baseline says of an item: unsafe or not, nullopt when it can't say.
using Rule = std::function<std::optional<bool>(const Item&)>;

NgramText TextOf(const Item& item) { return {.query = item.query(), .response = item.response()}; }

std::vector<PairedItem> Pair(const Collection& collection, const Rule& rule) {
  std::vector<PairedItem> pairs;
  for (const Item& item : collection.items) {
    if (!item.has_gold()) continue;
    const std::optional<bool> unsafe = rule(item);
    if (!unsafe) continue;
    pairs.push_back({.first_correct = item.correct(),
                     .second_correct = *unsafe == item.truly_unsafe(),
                     .cluster = item.cluster,
                     .set = item.set});
  }
  return pairs;
}

BaselineFigures MeasureRule(const Collection& collection, std::string name, std::string basis,
                            const Rule& rule, const stats::BootstrapOptions& options) {
  BaselineFigures figures{.name = std::move(name), .basis = std::move(basis), .rows = {}};
  const std::vector<PairedItem> all = Pair(collection, rule);
  if (all.empty()) return figures;
  figures.rows.push_back({"", ComparePaired(all, options)});
  const size_t sets = collection.sets.size();
  if (sets < 2) return figures;
  figures.rows.push_back({kMeanOfSets, CompareMeanOfSets(all, sets, options)});
  for (uint32_t s = 0; s < sets; ++s) {
    std::vector<PairedItem> of_set;
    std::copy_if(all.begin(), all.end(), std::back_inserter(of_set),
                 [&](const PairedItem& pair) { return pair.set == s; });
    if (of_set.empty()) continue;
    figures.rows.push_back({collection.sets[s], ComparePaired(of_set, options)});
  }
  return figures;
}

// The more frequent label of each set, known only afterwards.
Rule MajorityRule(const Collection& collection) {
  std::vector<int64_t> balance(collection.sets.size(), 0);
  for (const Item& item : collection.items) {
    if (item.has_gold()) balance[item.set] += item.truly_unsafe() ? 1 : -1;
  }
  return [balance](const Item& item) -> std::optional<bool> { return balance[item.set] > 0; };
}

Rule HindsightLengthRule(const Collection& collection) {
  using Group = std::pair<uint32_t, text::Language>;
  std::map<Group, std::vector<LengthExample>> examples;
  for (const Item& item : collection.items) {
    if (!item.has_gold() || !item.response_code_points) continue;
    examples[{item.set, item.verdict.lang}].push_back(
        {*item.response_code_points, item.truly_unsafe()});
  }
  std::map<Group, LengthRule> rules;
  for (auto& [group, of_group] : examples) rules[group] = FitLengthRule(std::move(of_group));
  return [rules](const Item& item) -> std::optional<bool> {
    const auto rule = rules.find({item.set, item.verdict.lang});
    if (!item.response_code_points || rule == rules.end()) return std::nullopt;
    return rule->second.Unsafe(*item.response_code_points);
  };
}

Rule TrainedLengthRule(const TrainedBaselines& trained) {
  return [&trained](const Item& item) -> std::optional<bool> {
    if (!item.response_code_points) return std::nullopt;
    return trained.length_rule(item.verdict.lang).Unsafe(*item.response_code_points);
  };
}

struct TrainingExamples {
  std::vector<NgramText> texts;
  std::vector<bool> unsafe;
};

NgramModel TrainOn(const TrainingExamples& examples, int epochs_before, job::Progress& progress,
                   StopToken stop) {
  return NgramModel::Train(examples.texts, examples.unsafe, {.stop = stop},
                           [&](int epochs) { progress.Update(epochs_before + epochs, ""); });
}

Json ToJson(const LengthRule& rule) {
  return Json{{"limit", rule.limit}, {"longer_is_unsafe", rule.longer_is_unsafe}};
}

Expected<LengthRule> ParseLengthRule(const Json& header, text::Language language,
                                     const std::string& path) {
  const auto wrong = [&](const char* problem) {
    return MakeError(ErrorKind::kCorrupt, "{}: field 'length_rules.{}': {}", path,
                     text::Name(language), problem);
  };
  const auto rules = header.find("length_rules");
  if (rules == header.end() || !rules->is_object()) return wrong("missing");
  const auto rule = rules->find(std::string(text::Name(language)));
  if (rule == rules->end() || !rule->is_object()) return wrong("missing");
  const auto limit = rule->find("limit");
  const auto longer = rule->find("longer_is_unsafe");
  if (limit == rule->end() || !limit->is_number() || longer == rule->end() ||
      !longer->is_boolean()) {
    return wrong("must hold a number 'limit' and a boolean 'longer_is_unsafe'");
  }
  return LengthRule{.limit = limit->get<double>(), .longer_is_unsafe = longer->get<bool>()};
}

}  // namespace

LengthRule FitLengthRule(std::vector<LengthExample> examples) {
  std::sort(examples.begin(), examples.end(), [](const LengthExample& a, const LengthExample& b) {
    return a.code_points < b.code_points;
  });
  // With the limit below every length all examples are "longer".
  int64_t correct_if_longer = 0;
  for (const LengthExample& example : examples) correct_if_longer += example.unsafe ? 1 : 0;
  const auto total = static_cast<int64_t>(examples.size());
  LengthRule best{.limit = -1, .longer_is_unsafe = true};
  int64_t best_correct = -1;
  const auto consider = [&](double limit) {
    for (const bool longer : {true, false}) {
      const int64_t correct = longer ? correct_if_longer : total - correct_if_longer;
      if (correct <= best_correct) continue;
      best_correct = correct;
      best = {.limit = limit, .longer_is_unsafe = longer};
    }
  };
  consider(-1);
  for (size_t i = 0; i < examples.size(); ++i) {
    correct_if_longer += examples[i].unsafe ? -1 : 1;
    const bool last = i + 1 == examples.size();
    if (last || examples[i + 1].code_points != examples[i].code_points) {
      consider(static_cast<double>(examples[i].code_points));
    }
  }
  return best;
}

Expected<TrainedBaselines> TrainedBaselines::Train(const std::string& path, job::Progress& progress,
                                                   StopToken stop) {
  MORES_ASSIGN_OR_RETURN(const std::vector<format::Dialogue> dialogues,
                         format::ReadDialogues(path));
  MORES_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(path));
  TrainingExamples full, query_only;
  std::array<std::vector<LengthExample>, 3> lengths;
  size_t unsafe_count = 0;
  for (const format::Dialogue& dialogue : dialogues) {
    if (!dialogue.expected || *dialogue.expected == format::Label::kUnparsed) continue;
    const bool unsafe = *dialogue.expected == format::Label::kUnsafe;
    const std::string_view query = format::QueryOf(dialogue);
    const std::string_view response = format::ResponseOf(dialogue);
    unsafe_count += unsafe ? 1 : 0;
    full.texts.push_back({.query = query, .response = response});
    full.unsafe.push_back(unsafe);
    lengths[static_cast<size_t>(format::LanguageOf(dialogue))].push_back(
        {text::CountCodePoints(response), unsafe});
    if (query.empty()) continue;
    query_only.texts.push_back({.query = query, .response = {}});
    query_only.unsafe.push_back(unsafe);
  }
  if (unsafe_count == 0 || unsafe_count == full.texts.size()) {
    return MakeError(ErrorKind::kInput, "{}: field 'label': needs both safe and unsafe examples",
                     path);
  }
  const int epochs = NgramTrainingOptions{}.epochs;
  progress.Start("training baselines", "epochs", 2 * epochs, 0);
  NgramModel full_model = TrainOn(full, 0, progress, stop);
  TrainedBaselines trained(std::move(full_model), TrainOn(query_only, epochs, progress, stop));
  MORES_RETURN_IF_ERROR(stop.Check());
  progress.Finish(fmt::format("baselines from {} examples", full.texts.size()));
  for (size_t language = 0; language < lengths.size(); ++language) {
    trained.length_rules_[language] = FitLengthRule(std::move(lengths[language]));
  }
  trained.origin_ =
      Json{{"examples", full.texts.size()}, {"unsafe", unsafe_count}, {"sha256", sha256}};
  return trained;
}

Status TrainedBaselines::Save(const std::string& path) const {
  Json rules = Json::object();
  for (const text::Language language : kLanguages) {
    rules[std::string(text::Name(language))] = ToJson(length_rule(language));
  }
  const Json header = {{"kind", kFileKind},
                       {"version", kFileVersion},
                       {"feature_bits", NgramModel::kFeatureBits},
                       {"length_rules", std::move(rules)},
                       {"origin", origin_}};
  return WriteFileAtomically(path,
                             DumpJson(header) + "\n" + full_.Serialize() + query_only_.Serialize());
}

Expected<TrainedBaselines> TrainedBaselines::Load(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  const auto corrupt = [&](std::string_view problem) {
    return MakeError(ErrorKind::kCorrupt, "{}: {}", path, problem);
  };
  const size_t line_end = bytes.find('\n');
  if (line_end == std::string::npos) return corrupt("not a baselines file: no header line");
  auto parsed = ParseJson(std::string_view(bytes).substr(0, line_end), path);
  if (!parsed || !parsed->is_object()) return corrupt("not a baselines file: the header is broken");
  const Json& header = *parsed;
  if (header.value("kind", Json()) != kFileKind ||
      header.value("version", Json()) != kFileVersion ||
      header.value("feature_bits", Json()) != NgramModel::kFeatureBits) {
    return corrupt(fmt::format("not a baselines file of version {}", kFileVersion));
  }
  const std::string_view weights = std::string_view(bytes).substr(line_end + 1);
  const size_t size = NgramModel::SerializedSize();
  if (weights.size() != 2 * size) {
    return corrupt(fmt::format("{} bytes of weights where {} belong", weights.size(), 2 * size));
  }
  MORES_ASSIGN_OR_RETURN(NgramModel full, NgramModel::Parse(weights.substr(0, size), path));
  MORES_ASSIGN_OR_RETURN(NgramModel query_only, NgramModel::Parse(weights.substr(size), path));
  TrainedBaselines trained(std::move(full), std::move(query_only));
  for (const text::Language language : kLanguages) {
    MORES_ASSIGN_OR_RETURN(trained.length_rules_[static_cast<size_t>(language)],
                           ParseLengthRule(header, language, path));
  }
  trained.origin_ = header.value("origin", Json());
  return trained;
}

const LengthRule& TrainedBaselines::length_rule(text::Language language) const {
  return length_rules_[static_cast<size_t>(language)];
}

std::vector<BaselineFigures> MeasureBaselines(const Collection& collection,
                                              const std::optional<TrainedBaselines>& trained,
                                              const stats::BootstrapOptions& options) {
  std::vector<BaselineFigures> baselines;
  const auto add = [&](const char* name, const char* basis, const Rule& rule) {
    BaselineFigures figures = MeasureRule(collection, name, basis, rule, options);
    if (!figures.rows.empty()) baselines.push_back(std::move(figures));
  };
  add("majority", "hindsight", MajorityRule(collection));
  if (!trained) {
    add("length", "hindsight", HindsightLengthRule(collection));
    return baselines;
  }
  add("length", "training", TrainedLengthRule(*trained));
  add("query n-grams", "training", [&](const Item& item) -> std::optional<bool> {
    if (!item.has_text()) return std::nullopt;
    return trained->query_only().PredictUnsafe({.query = item.query(), .response = {}}) > 0.5;
  });
  add("n-grams", "training", [&](const Item& item) -> std::optional<bool> {
    if (!item.has_text()) return std::nullopt;
    return trained->full().PredictUnsafe(TextOf(item)) > 0.5;
  });
  return baselines;
}

Json ToJson(const std::vector<BaselineFigures>& baselines) {
  Json array = Json::array();
  for (const BaselineFigures& baseline : baselines) {
    Json rows = Json::array();
    for (const BaselineRow& row : baseline.rows) {
      Json json = {{"set", row.set}};
      json.update(ToJson(row.figures, "judge", "baseline"));
      rows.push_back(std::move(json));
    }
    array.push_back(
        Json{{"name", baseline.name}, {"basis", baseline.basis}, {"rows", std::move(rows)}});
  }
  return array;
}

}  // namespace mores::report
