#include <algorithm>
#include <limits>

#include "base/check.h"
#include "tensor/gguf.h"
#include "tensor/gguf_values.h"

namespace mores::tensor {
namespace {

constexpr std::string_view KindOfArray(GgufArray::Kind kind) {
  switch (kind) {
    case GgufArray::Kind::kInteger:
      return "a list of whole numbers";
    case GgufArray::Kind::kFloat:
      return "a list of numbers";
    case GgufArray::Kind::kBool:
      return "a list of true or false";
    case GgufArray::Kind::kString:
      return "a list of strings";
  }
  return "";
}

std::string_view KindOfValue(const GgufValue& value) {
  if (std::holds_alternative<int64_t>(value)) return "a whole number";
  if (std::holds_alternative<double>(value)) return "a number";
  if (std::holds_alternative<bool>(value)) return "true or false";
  if (std::holds_alternative<std::string_view>(value)) return "a string";
  return KindOfArray(std::get<GgufArray>(value).kind);
}

tl::unexpected<Error> WrongKind(const std::string& where, std::string_view key,
                                const GgufValue& value, std::string_view wanted) {
  return MakeError(ErrorKind::kCorrupt, "{}: key '{}' is {}, {} wanted", where, key,
                   KindOfValue(value), wanted);
}

double FloatAt(GgufType type, const char* from) {
  if (type == GgufType::kF32) return GgufNumberAt<float>(from);
  if (type == GgufType::kF64) return GgufNumberAt<double>(from);
  return static_cast<double>(GgufIntegerAt(type, from));
}

}  // namespace

int64_t GgufIntegerAt(GgufType type, const char* from) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kBool:
      return GgufNumberAt<uint8_t>(from);
    case GgufType::kI8:
      return GgufNumberAt<int8_t>(from);
    case GgufType::kU16:
      return GgufNumberAt<uint16_t>(from);
    case GgufType::kI16:
      return GgufNumberAt<int16_t>(from);
    case GgufType::kU32:
      return GgufNumberAt<uint32_t>(from);
    case GgufType::kI32:
      return GgufNumberAt<int32_t>(from);
    case GgufType::kU64:
      return static_cast<int64_t>(
          std::min(GgufNumberAt<uint64_t>(from), uint64_t{std::numeric_limits<int64_t>::max()}));
    case GgufType::kI64:
      return GgufNumberAt<int64_t>(from);
    default:
      break;
  }
  MORES_CHECK(false);
}

std::vector<std::string_view> GgufArray::Strings() const {
  MORES_CHECK(kind == Kind::kString);
  std::vector<std::string_view> strings;
  strings.reserve(count);
  std::string_view rest = bytes;
  for (uint64_t i = 0; i < count; ++i) {
    const auto size = GgufNumberAt<uint64_t>(rest.data());
    strings.push_back(rest.substr(sizeof(size), size));
    rest.remove_prefix(sizeof(size) + size);
  }
  return strings;
}

std::vector<int64_t> GgufArray::Integers() const {
  MORES_CHECK(kind == Kind::kInteger || kind == Kind::kBool);
  const auto of = static_cast<GgufType>(type);
  std::vector<int64_t> integers(count);
  for (uint64_t i = 0; i < count; ++i) {
    integers[i] = GgufIntegerAt(of, bytes.data() + i * GgufSizeOf(of));
  }
  return integers;
}

std::vector<double> GgufArray::Floats() const {
  MORES_CHECK(kind == Kind::kFloat || kind == Kind::kInteger);
  const auto of = static_cast<GgufType>(type);
  std::vector<double> floats(count);
  for (uint64_t i = 0; i < count; ++i) {
    floats[i] = FloatAt(of, bytes.data() + i * GgufSizeOf(of));
  }
  return floats;
}

const GgufValue* GgufKeys::Find(std::string_view key) const {
  const auto it = values_.find(key);
  return it == values_.end() ? nullptr : &it->second;
}

Expected<std::optional<int64_t>> GgufKeys::Integer(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* integer = std::get_if<int64_t>(value)) return *integer;
  return WrongKind(where_, key, *value, "a whole number");
}

Expected<std::optional<double>> GgufKeys::Float(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<double>(value)) return *number;
  if (const auto* integer = std::get_if<int64_t>(value)) return static_cast<double>(*integer);
  return WrongKind(where_, key, *value, "a number");
}

Expected<std::optional<bool>> GgufKeys::Bool(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* truth = std::get_if<bool>(value)) return *truth;
  return WrongKind(where_, key, *value, "true or false");
}

Expected<std::optional<std::string_view>> GgufKeys::String(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = std::get_if<std::string_view>(value)) return *text;
  return WrongKind(where_, key, *value, "a string");
}

Expected<std::optional<GgufArray>> GgufKeys::Array(std::string_view key,
                                                   GgufArray::Kind kind) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* array = std::get_if<GgufArray>(value)) {
    using Kind = GgufArray::Kind;
    const bool fits = array->kind == kind ||
                      (kind == Kind::kFloat && array->kind == Kind::kInteger) ||
                      (kind == Kind::kInteger && array->kind == Kind::kBool);
    if (fits && array->count > kMostElements) {
      return MakeError(ErrorKind::kUnsupported, "{}: key '{}' has {} elements; at most {} are read",
                       where_, key, array->count, kMostElements);
    }
    if (fits) return *array;
  }
  return WrongKind(where_, key, *value, KindOfArray(kind));
}

}  // namespace mores::tensor
