#include "data/readers/reader_support.h"

#include <utility>

#include "text/unicode.h"

namespace mores::data {

Status ForEachJsonLine(Inputs& inputs, const std::string& path, const JsonVisitor& visit) {
  MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(path));
  const std::string_view all = bytes;
  int64_t number = 0;
  for (size_t start = 0; start < all.size();) {
    const size_t end = std::min(all.find('\n', start), all.size());
    const std::string_view line = all.substr(start, end - start);
    start = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = fmt::format("{}:{}", inputs.FullPath(path), number);
    MORES_ASSIGN_OR_RETURN(const Json value, ParseJson(line, where));
    if (!value.is_object()) {
      return MakeError(ErrorKind::kInput, "{}: must be an object, not {}", where,
                       value.type_name());
    }
    MORES_RETURN_IF_ERROR(visit(value, where));
  }
  return {};
}

Status ForEachArrayItem(const Json& array, const std::string& where, const JsonVisitor& visit) {
  if (!array.is_array()) {
    return MakeError(ErrorKind::kInput, "{}: must be an array, not {}", where, array.type_name());
  }
  for (size_t i = 0; i < array.size(); ++i) {
    const std::string item = fmt::format("{}:item {}", where, i + 1);
    if (!array[i].is_object()) {
      return MakeError(ErrorKind::kInput, "{}: must be an object, not {}", item,
                       array[i].type_name());
    }
    MORES_RETURN_IF_ERROR(visit(array[i], item));
  }
  return {};
}

tl::unexpected<Error> FieldError(std::string_view where, std::string_view field,
                                 std::string_view problem) {
  return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where, field, problem);
}

std::string Quoted(std::string_view utf8) {
  return DumpJson(Json(text::FitColumns(text::ReplaceInvalidUtf8(utf8.substr(0, 400)), 40)));
}

Expected<const Json*> RequiredMember(const Json& object, const char* name, std::string_view where) {
  const auto it = object.find(name);
  if (it == object.end() || it->is_null()) return FieldError(where, name, "missing");
  return &*it;
}

Expected<std::string> OptionalString(const Json& object, const char* name, std::string_view where) {
  const auto it = object.find(name);
  if (it == object.end() || it->is_null()) return std::string();
  if (!it->is_string()) {
    return FieldError(where, name, fmt::format("must be a string, not {}", it->type_name()));
  }
  return it->get<std::string>();
}

Expected<bool> RequiredFlag(const Json& object, const char* name, std::string_view where) {
  MORES_ASSIGN_OR_RETURN(const Json* value, RequiredMember(object, name, where));
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number_integer() && (*value == 0 || *value == 1)) return *value == 1;
  return FieldError(where, name, "must be true, false, 0 or 1");
}

Expected<format::Label> RequiredLabel(const Json& object, std::string_view where) {
  MORES_ASSIGN_OR_RETURN(const std::string word, RequiredString(object, "label", where));
  const std::optional<format::Label> label = format::ParseLabel(word);
  if (!label) return FieldError(where, "label", fmt::format("unknown label {}", Quoted(word)));
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
