#include "base/json.h"

#include <array>

namespace mores {
namespace {

constexpr size_t kMaxDepth = 64;
// Ordered objects look their keys up one after the other; the bound keeps hostile ones affordable.
constexpr size_t kMaxKeys = size_t{1} << 16;

// Refuses what the parser would accept and should not: nesting that overflows the stack when the
// value is destroyed or written, objects of quadratic cost, and NUL bytes, which it takes for the
// end. Exact on every prefix that is valid JSON; the parser judges the rest.
Status CheckShape(std::string_view text, std::string_view where) {
  std::array<size_t, kMaxDepth + 1> keys{};
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\0') return MakeError(ErrorKind::kInput, "{}: NUL byte at byte {}", where, i + 1);
    if (in_string) {
      if (c == '\\') {
        ++i;
        if (i < text.size() && text[i] == '\0') --i;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) {
        return MakeError(ErrorKind::kInput, "{}: nested deeper than {} levels", where, kMaxDepth);
      }
      keys[depth] = 0;
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
    } else if (c == ':') {
      if (++keys[depth] > kMaxKeys) {
        return MakeError(ErrorKind::kInput, "{}: an object with more than {} keys", where,
                         kMaxKeys);
      }
    }
  }
  return {};
}

// The parser's message without its name for itself and without the text it quotes, which may be
// long or hostile.
std::string Reason(std::string_view message, bool one_line) {
  constexpr std::string_view kStart = "parse error at ";
  if (const size_t start = message.find(kStart); start != std::string_view::npos) {
    message.remove_prefix(start + kStart.size());
  }
  // Text of one line is a line of a file, whose number `where` holds.
  constexpr std::string_view kOnlyLine = "line 1, ";
  if (one_line && message.starts_with(kOnlyLine)) message.remove_prefix(kOnlyLine.size());
  return std::string(message.substr(0, message.find("; last read: '")));
}

}  // namespace

Expected<Json> ParseJson(std::string_view text, std::string_view where) {
  MORES_RETURN_IF_ERROR(CheckShape(text, where));
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    return MakeError(ErrorKind::kInput, "{}: invalid JSON: {}", where,
                     Reason(error.what(), text.find('\n') == text.npos));
  } catch (const Json::out_of_range&) {
    return MakeError(ErrorKind::kInput, "{}: invalid JSON: a number is out of range", where);
  } catch (const Json::exception& error) {
    return MakeError(ErrorKind::kInput, "{}: invalid JSON (error {})", where, error.id);
  }
}

std::string DumpJson(const Json& value) {
  return value.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                    Json::error_handler_t::replace);
}

Expected<std::string> RequiredString(const Json& object, const char* name, std::string_view where) {
  if (!object.is_object()) {
    return MakeError(ErrorKind::kInput, "{}: field '{}': expected inside an object, found {}",
                     where, name, object.type_name());
  }
  const auto found = object.find(name);
  if (found == object.end()) {
    return MakeError(ErrorKind::kInput, "{}: field '{}': missing", where, name);
  }
  if (!found->is_string()) {
    return MakeError(ErrorKind::kInput, "{}: field '{}': expected a string, found {}", where, name,
                     found->type_name());
  }
  return found->get<std::string>();
}

}  // namespace mores
