#include "data/recipe.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "text/unicode.h"

namespace mores::data {
namespace {

// Typed reads from one table. The first error wins; Finish() also refuses keys that nobody read.
class Fields {
 public:
  Fields(const toml::table& table, const std::string& path) : table_(table), path_(path) {}

  void Read(const char* name, std::string& value) {
    if (const toml::node* node = Take(name)) {
      if (!node->is_string()) return Fail(*node, name, "must be a string");
      value = node->as_string()->get();
    }
  }
  void Read(const char* name, int64_t& value, int64_t least, int64_t most) {
    if (const toml::node* node = Take(name)) {
      const auto* number = node->as_integer();
      if (number == nullptr || number->get() < least || number->get() > most) {
        return Fail(*node, name, fmt::format("must be an integer from {} to {}", least, most));
      }
      value = number->get();
    }
  }
  void Read(const char* name, double& value, double least, double most) {
    if (const toml::node* node = Take(name)) {
      const std::optional<double> number = node->value<double>();
      if (!node->is_number() || !number || !(*number >= least && *number <= most)) {
        return Fail(*node, name, fmt::format("must be a number from {} to {}", least, most));
      }
      value = *number;
    }
  }
  void Read(const char* name, bool& value) {
    if (const toml::node* node = Take(name)) {
      if (!node->is_boolean()) return Fail(*node, name, "must be true or false");
      value = node->as_boolean()->get();
    }
  }
  // A string, or an array of them.
  void Read(const char* name, std::vector<std::string>& values) {
    if (const toml::node* node = Take(name)) ReadList(*node, name, values);
  }
  void Read(const char* name, std::optional<BalanceMethod>& value) {
    std::string method;
    Read(name, method);
    if (method.empty()) return;
    if (method == "none") {
      value = BalanceMethod::kNone;
    } else if (method == "downsample") {
      value = BalanceMethod::kDownsample;
    } else if (method == "weight") {
      value = BalanceMethod::kWeight;
    } else {
      Fail(*table_.get(name), name, "must be 'none', 'downsample' or 'weight'");
    }
  }
  void Read(const char* name, std::map<std::string, std::vector<std::string>>& values) {
    const toml::table* inner = TakeTable(name);
    if (inner == nullptr) return;
    for (const auto& [key, node] : *inner) {
      ReadList(node, name, values[std::string(key.str())]);
    }
  }
  const toml::table* TakeTable(const char* name) {
    const toml::node* node = Take(name);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) Fail(*node, name, "must be a table");
    return node->as_table();
  }
  const toml::array* TakeTables(const char* name) {
    const toml::node* node = Take(name);
    if (node == nullptr) return nullptr;
    const toml::array* array = node->as_array();
    if (array == nullptr || !array->is_array_of_tables()) {
      Fail(*node, name, "must be tables, as in [[source]]");
      return nullptr;
    }
    return array;
  }
  void Fail(const toml::node& node, std::string_view name, std::string_view problem) {
    if (error_) return;
    error_ = Error{ErrorKind::kInput,
                   fmt::format("{}:{}: '{}': {}", path_, node.source().begin.line, name, problem)};
  }
  Status Finish() {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (!taken_.contains(name)) Fail(node, text::FitColumns(name, 40), "unknown key");
    }
    if (error_) return tl::unexpected<Error>(*error_);
    return {};
  }

 private:
  const toml::node* Take(const char* name) {
    taken_.insert(name);
    return table_.get(name);
  }
  void ReadList(const toml::node& node, const char* name, std::vector<std::string>& values) {
    values.clear();
    if (node.is_string()) {
      values.push_back(node.as_string()->get());
      return;
    }
    const toml::array* array = node.as_array();
    if (array == nullptr) return Fail(node, name, "must be a string or an array of strings");
    for (const toml::node& member : *array) {
      if (!member.is_string()) return Fail(member, name, "must be an array of strings");
      values.push_back(member.as_string()->get());
    }
  }

  const toml::table& table_;
  const std::string& path_;
  std::set<std::string> taken_;
  std::optional<Error> error_;
};

Status ParseFields(const toml::table& table, const std::string& path, FieldMap& map) {
  Fields fields(table, path);
  fields.Read("messages", map.messages);
  fields.Read("query", map.query);
  fields.Read("response", map.response);
  fields.Read("label", map.label);
  fields.Read("category", map.category);
  fields.Read("response_model", map.response_model);
  fields.Read("label_source", map.label_source);
  fields.Read("notes", map.notes);
  return fields.Finish();
}

Expected<SourceRecipe> ParseSource(const toml::table& table, const std::string& path) {
  SourceRecipe source;
  Fields fields(table, path);
  fields.Read("reader", source.reader);
  source.name = source.reader;
  fields.Read("name", source.name);
  fields.Read("path", source.paths);
  fields.Read("where", source.where);
  fields.Read("max_records", source.max_records, 0, int64_t{1} << 40);
  int64_t repeat = 1;
  fields.Read("repeat", repeat, 1, 100);
  source.repeat = static_cast<int>(repeat);
  fields.Read("weight", source.weight, 0.001, 100.0);
  fields.Read("balance", source.balance);
  double share = -1;
  fields.Read("unsafe_share", share, 0.01, 0.99);
  if (share > 0) source.unsafe_share = share;
  if (const toml::table* map = fields.TakeTable("fields")) {
    MORES_RETURN_IF_ERROR(ParseFields(*map, path, source.fields));
  }
  fields.Read("safe_labels", source.safe_labels);
  fields.Read("unsafe_labels", source.unsafe_labels);
  fields.Read("licence", source.licence);
  fields.Read("response_model", source.response_model);
  fields.Read("label_source", source.label_source);
  MORES_RETURN_IF_ERROR(fields.Finish());
  if (source.reader.empty()) {
    return MakeError(ErrorKind::kInput, "{}:{}: 'reader': missing", path,
                     table.source().begin.line);
  }
  return source;
}

Expected<TrainingRule> ParseRule(const toml::table& table, const std::string& path) {
  TrainingRule rule;
  Fields fields(table, path);
  fields.Read("en", rule.en);
  fields.Read("zh", rule.zh);
  std::string category;
  fields.Read("category", category);
  if (!category.empty()) {
    rule.category = ParseCategory(category);
    if (!rule.category) fields.Fail(table, "category", "no such category");
  }
  fields.Read("words_en", rule.words_en);
  fields.Read("words_zh", rule.words_zh);
  if (rule.en.empty() && rule.zh.empty()) fields.Fail(table, "en", "a rule needs en or zh");
  if (rule.category.has_value() == !(rule.words_en.empty() && rule.words_zh.empty())) {
    fields.Fail(table, "category", "a rule is broken by a category, or by words: give one of them");
  }
  MORES_RETURN_IF_ERROR(fields.Finish());
  return rule;
}

Status ParseRulesSection(const toml::table& table, const std::string& path, RulesRecipe& rules) {
  Fields section(table, path);
  section.Read("share", rules.share, 0.0, 1.0);
  section.Read("present", rules.present, 0.0, 1.0);
  int64_t most = rules.most;
  section.Read("most", most, 1, 50);
  rules.most = static_cast<int>(most);
  if (const toml::array* tables = section.TakeTables("rule")) {
    for (const toml::node& node : *tables) {
      MORES_ASSIGN_OR_RETURN(TrainingRule rule, ParseRule(*node.as_table(), path));
      rules.rules.push_back(std::move(rule));
    }
  }
  return section.Finish();
}

Status ParseGuidelines(const toml::table& table, const std::string& path,
                       GuidelinesRecipe& guidelines) {
  constexpr int64_t kMost = 1'000'000;
  Fields section(table, path);
  section.Read("share", guidelines.share, 0.0, 1.0);
  section.Read("dialogues", guidelines.dialogues, 0, kMost);
  section.Read("triples", guidelines.triples, 0, kMost);
  section.Read("brief", guidelines.brief, 0.0, 1.0);
  section.Read("critiques", guidelines.critiques);
  section.Read("unsafe_weight", guidelines.unsafe_weight, 0.001, 100.0);
  const std::pair<const char*, std::string*> files[] = {{"situations", &guidelines.situations},
                                                        {"templates", &guidelines.templates},
                                                        {"places", &guidelines.places}};
  for (const auto& [name, file] : files) {
    section.Read(name, *file);
    if (file->empty()) section.Fail(table, name, "missing");
  }
  section.Read("families", guidelines.families);
  return section.Finish();
}

Status ParseSections(Fields& fields, const std::string& path, Recipe& recipe) {
  if (const toml::table* table = fields.TakeTable("decontaminate")) {
    Fields section(*table, path);
    section.Read("tests", recipe.test_files);
    double jaccard = recipe.jaccard_permille / 1000.0;
    section.Read("jaccard", jaccard, 0.1, 1.0);
    recipe.jaccard_permille = static_cast<int>(std::lround(jaccard * 1000));
    MORES_RETURN_IF_ERROR(section.Finish());
  }
  if (const toml::table* table = fields.TakeTable("split")) {
    Fields section(*table, path);
    section.Read("valid_fraction", recipe.valid_fraction, 0.0, 0.9);
    section.Read("holdout", recipe.holdout);
    section.Read("holdout_where", recipe.holdout_where);
    MORES_RETURN_IF_ERROR(section.Finish());
  }
  if (const toml::table* table = fields.TakeTable("balance")) {
    Fields section(*table, path);
    std::optional<BalanceMethod> method;
    section.Read("method", method);
    recipe.balance = method.value_or(recipe.balance);
    section.Read("unsafe_share", recipe.unsafe_share, 0.01, 0.99);
    MORES_RETURN_IF_ERROR(section.Finish());
  }
  if (const toml::table* table = fields.TakeTable("rules")) {
    MORES_RETURN_IF_ERROR(ParseRulesSection(*table, path, recipe.rules));
  }
  if (const toml::table* table = fields.TakeTable("guidelines")) {
    MORES_RETURN_IF_ERROR(ParseGuidelines(*table, path, recipe.guidelines));
  }
  return {};
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
  return {};
}

Expected<Recipe> FromTable(const toml::table& table, const std::string& path) {
  Recipe recipe;
  Fields fields(table, path);
  fields.Read("name", recipe.name);
  int64_t seed = 0;
  fields.Read("seed", seed, 0, INT64_MAX);
  recipe.seed = static_cast<uint64_t>(seed);
  if (const toml::array* sources = fields.TakeTables("source")) {
    for (const toml::node& node : *sources) {
      MORES_ASSIGN_OR_RETURN(SourceRecipe source, ParseSource(*node.as_table(), path));
      recipe.sources.push_back(std::move(source));
    }
  }
  MORES_RETURN_IF_ERROR(ParseSections(fields, path, recipe));
  MORES_RETURN_IF_ERROR(fields.Finish());
  if (recipe.sources.empty()) {
    return MakeError(ErrorKind::kInput, "{}: no [[source]] in it", path);
  }
  MORES_RETURN_IF_ERROR(CheckNames(recipe, path));
  return recipe;
}

}  // namespace

Expected<Recipe> ParseRecipe(std::string_view toml, const std::string& path) {
  try {
    return FromTable(toml::parse(toml, path), path);
  } catch (const toml::parse_error& error) {
    return MakeError(ErrorKind::kInput, "{}:{}: {}", path, error.source().begin.line,
                     text::FitColumns(error.description(), 200));
  }
}

}  // namespace mores::data
