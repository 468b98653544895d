#include "base/table_file.h"

#include <algorithm>

#include "base/check.h"

namespace mores {
namespace {

// Takes what stands before the next of `separators` off `text`.
std::string_view TakePiece(std::string_view& text, std::string_view separators) {
  const size_t end = std::min(text.find_first_of(separators), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

}  // namespace

TableFile::TableFile(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = TakePiece(text, "\n");
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      MORES_CHECK(line.size() > 2 && line.back() == ']');
      sections_.push_back({.name = line.substr(1, line.size() - 2), .rows = {}});
      continue;
    }
    MORES_CHECK(!sections_.empty());
    std::vector<std::string_view>& fields = sections_.back().rows.emplace_back();
    while (!line.empty()) {
      fields.push_back(TakePiece(line, "\t"));
      MORES_CHECK(!fields.back().empty());
    }
  }
}

const TableSection& TableFile::Section(std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(),
                                  [&](const TableSection& one) { return one.name == name; });
  MORES_CHECK(found != sections_.end());
  return *found;
}

std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::string_view word = TakePiece(text, " ");
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

std::vector<std::string_view> TableSection::Words() const {
  std::vector<std::string_view> words;
  for (const std::string_view field : Fields()) {
    const std::vector<std::string_view> more = WordsOf(field);
    words.insert(words.end(), more.begin(), more.end());
  }
  return words;
}

std::vector<std::string_view> TableSection::Fields() const {
  std::vector<std::string_view> fields;
  for (const auto& row : rows) fields.insert(fields.end(), row.begin(), row.end());
  return fields;
}

std::vector<std::pair<std::string_view, std::string_view>> TableSection::Pairs() const {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const auto& row : rows) {
    MORES_CHECK(row.size() == 2);
    pairs.emplace_back(row[0], row[1]);
  }
  return pairs;
}

}  // namespace mores
