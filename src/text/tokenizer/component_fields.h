// Fields of the components of a tokenizer.json, read with errors that name file and field.
#ifndef MORES_TEXT_TOKENIZER_COMPONENT_FIELDS_H_
#define MORES_TEXT_TOKENIZER_COMPONENT_FIELDS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "text/tokenizer/pattern.h"

namespace mores::text {

// One object of the file, such as "tokenizer.json: pre_tokenizer.pretokenizers[1]". Holds
// references: it lives no longer than the file and the name.
class Component {
 public:
  // kCorrupt unless `value` is an object with a "type".
  static Expected<Component> From(const Json& value, std::string where);

  const std::string& type() const { return type_; }
  const std::string& where() const { return where_; }
  const Json& json() const { return *json_; }
  bool Has(const char* name) const;  // there, and not null

  Expected<bool> Bool(const char* name) const;
  Expected<bool> Bool(const char* name, bool otherwise) const;  // absent or null
  Expected<std::string> String(const char* name) const;
  Expected<std::string> String(const char* name, std::string otherwise) const;
  Expected<char32_t> Character(const char* name) const;  // a string of one character
  Expected<size_t> Count(const char* name) const;        // 0 to 65,536
  // {"String": text} or {"Regex": pattern}; an empty one is kUnsupported.
  Expected<Pattern> PatternOf(const char* name) const;
  Expected<const Json*> Array(const char* name) const;
  // A text that a component puts into others; above 4,096 bytes it is kUnsupported.
  Expected<std::string> Insertion(const char* name) const;
  // The insertion "content" that replaces what "pattern" matches; groups in it are kUnsupported.
  // REQUIRES: PatternOf("pattern") succeeded.
  Expected<std::string> Replacement() const;
  // kUnsupported for components nested deeper than a file may.
  Status CheckDepth(int depth) const;

  // "WHERE.type: 'TYPE' is not supported".
  tl::unexpected<Error> NotSupported() const;
  tl::unexpected<Error> Corrupt(const char* name, std::string_view expected) const;

 private:
  Component(const Json& value, std::string where) : json_(&value), where_(std::move(where)) {}
  const Json* json_;
  std::string where_;
  std::string type_;
};

// What one part of a component, or the component itself, is made by.
template <class Part>
using MakePart = Expected<Part> (*)(const Json& value, const std::string& where, int depth);

// The parts that the list `name` of a component at `depth` holds, in their order. kUnsupported
// where components nest too deep.
template <class Part>
Expected<std::vector<Part>> MakeParts(const Component& component, const char* name, int depth,
                                      MakePart<Part> make) {
  MORES_RETURN_IF_ERROR(component.CheckDepth(depth));
  MORES_ASSIGN_OR_RETURN(const Json* const array, component.Array(name));
  std::vector<Part> parts;
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string where = fmt::format("{}.{}[{}]", component.where(), name, i);
    MORES_ASSIGN_OR_RETURN(Part part, make((*array)[i], where, depth + 1));
    parts.push_back(std::move(part));
  }
  return parts;
}

// Of what a file may hold in one list; more is kUnsupported.
inline constexpr size_t kMaxSequence = 64;
// The most bytes that one component may put in the place of a match.
inline constexpr size_t kMaxInsertion = 4096;

// kUnsupported for a component of more than 256 parts, however they are nested: every text goes
// through each.
Status CheckPartCount(const Json& component, const std::string& where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_COMPONENT_FIELDS_H_
