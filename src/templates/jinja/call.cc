#include "templates/jinja/call.h"

#include <algorithm>

namespace mores::templates::jinja {

Expected<BoundArguments> BoundArguments::Bind(std::string_view called, const Arguments& arguments,
                                              std::initializer_list<std::string_view> parameters,
                                              size_t required) {
  BoundArguments bound;
  bound.called_ = called;
  bound.parameters_ = parameters;
  bound.values_.resize(parameters.size());
  if (arguments.positional.size() > parameters.size()) {
    return MakeError(ErrorKind::kInput, "{}: {} arguments given, {} taken", called,
                     arguments.positional.size(), parameters.size());
  }
  std::copy(arguments.positional.begin(), arguments.positional.end(), bound.values_.begin());
  for (const auto& [name, value] : arguments.named) {
    const auto* found = std::find(parameters.begin(), parameters.end(), name);
    if (found == parameters.end()) {
      return MakeError(ErrorKind::kInput, "{}: no parameter '{}'", called, name);
    }
    auto& place = bound.values_[static_cast<size_t>(found - parameters.begin())];
    if (place) return MakeError(ErrorKind::kInput, "{}: '{}' given twice", called, name);
    place = value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (bound.has(i)) continue;
    return MakeError(ErrorKind::kInput, "{}: argument '{}' is missing", called,
                     bound.parameters_[i]);
  }
  return bound;
}

Expected<int64_t> BoundArguments::Integer(size_t i, int64_t otherwise) const {
  if (!has(i) || values_[i]->is_none()) return otherwise;
  if (values_[i]->is_integral()) return values_[i]->integer();
  return MakeError(ErrorKind::kInput, "{}: argument '{}' is a {}, not an integer", called_,
                   parameters_[i], TypeName(*values_[i]));
}

Expected<const String*> BoundArguments::Text(size_t i) const {
  if (!has(i) || values_[i]->is_none()) return nullptr;
  if (values_[i]->is_string()) return &values_[i]->string();
  return MakeError(ErrorKind::kInput, "{}: argument '{}' is a {}, not a string", called_,
                   parameters_[i], TypeName(*values_[i]));
}

}  // namespace mores::templates::jinja
