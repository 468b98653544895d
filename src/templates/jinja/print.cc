// How values become text: Python's str, repr and json.dumps.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "templates/jinja/value.h"

namespace mores::templates::jinja {
namespace {

Status AppendRepresentation(const Value& value, Meter& meter, TextBuilder& out) {
  if (!value.is_string()) return AppendText(value, meter, out);
  MORES_RETURN_IF_ERROR(meter.Text(value.string().utf8.size()));
  AppendRepr(value.string(), out);
  return {};
}

Status AppendSequence(const Sequence& sequence, Meter& meter, TextBuilder& out) {
  const bool tuple = sequence.kind == Sequence::Kind::kTuple;
  out.Append(tuple ? "(" : "[");
  for (size_t i = 0; i < sequence.items.size(); ++i) {
    if (i > 0) out.Append(", ");
    MORES_RETURN_IF_ERROR(AppendRepresentation(sequence.items[i], meter, out));
  }
  if (tuple && sequence.items.size() == 1) out.Append(",");
  out.Append(tuple ? ")" : "]");
  return {};
}

Status AppendDictionary(const Dictionary& dictionary, Meter& meter, TextBuilder& out) {
  out.Append("{");
  bool first = true;
  for (const auto& [key, value] : dictionary.entries) {
    if (!std::exchange(first, false)) out.Append(", ");
    MORES_RETURN_IF_ERROR(AppendRepresentation(key, meter, out));
    out.Append(": ");
    MORES_RETURN_IF_ERROR(AppendRepresentation(value, meter, out));
  }
  out.Append("}");
  return {};
}

}  // namespace

std::string FloatText(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto end =
      std::to_chars(std::begin(buffer), std::end(buffer), number, std::chars_format::scientific)
          .ptr;
  const std::string_view shortest(buffer, static_cast<size_t>(end - buffer));
  const size_t e = shortest.find('e');
  int exponent = 0;
  const char* digits = shortest.data() + e + (shortest[e + 1] == '+' ? 2 : 1);
  std::from_chars(digits, end, exponent);
  if (exponent < -4 || exponent >= 16) return std::string(shortest);
  std::string text = fmt::format("{}", number);
  // {fmt} switches to an exponent at the same sizes; it writes whole numbers without a point.
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

Status AppendText(const Value& value, Meter& meter, TextBuilder& out) {
  MORES_RETURN_IF_ERROR(meter.Steps(1));
  if (out.size() > kMaxTextBytes) return meter.Text(out.size());
  switch (value.kind()) {
    case Value::Kind::kUndefined:
      return {};
    case Value::Kind::kNone:
      out.Append("None");
      return {};
    case Value::Kind::kBoolean:
      out.Append(value.boolean() ? "True" : "False");
      return {};
    case Value::Kind::kInteger:
      out.Append(fmt::format("{}", value.integer()));
      return {};
    case Value::Kind::kFloat:
      out.Append(FloatText(value.number()));
      return {};
    case Value::Kind::kString:
      MORES_RETURN_IF_ERROR(meter.Text(value.string().utf8.size()));
      out.Append(value.string());
      return {};
    case Value::Kind::kSequence:
      if (value.sequence().kind > Sequence::Kind::kTuple) break;
      return AppendSequence(value.sequence(), meter, out);
    case Value::Kind::kDictionary:
      return AppendDictionary(value.dictionary(), meter, out);
    default:
      break;
  }
  return MakeError(ErrorKind::kUnsupported, "printing a value of type '{}' is not supported",
                   TypeName(value));
}

Expected<MarkedText> ToText(const Value& value, Meter& meter) {
  if (value.is_string()) return MarkedText(value.string());
  TextBuilder out;
  MORES_RETURN_IF_ERROR(AppendText(value, meter, out));
  return out.Take();
}

namespace {

class JsonWriter {
 public:
  JsonWriter(const JsonStyle& style, Meter& meter) : style_(style), meter_(meter) {
    item_separator_ = {style.indent ? "," : ", ", {}};
    if (style.item_separator) item_separator_ = *style.item_separator;
    key_separator_ = style.key_separator.value_or(MarkedText{": ", {}});
  }

  Status Write(const Value& value) {
    MORES_RETURN_IF_ERROR(meter_.Steps(1));
    MORES_RETURN_IF_ERROR(meter_.Text(out_.size() > kMaxTextBytes ? out_.size() : 0));
    switch (value.kind()) {
      case Value::Kind::kNone:
        out_.Append("null");
        return {};
      case Value::Kind::kBoolean:
        out_.Append(value.boolean() ? "true" : "false");
        return {};
      case Value::Kind::kInteger:
        out_.Append(fmt::format("{}", value.integer()));
        return {};
      case Value::Kind::kFloat:
        out_.Append(NumberText(value.number()));
        return {};
      case Value::Kind::kString:
        MORES_RETURN_IF_ERROR(meter_.Text(value.string().utf8.size()));
        AppendJsonString(value.string(), style_.ensure_ascii, out_);
        return {};
      case Value::Kind::kSequence:
        if (value.sequence().kind > Sequence::Kind::kTuple) break;
        return WriteItems(value.sequence().items);
      case Value::Kind::kDictionary:
        return WriteEntries(value.dictionary());
      default:
        break;
    }
    return MakeError(ErrorKind::kInput, "a value of type '{}' has no JSON", TypeName(value));
  }

  MarkedText Take() { return out_.Take(); }

 private:
  static std::string NumberText(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
    return FloatText(number);
  }

  Status BreakLine() {
    if (!style_.indent) return {};
    out_.Append("\n");
    for (int i = 0; i < depth_; ++i) {
      MORES_RETURN_IF_ERROR(meter_.Text(style_.indent->utf8.size()));
      out_.Append(*style_.indent);
    }
    return {};
  }

  Status WriteItems(const std::vector<Value>& items) {
    if (items.empty()) {
      out_.Append("[]");
      return {};
    }
    out_.Append("[");
    ++depth_;
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_.Append(item_separator_);
      MORES_RETURN_IF_ERROR(BreakLine());
      MORES_RETURN_IF_ERROR(Write(items[i]));
    }
    --depth_;
    MORES_RETURN_IF_ERROR(BreakLine());
    out_.Append("]");
    return {};
  }

  Expected<MarkedText> KeyText(const Value& key) {
    switch (key.kind()) {
      case Value::Kind::kString:
        return MarkedText(key.string());
      case Value::Kind::kNone:
        return MarkedText{"null", {}};
      case Value::Kind::kBoolean:
        return MarkedText{key.boolean() ? "true" : "false", {}};
      case Value::Kind::kFloat:
        return MarkedText{NumberText(key.number()), {}};
      case Value::Kind::kInteger:
        return ToText(key, meter_);
      default:
        return MakeError(ErrorKind::kInput, "a {} can't be a key of JSON", TypeName(key));
    }
  }

  Status WriteEntries(const Dictionary& dictionary) {
    if (dictionary.entries.empty()) {
      out_.Append("{}");
      return {};
    }
    std::vector<const std::pair<Value, Value>*> entries;
    for (const auto& entry : dictionary.entries) entries.push_back(&entry);
    if (style_.sort_keys) MORES_RETURN_IF_ERROR(SortByKey(entries));
    out_.Append("{");
    ++depth_;
    bool first = true;
    for (const auto* entry : entries) {
      if (!std::exchange(first, false)) out_.Append(item_separator_);
      MORES_RETURN_IF_ERROR(BreakLine());
      MORES_ASSIGN_OR_RETURN(const MarkedText key, KeyText(entry->first));
      AppendJsonString(key, style_.ensure_ascii, out_);
      out_.Append(key_separator_);
      MORES_RETURN_IF_ERROR(Write(entry->second));
    }
    --depth_;
    MORES_RETURN_IF_ERROR(BreakLine());
    out_.Append("}");
    return {};
  }

  Status SortByKey(std::vector<const std::pair<Value, Value>*>& entries) {
    MORES_RETURN_IF_ERROR(meter_.Steps(entries.size() * 20));
    for (const auto* entry : entries) {
      if (entry->first.is_string()) continue;
      return MakeError(ErrorKind::kUnsupported, "sort_keys of other keys than strings");
    }
    std::stable_sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) {
      return a->first.string().utf8 < b->first.string().utf8;
    });
    return {};
  }

  const JsonStyle& style_;
  Meter& meter_;
  MarkedText item_separator_, key_separator_;
  int depth_ = 0;
  TextBuilder out_;
};

}  // namespace

Expected<MarkedText> ToJsonText(const Value& value, const JsonStyle& style, Meter& meter) {
  JsonWriter writer(style, meter);
  MORES_RETURN_IF_ERROR(writer.Write(value));
  return writer.Take();
}

}  // namespace mores::templates::jinja
