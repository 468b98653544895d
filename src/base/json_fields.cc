#include "base/json_fields.h"

#include <algorithm>

namespace mores {
namespace {

std::string DescribeRange(WholeRange range) {
  const bool least = range.least > std::numeric_limits<int64_t>::min();
  // A bound that nothing real reaches tells nobody anything.
  if (range.most < kCountRange.most && least) {
    return fmt::format("must be a whole number from {} to {}", range.least, range.most);
  }
  if (least) return fmt::format("must be a whole number, {} or more", range.least);
  return "must be a whole number";
}

// "'a', 'b' or 'c'".
std::string ListOfNames(std::span<const std::string_view> names) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 == names.size() ? " or " : ", ";
    list += fmt::format("'{}'", names[i]);
  }
  return list;
}

}  // namespace

tl::unexpected<Error> FieldError(std::string_view where, std::string_view name,
                                 std::string_view problem, ErrorKind kind) {
  return MakeError(kind, "{}: field '{}': {}", where, name, problem);
}

std::string WrongType(std::string_view wanted, const Json& value) {
  return fmt::format("must be {}, not {}", wanted, TypeName(value));
}

Status RequireObject(const Json& value, std::string_view where, ErrorKind kind) {
  if (value.is_object()) return {};
  return MakeError(kind, "{}: {}", where, WrongType("an object", value));
}

Expected<std::string> TextOfId(const Json& value, std::string_view where) {
  if (value.is_number_integer()) return DumpJson(value);
  if (IsWrittenNumber(value)) {
    const std::string_view text = TextOfWrittenNumber(value);
    if (text == "-0") return std::string("0");
    if (text.find_first_of(".eE") == std::string_view::npos) return std::string(text);
  }
  if (!value.is_string()) {
    return FieldError(where, "id", WrongType("a string or an integer", value));
  }
  auto id = value.get<std::string>();
  if (id.empty()) return FieldError(where, "id", "empty");
  return id;
}

const Json* JsonFields::Find(const char* name) const {
  const auto found = object_->find(name);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

Expected<const Json*> JsonFields::Required(const char* name) const {
  const Json* value = Find(name);
  if (value == nullptr) return Wrong(name, "missing");
  return value;
}

Expected<std::string> JsonFields::RequiredString(const char* name) const {
  Expected<std::string> text = mores::RequiredString(*object_, name, where_);
  if (!text) text.error().kind = kind_;
  return text;
}

Expected<std::string> JsonFields::OptionalString(const char* name) const {
  const Json* value = Find(name);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return Wrong(name, WrongType("a string", *value));
  return value->get<std::string>();
}

Expected<std::vector<std::string>> JsonFields::Strings(const char* name) const {
  std::vector<std::string> texts;
  const Json* value = Find(name);
  if (value == nullptr) return texts;
  if (!value->is_array()) return Wrong(name, "must be a list of texts");
  for (const Json& text : *value) {
    if (!text.is_string()) return Wrong(name, "must be a list of texts");
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

Expected<std::optional<int64_t>> JsonFields::Whole(const char* name, WholeRange range) const {
  const Json* given = Find(name);
  if (given == nullptr) return std::optional<int64_t>();
  const Json number = NumberValue(*given);
  const Json* const value = &number;
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const bool fits =
      value->is_number_unsigned() ? value->get<uint64_t>() <= kMost : value->is_number_integer();
  if (!fits || value->get<int64_t>() < range.least || value->get<int64_t>() > range.most) {
    return Wrong(name, DescribeRange(range));
  }
  return std::optional<int64_t>(value->get<int64_t>());
}

Expected<int64_t> JsonFields::Count(const char* name) const {
  MORES_ASSIGN_OR_RETURN(const std::optional<int64_t> count, Whole(name, kCountRange));
  return count.value_or(0);
}

Expected<std::optional<double>> JsonFields::Probability(const char* name) const {
  const Json* given = Find(name);
  if (given == nullptr) return std::optional<double>();
  const Json value = NumberValue(*given);
  if (!value.is_number() || !(value >= 0.0 && value <= 1.0)) {
    return Wrong(name, "must be null or a number from 0 to 1");
  }
  return std::optional<double>(value.get<double>());
}

Expected<double> JsonFields::RequiredAmount(const char* name) const {
  MORES_ASSIGN_OR_RETURN(const Json* const given, Required(name));
  const Json value = NumberValue(*given);
  if (!value.is_number() || !(value >= 0.0 && value <= std::numeric_limits<double>::max())) {
    return Wrong(name, "must be a number, 0 or more");
  }
  return value.get<double>();
}

Expected<bool> JsonFields::Flag(const char* name) const {
  const Json* value = Find(name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return Wrong(name, "must be true or false");
  return value->get<bool>();
}

Expected<std::optional<std::string>> JsonFields::Id() const {
  const Json* value = Find("id");
  if (value == nullptr) return std::optional<std::string>();
  Expected<std::string> id = TextOfId(*value, where_);
  if (!id) return tl::unexpected(Error{kind_, std::move(id.error().message)});
  return std::optional<std::string>(*std::move(id));
}

Expected<std::string> JsonFields::IdOrNone() const {
  const Json* value = Find("id");
  if (value != nullptr && *value == "") return std::string();
  MORES_ASSIGN_OR_RETURN(std::optional<std::string> id, Id());
  return std::move(id).value_or("");
}

Expected<size_t> JsonFields::OneOf(const char* name,
                                   std::span<const std::string_view> names) const {
  MORES_ASSIGN_OR_RETURN(const std::string text, RequiredString(name));
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return Wrong(name, "must be " + ListOfNames(names));
  return static_cast<size_t>(found - names.begin());
}

Expected<std::optional<JsonFields>> JsonFields::Object(const char* name) const {
  const Json* value = Find(name);
  if (value == nullptr) return std::optional<JsonFields>();
  if (!value->is_object()) return Wrong(name, WrongType("an object", *value));
  return std::optional<JsonFields>(
      JsonFields(*value, fmt::format("{}: field '{}'", where_, name), kind_));
}

Expected<std::vector<JsonFields>> JsonFields::Objects(const char* name) const {
  std::vector<JsonFields> objects;
  const Json* list = Find(name);
  if (list == nullptr) return objects;
  if (!list->is_array()) return Wrong(name, WrongType("a list of objects", *list));
  for (const Json& value : *list) {
    const std::string inner = fmt::format("{}: field '{}[{}]'", where_, name, objects.size());
    MORES_RETURN_IF_ERROR(RequireObject(value, inner, kind_));
    objects.emplace_back(value, inner, kind_);
  }
  return objects;
}

Status JsonFields::RefuseOthers(std::initializer_list<std::string_view> known) const {
  if (!object_->is_object()) return {};
  for (const auto& [name, value] : object_->items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Wrong(name, "there is no such field");
  }
  return {};
}

}  // namespace mores
