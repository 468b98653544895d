// Fields of a TOML file, each checked as it is taken. The first thing wrong with the file is kept
// as one error that names file, line and field, kInput "FILE:LINE: field 'SECTION.NAME': PROBLEM";
// keys that nobody took are refused at the end, with what was meant where that can be seen.
#ifndef MORES_BASE_TOML_FIELDS_H_
#define MORES_BASE_TOML_FIELDS_H_

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace mores {

struct NumberRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  enum class Low { kIncluded, kExcluded } low_end = Low::kIncluded;
};

enum class EmptyText { kRefused, kAllowed };

// A key that others use, "lora_alpha", or only in one section, "data.path"; and what is said of it
// where it is refused, "use adapter.alpha".
struct TomlHint {
  std::string_view key, advice;
};

// One table of a file. Copies are the same table: what one takes the other has taken.
class TomlFields {
 public:
  // The file's own table. kMissing or kIo when unreadable, kInput "FILE:LINE: ..." when not TOML.
  static Expected<TomlFields> Read(const std::string& path);
  // The same of text in memory, which is named `name` in errors.
  static Expected<TomlFields> Parse(std::string_view text, const std::string& name);

  bool Has(const char* key) const;
  bool IsText(const char* key) const;
  // Each leaves `out` alone when the key is absent.
  void Text(const char* key, std::string& out, EmptyText empty = EmptyText::kRefused);
  // A text, or a list of them.
  void Texts(const char* key, std::vector<std::string>& out, EmptyText empty = EmptyText::kRefused);
  // A table whose values are texts or lists of them, each of which may be empty.
  void TextsByName(const char* key, std::map<std::string, std::vector<std::string>>& out);
  void Integer(const char* key, int64_t& out, NumberRange range);
  void Integer(const char* key, int& out, NumberRange range);
  void Number(const char* key, double& out, NumberRange range);
  void Number(const char* key, float& out, NumberRange range);
  void Flag(const char* key, bool& out);
  // Exactly two numbers.
  void Pair(const char* key, double& first, double& second, NumberRange range);
  // An array of numbers; whole ones.
  void Numbers(const char* key, std::vector<double>& out, NumberRange range);
  void Integers(const char* key, std::vector<int>& out, NumberRange range);
  // A table whose values are numbers, in the order of the file.
  void NumbersByName(const char* key, std::vector<std::pair<std::string, double>>& out,
                     NumberRange range);
  // What stands beside the text among `choices`.
  template <class Value>
  void Choice(const char* key, std::initializer_list<std::pair<std::string_view, Value>> choices,
              Value& out) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : choices) names.push_back(name);
    if (const std::optional<size_t> place = OneOf(key, names)) {
      out = (choices.begin() + *place)->second;
    }
  }
  // A table of its own; an empty one when absent, and takes the key.
  TomlFields Table(const char* key);
  // The tables of [[key]], none when absent.
  std::vector<TomlFields> Tables(const char* key);
  bool IsTable(const char* key) const;

  void Require(const char* key);
  // Of two keys at most one.
  void Exclusive(const char* key, const char* other);
  // For the whole file. The hints' texts must outlive it.
  void Explain(std::span<const TomlHint> hints);
  // Takes a key, whatever it holds.
  void PassOver(const char* key);
  // Refuses keys that were not taken.
  void Finish();
  // Keeps an error about a key that was taken.
  void Refuse(const char* key, std::string_view problem);
  // The first error of the whole file. Of an unknown field it says which one may be meant, of all
  // sections that have been read by then.
  Status status() const;

 private:
  struct State;  // which alone knows the parser's types: they take long to compile
  explicit TomlFields(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::optional<size_t> OneOf(const char* key, const std::vector<std::string_view>& names);

  std::shared_ptr<State> state_;
};

}  // namespace mores

#endif  // MORES_BASE_TOML_FIELDS_H_
