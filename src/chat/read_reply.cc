// Replies of tasks, read leniently but never from what was sent (ReadReply in chat/task.h).
#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/ascii_lower.h"
#include "base/strings.h"
#include "chat/task.h"
#include "format/dialogue.h"
#include "format/reply/label_text.h"
#include "format/reply/lenient_json.h"
#include "format/reply/taken_back.h"

namespace mores::chat {
namespace {

constexpr size_t kMaxObjects = 64;  // looked at in one text

bool Allows(const Json& schema, std::string_view type) {
  const auto found = schema.find("type");
  if (found == schema.end()) return true;
  if (!found->is_array()) return *found == type;
  return std::find(found->begin(), found->end(), type) != found->end();
}

std::optional<bool> AsBoolean(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_string()) return std::nullopt;
  const std::string text = AsciiLower(Trim(value.get<std::string>(), kTextSpace));
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

bool NamesLabels(const Json& names) {
  return std::find(names.begin(), names.end(), format::Name(format::Label::kUnsafe)) != names.end();
}

tl::unexpected<Error> Wrong(const std::string& field, std::string_view expected) {
  return MakeError(ErrorKind::kInput, "the reply's {}: expected {}",
                   field.empty() ? "value" : "field '" + field + "'", expected);
}

// Whether an object says the other label somewhere else, under another name.
bool SaysOtherLabel(const Json& value, format::Label label) {
  static constexpr std::string_view kNames[] = {
      "label",      "verdict",    "answer",       "safety",        "judgment",       "judgement",
      "decision",   "conclusion", "final_label",  "final_verdict", "final_judgment", "rating",
      "assessment", "result",     "final_answer", "classification"};
  if (!value.is_structured()) return false;
  for (const auto& [name, member] : value.items()) {
    if (member.is_structured()) {
      if (SaysOtherLabel(member, label)) return true;
      continue;
    }
    const bool named = value.is_object() && std::find(std::begin(kNames), std::end(kNames),
                                                      AsciiLower(name)) != std::end(kNames);
    if (!named || !member.is_string()) continue;
    const format::LabelText said =
        format::ReadLabelText(member.get_ref<const std::string&>(), format::CommonLabelWords());
    if (said.label != format::Label::kUnparsed && said.label != label) return true;
  }
  return false;
}

// Makes a value fit a schema, and notes what was mended.
class Fitter {
 public:
  explicit Fitter(std::vector<std::string>& oddities) : oddities_(oddities) {}

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
      const std::optional<std::string> name =
          AsEnumerated(value.get<std::string>(), schema["enum"]);
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

 private:
  Expected<Json> FitObject(const Json& value, const Json& schema, const std::string& field) {
    Json fitted = Json::object();
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [name, property] : properties.items()) {
      auto found = value.find(name);
      for (auto it = value.begin(); found == value.end() && it != value.end(); ++it) {
        if (AsciiLower(Trim(it.key(), kTextSpace)) == name) found = it;
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

  std::optional<std::string> AsEnumerated(const std::string& text, const Json& names) {
    const std::string wanted = AsciiLower(Trim(text, kTextSpace));
    for (const Json& name : names) {
      if (name.is_string() && AsciiLower(name.get_ref<const std::string&>()) == wanted) {
        return name.get<std::string>();
      }
    }
    if (!NamesLabels(names)) return std::nullopt;
    const format::LabelText stated = format::ReadLabelText(text, format::CommonLabelWords());
    if (stated.label == format::Label::kUnparsed) return std::nullopt;
    // `safe` stands alone in its member.
    if (stated.label == format::Label::kSafe &&
        text.find_first_not_of(kTextSpace, stated.rest) != std::string::npos) {
      return std::nullopt;
    }
    if (stated.decorated) AddOnce(oddities_, "label_decorated");
    return std::string(format::Name(stated.label));
  }

  std::vector<std::string>& oddities_;
};

// Calls `visit` with each outermost object and where it begins, in order, until it returns false.
// Returns where an object begins that the text ends inside of; npos where there is none. What
// stands inside of that one is not looked at: it is a part of what was torn.
template <class Visit>
size_t ForEachObject(std::string_view text, const Visit& visit) {
  size_t objects = 0;
  for (size_t at = text.find('{'); at != std::string_view::npos && objects < kMaxObjects;
       at = text.find('{', at)) {
    ++objects;
    const std::optional<format::LenientJson> object = format::ReadLenientJson(text, at);
    if (object) {
      if (!visit(*object, at)) return std::string_view::npos;
      at = object->end;
      continue;
    }
    const size_t end = ObjectEnd(text, at);
    if (end != std::string_view::npos) {
      at = end;
      continue;
    }
    const size_t name = text.find_first_not_of(kTextSpace, at + 1);
    if (name == std::string_view::npos || text[name] == '"' || text[name] == '\'') return at;
    ++at;
  }
  return std::string_view::npos;
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
      std::string_view rest = text;
      for (size_t tries = 0; tries < kMaxObjects; ++tries) {
        const size_t torn = ForEachObject(rest, [&](const format::LenientJson& object, size_t) {
          Keep(object.value);
          return !too_much_;
        });
        if (torn == std::string_view::npos) break;
        rest.remove_prefix(torn + 1);
      }
    }
  }

  void Add(std::string_view object) {
    bytes_ += object.size();
    too_much_ |= bytes_ > kMaxBytes;
    if (too_much_) return;
    const std::optional<format::LenientJson> value = format::ReadLenientJson(object, 0);
    if (value) Keep(value->value);
  }

  void Keep(const Json& value) {
    too_much_ |= values_.size() >= kMaxValues;
    if (!too_much_) values_.push_back(value);
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

namespace {

// Reads the answer of one reply, which begins at byte `begin` of it.
class AnswerReader {
 public:
  AnswerReader(const Task& task, std::string_view answer, size_t begin)
      : task_(task), answer_(answer), begin_(begin) {}

  ReplyObject Read(std::span<const std::string_view> given) {
    Fail("the reply holds no JSON object", format::UnparsedReason::kNoLabel);
    if (!ReadWhole()) ReadAmongProse(given);
    return std::move(object_);
  }

 private:
  void Fail(std::string message, format::UnparsedReason reason) {
    object_.value = tl::unexpected<Error>(Error{ErrorKind::kInput, std::move(message)});
    object_.reason = reason;
    object_.members.clear();
    object_.oddities.clear();
  }

  void FailAsSeveral() {
    Fail("the reply holds several answers that differ", format::UnparsedReason::kSeveralAnswers);
    several_ = true;
  }

  // One object of the answer, `read` or within it. False where it doesn't fit the task.
  bool Take(const format::LenientJson& read, const Json& value) {
    std::vector<std::string> oddities;
    Expected<Json> fitted = Fitter(oddities).Fit(value, task_.schema, "");
    if (!fitted) {
      if (!found_) Fail(std::move(fitted.error().message), format::UnparsedReason::kNoLabel);
      return false;
    }
    if (read.conflicting || SaysBoth(*fitted, value) || (found_ && !SaysTheSame(*fitted))) {
      FailAsSeveral();
      return true;
    }
    if (found_) AddOnce(object_.oddities, "answer_repeated");
    if (read.repaired) AddOnce(object_.oddities, "json_repaired");
    for (const std::string& oddity : oddities) AddOnce(object_.oddities, oddity);
    found_ = true;
    object_.value = std::move(*fitted);
    object_.members = read.members;
    for (format::LenientMember& member : object_.members) {
      member.begin += begin_;
      member.end += begin_;
    }
    return true;
  }

  // Of the task `judge` the label says it: its critique is written for a label that stands.
  bool SaysTheSame(const Json& fitted) const {
    if (task_.name == "judge") return (*object_.value)["label"] == fitted["label"];
    return *object_.value == fitted;
  }

  bool Judges() const { return task_.name == "judge" || task_.name == "judge_place"; }

  bool SaysSafe() const {
    return Judges() && object_.value->is_object() &&
           object_.value->value("label", Json()) == format::Name(format::Label::kSafe);
  }

  bool SaysBoth(const Json& fitted, const Json& value) const {
    const auto label = fitted.find("label");
    if (label == fitted.end() || !label->is_string()) return false;
    const auto said = format::ParseLabel(label->get_ref<const std::string&>());
    return said && (SaysOtherLabel(value, *said) ||
                    (Judges() && *said == format::Label::kSafe && format::DeniesSafe(value)));
  }

  // The answer as one value and nothing else: that is the model's, whatever was sent.
  bool ReadWhole() {
    const std::optional<format::LenientJson> whole = format::ReadLenientJson(answer_, 0);
    if (!whole || whole->end != answer_.size()) return false;
    const Json& value = whole->value;
    if (value.is_array()) {
      ReadList(*whole);
    } else if (value.is_object() || !whole->repaired) {
      if (!value.is_string() || !ReadQuoted(value.get_ref<const std::string&>())) {
        Take(*whole, value);
      }
    }
    return value.is_structured() || !whole->repaired;
  }

  // Objects that say the same; mostly there is one.
  void ReadList(const format::LenientJson& read) {
    if (read.value.empty()) Take(read, read.value);
    for (const Json& value : read.value) {
      if (Take(read, value) && !several_) continue;
      if (!several_ && found_) FailAsSeveral();
      return;
    }
    if (read.value.size() == 1) AddOnce(object_.oddities, "list_of_one");
  }

  // An object that was written as a text, whose places can't be told.
  bool ReadQuoted(const std::string& quoted) {
    const std::string_view text = Trim(quoted, kTextSpace);
    const std::optional<format::LenientJson> inner = format::ReadLenientJson(text, 0);
    if (!inner || inner->end != text.size() || !inner->value.is_object()) return false;
    if (Take(*inner, inner->value) && !several_) AddOnce(object_.oddities, "json_in_text");
    object_.members.clear();
    return true;
  }

  void ReadAmongProse(std::span<const std::string_view> given) {
    Planted planted(given);
    std::string_view last;
    std::string beside;   // the answer without its objects
    size_t told = 0;      // where the last of them ended
    bool denied = false;  // by an object that doesn't fit
    const size_t torn = ForEachObject(answer_, [&](const format::LenientJson& read, size_t at) {
      const std::string_view text = answer_.substr(at, read.end - at);
      beside.append(answer_.substr(told, at - told)).append("\n");
      told = read.end;
      if (planted.Holds(text, read.value)) return true;
      if (Take(read, read.value)) {
        last = text;
      } else {
        denied |= format::DeniesSafe(read.value);
      }
      return !several_;
    });
    if (several_) return;
    beside.append(answer_.substr(told, std::min(torn, answer_.size()) - told));
    if (found_ && SaysSafe() &&
        (denied || format::HasBrokenObject(beside) ||
         format::TakesBackSafe(beside, format::CommonLabelWords()))) {
      return FailAsSeveral();
    }
    if (torn == std::string_view::npos) return;
    // A model that says the same again and again until it is cut off.
    if (found_ && last.starts_with(answer_.substr(torn))) {
      AddOnce(object_.oddities, "answer_repeated");
      return;
    }
    Fail("the reply breaks off: it holds no JSON object that is whole",
         format::UnparsedReason::kTorn);
  }

  const Task& task_;
  std::string_view answer_;
  size_t begin_;
  ReplyObject object_;
  bool found_ = false, several_ = false;
};

}  // namespace

ReplyObject ReadReplyObject(const Task& task, std::string_view reply,
                            std::span<const std::string_view> given) {
  const format::AnswerSpan answer = format::FindAnswer(reply, given);
  const auto none = [&](const char* why, format::UnparsedReason reason) {
    return ReplyObject{
        .value = MakeError(ErrorKind::kInput, "{}", why), .reason = reason, .answer = answer};
  };
  if (answer.in_reasoning) {
    return none("the reply ends inside of its reasoning", format::UnparsedReason::kInReasoning);
  }
  if (answer.in_doubt) {
    return none("where the reply's reasoning ends can't be told",
                format::UnparsedReason::kSeveralAnswers);
  }
  if (answer.begin == answer.end) {
    return none("the reply is empty", format::UnparsedReason::kNoLabel);
  }
  ReplyObject object = AnswerReader(task, answer.In(reply), answer.begin).Read(given);
  object.answer = answer;
  if (object.value && answer.reasoned) {
    object.oddities.insert(object.oddities.begin(), "reasoning");
  }
  return object;
}

Expected<Json> ReadReply(const Task& task, std::string_view reply,
                         std::span<const std::string_view> given) {
  return std::move(ReadReplyObject(task, reply, given).value);
}

}  // namespace mores::chat
