#include "text/tokenizer/component_fields.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

const Json* Find(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// Objects with a type, in `value`.
size_t CountParts(const Json& value) {
  if (!value.is_structured()) return 0;
  size_t count = value.is_object() && value.contains("type") ? 1 : 0;
  for (const Json& member : value) count += CountParts(member);
  return count;
}

}  // namespace

Expected<Component> Component::From(const Json& value, std::string where) {
  Component component(value, std::move(where));
  if (!value.is_object()) {
    return MakeError(ErrorKind::kCorrupt, "{}: expected an object, found {}", component.where_,
                     value.type_name());
  }
  MORES_ASSIGN_OR_RETURN(component.type_, component.String("type"));
  return component;
}

bool Component::Has(const char* name) const { return Find(*json_, name) != nullptr; }

tl::unexpected<Error> Component::NotSupported() const {
  return MakeError(ErrorKind::kUnsupported, "{}.type: '{}' is not supported", where_,
                   FitColumns(type_, 40));
}

tl::unexpected<Error> Component::Corrupt(const char* name, std::string_view expected) const {
  return MakeError(ErrorKind::kCorrupt, "{}.{}: expected {}", where_, name, expected);
}

Expected<bool> Component::Bool(const char* name) const {
  const Json* value = Find(*json_, name);
  if (value == nullptr || !value->is_boolean()) return Corrupt(name, "true or false");
  return value->get<bool>();
}

Expected<bool> Component::Bool(const char* name, bool otherwise) const {
  return Has(name) ? Bool(name) : Expected<bool>(otherwise);
}

Expected<std::string> Component::String(const char* name) const {
  const Json* value = Find(*json_, name);
  if (value == nullptr || !value->is_string()) return Corrupt(name, "a string");
  return value->get<std::string>();
}

Expected<std::string> Component::String(const char* name, std::string otherwise) const {
  return Has(name) ? String(name) : Expected<std::string>(std::move(otherwise));
}

Expected<char32_t> Component::Character(const char* name) const {
  MORES_ASSIGN_OR_RETURN(const std::string text, String(name));
  if (text.empty() || CharacterSize(text[0]) != text.size()) {
    return Corrupt(name, "one character");
  }
  return CharacterAt(text, 0);
}

Expected<size_t> Component::Count(const char* name) const {
  const Json* value = Find(*json_, name);
  if (value == nullptr || !value->is_number_unsigned() || value->get<uint64_t>() > 65536) {
    return Corrupt(name, "a number from 0 to 65536");
  }
  return value->get<size_t>();
}

Expected<Pattern> Component::PatternOf(const char* name) const {
  const Json* value = Find(*json_, name);
  const std::string where = fmt::format("{}.{}", where_, name);
  const char* key = nullptr;
  if (value != nullptr && value->is_object() && value->size() == 1) {
    if (value->contains("String")) key = "String";
    if (value->contains("Regex")) key = "Regex";
  }
  if (key == nullptr || !(*value)[key].is_string()) {
    return Corrupt(name, "an object of 'String' or 'Regex'");
  }
  const std::string text = (*value)[key].get<std::string>();
  if (text.empty()) {
    return MakeError(ErrorKind::kUnsupported, "{}: an empty pattern is not supported", where);
  }
  if (key == std::string_view("String")) return Pattern::Literal(text);
  return Pattern::Regex(text, where + ".Regex");
}

Expected<const Json*> Component::Array(const char* name) const {
  const Json* value = Find(*json_, name);
  if (value == nullptr || !value->is_array()) return Corrupt(name, "an array");
  if (value->size() > kMaxSequence) {
    return MakeError(ErrorKind::kUnsupported, "{}.{}: more than {} members are not supported",
                     where_, name, kMaxSequence);
  }
  return value;
}

Expected<std::string> Component::Insertion(const char* name) const {
  MORES_ASSIGN_OR_RETURN(std::string text, String(name));
  if (text.size() > kMaxInsertion) {
    return MakeError(ErrorKind::kUnsupported, "{}.{}: more than {} bytes are not supported", where_,
                     name, kMaxInsertion);
  }
  return text;
}

Expected<std::string> Component::Replacement() const {
  MORES_ASSIGN_OR_RETURN(std::string content, Insertion("content"));
  if ((*json_)["pattern"].contains("Regex") && content.find('$') != std::string::npos) {
    return MakeError(ErrorKind::kUnsupported, "{}.content: '$' is not supported", where_);
  }
  return content;
}

Status Component::CheckDepth(int depth) const {
  constexpr int kMaxSequenceDepth = 8;
  if (depth < kMaxSequenceDepth) return {};
  return MakeError(ErrorKind::kUnsupported, "{}: nested deeper than {} levels", where_,
                   kMaxSequenceDepth);
}

Status CheckPartCount(const Json& component, const std::string& where) {
  constexpr size_t kMaxParts = 256;
  if (CountParts(component) <= kMaxParts) return {};
  return MakeError(ErrorKind::kUnsupported, "{}: more than {} components are not supported", where,
                   kMaxParts);
}

}  // namespace mores::text
