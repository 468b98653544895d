// Tables of words and names that stand beside the code as text files and are embedded into the
// program (cmake/EmbedFiles.cmake), so that they can be read and mended without reading code.
//
//   # A comment: a line that begins with it.
//   [name of a section]
//   words of one row, or fields	separated by	tabs
//
// Blank lines count for nothing. There is no escaping: a row can't begin with '#' or '['.
#ifndef MORES_BASE_TABLE_FILE_H_
#define MORES_BASE_TABLE_FILE_H_

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace mores {

// The words of `text`, which spaces separate.
std::vector<std::string_view> WordsOf(std::string_view text);

struct TableSection {
  std::string_view name;
  std::vector<std::vector<std::string_view>> rows;  // fields, none of them empty

  // The words of all rows, which spaces and tabs separate.
  std::vector<std::string_view> Words() const;
  // Every field of all rows.
  std::vector<std::string_view> Fields() const;
  // Every row as its two fields. REQUIRES: each row has two.
  std::vector<std::pair<std::string_view, std::string_view>> Pairs() const;
};

class TableFile {
 public:
  // All views that come from here point into `text`, which has to live as long.
  // REQUIRES: the format above. The text is the program's own, never a user's.
  explicit TableFile(std::string_view text);

  std::span<const TableSection> sections() const { return sections_; }
  // REQUIRES: there is one of that name.
  const TableSection& Section(std::string_view name) const;

 private:
  std::vector<TableSection> sections_;
};

}  // namespace mores

#endif  // MORES_BASE_TABLE_FILE_H_
