// Replies of tasks, read leniently but never from what was sent (ReadReply in chat/task.h).
#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "chat/task.h"
#include "format/dialogue.h"

namespace mores::chat {
namespace {

constexpr size_t kMaxObjects = 64;  // looked at in one text

std::string Lower(std::string_view ascii) {
  std::string lower(ascii);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string_view WithoutThinking(std::string_view reply) {
  reply = Trim(reply, kTextSpace);
  constexpr std::string_view kBegin = "<think>", kEnd = "</think>";
  if (!reply.starts_with(kBegin)) return reply;
  const size_t end = reply.find(kEnd);
  return end == std::string_view::npos ? std::string_view()
                                       : Trim(reply.substr(end + kEnd.size()), kTextSpace);
}

bool Allows(const Json& schema, std::string_view type) {
  const auto found = schema.find("type");
  if (found == schema.end()) return true;
  if (!found->is_array()) return *found == type;
  return std::find(found->begin(), found->end(), type) != found->end();
}

std::optional<bool> AsBoolean(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_string()) return std::nullopt;
  const std::string text = Lower(Trim(value.get<std::string>(), kTextSpace));
  if (text == "true" || text == "yes" || text == "correct") return true;
  if (text == "false" || text == "no" || text == "incorrect") return false;
  return std::nullopt;
}

std::optional<int64_t> AsInteger(const Json& value) {
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_string()) return std::nullopt;
  const std::string text = value.get<std::string>();
  if (text.empty() || text.size() > 9 ||
      !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  return std::stoll(text);
}

std::optional<std::string> AsEnumerated(const std::string& text, const Json& names) {
  const std::string wanted = Lower(Trim(text, kTextSpace));
  const std::optional<format::Label> label = format::ParseLabel(wanted);
  for (const Json& name : names) {
    const bool same = name.is_string() && Lower(name.get_ref<const std::string&>()) == wanted;
    if (same || (label && name == format::Name(*label))) return name.get<std::string>();
  }
  return std::nullopt;
}

tl::unexpected<Error> Wrong(const std::string& field, std::string_view expected) {
  return MakeError(ErrorKind::kInput, "the reply's {}: expected {}",
                   field.empty() ? "value" : "field '" + field + "'", expected);
}

Expected<Json> Fit(const Json& value, const Json& schema, const std::string& field);

Expected<Json> FitObject(const Json& value, const Json& schema, const std::string& field) {
  Json fitted = Json::object();
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items()) {
    auto found = value.find(name);
    for (auto it = value.begin(); found == value.end() && it != value.end(); ++it) {
      if (Lower(it.key()) == name) found = it;
    }
    const std::string path = field.empty() ? name : field + "." + name;
    if (found == value.end()) {
      if (Allows(property, "null")) {
        fitted[name] = nullptr;
        continue;
      }
      return MakeError(ErrorKind::kInput, "the reply has no field '{}'", path);
    }
    MORES_ASSIGN_OR_RETURN(fitted[name], Fit(*found, property, path));
  }
  return fitted;
}

Expected<Json> Fit(const Json& value, const Json& schema, const std::string& field) {
  if (!schema.contains("type") || (value.is_null() && Allows(schema, "null"))) return value;
  if (Allows(schema, "object")) {
    if (!value.is_object()) return Wrong(field, "an object");
    return FitObject(value, schema, field);
  }
  if (Allows(schema, "array")) {
    if (!value.is_array()) return Wrong(field, "a list");
    Json fitted = Json::array();
    for (const Json& item : value) {
      MORES_ASSIGN_OR_RETURN(Json one, Fit(item, schema.value("items", Json::object()), field));
      fitted.push_back(std::move(one));
    }
    return fitted;
  }
  if (Allows(schema, "string")) {
    if (!value.is_string()) return Wrong(field, "a text");
    if (!schema.contains("enum")) return value;
    const std::optional<std::string> name = AsEnumerated(value.get<std::string>(), schema["enum"]);
    if (!name) return Wrong(field, fmt::format("one of {}", DumpJson(schema["enum"])));
    return Json(*name);
  }
  if (Allows(schema, "boolean")) {
    const std::optional<bool> boolean = AsBoolean(value);
    if (!boolean) return Wrong(field, "true or false");
    return Json(*boolean);
  }
  if (Allows(schema, "integer")) {
    const std::optional<int64_t> integer = AsInteger(value);
    if (!integer) return Wrong(field, "a whole number");
    return Json(*integer);
  }
  return value;
}

// Calls `visit` with the text of each outermost object, in order, until it returns false.
template <class Visit>
void ForEachObject(std::string_view text, const Visit& visit) {
  size_t objects = 0;
  for (size_t at = text.find('{'); at != std::string_view::npos && objects < kMaxObjects;
       at = text.find('{', at)) {
    ++objects;
    const size_t end = ObjectEnd(text, at);
    if (end == std::string_view::npos) {
      ++at;
      continue;
    }
    if (!visit(text.substr(at, end - at))) return;
    at = end;
  }
}

// The objects that stand in what was sent, at any depth and in any spelling. Reading them costs no
// more than some megabytes of text: beyond, everything counts as planted.
class Planted {
 public:
  explicit Planted(std::span<const std::string_view> given) : given_(given) {}

  bool Holds(std::string_view object, const Json& value) {
    for (const std::string_view text : given_) {
      if (text.find(object) != std::string_view::npos) return true;
    }
    if (!read_) Read();
    return too_much_ || std::find(values_.begin(), values_.end(), value) != values_.end();
  }

 private:
  static constexpr size_t kMaxBytes = size_t{4} << 20, kMaxValues = 4096;

  void Read() {
    read_ = true;
    for (const std::string_view text : given_) {
      // Braces inside of strings may pair wrongly here, and are read once more from outside.
      std::vector<size_t> open;
      for (size_t i = 0; i < text.size() && !too_much_; ++i) {
        if (text[i] == '{') open.push_back(i);
        if (text[i] != '}' || open.empty()) continue;
        Add(text.substr(open.back(), i + 1 - open.back()));
        open.pop_back();
      }
      ForEachObject(text, [&](std::string_view object) {
        Add(object);
        return !too_much_;
      });
    }
  }

  void Add(std::string_view object) {
    bytes_ += object.size();
    if (bytes_ > kMaxBytes || values_.size() >= kMaxValues) {
      too_much_ = true;
      return;
    }
    if (Expected<Json> value = ParseJson(object, "given")) values_.push_back(std::move(*value));
  }

  std::span<const std::string_view> given_;
  std::vector<Json> values_;
  size_t bytes_ = 0;
  bool read_ = false, too_much_ = false;
};

}  // namespace

size_t ObjectEnd(std::string_view text, size_t begin) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

Expected<Json> ReadReply(const Task& task, std::string_view reply,
                         std::span<const std::string_view> given) {
  const std::string_view text = WithoutThinking(reply);
  if (text.empty()) return MakeError(ErrorKind::kInput, "the reply is empty");
  if (const Expected<Json> whole = ParseJson(text, "the reply"); whole) {
    return Fit(*whole, task.schema, "");
  }
  std::optional<Json> found;
  Error reason = {ErrorKind::kInput, "the reply holds no JSON object"};
  bool differ = false;
  Planted planted(given);
  ForEachObject(text, [&](std::string_view object) {
    const Expected<Json> value = ParseJson(object, "the reply");
    if (!value || planted.Holds(object, *value)) return true;
    Expected<Json> fitted = Fit(*value, task.schema, "");
    if (!fitted) {
      reason = fitted.error();
      return true;
    }
    differ = found && *found != *fitted;
    found = std::move(*fitted);
    return !differ;
  });
  if (differ) return MakeError(ErrorKind::kInput, "the reply holds several answers that differ");
  if (!found) return tl::unexpected<Error>(std::move(reason));
  return std::move(*found);
}

}  // namespace mores::chat
