// What the searcher holds in memory: the words of every document, by document, so that a search
// within a place reads that place's documents and nothing else.
#ifndef MORES_GUIDELINES_SEARCH_SEARCH_INDEX_H_
#define MORES_GUIDELINES_SEARCH_SEARCH_INDEX_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "guidelines/store/database.h"

namespace mores::guidelines {

// Columns of a document: names of places and groups, topic, text.
inline constexpr size_t kColumns = 3;

// How often a term occurs in each column of a document, up to 255.
struct TermCount {
  uint32_t term = 0;
  std::array<uint8_t, kColumns> counts{};
};

struct IndexedDocument {
  int64_t key = 0;        // of the table `document`
  int64_t guideline = 0;  // of the table `guideline`; 0 for a passage
  int64_t passage = 0;
  int64_t version = 0;
  bool alive = true;
  std::string id;
  Standing status = Standing::kImported;
  bool trusted = false;
  std::string valid_from, valid_to;
  std::vector<uint32_t> places;  // numbers of SearchIndex::place
  std::vector<std::string> groups;
  std::vector<uint32_t> particular;  // terms of the names of its groups and parts of countries
  std::array<uint16_t, kColumns> lengths{};
  size_t first = 0, count = 0;  // of SearchIndex::terms
};

class SearchIndex {
 public:
  explicit SearchIndex(Database& database) : database_(&database) {}

  // Reads what changed since the last call, whoever wrote it.
  Status Refresh();

  const std::vector<IndexedDocument>& documents() const { return documents_; }
  std::span<const TermCount> TermsOf(const IndexedDocument& document) const {
    return {terms_.data() + document.first, document.count};
  }
  size_t living() const { return living_; }
  size_t vocabulary() const { return document_counts_.size(); }
  uint32_t DocumentCount(uint32_t term) const { return document_counts_[term]; }
  // Words in a column of a guideline, on average.
  double AverageLength(size_t column) const;

  // Places that documents have, by number.
  const std::vector<std::string>& places() const { return places_; }
  const std::vector<std::string>& Ancestors(uint32_t place) const { return ancestors_[place]; }
  const std::vector<uint32_t>& DocumentsOf(uint32_t place) const { return by_place_[place]; }

  // The number of a stem (text/stem.h) of a word without case and diacritics; nullopt where no
  // document has it.
  std::optional<uint32_t> TermOfStem(std::string_view stem) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Numbers = std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>>;

  Status ReadChanged();
  Status Read(std::string_view condition, int64_t value);
  void Add(const Statement& row);
  void Drop(uint32_t document);
  void CountColumn(std::string_view text, size_t column, IndexedDocument& document);
  uint32_t TermOf(const std::string& word);
  uint32_t PlaceNumber(std::string_view code);
  std::vector<uint32_t> ParticularTerms(const IndexedDocument& document);

  Database* database_;
  int64_t data_version_ = -1, own_changes_ = -1;
  std::vector<IndexedDocument> documents_;
  std::unordered_map<int64_t, uint32_t> by_key_;
  std::vector<TermCount> terms_;
  Numbers words_;  // as written to the number of its stem
  Numbers stems_;
  std::vector<uint32_t> document_counts_;
  std::vector<std::string> places_;
  Numbers place_numbers_;
  std::vector<std::vector<std::string>> ancestors_;
  std::vector<std::vector<uint32_t>> by_place_;
  std::unordered_map<std::string, std::string> group_names_;
  std::array<uint64_t, kColumns> guideline_words_{};
  size_t living_ = 0, guidelines_ = 0;
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_SEARCH_SEARCH_INDEX_H_
