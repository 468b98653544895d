// Filters of sequences.
#include <algorithm>

#include "templates/jinja/filters.h"
#include "templates/jinja/operators.h"

namespace mores::templates::jinja {
namespace {

// The value at "a.b.0" of an item, as the `attribute` of filters has it.
Expected<Value> AtPath(Value value, const Value& path, Meter& meter) {
  if (!path.is_string()) return GetItem(value, path, meter);
  const std::string& names = path.string().utf8;
  for (const TextRange part : Split(names, ".", -1)) {
    const std::string_view name = std::string_view(names).substr(part.begin, part.end - part.begin);
    const bool index = !name.empty() && name.size() < 10 &&
                       name.find_first_not_of("0123456789") == std::string_view::npos;
    Value key = index ? Value(int64_t{std::stoi(std::string(name))}) : Value(name);
    MORES_ASSIGN_OR_RETURN(value, GetItem(value, key, meter));
  }
  return value;
}

// What is compared: an attribute of the item or the item, strings in lower case unless wanted.
Expected<Value> KeyOf(const Value& item, const Value& attribute, bool case_sensitive,
                      Meter& meter) {
  Value key = item;
  if (!attribute.is_none()) {
    MORES_ASSIGN_OR_RETURN(key, AtPath(item, attribute, meter));
  }
  if (case_sensitive || !key.is_string()) return key;
  return CallMethod(key, "lower", {}, meter);
}

// Sorts in a stable way by Python's order; the order of equal keys stands, reversed or not.
Status SortByKey(std::vector<std::pair<Value, Value>>& keyed, bool reverse, Meter& meter) {
  Status status;
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    if (!status) return false;
    const auto order = Order(a.first, b.first, meter);
    if (!order) {
      status = tl::unexpected(order.error());
      return false;
    }
    return reverse ? *order > 0 : *order < 0;
  });
  return status;
}

Expected<std::vector<std::pair<Value, Value>>> Keyed(const std::vector<Value>& items,
                                                     const Value& attribute, bool case_sensitive,
                                                     Meter& meter) {
  std::vector<std::pair<Value, Value>> keyed;
  for (const Value& item : items) {
    MORES_ASSIGN_OR_RETURN(Value key, KeyOf(item, attribute, case_sensitive, meter));
    keyed.emplace_back(std::move(key), item);
  }
  return keyed;
}

}  // namespace

Expected<Value> FilterFirst(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  MORES_ASSIGN_OR_RETURN(const auto items, Iterate(call.input, call.meter));
  return items.empty() ? Value::Undefined("first: there is no item") : items.front();
}

Expected<Value> FilterLast(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  MORES_RETURN_IF_ERROR(Length(call.input, call.meter));
  MORES_ASSIGN_OR_RETURN(const auto items, Iterate(call.input, call.meter));
  return items.empty() ? Value::Undefined("last: there is no item") : items.back();
}

Expected<Value> FilterList(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  MORES_ASSIGN_OR_RETURN(auto items, Iterate(call.input, call.meter));
  return MakeSequence(Sequence::Kind::kList, std::move(items));
}

Expected<Value> FilterItems(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  std::vector<Value> items;
  if (!call.input.is_undefined()) {
    if (call.input.kind() != Value::Kind::kDictionary) {
      return MakeError(ErrorKind::kInput, "items: a '{}' has none", TypeName(call.input));
    }
    MORES_ASSIGN_OR_RETURN(const Value view, CallMethod(call.input, "items", {}, call.meter));
    items = view.sequence().items;
  }
  return MakeSequence(Sequence::Kind::kIterator, std::move(items));
}

Expected<Value> FilterReverse(const FilterCall& call) {
  MORES_RETURN_IF_ERROR(call.Bind({}, 0));
  if (!call.input.is_string()) MORES_RETURN_IF_ERROR(Length(call.input, call.meter));
  MORES_ASSIGN_OR_RETURN(auto items, Iterate(call.input, call.meter));
  std::reverse(items.begin(), items.end());
  if (!call.input.is_string()) return MakeSequence(Sequence::Kind::kIterator, std::move(items));
  TextBuilder out;
  for (const Value& character : items) out.Append(character.string());
  return Value(out.Take());
}

Expected<Value> FilterJoin(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"d", "attribute"}, 0));
  MORES_ASSIGN_OR_RETURN(const MarkedText separator,
                         ToText(bound.Or(0, Value(std::string_view())), call.meter));
  MORES_ASSIGN_OR_RETURN(const auto items, Iterate(call.input, call.meter));
  TextBuilder out;
  bool first = true;
  for (const Value& item : items) {
    if (!std::exchange(first, false)) out.Append(separator);
    MORES_RETURN_IF_ERROR(call.meter.Text(separator.utf8.size()));
    Value part = item;
    if (bound.has(1) && !bound[1].is_none()) {
      MORES_ASSIGN_OR_RETURN(part, AtPath(item, bound[1], call.meter));
    }
    MORES_RETURN_IF_ERROR(AppendText(part, call.meter, out));
    if (out.size() > kMaxTextBytes) return tl::unexpected(call.meter.Text(out.size()).error());
  }
  return Value(out.Take());
}

Expected<Value> FilterMap(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto items, Iterate(call.input, call.meter));
  std::vector<Value> mapped;
  if (call.arguments.positional.empty()) {
    MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"attribute", "default"}, 1));
    for (const Value& item : items) {
      MORES_ASSIGN_OR_RETURN(Value value, AtPath(item, bound[0], call.meter));
      if (value.is_undefined() && bound.has(1)) value = bound[1];
      mapped.push_back(std::move(value));
    }
    return MakeSequence(Sequence::Kind::kIterator, std::move(mapped));
  }
  const Value& name = call.arguments.positional[0];
  if (!name.is_string() || !IsFilter(name.string().utf8)) {
    return MakeError(ErrorKind::kUnsupported, "map: a filter of that name is not supported");
  }
  Arguments rest = call.arguments;
  rest.positional.erase(rest.positional.begin());
  for (const Value& item : items) {
    MORES_ASSIGN_OR_RETURN(Value value, CallFilter(name.string().utf8, item, rest, call.meter));
    mapped.push_back(std::move(value));
  }
  return MakeSequence(Sequence::Kind::kIterator, std::move(mapped));
}

Expected<Value> FilterSelect(const FilterCall& call) {
  const bool by_attribute = call.name.ends_with("attr");
  const bool wanted = call.name.starts_with("select");
  Arguments rest = call.arguments;
  Value attribute;
  if (by_attribute) {
    if (rest.positional.empty()) {
      return MakeError(ErrorKind::kInput, "{}: the attribute is missing", call.name);
    }
    attribute = rest.positional[0];
    rest.positional.erase(rest.positional.begin());
  }
  std::string test;
  if (!rest.positional.empty()) {
    if (!rest.positional[0].is_string() || !IsTest(rest.positional[0].string().utf8)) {
      return MakeError(ErrorKind::kUnsupported, "{}: a test of that name is not supported",
                       call.name);
    }
    test = rest.positional[0].string().utf8;
    rest.positional.erase(rest.positional.begin());
  }
  MORES_ASSIGN_OR_RETURN(const auto items, Iterate(call.input, call.meter));
  std::vector<Value> selected;
  for (const Value& item : items) {
    Value value = item;
    if (by_attribute) {
      MORES_ASSIGN_OR_RETURN(value, AtPath(item, attribute, call.meter));
    }
    bool holds = IsTrue(value);
    if (!test.empty()) {
      MORES_ASSIGN_OR_RETURN(holds, CallTest(test, value, rest, call.meter));
    }
    if (holds == wanted) selected.push_back(item);
  }
  return MakeSequence(Sequence::Kind::kIterator, std::move(selected));
}

Expected<Value> FilterSort(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound,
                         call.Bind({"reverse", "case_sensitive", "attribute"}, 0));
  if (bound.has(2) && bound[2].is_string() &&
      bound[2].string().utf8.find(',') != std::string::npos) {
    return MakeError(ErrorKind::kUnsupported, "sort: several attributes are not supported");
  }
  MORES_ASSIGN_OR_RETURN(const auto items, Iterate(call.input, call.meter));
  MORES_ASSIGN_OR_RETURN(auto keyed,
                         Keyed(items, bound.Or(2, Value()), bound.IsTrueOr(1, false), call.meter));
  MORES_RETURN_IF_ERROR(SortByKey(keyed, bound.IsTrueOr(0, false), call.meter));
  std::vector<Value> sorted;
  for (auto& [key, item] : keyed) sorted.push_back(std::move(item));
  return MakeSequence(Sequence::Kind::kList, std::move(sorted));
}

Expected<Value> FilterDictsort(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"case_sensitive", "by", "reverse"}, 0));
  MORES_ASSIGN_OR_RETURN(const String* by, bound.Text(1));
  if (by != nullptr && by->utf8 != "key" && by->utf8 != "value") {
    return MakeError(ErrorKind::kInput, "dictsort: by is key or value");
  }
  if (call.input.kind() != Value::Kind::kDictionary) {
    return MakeError(ErrorKind::kInput, "dictsort: not of a '{}'", TypeName(call.input));
  }
  MORES_ASSIGN_OR_RETURN(const Value view, CallMethod(call.input, "items", {}, call.meter));
  const Value place(int64_t{by != nullptr && by->utf8 == "value" ? 1 : 0});
  MORES_ASSIGN_OR_RETURN(auto keyed,
                         Keyed(view.sequence().items, place, bound.IsTrueOr(0, false), call.meter));
  MORES_RETURN_IF_ERROR(SortByKey(keyed, bound.IsTrueOr(2, false), call.meter));
  std::vector<Value> sorted;
  for (auto& [key, item] : keyed) sorted.push_back(std::move(item));
  return MakeSequence(Sequence::Kind::kList, std::move(sorted));
}

Expected<Value> FilterUnique(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"case_sensitive", "attribute"}, 0));
  MORES_ASSIGN_OR_RETURN(const auto items, Iterate(call.input, call.meter));
  Dictionary seen;
  std::vector<Value> unique;
  for (const Value& item : items) {
    MORES_ASSIGN_OR_RETURN(Value key,
                           KeyOf(item, bound.Or(1, Value()), bound.IsTrueOr(0, false), call.meter));
    MORES_ASSIGN_OR_RETURN(const Value* found, Find(seen, key, call.meter));
    if (found != nullptr) continue;
    seen.entries.emplace_back(std::move(key), Value());
    unique.push_back(item);
  }
  return MakeSequence(Sequence::Kind::kIterator, std::move(unique));
}

Expected<Value> FilterExtreme(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"case_sensitive", "attribute"}, 0));
  MORES_ASSIGN_OR_RETURN(const auto items, Iterate(call.input, call.meter));
  MORES_ASSIGN_OR_RETURN(const auto keyed,
                         Keyed(items, bound.Or(1, Value()), bound.IsTrueOr(0, false), call.meter));
  if (keyed.empty()) return Value::Undefined(fmt::format("{}: there is no item", call.name));
  size_t best = 0;
  for (size_t i = 1; i < keyed.size(); ++i) {
    MORES_ASSIGN_OR_RETURN(const int order, Order(keyed[i].first, keyed[best].first, call.meter));
    if (call.name == "min" ? order < 0 : order > 0) best = i;
  }
  return keyed[best].second;
}

Expected<Value> FilterSum(const FilterCall& call) {
  MORES_ASSIGN_OR_RETURN(const auto bound, call.Bind({"attribute", "start"}, 0));
  MORES_ASSIGN_OR_RETURN(const auto items, Iterate(call.input, call.meter));
  Value sum = bound.Or(1, Value(int64_t{0}));
  if (sum.is_string()) return MakeError(ErrorKind::kInput, "sum: strings can't be summed");
  for (const Value& item : items) {
    Value part = item;
    if (bound.has(0) && !bound[0].is_none()) {
      MORES_ASSIGN_OR_RETURN(part, AtPath(item, bound[0], call.meter));
    }
    MORES_ASSIGN_OR_RETURN(sum, Arithmetic(Operator::kAdd, sum, part, call.meter));
  }
  return sum;
}

}  // namespace mores::templates::jinja
