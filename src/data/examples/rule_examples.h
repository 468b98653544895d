// Training examples with rules: a caller's policy is shown before the dialogue, in random order,
// and decides where one of its rules is broken, so that a judge learns to follow rules and to leave
// alone those that have nothing to do with an answer (docs/formats/recipe-data.md, [rules]).
#ifndef MORES_DATA_EXAMPLES_RULE_EXAMPLES_H_
#define MORES_DATA_EXAMPLES_RULE_EXAMPLES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/record.h"

namespace mores::data {

// A rule that examples are made with, and how to tell that an answer breaks it.
struct TrainingRule {
  std::string en, zh;
  // Broken by unsafe answers of this category; or by answers that hold one of these words, which
  // the rule makes unsafe. One of the two is given.
  std::optional<Category> category;
  std::vector<std::string> words_en, words_zh;
};

struct RulesRecipe {
  double share = 0;      // of training records that are shown rules
  double present = 0.5;  // of those that break a rule: how many are shown it
  int most = 4;          // rules shown, at most
  std::vector<TrainingRule> rules;
};

struct RuledExample {
  std::vector<std::string> rules;  // as shown
  int cited = 0;                   // the rule that decides, from 1; 0: none
  format::Label label = format::Label::kUnparsed;
  std::string critique;  // opens with "[rule N] " where one is cited
};

// The record as an example with rules; nullopt where it isn't drawn. `critique` is the record's
// own, which may be empty. A pure function of its arguments.
std::optional<RuledExample> MakeRuledExample(const RulesRecipe& recipe, const Record& record,
                                             const std::string& critique, uint64_t seed);

}  // namespace mores::data

#endif  // MORES_DATA_EXAMPLES_RULE_EXAMPLES_H_
