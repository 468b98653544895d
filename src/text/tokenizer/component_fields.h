// Fields of the components of a tokenizer.json, read with errors that name file and field.
#ifndef MORES_TEXT_TOKENIZER_COMPONENT_FIELDS_H_
#define MORES_TEXT_TOKENIZER_COMPONENT_FIELDS_H_

#include <string>
#include <string_view>
#include <utility>

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

  // "WHERE.type: 'TYPE' is not supported".
  tl::unexpected<Error> NotSupported() const;
  tl::unexpected<Error> Corrupt(const char* name, std::string_view expected) const;

 private:
  Component(const Json& value, std::string where) : json_(&value), where_(std::move(where)) {}
  const Json* json_;
  std::string where_;
  std::string type_;
};

// Bounds of what a file may nest; more is kUnsupported.
inline constexpr int kMaxSequenceDepth = 8;
inline constexpr size_t kMaxSequence = 64;

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_COMPONENT_FIELDS_H_
