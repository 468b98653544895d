#include "data/readers/reader_support.h"

#include <utility>

#include "base/json_lines.h"
#include "text/unicode.h"

namespace mores::data {

namespace {

ReadJsonLine Visiting(const RecordVisitor& visit) {
  return [&visit](const JsonLine& line) -> Status {
    MORES_RETURN_IF_ERROR(RequireObject(line.value, line.where));
    return visit(JsonFields(line.value, line.where));
  };
}

}  // namespace

Status ForEachLine(Inputs& inputs, const std::string& path, const RecordVisitor& visit) {
  MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(path));
  MORES_RETURN_IF_ERROR(ForEachJsonLineOf(bytes, inputs.FullPath(path), {}, Visiting(visit)));
  return {};
}

Status ForEachItem(const Json& array, const std::string& where, const RecordVisitor& visit) {
  return ForEachJsonItem(array, where, Visiting(visit));
}

std::string Quoted(std::string_view utf8) {
  return DumpJson(Json(text::FitColumns(text::ReplaceInvalidUtf8(utf8.substr(0, 400)), 40)));
}

Expected<bool> RequiredFlag(const JsonFields& fields, const char* name) {
  MORES_ASSIGN_OR_RETURN(const Json* value, fields.Required(name));
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number_integer() && (*value == 0 || *value == 1)) return *value == 1;
  return fields.Wrong(name, "must be true, false, 0 or 1");
}

Expected<format::Label> RequiredLabel(const JsonFields& fields) {
  MORES_ASSIGN_OR_RETURN(const std::string word, fields.RequiredString("label"));
  const std::optional<format::Label> label = format::ParseLabel(word);
  if (!label) return fields.Wrong("label", fmt::format("unknown label {}", Quoted(word)));
  return *label;
}

std::vector<format::Turn> PairTurns(std::string query, std::string response) {
  std::vector<format::Turn> turns;
  if (!query.empty()) turns.push_back({format::Role::kUser, std::move(query)});
  turns.push_back({format::Role::kAssistant, std::move(response)});
  return turns;
}

void SetTopic(const Topic& topic, Record& record) {
  record.category = topic.category;
  record.topic_en = topic.en;
  record.topic_zh = topic.zh;
}

std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string Stem(const std::string& path) {
  const std::string name = FileName(path);
  return name.substr(0, name.rfind('.'));
}

std::string Parent(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace mores::data
