// Operators of expressions: arithmetic, membership, items, slices, attributes, as Python has them.
#ifndef MORES_TEMPLATES_JINJA_OPERATORS_H_
#define MORES_TEMPLATES_JINJA_OPERATORS_H_

#include <optional>
#include <string_view>

#include "base/error.h"
#include "templates/jinja/ast.h"
#include "templates/jinja/meter.h"
#include "templates/jinja/value.h"

namespace mores::templates::jinja {

// Errors are kInput for what Python refuses, kUnsupported for integers beyond 64 bits, for a text
// that is too long, and for `%` on strings.
Expected<Value> Arithmetic(Operator name, const Value& left, const Value& right, Meter& meter);
Expected<Value> Negate(const Value& value);
Expected<bool> Compare(Operator name, const Value& left, const Value& right, Meter& meter);

// `object.name`, which is undefined where there is nothing of that name.
Expected<Value> GetAttribute(const Value& object, std::string_view name, Meter& meter);
// `object[key]`.
Expected<Value> GetItem(const Value& object, const Value& key, Meter& meter);
// `object[start:stop:step]`; each bound may be None.
Expected<Value> Slice(const Value& object, const Value& start, const Value& stop, const Value& step,
                      Meter& meter);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_OPERATORS_H_
