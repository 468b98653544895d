// COLD and CMoralEval.
#include <algorithm>
#include <utility>

#include "base/json.h"
#include "data/readers/csv.h"
#include "data/readers/reader_support.h"

namespace mores::data {
namespace {

struct ColdColumns {
  size_t topic, label, text, split;
};

Expected<ColdColumns> FindColdColumns(const CsvTable& table, const std::string& path) {
  const ColdColumns columns = {table.Column("topic"), table.Column("label"), table.Column("TEXT"),
                               table.Column("split")};
  for (const auto& [index, name] : {std::pair(columns.topic, "topic"),
                                    {columns.label, "label"},
                                    {columns.text, "TEXT"},
                                    {columns.split, "split"}}) {
    if (index == std::string::npos) {
      return MakeError(ErrorKind::kInput, "{}:1: no column '{}'", path, name);
    }
  }
  return columns;
}

Expected<Record> ColdRecord(const CsvRow& row, const ColdColumns& columns,
                            const std::string& where) {
  Record record;
  record.annotation = Annotation::kStatement;
  const std::string& label = row.fields[columns.label];
  if (label != "0" && label != "1") {
    return FieldError(where, "label", fmt::format("must be 0 or 1, not {}", Quoted(label)));
  }
  const std::string& word = row.fields[columns.topic];
  const std::optional<Topic> topic = ColdTopic(word);
  if (!topic) return FieldError(where, "topic", fmt::format("unknown value {}", Quoted(word)));
  record.turns = PairTurns("", row.fields[columns.text]);
  record.label = LabelOf(label == "1");
  record.licence = "Apache-2.0";
  record.response_model = "human";
  record.label_source = "human and model";
  // Its training and development parts were labelled by a classifier, in rounds that people
  // checked.
  record.label_by = LabelBy::kModel;
  record.notes["topic"] = word;
  record.notes["split"] = row.fields[columns.split];
  SetTopic(*topic, record);
  return record;
}

// "A.…" to "…": the text of the choice that a letter names.
Expected<std::string> ChoiceText(const JsonFields& fields, const char* field) {
  MORES_ASSIGN_OR_RETURN(const std::string letter, fields.RequiredString(field));
  MORES_ASSIGN_OR_RETURN(const Json* choices, fields.Required("choices"));
  if (!choices->is_array()) return fields.Wrong("choices", "must be an array of strings");
  for (const Json& choice : *choices) {
    if (!choice.is_string()) return fields.Wrong("choices", "must be an array of strings");
    const auto& text = choice.get_ref<const std::string&>();
    if (letter.empty() || !text.starts_with(letter)) continue;
    std::string_view rest = std::string_view(text).substr(letter.size());
    for (const std::string_view mark : {".", "．", "、", " "}) {
      if (rest.starts_with(mark)) rest.remove_prefix(mark.size());
    }
    return std::string(rest);
  }
  return fields.Wrong(field, fmt::format("no choice is named {}", Quoted(letter)));
}

struct MoralQuestion {
  std::string scenario;
  std::string question;   // always asks what should be done
  bool inverted = false;  // the original asks what should not be done
};

// "请根据以下场景，X应该怎么做？请选出最恰当的选项。\nSCENARIO", or with 不应该.
Expected<MoralQuestion> ParseMoralQuestion(const std::string& text, const std::string& where) {
  constexpr std::string_view kRequest = "请根据以下场景，", kChoose = "请选出最恰当的选项。";
  constexpr std::string_view kShould = "应该怎么做？", kShouldNot = "不应该怎么做？";
  const size_t line = text.find('\n');
  std::string_view head = std::string_view(text).substr(0, line);
  if (line == std::string::npos || !head.starts_with(kRequest) || !head.ends_with(kChoose)) {
    return FieldError(where, "question", "must be a question, a line break and a scenario");
  }
  head.remove_prefix(kRequest.size());
  head.remove_suffix(kChoose.size());
  MoralQuestion result;
  result.scenario = text.substr(line + 1);
  if (!head.ends_with(kShould)) {
    return FieldError(where, "question", "must ask 应该怎么做 or 不应该怎么做");
  }
  result.inverted = head.ends_with(kShouldNot);
  head.remove_suffix(result.inverted ? kShouldNot.size() : kShould.size());
  result.question = std::string(head) + std::string(kShould);
  return result;
}

// Some records have stray marks in place of a category; only words in Chinese are kept.
std::string MoralTopic(const Json& categories) {
  std::string topic;
  for (const Json& category : categories) {
    if (!category.is_string()) continue;
    const auto& word = category.get_ref<const std::string&>();
    if (word.empty() || static_cast<unsigned char>(word[0]) < 0x80) continue;
    if (!topic.empty()) topic += "、";
    topic += word;
  }
  return topic;
}

// The right choice and the wrong one, each as an answer to the positive question. The third choice
// is a distractor that says nothing either way.
Status AddMoralChoices(const JsonFields& fields, const std::string& file,
                       std::vector<Record>& records) {
  MORES_ASSIGN_OR_RETURN(const std::string text, fields.RequiredString("question"));
  MORES_ASSIGN_OR_RETURN(const MoralQuestion question, ParseMoralQuestion(text, fields.where()));
  MORES_ASSIGN_OR_RETURN(const Json* categories, fields.Required("category"));
  if (!categories->is_array()) return fields.Wrong("category", "must be an array");
  for (const char* field : {"correct_answer", "wrong_answer"}) {
    MORES_ASSIGN_OR_RETURN(std::string choice, ChoiceText(fields, field));
    const bool correct = std::string_view(field) == "correct_answer";
    Record record;
    record.annotation = Annotation::kMoralChoice;
    record.turns = PairTurns(question.scenario + "\n" + question.question, std::move(choice));
    record.label = LabelOf(correct == question.inverted);
    record.licence = "MIT";
    record.response_model = "human and ChatGPT";
    record.label_source = "human";
    record.label_by = LabelBy::kPerson;
    record.category = Category::kEthics;
    record.topic_zh = MoralTopic(*categories);
    record.notes["form"] = file.find("_party_") != std::string::npos ? "party" : "standby";
    record.notes["part"] = FileName(file).substr(11, 2);
    record.notes["asks"] = question.inverted ? "unmoral" : "moral";
    record.groups = {"cmoraleval/" + question.scenario};
    records.push_back(std::move(record));
  }
  return {};
}

}  // namespace

Expected<std::vector<Record>> ReadCold(const SourceRecipe& source, Inputs& inputs) {
  std::vector<Record> records;
  for (const std::string& path : source.paths) {
    MORES_ASSIGN_OR_RETURN(const std::vector<std::string> files, inputs.List(path));
    for (const std::string& file : files) {
      if (!file.ends_with(".csv")) continue;
      MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(file));
      const std::string full = inputs.FullPath(file);
      MORES_ASSIGN_OR_RETURN(const CsvTable table, ParseCsv(bytes, full));
      MORES_ASSIGN_OR_RETURN(const ColdColumns columns, FindColdColumns(table, full));
      for (const CsvRow& row : table.rows) {
        MORES_ASSIGN_OR_RETURN(Record record,
                               ColdRecord(row, columns, fmt::format("{}:{}", full, row.line)));
        records.push_back(std::move(record));
      }
    }
  }
  return records;
}

Expected<std::vector<Record>> ReadCmoralEval(const SourceRecipe& source, Inputs& inputs) {
  std::vector<Record> records;
  for (const std::string& path : source.paths) {
    MORES_ASSIGN_OR_RETURN(const std::vector<std::string> files, inputs.List(path));
    for (const std::string& file : files) {
      if (!FileName(file).starts_with("cmoraleval_")) continue;
      MORES_RETURN_IF_ERROR(ForEachLine(inputs, file, [&](const JsonFields& fields) {
        return AddMoralChoices(fields, file, records);
      }));
    }
  }
  return records;
}

}  // namespace mores::data
