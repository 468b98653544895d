// Tests, as in `x is defined`.
#include <algorithm>
#include <cctype>

#include "templates/jinja/call.h"
#include "templates/jinja/operators.h"

namespace mores::templates::jinja {
namespace {

using Kind = Value::Kind;

struct SimpleTest {
  std::string_view name;
  bool (*holds)(const Value& value);
};

bool IsIterable(const Value& value) {
  return value.is_undefined() || value.is_string() || value.kind() == Kind::kSequence ||
         value.kind() == Kind::kDictionary;
}

constexpr SimpleTest kSimpleTests[] = {
    {"defined", [](const Value& value) { return !value.is_undefined(); }},
    {"undefined", [](const Value& value) { return value.is_undefined(); }},
    {"none", [](const Value& value) { return value.is_none(); }},
    {"boolean", [](const Value& value) { return value.kind() == Kind::kBoolean; }},
    {"true", [](const Value& value) { return value.kind() == Kind::kBoolean && value.boolean(); }},
    {"false",
     [](const Value& value) { return value.kind() == Kind::kBoolean && !value.boolean(); }},
    {"integer", [](const Value& value) { return value.kind() == Kind::kInteger; }},
    {"float", [](const Value& value) { return value.kind() == Kind::kFloat; }},
    {"number", [](const Value& value) { return value.is_number(); }},
    {"string", [](const Value& value) { return value.is_string(); }},
    {"mapping", [](const Value& value) { return value.kind() == Kind::kDictionary; }},
    {"iterable", IsIterable},
    // What has a length and can be subscripted: strings and dictionaries too.
    {"sequence",
     [](const Value& value) {
       return IsIterable(value) &&
              (value.kind() != Kind::kSequence || value.sequence().kind <= Sequence::Kind::kRange);
     }},
    {"callable", [](const Value& value) { return value.kind() == Kind::kCallable; }},
};

struct ComparingTest {
  std::string_view name;
  Operator comparison;
};

constexpr ComparingTest kComparingTests[] = {
    {"eq", Operator::kEqual},        {"equalto", Operator::kEqual},
    {"==", Operator::kEqual},        {"ne", Operator::kNotEqual},
    {"!=", Operator::kNotEqual},     {"lt", Operator::kLess},
    {"lessthan", Operator::kLess},   {"<", Operator::kLess},
    {"le", Operator::kLessEqual},    {"<=", Operator::kLessEqual},
    {"gt", Operator::kGreater},      {"greaterthan", Operator::kGreater},
    {">", Operator::kGreater},       {"ge", Operator::kGreaterEqual},
    {">=", Operator::kGreaterEqual}, {"in", Operator::kIn},
};

const SimpleTest* FindSimple(std::string_view name) {
  const auto* found = std::find_if(std::begin(kSimpleTests), std::end(kSimpleTests),
                                   [&](const SimpleTest& test) { return test.name == name; });
  return found == std::end(kSimpleTests) ? nullptr : found;
}

const ComparingTest* FindComparing(std::string_view name) {
  const auto* found = std::find_if(std::begin(kComparingTests), std::end(kComparingTests),
                                   [&](const ComparingTest& test) { return test.name == name; });
  return found == std::end(kComparingTests) ? nullptr : found;
}

bool IsOtherTest(std::string_view name) {
  return name == "odd" || name == "even" || name == "divisibleby" || name == "sameas" ||
         name == "upper" || name == "lower" || name == "filter" || name == "test";
}

Expected<bool> IsDivisible(const Value& input, const Value& divisor, int64_t rest, Meter& meter) {
  MORES_ASSIGN_OR_RETURN(const Value modulo, Arithmetic(Operator::kModulo, input, divisor, meter));
  return Equal(modulo, Value(rest), meter);
}

}  // namespace

bool IsTest(std::string_view name) {
  return FindSimple(name) != nullptr || FindComparing(name) != nullptr || IsOtherTest(name);
}

Expected<bool> CallTest(std::string_view name, const Value& input, const Arguments& arguments,
                        Meter& meter) {
  MORES_RETURN_IF_ERROR(meter.Steps(1));
  if (const SimpleTest* test = FindSimple(name)) {
    MORES_RETURN_IF_ERROR(BoundArguments::Bind(name, arguments, {}, 0));
    return test->holds(input);
  }
  const auto* comparing = FindComparing(name);
  const size_t operands = comparing != nullptr || name == "divisibleby" || name == "sameas";
  MORES_ASSIGN_OR_RETURN(const auto bound,
                         operands == 0 ? BoundArguments::Bind(name, arguments, {}, 0)
                                       : BoundArguments::Bind(name, arguments, {"other"}, 1));
  if (comparing != nullptr) return Compare(comparing->comparison, input, bound[0], meter);
  if (name == "odd") return IsDivisible(input, Value(int64_t{2}), 1, meter);
  if (name == "even") return IsDivisible(input, Value(int64_t{2}), 0, meter);
  if (name == "divisibleby") return IsDivisible(input, bound[0], 0, meter);
  if (name == "sameas") {
    if (input.kind() != bound[0].kind()) return false;
    if (input.is_none() || input.kind() == Kind::kBoolean) return Equal(input, bound[0], meter);
    if (input.address() == nullptr) {
      return MakeError(ErrorKind::kUnsupported, "sameas of numbers is not supported");
    }
    return input.address() == bound[0].address();
  }
  if (name == "filter" || name == "test") {
    if (!input.is_string()) return false;
    return name == "filter" ? IsFilter(input.string().utf8) : IsTest(input.string().utf8);
  }
  MORES_ASSIGN_OR_RETURN(const MarkedText text, ToText(input, meter));
  MORES_RETURN_IF_ERROR(meter.Steps(text.utf8.size() / 4));
  return TestCharacters(name == "upper" ? "isupper" : "islower", text.utf8);
}

}  // namespace mores::templates::jinja
