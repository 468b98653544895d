// The recipe of a data build (docs/formats/recipe-data.md): which sources, how they are filtered,
// decontaminated, split and balanced.
#ifndef MORES_DATA_RECIPE_H_
#define MORES_DATA_RECIPE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/examples/contrast_examples.h"
#include "data/examples/guideline_texts.h"
#include "data/examples/rule_examples.h"
#include "data/record.h"

namespace mores::data {

enum class BalanceMethod {
  kNone,
  kDownsample,  // drop records of the label in excess
  kWeight,      // keep all and weight the labels of a cell to the wanted share
};

// What an example's critique is taken from.
enum class CritiqueFrom {
  kTemplates,  // written by what the annotation knows (data/examples/critique.h)
  kSource,     // the source's own explanation, where it is in the dialogue's language; else none
  kNone,       // labels alone; what cites a rule or a guideline keeps the citation
};

enum class SampleBy { kSquareRoot, kSize };

// Of a dialogue, by its language; 0: no bound.
struct MostCharacters {
  int64_t en = 0, zh = 0, other = 0;
  int64_t in(text::Language lang) const {
    if (lang == text::Language::kEnglish) return en;
    return lang == text::Language::kChinese ? zh : other;
  }
};

// How the generic reader finds its fields. Names are dotted paths in JSON ("meta.label"), column
// names in CSV. Empty: not there.
struct FieldMap {
  std::string messages, query, response, label;
  std::string category, response_model, label_source;
  std::vector<std::string> notes;  // copied into Record::notes under their own names
};

struct SourceRecipe {
  std::string name;                // unique in the recipe
  std::string reader;              // "cipherchat", "diasafety", ... or "json", "jsonl", "csv"
  std::vector<std::string> paths;  // below the data root; each reader has its default
  // Only records whose note has one of the values listed are kept.
  std::map<std::string, std::vector<std::string>> where;
  // At most so many after balancing, validation apart; 0: no bound.
  int64_t max_records = 0;
  std::optional<MostCharacters> most_characters;  // in place of the recipe's
  int repeat = 1;                                 // copies of each training record
  double weight = 1;                              // of each training record
  std::optional<BalanceMethod> balance;           // in place of the recipe's
  std::optional<double> unsafe_share;
  std::optional<bool> match_lengths;
  std::optional<CritiqueFrom> critiques;  // in place of the recipe's
  format::PartWeights learned;            // 0: shown, not learned
  std::optional<LabelBy> label_by;        // in place of what the reader knows
  // Of the generic reader.
  FieldMap fields;
  std::vector<std::string> safe_labels, unsafe_labels;  // beside Safe/Unsafe and 安全/不安全
  std::string licence, response_model, label_source;
};

struct Recipe {
  std::string name;
  uint64_t seed = 0;
  std::vector<SourceRecipe> sources;
  // Test sets that nothing may leak from, below the data root.
  std::vector<std::string> test_files;
  int jaccard_permille = 600;  // near-duplicates have at least this similarity
  double valid_fraction = 0.05;
  std::vector<std::string> holdout;  // names of sources kept whole for holdout.jsonl
  // Records of any source that have these notes go there too, as `where` of a source selects them.
  std::map<std::string, std::vector<std::string>> holdout_where;
  BalanceMethod balance = BalanceMethod::kDownsample;
  double unsafe_share = 0.5;
  bool match_lengths = false;  // of safe and unsafe answers, within source and language
  MostCharacters most_characters;
  int64_t sample_records = 0;  // training records of all sources; 0: all
  SampleBy sample_by = SampleBy::kSquareRoot;
  CritiqueFrom critiques = CritiqueFrom::kTemplates;
  RulesRecipe rules;
  GuidelinesRecipe guidelines;
  ContrastsRecipe contrasts;

  // By its name, which one of them has.
  const SourceRecipe& source(std::string_view source_name) const;
  BalanceMethod balance_of(const SourceRecipe& source) const {
    return source.balance.value_or(balance);
  }
  CritiqueFrom critiques_of(const SourceRecipe& source) const {
    return source.critiques.value_or(critiques);
  }
};

// `path` names the recipe in errors: "PATH:LINE: ...". Unknown keys are errors.
Expected<Recipe> ParseRecipe(std::string_view toml, const std::string& path);

}  // namespace mores::data

#endif  // MORES_DATA_RECIPE_H_
