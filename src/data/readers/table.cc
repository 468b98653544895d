#include "data/readers/table.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "data/lengths.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

struct SourceCounts {
  int64_t read = 0;
  std::map<Fate, int64_t> fates;
  std::map<Split, int64_t> kept;
};

struct GroupCounts {
  int64_t train_safe = 0, train_unsafe = 0, valid_safe = 0, valid_unsafe = 0;
};
using Grouped = std::map<std::string, GroupCounts>;

void Count(const Item& item, GroupCounts& counts) {
  const bool unsafe = item.record.label == format::Label::kUnsafe;
  if (item.split == Split::kTrain) ++(unsafe ? counts.train_unsafe : counts.train_safe);
  if (item.split == Split::kValid) ++(unsafe ? counts.valid_unsafe : counts.valid_safe);
}

Json ToJson(const Grouped& groups) {
  Json json = Json::object();
  for (const auto& [name, counts] : groups) {
    json[name] = {{"train", {{"safe", counts.train_safe}, {"unsafe", counts.train_unsafe}}},
                  {"valid", {{"safe", counts.valid_safe}, {"unsafe", counts.valid_unsafe}}}};
  }
  return json;
}

Json ToJson(const SourceRecipe& source, const SourceCounts& counts) {
  Json dropped = Json::object();
  for (const Fate fate : kAllFates) {
    const auto it = counts.fates.find(fate);
    if (fate != Fate::kKept && it != counts.fates.end()) {
      dropped[std::string(Name(fate))] = it->second;
    }
  }
  Json json = {{"source", source.name}, {"reader", source.reader}, {"read", counts.read}};
  json["dropped"] = std::move(dropped);
  for (const Split split : {Split::kTrain, Split::kValid, Split::kHoldout}) {
    const auto it = counts.kept.find(split);
    json[std::string(Name(split))] = it == counts.kept.end() ? 0 : it->second;
  }
  json["repeat"] = source.repeat;
  return json;
}

// The columns of the readable table that stand for several fates.
struct Column {
  const char* title;
  std::vector<const char*> keys;
};
const std::vector<Column>& Columns() {
  static const std::vector<Column> kColumns = {
      {"filter", {"filtered", "blank", "nothing_learned", "too_long"}},
      {"dup", {"duplicate"}},
      {"confl", {"conflict"}},
      {"=query", {"test_query"}},
      {"=resp", {"test_response"}},
      {"~query", {"near_test_query"}},
      {"~resp", {"near_test_response", "near_test_pair"}},
      {"~valid", {"near_validation"}},
      {"balance", {"sampling", "balance", "lengths"}},
  };
  return kColumns;
}

std::string SourceRows(const Json& sources) {
  std::string out = fmt::format("{:<18}{:>7}", "source", "read");
  for (const Column& column : Columns()) out += fmt::format("{:>8}", column.title);
  out += fmt::format("{:>8}{:>7}\n", "train", "valid");
  std::vector<int64_t> totals(Columns().size() + 3);
  const auto row = [](std::string_view name, const std::vector<int64_t>& cells) {
    std::string line = fmt::format("{:<18}{:>7}", text::FitColumns(name, 17), cells[0]);
    for (size_t i = 1; i + 1 < cells.size(); ++i) line += fmt::format("{:>8}", cells[i]);
    return line + fmt::format("{:>7}\n", cells.back());
  };
  for (const Json& source : sources) {
    std::vector<int64_t> cells = {source["read"].get<int64_t>()};
    for (const Column& column : Columns()) {
      int64_t sum = 0;
      for (const char* key : column.keys) sum += source["dropped"].value(key, int64_t{0});
      cells.push_back(sum);
    }
    cells.push_back(source["train"].get<int64_t>());
    cells.push_back(source["valid"].get<int64_t>() + source["holdout"].get<int64_t>());
    for (size_t i = 0; i < cells.size(); ++i) totals[i] += cells[i];
    out += row(source["source"].get<std::string>(), cells);
  }
  return out + row("total", totals);
}

std::string GroupRows(const char* title, const Json& groups) {
  std::string out = fmt::format("\n{:<42}{:>12}{:>8}{:>14}{:>8}\n", title, "train safe", "unsafe",
                                "valid safe", "unsafe");
  for (const auto& [name, counts] : groups.items()) {
    out += fmt::format(
        "{:<42}{:>12}{:>8}{:>14}{:>8}\n", text::FitColumns(name, 41),
        counts["train"]["safe"].get<int64_t>(), counts["train"]["unsafe"].get<int64_t>(),
        counts["valid"]["safe"].get<int64_t>(), counts["valid"]["unsafe"].get<int64_t>());
  }
  return out;
}

std::string LengthRows(const Json& cells) {
  std::string out = fmt::format("\n{:<42}{:>12}{:>8}\n", "length of the answer alone, AUROC",
                                "unbalanced", "train");
  const auto shown = [](const Json& value) {
    return value.is_null() ? std::string("-") : fmt::format("{:.3f}", value.get<double>());
  };
  for (const Json& cell : cells) {
    const std::string name =
        cell["source"].get<std::string>() + " " + cell["lang"].get<std::string>();
    out += fmt::format("{:<42}{:>12}{:>8}\n", text::FitColumns(name, 41), shown(cell["before"]),
                       shown(cell["after"]));
  }
  return out;
}

}  // namespace

Json MakeTable(const Recipe& recipe, const std::vector<Item>& items) {
  std::map<std::string, SourceCounts> sources;
  Grouped by_source, by_language, by_licence, by_model, by_judge, by_category;
  for (const Item& item : items) {
    const Record& record = item.record;
    SourceCounts& counts = sources[record.source];
    ++counts.read;
    ++counts.fates[item.fate];
    if (!item.kept()) continue;
    ++counts.kept[item.split];
    const std::string lang(text::Name(record.lang));
    Count(item, by_source[record.source + " " + lang]);
    Count(item, by_language[lang]);
    Count(item, by_licence[record.licence]);
    Count(item, by_model[record.response_model]);
    Count(item, by_judge[record.label_source]);
    Count(item, by_category[record.category ? std::string(Name(*record.category)) : "none"]);
  }
  Json table = {{"recipe", recipe.name}, {"seed", recipe.seed}, {"sources", Json::array()}};
  for (const SourceRecipe& source : recipe.sources) {
    table["sources"].push_back(ToJson(source, sources[source.name]));
  }
  table["by_source_and_language"] = ToJson(by_source);
  table["by_language"] = ToJson(by_language);
  table["by_licence"] = ToJson(by_licence);
  table["by_response_model"] = ToJson(by_model);
  table["by_label_source"] = ToJson(by_judge);
  table["by_category"] = ToJson(by_category);
  table["length_auroc"] = LengthTable(items);
  return table;
}

std::string ReadableTable(const Json& table) {
  std::string out = SourceRows(table["sources"]);
  out +=
      "(=: equal to a test set's after normalisation; ~: near-duplicate; ~resp: response or "
      "whole dialogue)\n";
  out += GroupRows("by source and language", table["by_source_and_language"]);
  out += GroupRows("by language", table["by_language"]);
  out += GroupRows("by licence", table["by_licence"]);
  out += GroupRows("by model that wrote the responses", table["by_response_model"]);
  out += GroupRows("by what gave the labels", table["by_label_source"]);
  out += GroupRows("by category", table["by_category"]);
  out += LengthRows(table["length_auroc"]);
  return out;
}

}  // namespace mores::data
