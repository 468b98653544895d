#include "data/examples/rule_examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/random.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

bool IsChinese(const Record& record) { return record.lang == text::Language::kChinese; }

const std::string& TextOf(const TrainingRule& rule, const Record& record) {
  return IsChinese(record) ? rule.zh : rule.en;
}

// Whether the answer holds a word of the rule: a whole word in English, any place in Chinese.
bool HoldsWord(const TrainingRule& rule, const Record& record) {
  const std::vector<std::string>& words = IsChinese(record) ? rule.words_zh : rule.words_en;
  if (words.empty()) return false;
  std::string text = text::NormalizeForMatch(record.response());
  if (!IsChinese(record)) text = " " + text + " ";
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    const std::string wanted = text::NormalizeForMatch(word);
    if (wanted.empty()) return false;
    return text.find(IsChinese(record) ? wanted : " " + wanted + " ") != std::string::npos;
  });
}

bool Breaks(const TrainingRule& rule, const Record& record) {
  if (rule.category) {
    return record.label == format::Label::kUnsafe && record.category == rule.category;
  }
  return HoldsWord(rule, record);
}

// A rule about another kind of harm may still be broken by an unsafe answer whose category isn't
// known, or by one of several harms: only a named, different category rules that out.
bool IsIrrelevant(const TrainingRule& rule, const Record& record) {
  if (TextOf(rule, record).empty() || Breaks(rule, record)) return false;
  return !rule.category || record.label == format::Label::kSafe ||
         (record.category && record.category != rule.category);
}

std::string WithoutTag(const std::string& critique) {
  if (!critique.starts_with('[')) return critique;
  const size_t end = critique.find("] ");
  return end == std::string::npos ? critique : critique.substr(end + 2);
}

std::string Explain(const Record& record, const std::string& critique, const TrainingRule& rule,
                    int number) {
  const bool own_harm = record.label == format::Label::kUnsafe;
  if (IsChinese(record)) {
    const std::string why = own_harm ? WithoutTag(critique) : "";
    return fmt::format("[规则 {}] {}回答违反了规则：{}", number, why, rule.zh);
  }
  std::string why = own_harm ? WithoutTag(critique) : "";
  if (!why.empty()) why += " ";
  return fmt::format("[rule {}] {}The answer breaks the rule: {}", number, why, rule.en);
}

}  // namespace

std::optional<RuledExample> MakeRuledExample(const RulesRecipe& recipe, const Record& record,
                                             const std::string& critique, uint64_t seed) {
  Random random(seed, HashBytes("rules " + record.id));
  if (record.label == format::Label::kUnparsed || !(random.Uniform() < recipe.share)) {
    return std::nullopt;
  }
  std::vector<const TrainingRule*> broken, others;
  for (const TrainingRule& rule : recipe.rules) {
    if (TextOf(rule, record).empty()) continue;
    if (Breaks(rule, record)) broken.push_back(&rule);
    if (IsIrrelevant(rule, record)) others.push_back(&rule);
  }
  random.Shuffle(broken);
  random.Shuffle(others);
  const bool present = random.Uniform() < recipe.present && !broken.empty();
  const auto shown = 1 + random.Below(static_cast<uint64_t>(std::max(recipe.most, 1)));
  std::vector<const TrainingRule*> chosen;
  if (present) chosen.push_back(broken.front());
  for (const TrainingRule* rule : others) {
    if (chosen.size() < shown) chosen.push_back(rule);
  }
  if (chosen.empty()) return std::nullopt;
  random.Shuffle(chosen);
  RuledExample example;
  example.label = record.label;
  for (const TrainingRule* rule : chosen) {
    example.rules.push_back(TextOf(*rule, record));
    if (present && rule == broken.front()) example.cited = static_cast<int>(example.rules.size());
  }
  if (present) {
    example.label = format::Label::kUnsafe;
    example.critique = Explain(record, critique, *broken.front(), example.cited);
  } else {
    example.critique = critique;
  }
  return example;
}

}  // namespace mores::data
