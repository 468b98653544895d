// The values of a chat template: Python's, as far as templates see them. All but namespaces never
// change once made, as in the sandbox that transformers uses.
#ifndef MORES_TEMPLATES_JINJA_VALUE_H_
#define MORES_TEMPLATES_JINJA_VALUE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "templates/jinja/meter.h"
#include "templates/jinja/text.h"

namespace mores::templates::jinja {

struct String : MarkedText {
  // What `safe` and `escape` return: Jinja2 escapes whatever is added to it.
  bool markup = false;
};

struct Sequence;
struct Dictionary;
struct Namespace;
struct Loop;
struct Callable;
struct Statement;  // jinja_ast.h
struct Scope;      // jinja_run.cc

class Value {
 public:
  enum class Kind {
    kUndefined,
    kNone,
    kBoolean,
    kInteger,
    kFloat,
    kString,
    kSequence,
    kDictionary,
    kNamespace,
    kLoop,
    kCallable,
  };

  Value() : data_(nullptr) {}  // None
  explicit Value(bool boolean) : data_(boolean) {}
  explicit Value(int64_t integer) : data_(integer) {}
  explicit Value(double number) : data_(number) {}
  explicit Value(MarkedText text)
      : data_(std::make_shared<const String>(String{std::move(text), false})) {}
  explicit Value(String text) : data_(std::make_shared<const String>(std::move(text))) {}
  explicit Value(std::string_view text) : Value(MarkedText{std::string(text), {}}) {}
  explicit Value(const char*) = delete;  // which would be a boolean
  explicit Value(std::shared_ptr<const Sequence> sequence) : data_(std::move(sequence)) {}
  explicit Value(std::shared_ptr<const Dictionary> dictionary) : data_(std::move(dictionary)) {}
  explicit Value(std::shared_ptr<Namespace> object) : data_(std::move(object)) {}
  explicit Value(std::shared_ptr<const Loop> loop) : data_(std::move(loop)) {}
  explicit Value(std::shared_ptr<const Callable> callable) : data_(std::move(callable)) {}
  // `reason` is the error that most uses of it become.
  static Value Undefined(std::string reason);

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_undefined() const { return kind() == Kind::kUndefined; }
  bool is_none() const { return kind() == Kind::kNone; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_integral() const { return kind() == Kind::kInteger || kind() == Kind::kBoolean; }
  bool is_number() const { return is_integral() || kind() == Kind::kFloat; }

  // REQUIRES: the kind that the name says.
  const std::string& reason() const { return *std::get<UndefinedPtr>(data_); }
  bool boolean() const { return std::get<bool>(data_); }
  double number() const { return std::get<double>(data_); }
  const String& string() const { return *std::get<std::shared_ptr<const String>>(data_); }
  const Sequence& sequence() const { return *std::get<std::shared_ptr<const Sequence>>(data_); }
  const Dictionary& dictionary() const {
    return *std::get<std::shared_ptr<const Dictionary>>(data_);
  }
  Namespace& name_space() const { return *std::get<std::shared_ptr<Namespace>>(data_); }
  const std::shared_ptr<Namespace>& shared_namespace() const {
    return std::get<std::shared_ptr<Namespace>>(data_);
  }
  const Loop& loop() const { return *std::get<std::shared_ptr<const Loop>>(data_); }
  const std::shared_ptr<const Callable>& callable() const {
    return std::get<std::shared_ptr<const Callable>>(data_);
  }
  int64_t integer() const;      // REQUIRES: is_integral()
  double AsDouble() const;      // REQUIRES: is_number()
  const void* address() const;  // identity of what is shared, null of the rest

 private:
  using UndefinedPtr = std::shared_ptr<const std::string>;
  std::variant<UndefinedPtr, std::nullptr_t, bool, int64_t, double, std::shared_ptr<const String>,
               std::shared_ptr<const Sequence>, std::shared_ptr<const Dictionary>,
               std::shared_ptr<Namespace>, std::shared_ptr<const Loop>,
               std::shared_ptr<const Callable>>
      data_;
};

struct Sequence {
  enum class Kind {
    kList,
    kTuple,
    kRange,
    kView,      // of a dictionary: no index
    kIterator,  // what map, select and reverse return: no length, and empty once it was read
  };
  Kind kind = Kind::kList;
  std::vector<Value> items;
  int depth = 1;              // of nesting
  mutable bool read = false;  // an iterator, from which everything was taken
};

struct Dictionary {
  std::vector<std::pair<Value, Value>> entries;  // in order of insertion, keys unlike each other
  int depth = 1;
};

struct Namespace {
  std::map<std::string, Value, std::less<>> attributes;
};

// `loop` of the round that it was made for.
struct Loop {
  std::shared_ptr<const std::vector<Value>> items;
  size_t index = 0;
  int depth = 1;
};

// What can be called: a function that every template knows, a method of a value, or a macro.
struct Callable {
  enum class Kind { kGlobal, kMethod, kMacro };
  Kind kind = Kind::kGlobal;
  std::string_view name;
  Value self;  // of a method
  int depth = 1;
  const Statement* macro = nullptr;
  std::shared_ptr<Scope> scope;  // in which the macro was defined
};

// kUnsupported if a value nests too deeply.
// The depth of a list of these. kUnsupported if that is too deep.
Expected<int> NestingDepth(const std::vector<Value>& items);
Expected<Value> MakeMethod(std::string_view name, const Value& self);
Expected<Value> MakeSequence(Sequence::Kind kind, std::vector<Value> items);
// Of equal keys the last value counts, at the place of the first.
Expected<Value> MakeDictionary(std::vector<std::pair<Value, Value>> entries, Meter& meter);
// `origin` marks strings, keys included.
Expected<Value> FromJson(const Json& json, Origin origin);

// "str", "list", ... as Python names it.
std::string_view TypeName(const Value& value);
bool IsTrue(const Value& value);
// Python's ==.
Expected<bool> Equal(const Value& a, const Value& b, Meter& meter);
// Negative, 0 or positive as Python's < orders; kInput if it doesn't.
Expected<int> Order(const Value& a, const Value& b, Meter& meter);
// Null if absent. kInput if the key can't be one.
Expected<const Value*> Find(const Dictionary& dictionary, const Value& key, Meter& meter);
const Value* FindText(const Dictionary& dictionary, std::string_view key);

// What iteration gives: items, keys, characters; nothing of undefined. kInput for the rest.
Expected<std::vector<Value>> Iterate(const Value& value, Meter& meter);
Expected<size_t> Length(const Value& value, Meter& meter);

// str(value).
Status AppendText(const Value& value, Meter& meter, TextBuilder& out);
Expected<MarkedText> ToText(const Value& value, Meter& meter);
std::string FloatText(double number);

struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<MarkedText> indent;  // of one level
  std::optional<MarkedText> item_separator, key_separator;
};
// json.dumps(value).
Expected<MarkedText> ToJsonText(const Value& value, const JsonStyle& style, Meter& meter);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_VALUE_H_
