#include "data/recipe.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/toml_fields.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

constexpr NumberRange kShare = {.low = 0, .high = 1};
constexpr NumberRange kUnsafeShare = {.low = 0.01, .high = 0.99};
constexpr NumberRange kWeightRange = {.low = 0.001, .high = 100};

template <class Method>
void ReadMethod(TomlFields& fields, const char* key, Method& method) {
  fields.Choice(key,
                {{"none", BalanceMethod::kNone},
                 {"downsample", BalanceMethod::kDownsample},
                 {"weight", BalanceMethod::kWeight}},
                method);
}

template <class From>
void ReadCritiqueFrom(TomlFields& fields, From& critiques) {
  fields.Choice("critiques",
                {{"templates", CritiqueFrom::kTemplates},
                 {"source", CritiqueFrom::kSource},
                 {"none", CritiqueFrom::kNone}},
                critiques);
}

void ReadMostCharacters(TomlFields fields, MostCharacters& most) {
  constexpr NumberRange kCharacters = {.low = 0, .high = 1e9};
  fields.Integer("en", most.en, kCharacters);
  fields.Integer("zh", most.zh, kCharacters);
  fields.Integer("other", most.other, kCharacters);
  fields.Finish();
}

// What a source's examples teach.
void ReadLearned(TomlFields& fields, SourceRecipe& source) {
  constexpr NumberRange kPart = {.low = 0, .high = 1000};
  ReadCritiqueFrom(fields, source.critiques);
  fields.Number("label_weight", source.learned.label, kPart);
  fields.Number("category_weight", source.learned.category, kPart);
  fields.Number("critique_weight", source.learned.critique, kPart);
  fields.Choice(
      "label_by",
      {{"person", LabelBy::kPerson}, {"model", LabelBy::kModel}, {"rule", LabelBy::kRule}},
      source.label_by);
}

void ReadFieldMap(TomlFields fields, FieldMap& map) {
  fields.Text("messages", map.messages, EmptyText::kAllowed);
  fields.Text("query", map.query, EmptyText::kAllowed);
  fields.Text("response", map.response, EmptyText::kAllowed);
  fields.Text("label", map.label, EmptyText::kAllowed);
  fields.Text("category", map.category, EmptyText::kAllowed);
  fields.Text("response_model", map.response_model, EmptyText::kAllowed);
  fields.Text("label_source", map.label_source, EmptyText::kAllowed);
  fields.Texts("notes", map.notes, EmptyText::kAllowed);
  fields.Finish();
}

SourceRecipe ReadSourceRecipe(TomlFields fields) {
  SourceRecipe source;
  fields.Require("reader");
  fields.Text("reader", source.reader);
  source.name = source.reader;
  fields.Text("name", source.name);
  fields.Texts("path", source.paths);
  fields.TextsByName("where", source.where);
  if (fields.Has("most_characters")) {
    ReadMostCharacters(fields.Table("most_characters"), source.most_characters.emplace());
  }
  fields.Integer("max_records", source.max_records, {.low = 0, .high = 1e12});
  fields.Integer("repeat", source.repeat, {.low = 1, .high = 100});
  fields.Number("weight", source.weight, kWeightRange);
  ReadMethod(fields, "balance", source.balance);
  if (fields.Has("unsafe_share")) {
    fields.Number("unsafe_share", source.unsafe_share.emplace(), kUnsafeShare);
  }
  if (fields.Has("match_lengths")) {
    fields.Flag("match_lengths", source.match_lengths.emplace());
  }
  ReadLearned(fields, source);
  ReadFieldMap(fields.Table("fields"), source.fields);
  fields.Texts("safe_labels", source.safe_labels, EmptyText::kAllowed);
  fields.Texts("unsafe_labels", source.unsafe_labels, EmptyText::kAllowed);
  fields.Text("licence", source.licence, EmptyText::kAllowed);
  fields.Text("response_model", source.response_model, EmptyText::kAllowed);
  fields.Text("label_source", source.label_source, EmptyText::kAllowed);
  fields.Finish();
  return source;
}

TrainingRule ReadRule(TomlFields fields) {
  TrainingRule rule;
  fields.Text("en", rule.en, EmptyText::kAllowed);
  fields.Text("zh", rule.zh, EmptyText::kAllowed);
  std::string category;
  fields.Text("category", category, EmptyText::kAllowed);
  if (!category.empty()) {
    rule.category = ParseCategory(category);
    if (!rule.category) fields.Refuse("category", "no such category");
  }
  fields.Texts("words_en", rule.words_en, EmptyText::kAllowed);
  fields.Texts("words_zh", rule.words_zh, EmptyText::kAllowed);
  if (rule.en.empty() && rule.zh.empty()) fields.Refuse("en", "a rule needs en or zh");
  if (rule.category.has_value() == !(rule.words_en.empty() && rule.words_zh.empty())) {
    fields.Refuse("category", "a rule is broken by a category, or by words: give one of them");
  }
  fields.Finish();
  return rule;
}

void ReadRulesSection(TomlFields fields, RulesRecipe& rules) {
  fields.Number("share", rules.share, kShare);
  fields.Number("present", rules.present, kShare);
  fields.Integer("most", rules.most, {.low = 1, .high = 50});
  for (const TomlFields& rule : fields.Tables("rule")) rules.rules.push_back(ReadRule(rule));
  fields.Finish();
}

void ReadGuidelinesSection(TomlFields fields, GuidelinesRecipe& guidelines) {
  constexpr NumberRange kMost = {.low = 0, .high = 1e6};
  fields.Number("share", guidelines.share, kShare);
  fields.Integer("dialogues", guidelines.dialogues, kMost);
  fields.Integer("triples", guidelines.triples, kMost);
  fields.Number("brief", guidelines.brief, kShare);
  fields.Flag("critiques", guidelines.critiques);
  fields.Number("unsafe_weight", guidelines.unsafe_weight, kWeightRange);
  for (const auto& [name, file] : {std::pair("situations", &guidelines.situations),
                                   {"templates", &guidelines.templates},
                                   {"places", &guidelines.places}}) {
    fields.Require(name);
    fields.Text(name, *file);
  }
  fields.Text("families", guidelines.families);
  fields.Finish();
}

void ReadContrasts(TomlFields fields, ContrastsRecipe& contrasts) {
  fields.Require("templates");
  fields.Text("templates", contrasts.templates);
  fields.Integer("records", contrasts.records, {.low = 0, .high = 1e6});
  fields.Integer("rounds", contrasts.rounds, {.low = 1, .high = 100});
  fields.Integer("most_characters", contrasts.most_characters, {.low = 1, .high = 1e6});
  for (const auto& [name, list] :
       {std::pair("harmful", &contrasts.harmful), {"harmless", &contrasts.harmless}}) {
    for (TomlFields& one : fields.Tables(name)) {
      RequestsOf& of = list->emplace_back();
      one.Require("source");
      one.Text("source", of.source);
      one.TextsByName("where", of.where);
      one.Finish();
    }
  }
  fields.Finish();
}

void ReadAmounts(TomlFields& fields, Recipe& recipe) {
  TomlFields length = fields.Table("length");
  ReadMostCharacters(length.Table("most_characters"), recipe.most_characters);
  length.Finish();

  TomlFields sampling = fields.Table("sampling");
  sampling.Integer("records", recipe.sample_records, {.low = 0, .high = 1e12});
  sampling.Choice("by", {{"sqrt", SampleBy::kSquareRoot}, {"size", SampleBy::kSize}},
                  recipe.sample_by);
  sampling.Finish();
}

void ReadSections(TomlFields& fields, Recipe& recipe) {
  TomlFields decontaminate = fields.Table("decontaminate");
  decontaminate.Texts("tests", recipe.test_files);
  double jaccard = recipe.jaccard_permille / 1000.0;
  decontaminate.Number("jaccard", jaccard, {.low = 0.1, .high = 1});
  recipe.jaccard_permille = static_cast<int>(std::lround(jaccard * 1000));
  decontaminate.Finish();

  TomlFields split = fields.Table("split");
  split.Number("valid_fraction", recipe.valid_fraction, {.low = 0, .high = 0.9});
  split.Texts("holdout", recipe.holdout);
  split.TextsByName("holdout_where", recipe.holdout_where);
  split.Finish();

  TomlFields balance = fields.Table("balance");
  ReadMethod(balance, "method", recipe.balance);
  balance.Number("unsafe_share", recipe.unsafe_share, kUnsafeShare);
  balance.Flag("match_lengths", recipe.match_lengths);
  balance.Finish();

  ReadAmounts(fields, recipe);
  if (fields.Has("contrasts")) ReadContrasts(fields.Table("contrasts"), recipe.contrasts);
  ReadRulesSection(fields.Table("rules"), recipe.rules);
  if (fields.Has("guidelines")) {
    ReadGuidelinesSection(fields.Table("guidelines"), recipe.guidelines);
  }
}

Status CheckNames(const Recipe& recipe, const std::string& path) {
  std::set<std::string> names;
  for (const SourceRecipe& source : recipe.sources) {
    if (!names.insert(source.name).second) {
      return MakeError(ErrorKind::kInput, "{}: two sources named '{}'", path,
                       text::FitColumns(source.name, 40));
    }
  }
  for (const std::string& name : recipe.holdout) {
    if (!names.contains(name)) {
      return MakeError(ErrorKind::kInput, "{}: 'holdout': no source named '{}'", path,
                       text::FitColumns(name, 40));
    }
  }
  for (const std::vector<RequestsOf>* list :
       {&recipe.contrasts.harmful, &recipe.contrasts.harmless}) {
    for (const RequestsOf& of : *list) {
      if (names.contains(of.source)) continue;
      return MakeError(ErrorKind::kInput, "{}: 'contrasts': no source named '{}'", path,
                       text::FitColumns(of.source, 40));
    }
  }
  return {};
}

}  // namespace

const SourceRecipe& Recipe::source(std::string_view source_name) const {
  const auto found = std::find_if(sources.begin(), sources.end(), [&](const SourceRecipe& source) {
    return source.name == source_name;
  });
  MORES_CHECK(found != sources.end());
  return *found;
}

Expected<Recipe> ParseRecipe(std::string_view toml, const std::string& path) {
  MORES_ASSIGN_OR_RETURN(TomlFields fields, TomlFields::Parse(toml, path));
  Recipe recipe;
  fields.Text("name", recipe.name);
  int64_t seed = 0;
  fields.Integer("seed", seed, {.low = 0, .high = 9e15});
  recipe.seed = static_cast<uint64_t>(seed);
  ReadCritiqueFrom(fields, recipe.critiques);
  for (const TomlFields& source : fields.Tables("source")) {
    recipe.sources.push_back(ReadSourceRecipe(source));
  }
  ReadSections(fields, recipe);
  fields.Finish();
  MORES_RETURN_IF_ERROR(fields.status());
  if (recipe.sources.empty()) {
    return MakeError(ErrorKind::kInput, "{}: no [[source]] in it", path);
  }
  MORES_RETURN_IF_ERROR(CheckNames(recipe, path));
  return recipe;
}

}  // namespace mores::data
