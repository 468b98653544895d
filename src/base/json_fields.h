// Fields of a JSON object, each read with its type and bounds. What is wrong with one is said in
// one way: "WHERE: field 'NAME': PROBLEM", of the kind that the reader was given: kInput for what
// users write, kCorrupt for files of models and profiles.
#ifndef MORES_BASE_JSON_FIELDS_H_
#define MORES_BASE_JSON_FIELDS_H_

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace mores {

// For a field that no reader below knows.
tl::unexpected<Error> FieldError(std::string_view where, std::string_view name,
                                 std::string_view problem, ErrorKind kind = ErrorKind::kInput);
// "must be WANTED, not TYPE".
std::string WrongType(std::string_view wanted, const Json& value);
// "WHERE: must be an object, not TYPE".
Status RequireObject(const Json& value, std::string_view where, ErrorKind kind = ErrorKind::kInput);

// What `id` says: a text that isn't empty, or a whole number, which becomes its digits. So the
// number 1 and the text "1" are one id.
Expected<std::string> TextOfId(const Json& value, std::string_view where);

// A whole number from `least` to `most`.
struct WholeRange {
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
};
// Of tokens, bytes and the like: nothing real is above, and sums of many still fit.
constexpr WholeRange kCountRange = {.least = 0, .most = int64_t{1} << 52};

// A field that is absent and one that is null are the same to all readers but Required...().
class JsonFields {
 public:
  // `object` must outlive the reader. Of a value that is no object every field is absent.
  JsonFields(const Json& object, std::string_view where, ErrorKind kind = ErrorKind::kInput)
      : object_(&object), where_(where), kind_(kind) {}

  const Json& object() const { return *object_; }
  const std::string& where() const { return where_; }
  const Json* Find(const char* name) const;  // null: absent
  bool Has(const char* name) const { return Find(name) != nullptr; }
  tl::unexpected<Error> Wrong(std::string_view name, std::string_view problem) const {
    return FieldError(where_, name, problem, kind_);
  }

  Expected<const Json*> Required(const char* name) const;
  Expected<std::string> RequiredString(const char* name) const;
  Expected<std::string> OptionalString(const char* name) const;  // "" where absent
  // A list of texts, or nothing.
  Expected<std::vector<std::string>> Strings(const char* name) const;
  Expected<std::optional<int64_t>> Whole(const char* name, WholeRange range) const;
  Expected<int64_t> RequiredWhole(const char* name, WholeRange range) const {
    return Given(name, Whole(name, range));
  }
  // 0 where absent.
  Expected<int64_t> Count(const char* name) const;
  // From 0 to 1.
  Expected<std::optional<double>> Probability(const char* name) const;
  Expected<double> RequiredProbability(const char* name) const {
    return Given(name, Probability(name));
  }
  // A time, a price and the like: 0 or more.
  Expected<double> RequiredAmount(const char* name) const;
  // False where absent.
  Expected<bool> Flag(const char* name) const;
  // The field `id`, as TextOfId.
  Expected<std::optional<std::string>> Id() const;
  Expected<std::string> RequiredId() const { return Given("id", Id()); }
  // The same; "" where it is absent or empty, and one is made.
  Expected<std::string> IdOrNone() const;

  // The place of a text among `names`. Absent is an error.
  Expected<size_t> OneOf(const char* name, std::span<const std::string_view> names) const;
  // The value whose Name() the text is.
  template <class Value>
  Expected<Value> Choice(const char* name, std::initializer_list<Value> values) const {
    std::vector<std::string_view> names;
    for (const Value value : values) names.push_back(Name(value));
    MORES_ASSIGN_OR_RETURN(const size_t place, OneOf(name, names));
    return *(values.begin() + place);
  }

  // An object in the object: errors of its fields say "WHERE: field 'NAME': field ...".
  Expected<std::optional<JsonFields>> Object(const char* name) const;
  Expected<JsonFields> RequiredObject(const char* name) const { return Given(name, Object(name)); }
  // The objects of a list, which may be absent: "WHERE: field 'NAME[2]': ...".
  Expected<std::vector<JsonFields>> Objects(const char* name) const;

  // Refuses fields that `known` doesn't name.
  Status RefuseOthers(std::initializer_list<std::string_view> known) const;

 private:
  template <class Value>
  Expected<Value> Given(const char* name, Expected<std::optional<Value>> value) const {
    if (!value) return tl::unexpected(std::move(value.error()));
    if (!*value) return Wrong(name, "missing");
    return *std::move(*value);
  }

  const Json* object_;
  std::string where_;
  ErrorKind kind_;
};

}  // namespace mores

#endif  // MORES_BASE_JSON_FIELDS_H_
