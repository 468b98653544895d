// Fields of a TOML table, each checked as it is taken. The first thing wrong is kept as one error
// that names file, line and field; keys that nobody took are refused at the end.
#ifndef MORES_TRAIN_TOML_FIELDS_H_
#define MORES_TRAIN_TOML_FIELDS_H_

#include <toml++/toml.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::train {

// kMissing or kIo when unreadable, kInput "FILE:LINE: ..." when it isn't TOML.
Expected<toml::table> ReadToml(const std::string& path);

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  enum class Low { kIncluded, kExcluded } low_end = Low::kIncluded;
};

class TomlFields {
 public:
  // `file` stands in errors; `error` is shared by all tables of a file and keeps the first.
  TomlFields(const toml::table& table, std::string prefix, std::string file,
             std::optional<Error>& error);

  bool Has(const char* key) const { return table_.contains(key); }
  // Each leaves `out` alone when the key is absent.
  void Text(const char* key, std::string& out);
  void Integer(const char* key, int64_t& out, Range range);
  void Integer(const char* key, int& out, Range range);
  void Number(const char* key, double& out, Range range);
  void Number(const char* key, float& out, Range range);
  void Flag(const char* key, bool& out);
  // Exactly two numbers.
  void Pair(const char* key, double& first, double& second, Range range);
  // The index of the text among `choices`.
  void Choice(const char* key, const std::vector<std::string_view>& choices, int& out);
  // A table of its own; an empty one when absent, and takes the key.
  TomlFields Table(const char* key);
  bool IsTable(const char* key) const;

  void Require(const char* key);
  // Of two keys at most one.
  void Exclusive(const char* key, const char* other);
  // Refuses keys that were not taken.
  void Finish();
  // Keeps an error about a key that was taken.
  void Refuse(const char* key, std::string_view problem);

 private:
  const toml::node* Take(const char* key);
  std::string Name(std::string_view key) const;
  void Keep(const toml::node& node, std::string_view key, std::string_view problem);
  std::optional<double> TakeNumber(const char* key, const toml::node& node, Range range);

  const toml::table& table_;
  std::string prefix_;
  std::string file_;
  std::optional<Error>& error_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace mores::train

#endif  // MORES_TRAIN_TOML_FIELDS_H_
