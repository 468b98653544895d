#include "guidelines/search/search_words.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/table_file.h"
#include "guidelines/tables.h"
#include "text/stem.h"

namespace mores::guidelines {
namespace {

using Related = std::map<std::string, std::vector<std::string>, std::less<>>;

Related ReadMatters() {
  std::map<std::string, std::set<std::string>, std::less<>> related;
  const TableFile table(kSearchWords);
  for (const auto& row : table.Section("matters").rows) {
    std::set<std::string> stems;
    for (const std::string_view word : WordsOf(row[0])) stems.insert(text::Stem(word));
    for (const std::string& stem : stems) related[stem].insert(stems.begin(), stems.end());
  }
  Related lists;
  for (auto& [stem, others] : related) {
    others.erase(stem);
    lists[stem].assign(others.begin(), others.end());
  }
  return lists;
}

}  // namespace

bool IsStopWord(std::string_view word) {
  static const std::set<std::string_view, std::less<>> words = [] {
    const std::vector<std::string_view> all = TableFile(kSearchWords).Section("stop words").Words();
    return std::set<std::string_view, std::less<>>(all.begin(), all.end());
  }();
  return words.contains(word);
}

std::span<const std::string> RelatedStems(std::string_view stem) {
  static const Related related = ReadMatters();
  const auto found = related.find(stem);
  return found == related.end() ? std::span<const std::string>() : found->second;
}

std::vector<std::string_view> PartsOf(const NameWord& word) {
  std::vector<std::string_view> parts;
  if (!word.chinese) return parts;
  const std::string_view key = word.key;
  for (size_t begin = 0; begin < key.size();) {
    size_t end = begin + 1;
    while (end < key.size() && (static_cast<unsigned char>(key[end]) & 0xC0) == 0x80) ++end;
    parts.push_back(key.substr(begin, end - begin));
    begin = end;
  }
  if (parts.size() < 2) parts.clear();
  return parts;
}

}  // namespace mores::guidelines
