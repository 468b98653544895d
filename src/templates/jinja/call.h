// What templates call: filters, tests and methods by name, and how arguments meet parameters.
#ifndef MORES_TEMPLATES_JINJA_CALL_H_
#define MORES_TEMPLATES_JINJA_CALL_H_

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "templates/jinja/meter.h"
#include "templates/jinja/value.h"

namespace mores::templates::jinja {

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string_view, Value>> named;
};

// The arguments of one call by parameter; errors are kInput and name what was called.
class BoundArguments {
 public:
  // The first `required` of `parameters` must be given.
  static Expected<BoundArguments> Bind(std::string_view called, const Arguments& arguments,
                                       std::initializer_list<std::string_view> parameters,
                                       size_t required);

  bool has(size_t i) const { return values_[i].has_value(); }
  // REQUIRES: has(i)
  const Value& operator[](size_t i) const { return *values_[i]; }
  Value Or(size_t i, Value otherwise) const { return values_[i].value_or(std::move(otherwise)); }
  bool IsTrueOr(size_t i, bool otherwise) const { return has(i) ? IsTrue(*values_[i]) : otherwise; }
  // `otherwise` if it is absent or None.
  Expected<int64_t> Integer(size_t i, int64_t otherwise) const;
  Expected<const String*> Text(size_t i) const;  // null if it is absent or None

 private:
  std::string_view called_;
  std::vector<std::string_view> parameters_;
  std::vector<std::optional<Value>> values_;
};

bool IsFilter(std::string_view name);
bool IsTest(std::string_view name);
// REQUIRES: the filter or the test exists.
Expected<Value> CallFilter(std::string_view name, const Value& input, const Arguments& arguments,
                           Meter& meter);
Expected<bool> CallTest(std::string_view name, const Value& input, const Arguments& arguments,
                        Meter& meter);

// The method `name` of such a value, with the name's own storage; empty if there is none.
// kUnsupported, with the name, for one that Python has and we don't.
Expected<std::string_view> FindMethod(const Value& self, std::string_view name);
Expected<Value> CallMethod(const Value& self, std::string_view name, const Arguments& arguments,
                           Meter& meter);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_CALL_H_
