#include "base/json.h"

#include <charconv>
#include <cstdlib>

namespace mores {
namespace {

constexpr uint64_t kWrittenNumber = 0x6E;  // the subtype of the binary value that holds its text

bool HoldsWrittenNumbers(const Json& value) {
  if (value.is_binary()) return true;
  if (!value.is_structured()) return false;
  for (const Json& member : value) {
    if (HoldsWrittenNumbers(member)) return true;
  }
  return false;
}

std::string DumpPlain(const Json& value) {
  return value.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                    Json::error_handler_t::replace);
}

// As DumpPlain, but for the numbers that are written as they were.
void AppendJson(const Json& value, std::string& out) {
  if (IsWrittenNumber(value)) {
    out += TextOfWrittenNumber(value);
    return;
  }
  if (!value.is_structured()) {
    out += DumpPlain(value);
    return;
  }
  const bool object = value.is_object();
  out += object ? '{' : '[';
  bool first = true;
  for (const auto& [key, member] : value.items()) {
    if (!first) out += ',';
    first = false;
    if (object) out += DumpPlain(Json(key)) + ":";
    AppendJson(member, out);
  }
  out += object ? '}' : ']';
}

}  // namespace

std::string DumpJson(const Json& value) {
  if (!HoldsWrittenNumbers(value)) return DumpPlain(value);
  std::string out;
  AppendJson(value, out);
  return out;
}

bool IsWrittenNumber(const Json& value) {
  return value.is_binary() && value.get_binary().has_subtype() &&
         value.get_binary().subtype() == kWrittenNumber;
}

Json WrittenNumber(std::string_view text) {
  return Json::binary({text.begin(), text.end()}, kWrittenNumber);
}

std::string_view TextOfWrittenNumber(const Json& value) {
  const Json::binary_t& bytes = value.get_binary();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Json NumberValue(const Json& value) {
  if (!IsWrittenNumber(value)) return value;
  const std::string text(TextOfWrittenNumber(value));
  if (text.find_first_of(".eE") == std::string::npos) {
    int64_t integer = 0;  // "-0"
    const auto read = std::from_chars(text.data(), text.data() + text.size(), integer);
    if (read.ec == std::errc()) return integer;
  }
  return std::strtod(text.c_str(), nullptr);
}

std::string_view TypeName(const Json& value) {
  return IsWrittenNumber(value) ? "number" : value.type_name();
}

Expected<std::string> RequiredString(const Json& object, const char* name, std::string_view where) {
  if (!object.is_object()) {
    return MakeError(ErrorKind::kInput, "{}: field '{}': expected inside an object, found {}",
                     where, name, TypeName(object));
  }
  const auto found = object.find(name);
  if (found == object.end()) {
    return MakeError(ErrorKind::kInput, "{}: field '{}': missing", where, name);
  }
  if (!found->is_string()) {
    return MakeError(ErrorKind::kInput, "{}: field '{}': expected a string, found {}", where, name,
                     TypeName(*found));
  }
  return found->get<std::string>();
}

}  // namespace mores
