#include "templates/jinja/operators.h"

#include <algorithm>
#include <cmath>

#include "templates/jinja/call.h"

namespace mores::templates::jinja {
namespace {

Error Beyond64Bits() { return {ErrorKind::kUnsupported, "an integer of more than 64 bits"}; }

Error NoOperator(std::string_view symbol, const Value& left, const Value& right) {
  for (const Value* value : {&left, &right}) {
    if (value->is_undefined()) return {ErrorKind::kInput, value->reason()};
  }
  return {ErrorKind::kInput, fmt::format("'{}' of '{}' and '{}' is not possible", symbol,
                                         TypeName(left), TypeName(right))};
}

bool IsOf(const Value& value, Sequence::Kind kind) {
  return value.kind() == Value::Kind::kSequence && value.sequence().kind == kind;
}

// Rounds towards minus infinity, as Python's // does.
int64_t FloorDivide(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

double FloorModulo(double a, double b) {
  const double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

Expected<Value> IntegerPower(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return MakeError(ErrorKind::kInput, "0 to a negative power");
    return Value(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  int64_t result = 1;
  while (exponent > 0) {
    if (exponent % 2 == 1 && __builtin_mul_overflow(result, base, &result)) {
      return tl::unexpected(Beyond64Bits());
    }
    exponent /= 2;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) {
      return tl::unexpected(Beyond64Bits());
    }
  }
  return Value(result);
}

Expected<Value> IntegerArithmetic(Operator name, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  const bool divides =
      name == Operator::kDivide || name == Operator::kFloorDivide || name == Operator::kModulo;
  if (divides && b == 0) return MakeError(ErrorKind::kInput, "division by zero");
  if (divides && b == -1 && a == INT64_MIN) return tl::unexpected(Beyond64Bits());
  switch (name) {
    case Operator::kAdd:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Operator::kSubtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Operator::kMultiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case Operator::kDivide:
      return Value(static_cast<double>(static_cast<long double>(a) / b));
    case Operator::kFloorDivide:
      result = FloorDivide(a, b);
      break;
    case Operator::kModulo:
      result = a - FloorDivide(a, b) * b;
      break;
    default:
      return IntegerPower(a, b);
  }
  if (overflow) return tl::unexpected(Beyond64Bits());
  return Value(result);
}

Expected<Value> FloatArithmetic(Operator name, double a, double b) {
  const bool divides =
      name == Operator::kDivide || name == Operator::kFloorDivide || name == Operator::kModulo;
  if (divides && b == 0) return MakeError(ErrorKind::kInput, "division by zero");
  switch (name) {
    case Operator::kAdd:
      return Value(a + b);
    case Operator::kSubtract:
      return Value(a - b);
    case Operator::kMultiply:
      return Value(a * b);
    case Operator::kDivide:
      return Value(a / b);
    case Operator::kFloorDivide:
      return Value(std::floor((a - FloorModulo(a, b)) / b + 0.5));
    case Operator::kModulo:
      return Value(FloorModulo(a, b));
    default:
      break;
  }
  const double power = std::pow(a, b);
  if (std::isfinite(a) && std::isfinite(b) && !std::isfinite(power)) {
    return MakeError(ErrorKind::kInput, "a power is out of range");
  }
  return Value(power);
}

Expected<Value> Repeat(const Value& value, int64_t count, Meter& meter) {
  const auto times = static_cast<size_t>(std::max<int64_t>(count, 0));
  if (value.is_string()) {
    const String& text = value.string();
    if (!text.utf8.empty() && times > kMaxTextBytes / text.utf8.size()) {
      return tl::unexpected(meter.Text(kMaxTextBytes + 1).error());
    }
    MORES_RETURN_IF_ERROR(meter.Text(text.utf8.size() * times));
    MORES_RETURN_IF_ERROR(meter.Steps(times / 2 + text.plain.size() * times));
    TextBuilder out;
    for (size_t i = 0; i < times && !text.utf8.empty(); ++i) out.Append(text);
    return Value(out.Take());
  }
  const auto& items = value.sequence().items;
  if (!items.empty() && times > kMaxSteps / items.size()) {
    return tl::unexpected(meter.Steps(kMaxSteps + 1).error());
  }
  MORES_RETURN_IF_ERROR(meter.Steps(items.size() * times));
  std::vector<Value> repeated;
  repeated.reserve(items.size() * times);
  for (size_t i = 0; i < times && !items.empty(); ++i) {
    repeated.insert(repeated.end(), items.begin(), items.end());
  }
  return MakeSequence(value.sequence().kind, std::move(repeated));
}

Expected<Value> Join(const Value& left, const Value& right, Meter& meter) {
  if (left.is_string()) {
    if (left.string().markup || right.string().markup) {
      return MakeError(ErrorKind::kUnsupported, "'+' with a safe or escaped text");
    }
    MORES_RETURN_IF_ERROR(meter.Text(left.string().utf8.size() + right.string().utf8.size()));
    MORES_RETURN_IF_ERROR(
        meter.Steps((left.string().plain.size() + right.string().plain.size()) / 4));
    TextBuilder out;
    out.Append(left.string());
    out.Append(right.string());
    return Value(out.Take());
  }
  std::vector<Value> items = left.sequence().items;
  items.insert(items.end(), right.sequence().items.begin(), right.sequence().items.end());
  MORES_RETURN_IF_ERROR(meter.Steps(items.size()));
  return MakeSequence(left.sequence().kind, std::move(items));
}

std::string_view Symbol(Operator name) {
  constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "**"};
  return kSymbols[static_cast<size_t>(name)];
}

}  // namespace

Expected<Value> Arithmetic(Operator name, const Value& left, const Value& right, Meter& meter) {
  if (left.is_integral() && right.is_integral()) {
    return IntegerArithmetic(name, left.integer(), right.integer());
  }
  if (left.is_number() && right.is_number()) {
    return FloatArithmetic(name, left.AsDouble(), right.AsDouble());
  }
  const auto joins = [](const Value& value) {
    return value.is_string() || IsOf(value, Sequence::Kind::kList) ||
           IsOf(value, Sequence::Kind::kTuple);
  };
  if (name == Operator::kAdd && joins(left) && TypeName(left) == TypeName(right)) {
    return Join(left, right, meter);
  }
  if (name == Operator::kMultiply && joins(left) && right.is_integral()) {
    return Repeat(left, right.integer(), meter);
  }
  if (name == Operator::kMultiply && left.is_integral() && joins(right)) {
    return Repeat(right, left.integer(), meter);
  }
  if (name == Operator::kModulo && left.is_string()) {
    return MakeError(ErrorKind::kUnsupported, "'%' of a string is not supported");
  }
  return tl::unexpected(NoOperator(Symbol(name), left, right));
}

Expected<Value> Negate(const Value& value) {
  if (value.kind() == Value::Kind::kFloat) return Value(-value.number());
  if (value.is_integral()) return IntegerArithmetic(Operator::kSubtract, 0, value.integer());
  if (value.is_undefined()) return MakeError(ErrorKind::kInput, "{}", value.reason());
  return MakeError(ErrorKind::kInput, "'{}' has no sign", TypeName(value));
}

namespace {

Expected<bool> ContainsValue(const Value& container, const Value& item, Meter& meter) {
  if (container.is_string()) {
    if (!item.is_string()) return tl::unexpected(NoOperator("in", item, container));
    const std::string& text = container.string().utf8;
    MORES_RETURN_IF_ERROR(meter.Search(text.size(), item.string().utf8.size()));
    return text.find(item.string().utf8) != std::string::npos;
  }
  if (container.kind() == Value::Kind::kDictionary) {
    MORES_ASSIGN_OR_RETURN(const Value* found, Find(container.dictionary(), item, meter));
    return found != nullptr;
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(container, meter));
  for (const Value& candidate : items) {
    MORES_ASSIGN_OR_RETURN(const bool equal, Equal(candidate, item, meter));
    if (equal) return true;
  }
  return false;
}

}  // namespace

Expected<bool> Compare(Operator name, const Value& left, const Value& right, Meter& meter) {
  if (name == Operator::kEqual || name == Operator::kNotEqual) {
    MORES_ASSIGN_OR_RETURN(const bool equal, Equal(left, right, meter));
    return equal == (name == Operator::kEqual);
  }
  if (name == Operator::kIn || name == Operator::kNotIn) {
    MORES_ASSIGN_OR_RETURN(const bool contains, ContainsValue(right, left, meter));
    return contains == (name == Operator::kIn);
  }
  if (left.is_number() && right.is_number() &&
      (std::isnan(left.AsDouble()) || std::isnan(right.AsDouble()))) {
    return false;
  }
  MORES_ASSIGN_OR_RETURN(const int order, Order(left, right, meter));
  switch (name) {
    case Operator::kLess:
      return order < 0;
    case Operator::kLessEqual:
      return order <= 0;
    case Operator::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

namespace {

std::string Missing(const Value& object, std::string_view name) {
  return fmt::format("a '{}' has no '{}'", TypeName(object), name);
}

// What `loop` knows of its round.
Value LoopAttribute(const Loop& loop, std::string_view name, const Value& self) {
  const auto& items = *loop.items;
  const auto count = [](size_t number) { return Value(static_cast<int64_t>(number)); };
  const size_t left = items.size() - loop.index;
  if (name == "index") return count(loop.index + 1);
  if (name == "index0") return count(loop.index);
  if (name == "revindex") return count(left);
  if (name == "revindex0") return count(left - 1);
  if (name == "first") return Value(loop.index == 0);
  if (name == "last") return Value(left == 1);
  if (name == "length") return count(items.size());
  if (name == "depth") return count(1);
  if (name == "depth0") return count(0);
  if (name == "previtem" && loop.index > 0) return items[loop.index - 1];
  if (name == "nextitem" && left > 1) return items[loop.index + 1];
  return Value::Undefined(Missing(self, name));
}

// The item of a list at an index that may count from the end; null if there is none.
const Value* ItemAt(const std::vector<Value>& items, int64_t index) {
  const auto size = static_cast<int64_t>(items.size());
  if (index < 0) index += size;
  return index < 0 || index >= size ? nullptr : &items[static_cast<size_t>(index)];
}

Expected<Value> CharacterAt(const Value& object, int64_t index, Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const size_t length, Length(object, meter));
  const auto size = static_cast<int64_t>(length);
  if (index < 0) index += size;
  if (index < 0 || index >= size) return Value::Undefined(Missing(object, "item of that index"));
  const MarkedText& text = object.string();
  const size_t begin = OffsetOf(text.utf8, static_cast<size_t>(index));
  size_t end = begin;
  NextCodePoint(text.utf8, end);
  return Value(Part(text, {begin, end}));
}

}  // namespace

Expected<Value> GetAttribute(const Value& object, std::string_view name, Meter& meter) {
  MORES_RETURN_IF_ERROR(meter.Steps(1));
  if (object.is_undefined()) return MakeError(ErrorKind::kInput, "{}", object.reason());
  if (object.kind() == Value::Kind::kNamespace) {
    const auto& attributes = object.name_space().attributes;
    const auto found = attributes.find(name);
    return found == attributes.end() ? Value::Undefined(Missing(object, name)) : found->second;
  }
  MORES_ASSIGN_OR_RETURN(const std::string_view method, FindMethod(object, name));
  if (!method.empty()) return MakeMethod(method, object);
  if (object.kind() == Value::Kind::kLoop) return LoopAttribute(object.loop(), name, object);
  if (object.kind() == Value::Kind::kDictionary) {
    MORES_RETURN_IF_ERROR(meter.Steps(object.dictionary().entries.size() / 8));
    if (const Value* value = FindText(object.dictionary(), name)) return *value;
  }
  return Value::Undefined(Missing(object, name));
}

Expected<Value> GetItem(const Value& object, const Value& key, Meter& meter) {
  MORES_RETURN_IF_ERROR(meter.Steps(1));
  if (object.is_undefined()) return MakeError(ErrorKind::kInput, "{}", object.reason());
  if (object.kind() == Value::Kind::kDictionary) {
    const auto found = Find(object.dictionary(), key, meter);
    if (!found && found.error().kind == ErrorKind::kUnsupported) {
      return tl::unexpected(found.error());
    }
    if (found && *found != nullptr) return **found;
  } else if (key.is_integral()) {
    if (object.is_string()) return CharacterAt(object, key.integer(), meter);
    const bool indexed =
        object.kind() == Value::Kind::kSequence && object.sequence().kind <= Sequence::Kind::kRange;
    const Value* item = indexed ? ItemAt(object.sequence().items, key.integer()) : nullptr;
    if (item != nullptr) return *item;
  }
  if (!key.is_string()) return Value::Undefined(Missing(object, "such item"));
  const std::string& name = key.string().utf8;
  if (name.starts_with('_')) return Value::Undefined(Missing(object, "attribute of that name"));
  if (object.kind() == Value::Kind::kDictionary) {
    MORES_ASSIGN_OR_RETURN(const std::string_view method, FindMethod(object, name));
    if (!method.empty()) return MakeMethod(method, object);
    return Value::Undefined(Missing(object, name));
  }
  return GetAttribute(object, name, meter);
}

namespace {

struct SliceBounds {
  int64_t start, stop, step;
};

// Python's slice.indices.
Expected<SliceBounds> BoundSlice(const Value& start, const Value& stop, const Value& step,
                                 int64_t size) {
  for (const Value* bound : {&start, &stop, &step}) {
    if (bound->is_undefined()) return MakeError(ErrorKind::kInput, "{}", bound->reason());
    if (!bound->is_none() && !bound->is_integral()) {
      return MakeError(ErrorKind::kInput, "a bound of a slice is a '{}'", TypeName(*bound));
    }
  }
  SliceBounds bounds{.step = step.is_none() ? 1 : step.integer()};
  if (bounds.step == 0) return MakeError(ErrorKind::kInput, "the step of a slice is 0");
  bounds.step = std::clamp<int64_t>(bounds.step, -INT32_MAX, INT32_MAX);
  const bool back = bounds.step < 0;
  const auto clip = [&](const Value& bound, int64_t otherwise) {
    if (bound.is_none()) return otherwise;
    int64_t at = bound.integer();
    if (at < 0) at += size;
    return std::clamp<int64_t>(at, back ? -1 : 0, back ? size - 1 : size);
  };
  bounds.start = clip(start, back ? size - 1 : 0);
  bounds.stop = clip(stop, back ? -1 : size);
  return bounds;
}

Value SliceText(const MarkedText& text, const SliceBounds& bounds) {
  TextBuilder out;
  if (bounds.step == 1) {
    if (bounds.start >= bounds.stop) return Value(out.Take());
    const size_t begin = OffsetOf(text.utf8, static_cast<size_t>(bounds.start));
    const std::string_view rest = std::string_view(text.utf8).substr(begin);
    out.Append(text,
               {begin, begin + OffsetOf(rest, static_cast<size_t>(bounds.stop - bounds.start))});
    return Value(out.Take());
  }
  std::vector<size_t> offsets;
  for (size_t at = 0; at < text.utf8.size(); NextCodePoint(text.utf8, at)) offsets.push_back(at);
  offsets.push_back(text.utf8.size());
  for (int64_t i = bounds.start; bounds.step > 0 ? i < bounds.stop : i > bounds.stop;
       i += bounds.step) {
    out.Append(text, {offsets[static_cast<size_t>(i)], offsets[static_cast<size_t>(i) + 1]});
  }
  return Value(out.Take());
}

}  // namespace

Expected<Value> Slice(const Value& object, const Value& start, const Value& stop, const Value& step,
                      Meter& meter) {
  if (object.is_undefined()) return MakeError(ErrorKind::kInput, "{}", object.reason());
  const bool list =
      object.kind() == Value::Kind::kSequence && object.sequence().kind <= Sequence::Kind::kRange;
  if (!object.is_string() && !list) return Value::Undefined(Missing(object, "slice"));
  MORES_ASSIGN_OR_RETURN(const size_t size, Length(object, meter));
  MORES_ASSIGN_OR_RETURN(const SliceBounds bounds,
                         BoundSlice(start, stop, step, static_cast<int64_t>(size)));
  if (object.is_string()) {
    const MarkedText& text = object.string();
    // Any step but 1 takes the text apart.
    MORES_RETURN_IF_ERROR(bounds.step == 1 ? meter.Text(text.utf8.size() + text.plain.size())
                                           : meter.Steps(text.utf8.size()));
    return SliceText(text, bounds);
  }
  std::vector<Value> items;
  for (int64_t i = bounds.start; bounds.step > 0 ? i < bounds.stop : i > bounds.stop;
       i += bounds.step) {
    items.push_back(object.sequence().items[static_cast<size_t>(i)]);
  }
  MORES_RETURN_IF_ERROR(meter.Steps(items.size()));
  return MakeSequence(object.sequence().kind, std::move(items));
}

}  // namespace mores::templates::jinja
