// Readers of the training sources in their original form (docs/data.md), and of anybody's JSON,
// JSON lines or CSV by a field map.
#ifndef MORES_DATA_READERS_READERS_H_
#define MORES_DATA_READERS_READERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/recipe.h"
#include "data/record.h"

namespace mores::data {

struct InputFile {
  std::string path;    // below the data root, as in the recipe
  std::string sha256;  // of its bytes
  int64_t bytes = 0;
};

// Files below the data root; remembers what was read, for the manifest.
class Inputs {
 public:
  explicit Inputs(std::string root) : root_(std::move(root)) {}

  // A byte-order mark at the start is left out. kInput when it is not UTF-8.
  Expected<std::string> Read(const std::string& relative);
  // Paths below the root, sorted bytewise: the file itself, or all files below a directory.
  Expected<std::vector<std::string>> List(const std::string& relative) const;
  std::string FullPath(const std::string& relative) const;
  const std::vector<InputFile>& files() const { return files_; }

 private:
  std::string root_;
  std::vector<InputFile> files_;
};

// All records of one source, in file order, ids set, languages not yet. One malformed record is a
// kInput error naming file, line or item, and field.
Expected<std::vector<Record>> ReadSource(const SourceRecipe& source, Inputs& inputs);

// Whether the record has all the notes that `where` asks for, each with one of its values. A value
// of `category` may also be the record's category in the common taxonomy.
bool Matches(const Record& record, const std::map<std::string, std::vector<std::string>>& where);

// "cipherchat, cmoraleval, ...", for messages and help.
std::string ReaderNames();

}  // namespace mores::data

#endif  // MORES_DATA_READERS_READERS_H_
