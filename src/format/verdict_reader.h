// Reads the fields of a verdict (format/verdict.h), and of what stands in it.
#ifndef MORES_FORMAT_VERDICT_READER_H_
#define MORES_FORMAT_VERDICT_READER_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "format/dialogue.h"

namespace mores::format {

// Typed reads of an object's fields in a verdict; each error names file, line and field.
class FieldReader {
 public:
  FieldReader(const Json& object, std::string_view where) : object_(object), where_(where) {}

  const Json* Find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  tl::unexpected<Error> Wrong(std::string_view name, std::string_view problem) const {
    return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where_, name, problem);
  }

  Expected<std::string> OptionalString(const char* name) const {
    const Json* value = Find(name);
    if (value == nullptr) return std::string();
    if (!value->is_string()) return Wrong(name, "must be a string");
    return value->get<std::string>();
  }

  Expected<std::optional<double>> Probability(const char* name) const {
    const Json* value = Find(name);
    if (value == nullptr) return std::optional<double>();
    if (!value->is_number() || !(*value >= 0.0 && *value <= 1.0)) {
      return Wrong(name, "must be null or a number from 0 to 1");
    }
    return std::optional<double>(value->get<double>());
  }

  Expected<Label> RequiredLabel(const char* name) const {
    MORES_ASSIGN_OR_RETURN(const std::string text, RequiredString(object_, name, where_));
    for (const Label label : {Label::kSafe, Label::kUnsafe, Label::kUnparsed}) {
      if (text == Name(label)) return label;
    }
    return Wrong(name, "must be 'safe', 'unsafe' or 'unparsed'");
  }

  Expected<int64_t> Count(const char* name) const {
    const Json* value = Find(name);
    if (value == nullptr) return int64_t{0};
    if (!value->is_number_integer() || *value < 0 || *value > int64_t{1} << 52) {
      return Wrong(name, "must be a whole number, 0 or more");
    }
    return value->get<int64_t>();
  }

  // False where it is absent.
  Expected<bool> Flag(const char* name) const {
    const Json* value = Find(name);
    if (value == nullptr) return false;
    if (!value->is_boolean()) return Wrong(name, "must be true or false");
    return value->get<bool>();
  }

 private:
  const Json& object_;
  std::string_view where_;
};

template <class T>
Json NullOr(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace mores::format

#endif  // MORES_FORMAT_VERDICT_READER_H_
