// The filters, as functions of one call.
#ifndef MORES_TEMPLATES_JINJA_FILTERS_H_
#define MORES_TEMPLATES_JINJA_FILTERS_H_

#include <initializer_list>
#include <string_view>

#include "templates/jinja/call.h"

namespace mores::templates::jinja {

struct FilterCall {
  std::string_view name;
  const Value& input;
  const Arguments& arguments;
  Meter& meter;

  Expected<BoundArguments> Bind(std::initializer_list<std::string_view> parameters,
                                size_t required) const {
    return BoundArguments::Bind(name, arguments, parameters, required);
  }
};

struct Filter {
  std::string_view name;
  Expected<Value> (*call)(const FilterCall& call);
};

// jinja_filters.cc: of one value.
Expected<Value> FilterAbs(const FilterCall& call);
Expected<Value> FilterCase(const FilterCall& call);  // upper, lower, capitalize
Expected<Value> FilterDefault(const FilterCall& call);
Expected<Value> FilterEscape(const FilterCall& call);
Expected<Value> FilterFloat(const FilterCall& call);
Expected<Value> FilterIndent(const FilterCall& call);
Expected<Value> FilterInt(const FilterCall& call);
Expected<Value> FilterLength(const FilterCall& call);
Expected<Value> FilterReplace(const FilterCall& call);
Expected<Value> FilterRound(const FilterCall& call);
Expected<Value> FilterSafe(const FilterCall& call);
Expected<Value> FilterString(const FilterCall& call);
Expected<Value> FilterTitle(const FilterCall& call);
Expected<Value> FilterToJson(const FilterCall& call);
Expected<Value> FilterTrim(const FilterCall& call);

// jinja_sequence_filters.cc: of many.
Expected<Value> FilterDictsort(const FilterCall& call);
Expected<Value> FilterExtreme(const FilterCall& call);  // min, max
Expected<Value> FilterFirst(const FilterCall& call);
Expected<Value> FilterItems(const FilterCall& call);
Expected<Value> FilterJoin(const FilterCall& call);
Expected<Value> FilterLast(const FilterCall& call);
Expected<Value> FilterList(const FilterCall& call);
Expected<Value> FilterMap(const FilterCall& call);
Expected<Value> FilterReverse(const FilterCall& call);
Expected<Value> FilterSelect(const FilterCall& call);  // select, reject, selectattr, rejectattr
Expected<Value> FilterSort(const FilterCall& call);
Expected<Value> FilterSum(const FilterCall& call);
Expected<Value> FilterUnique(const FilterCall& call);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_FILTERS_H_
