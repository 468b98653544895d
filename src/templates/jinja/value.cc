#include "templates/jinja/value.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mores::templates::jinja {
namespace {

int DepthOf(const Value& value) {
  if (value.kind() == Value::Kind::kSequence) return value.sequence().depth;
  if (value.kind() == Value::Kind::kDictionary) return value.dictionary().depth;
  if (value.kind() == Value::Kind::kLoop) return value.loop().depth;
  if (value.kind() == Value::Kind::kCallable) return value.callable()->depth;
  return 0;
}

Status CheckDepth(int depth) {
  if (depth <= kMaxValueDepth) return {};
  return MakeError(ErrorKind::kUnsupported, "the template nests values deeper than {} levels",
                   kMaxValueDepth);
}

bool IsList(const Value& value, Sequence::Kind kind) {
  return value.kind() == Value::Kind::kSequence && value.sequence().kind == kind;
}

// Whether Python can hash it.
bool CanBeKey(const Value& value) {
  if (value.kind() == Value::Kind::kDictionary || IsList(value, Sequence::Kind::kList)) {
    return false;
  }
  if (!IsList(value, Sequence::Kind::kTuple)) return true;
  const auto& items = value.sequence().items;
  return std::all_of(items.begin(), items.end(), CanBeKey);
}

// A 64-bit integer and a number, compared exactly.
int OrderNumbers(const Value& a, const Value& b) {
  if (a.is_integral() && b.is_integral()) {
    return a.integer() < b.integer() ? -1 : a.integer() > b.integer() ? 1 : 0;
  }
  // Its mantissa has 64 bits.
  const auto exact = [](const Value& value) -> long double {
    if (value.is_integral()) return static_cast<long double>(value.integer());
    return value.number();
  };
  const long double x = exact(a), y = exact(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

}  // namespace

Value Value::Undefined(std::string reason) {
  Value value;
  value.data_ = std::make_shared<const std::string>(std::move(reason));
  return value;
}

int64_t Value::integer() const {
  return kind() == Kind::kBoolean ? static_cast<int64_t>(boolean()) : std::get<int64_t>(data_);
}

double Value::AsDouble() const {
  return kind() == Kind::kFloat ? number() : static_cast<double>(integer());
}

const void* Value::address() const {
  return std::visit(
      [](const auto& data) -> const void* {
        if constexpr (requires { data.get(); }) {
          return data.get();
        } else {
          return nullptr;
        }
      },
      data_);
}

Expected<int> NestingDepth(const std::vector<Value>& items) {
  int depth = 0;
  for (const Value& item : items) depth = std::max(depth, DepthOf(item));
  MORES_RETURN_IF_ERROR(CheckDepth(++depth));
  return depth;
}

Expected<Value> MakeSequence(Sequence::Kind kind, std::vector<Value> items) {
  MORES_ASSIGN_OR_RETURN(const int depth, NestingDepth(items));
  return Value(std::make_shared<const Sequence>(
      Sequence{.kind = kind, .items = std::move(items), .depth = depth}));
}

Expected<Value> MakeMethod(std::string_view name, const Value& self) {
  const int depth = DepthOf(self) + 1;
  MORES_RETURN_IF_ERROR(CheckDepth(depth));
  return Value(std::make_shared<const Callable>(
      Callable{.kind = Callable::Kind::kMethod, .name = name, .self = self, .depth = depth}));
}

Expected<Value> MakeDictionary(std::vector<std::pair<Value, Value>> entries, Meter& meter) {
  Dictionary dictionary;
  int depth = 0;
  for (auto& [key, value] : entries) {
    MORES_ASSIGN_OR_RETURN(const Value* found, Find(dictionary, key, meter));
    depth = std::max({depth, DepthOf(key), DepthOf(value)});
    if (found != nullptr) {
      for (auto& entry : dictionary.entries) {
        if (&entry.second == found) entry.second = std::move(value);
      }
    } else {
      dictionary.entries.emplace_back(std::move(key), std::move(value));
    }
  }
  MORES_RETURN_IF_ERROR(CheckDepth(++depth));
  dictionary.depth = depth;
  return Value(std::make_shared<const Dictionary>(std::move(dictionary)));
}

Expected<Value> FromJson(const Json& json, Origin origin) {
  const auto text = [origin](const std::string& utf8) {
    TextBuilder builder;
    builder.Append(utf8, origin);
    return Value(builder.Take());
  };
  if (json.is_null()) return Value();
  if (json.is_boolean()) return Value(json.get<bool>());
  if (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX) {
    return MakeError(ErrorKind::kUnsupported, "an integer of more than 64 bits");
  }
  if (json.is_number_integer()) return Value(json.get<int64_t>());
  if (json.is_number()) return Value(json.get<double>());
  if (json.is_string()) return text(json.get_ref<const std::string&>());
  if (json.is_array()) {
    std::vector<Value> items;
    for (const Json& item : json) {
      MORES_ASSIGN_OR_RETURN(Value value, FromJson(item, origin));
      items.push_back(std::move(value));
    }
    return MakeSequence(Sequence::Kind::kList, std::move(items));
  }
  Dictionary dictionary;
  int depth = 0;
  for (const auto& [key, item] : json.items()) {
    MORES_ASSIGN_OR_RETURN(Value value, FromJson(item, origin));
    depth = std::max(depth, DepthOf(value));
    dictionary.entries.emplace_back(text(key), std::move(value));
  }
  MORES_RETURN_IF_ERROR(CheckDepth(++depth));
  dictionary.depth = depth;
  return Value(std::make_shared<const Dictionary>(std::move(dictionary)));
}

std::string_view TypeName(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kUndefined:
      return "Undefined";
    case Value::Kind::kNone:
      return "NoneType";
    case Value::Kind::kBoolean:
      return "bool";
    case Value::Kind::kInteger:
      return "int";
    case Value::Kind::kFloat:
      return "float";
    case Value::Kind::kString:
      return "str";
    case Value::Kind::kDictionary:
      return "dict";
    case Value::Kind::kNamespace:
      return "Namespace";
    case Value::Kind::kLoop:
      return "LoopContext";
    case Value::Kind::kCallable:
      return "function";
    case Value::Kind::kSequence:
      break;
  }
  switch (value.sequence().kind) {
    case Sequence::Kind::kList:
      return "list";
    case Sequence::Kind::kTuple:
      return "tuple";
    case Sequence::Kind::kRange:
      return "range";
    case Sequence::Kind::kView:
      return "dict view";
    case Sequence::Kind::kIterator:
      break;
  }
  return "iterator";
}

bool IsTrue(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kUndefined:
    case Value::Kind::kNone:
      return false;
    case Value::Kind::kBoolean:
    case Value::Kind::kInteger:
      return value.integer() != 0;
    case Value::Kind::kFloat:
      return value.number() != 0;
    case Value::Kind::kString:
      return !value.string().utf8.empty();
    case Value::Kind::kSequence:
      return value.sequence().kind == Sequence::Kind::kIterator || !value.sequence().items.empty();
    case Value::Kind::kDictionary:
      return !value.dictionary().entries.empty();
    case Value::Kind::kNamespace:
    case Value::Kind::kLoop:
    case Value::Kind::kCallable:
      break;
  }
  return true;
}

namespace {

Expected<bool> EqualItems(const std::vector<Value>& a, const std::vector<Value>& b, Meter& meter) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    MORES_ASSIGN_OR_RETURN(const bool equal, Equal(a[i], b[i], meter));
    if (!equal) return false;
  }
  return true;
}

Expected<bool> EqualDictionaries(const Dictionary& a, const Dictionary& b, Meter& meter) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    MORES_ASSIGN_OR_RETURN(const Value* other, Find(b, key, meter));
    if (other == nullptr) return false;
    MORES_ASSIGN_OR_RETURN(const bool equal, Equal(value, *other, meter));
    if (!equal) return false;
  }
  return true;
}

}  // namespace

Expected<bool> Equal(const Value& a, const Value& b, Meter& meter) {
  MORES_RETURN_IF_ERROR(meter.Steps(1));
  if (a.is_number() && b.is_number()) {
    const bool nan = std::isnan(a.AsDouble()) || std::isnan(b.AsDouble());
    return !nan && OrderNumbers(a, b) == 0;
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::kUndefined:
    case Value::Kind::kNone:
      return true;
    case Value::Kind::kString: {
      const std::string& left = a.string().utf8;
      const std::string& right = b.string().utf8;
      if (left.size() != right.size()) return false;
      MORES_RETURN_IF_ERROR(meter.Text(left.size()));
      return left == right;
    }
    case Value::Kind::kSequence:
      if (a.sequence().kind != b.sequence().kind) return false;
      if (a.sequence().kind >= Sequence::Kind::kView) return a.address() == b.address();
      return EqualItems(a.sequence().items, b.sequence().items, meter);
    case Value::Kind::kDictionary:
      return EqualDictionaries(a.dictionary(), b.dictionary(), meter);
    default:
      return a.address() == b.address();
  }
}

Expected<int> Order(const Value& a, const Value& b, Meter& meter) {
  MORES_RETURN_IF_ERROR(meter.Steps(1));
  for (const Value* value : {&a, &b}) {
    if (value->is_undefined()) return MakeError(ErrorKind::kInput, "{}", value->reason());
  }
  if (a.is_number() && b.is_number()) return OrderNumbers(a, b);
  if (a.is_string() && b.is_string()) {
    MORES_RETURN_IF_ERROR(meter.Text(std::min(a.string().utf8.size(), b.string().utf8.size())));
    return a.string().utf8.compare(b.string().utf8);
  }
  const bool lists = IsList(a, Sequence::Kind::kList) && IsList(b, Sequence::Kind::kList);
  const bool tuples = IsList(a, Sequence::Kind::kTuple) && IsList(b, Sequence::Kind::kTuple);
  if (!lists && !tuples) {
    return MakeError(ErrorKind::kInput, "'{}' and '{}' have no order", TypeName(a), TypeName(b));
  }
  const auto& left = a.sequence().items;
  const auto& right = b.sequence().items;
  for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    MORES_ASSIGN_OR_RETURN(const bool equal, Equal(left[i], right[i], meter));
    if (!equal) return Order(left[i], right[i], meter);
  }
  return left.size() < right.size() ? -1 : left.size() > right.size() ? 1 : 0;
}

Expected<const Value*> Find(const Dictionary& dictionary, const Value& key, Meter& meter) {
  if (!CanBeKey(key)) {
    return MakeError(ErrorKind::kInput, "a {} can't be a key of a dict", TypeName(key));
  }
  MORES_RETURN_IF_ERROR(meter.Steps(1 + dictionary.entries.size() / 8));
  if (key.is_string()) return FindText(dictionary, key.string().utf8);
  for (const auto& [candidate, value] : dictionary.entries) {
    if (candidate.is_string()) continue;
    MORES_ASSIGN_OR_RETURN(const bool equal, Equal(candidate, key, meter));
    if (equal) return &value;
  }
  return nullptr;
}

const Value* FindText(const Dictionary& dictionary, std::string_view key) {
  for (const auto& [candidate, value] : dictionary.entries) {
    if (candidate.is_string() && candidate.string().utf8 == key) return &value;
  }
  return nullptr;
}

Expected<std::vector<Value>> Iterate(const Value& value, Meter& meter) {
  std::vector<Value> items;
  switch (value.kind()) {
    case Value::Kind::kUndefined:
      return items;
    case Value::Kind::kString: {
      const MarkedText& text = value.string();
      MORES_RETURN_IF_ERROR(meter.Steps(kStepsPerText * text.utf8.size()));
      for (size_t at = 0; at < text.utf8.size();) {
        const size_t begin = at;
        NextCodePoint(text.utf8, at);
        items.emplace_back(Part(text, {begin, at}));
      }
      return items;
    }
    case Value::Kind::kSequence: {
      const Sequence& sequence = value.sequence();
      if (sequence.read) return items;
      sequence.read = sequence.kind == Sequence::Kind::kIterator;
      MORES_RETURN_IF_ERROR(meter.Steps(1 + sequence.items.size() / 4));
      return sequence.items;
    }
    case Value::Kind::kDictionary:
      MORES_RETURN_IF_ERROR(meter.Steps(1 + value.dictionary().entries.size() / 4));
      for (const auto& entry : value.dictionary().entries) items.push_back(entry.first);
      return items;
    default:
      return MakeError(ErrorKind::kInput, "'{}' has no items", TypeName(value));
  }
}

Expected<size_t> Length(const Value& value, Meter& meter) {
  switch (value.kind()) {
    case Value::Kind::kUndefined:
      return size_t{0};
    case Value::Kind::kString: {
      const std::string& utf8 = value.string().utf8;
      MORES_RETURN_IF_ERROR(meter.Text(utf8.size()));
      return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      }));
    }
    case Value::Kind::kSequence:
      if (value.sequence().kind == Sequence::Kind::kIterator) break;
      return value.sequence().items.size();
    case Value::Kind::kDictionary:
      return value.dictionary().entries.size();
    default:
      break;
  }
  return MakeError(ErrorKind::kInput, "'{}' has no length", TypeName(value));
}

}  // namespace mores::templates::jinja
