#include "guidelines/search/search_index.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include "guidelines/places/place_words.h"
#include "guidelines/search/search_words.h"
#include "text/stem.h"

namespace mores::guidelines {
namespace {

constexpr std::string_view kDocuments =
    "SELECT d.key, ifnull(d.guideline, 0), ifnull(d.passage, 0), ifnull(g.current, 0), "
    "ifnull(g.id, p.id), d.place, d.topic, d.body, v.status, v.valid_from, v.valid_to, "
    "CASE WHEN d.guideline IS NULL "
    "THEN (SELECT group_concat(place, ' ') FROM passage_place WHERE passage = d.passage) "
    "ELSE (SELECT group_concat(place, ' ') FROM version_place "
    "WHERE guideline = d.guideline AND version = g.current) END, "
    "(SELECT group_concat(group_id, ' ') FROM version_group "
    "WHERE guideline = d.guideline AND version = g.current), {} "
    "FROM document d LEFT JOIN guideline g ON g.key = d.guideline "
    "LEFT JOIN version v ON v.guideline = g.key AND v.version = g.current "
    "LEFT JOIN passage p ON p.key = d.passage WHERE {}";

// Words of names that don't tell one group or region from another.
constexpr std::string_view kGeneralWords[] = {
    "region",    "regions", "community", "communities", "people",      "peoples",  "indigenous",
    "area",      "areas",   "group",     "groups",      "ethnic",      "rural",    "urban",
    "the",       "of",      "in",        "and",         "or",          "province", "provinces",
    "state",     "states",  "city",      "territory",   "territories", "county",   "district",
    "island",    "islands", "e",         "g",           "tribe",       "tribes",   "race",
    "excluding", "vs",      "other",     "a",           "de"};

template <class Visit>
void ForEachOfList(std::string_view list, const Visit& visit) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    if (end > 0) visit(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

}  // namespace

double SearchIndex::AverageLength(size_t column) const {
  if (guidelines_ == 0 || guideline_words_[column] == 0) return 1;
  return static_cast<double>(guideline_words_[column]) / static_cast<double>(guidelines_);
}

std::optional<uint32_t> SearchIndex::TermOfStem(std::string_view stem) const {
  const auto known = stems_.find(stem);
  if (known == stems_.end()) return std::nullopt;
  return known->second;
}

uint32_t SearchIndex::TermOf(const std::string& word) {
  if (const auto known = words_.find(word); known != words_.end()) return known->second;
  const auto next = static_cast<uint32_t>(document_counts_.size());
  const auto [stem, is_new] = stems_.emplace(text::Stem(word), next);
  if (is_new) document_counts_.push_back(0);
  words_.emplace(word, stem->second);
  return stem->second;
}

uint32_t SearchIndex::PlaceNumber(std::string_view written) {
  const Place* const place = database_->places().Find(written);
  const std::string_view code = place ? std::string_view(place->code) : written;
  const auto [at, is_new] =
      place_numbers_.emplace(std::string(code), static_cast<uint32_t>(places_.size()));
  if (is_new) {
    places_.emplace_back(code);
    ancestors_.push_back(database_->places().WithAncestors(code));
    by_place_.emplace_back();
  }
  return at->second;
}

void SearchIndex::CountColumn(std::string_view text, size_t column, IndexedDocument& document) {
  size_t words = 0;
  for (const NameWord& word : NameWords(text)) {
    if (word.key.empty()) continue;
    const uint32_t term = TermOf(word.key);
    ++words;
    terms_.push_back({.term = term});
    terms_.back().counts[column] = 1;
    for (const std::string_view part : PartsOf(word)) {
      terms_.push_back({.term = TermOf(std::string(part))});
      terms_.back().counts[column] = 1;
    }
  }
  document.lengths[column] =
      static_cast<uint16_t>(std::min<size_t>(words, std::numeric_limits<uint16_t>::max()));
  if (document.guideline != 0) guideline_words_[column] += document.lengths[column];
}

std::vector<uint32_t> SearchIndex::ParticularTerms(const IndexedDocument& document) {
  std::string names;
  std::unordered_set<std::string> country_words;
  for (const uint32_t number : document.places) {
    for (const std::string& code : ancestors_[number]) {
      const Place* place = database_->places().Find(code);
      if (!place) continue;
      if (!place->parent.empty() && code == places_[number]) names += place->name_en + ' ';
      if (!place->parent.empty()) continue;
      for (const NameWord& word : NameWords(place->name_en)) country_words.insert(word.key);
    }
  }
  for (const std::string& group : document.groups) names += group_names_[group] + ' ';
  std::vector<uint32_t> terms;
  for (const NameWord& word : NameWords(names)) {
    const bool general = std::find(std::begin(kGeneralWords), std::end(kGeneralWords), word.key) !=
                         std::end(kGeneralWords);
    if (!general && !word.key.empty() && !country_words.contains(word.key)) {
      terms.push_back(TermOf(word.key));
    }
  }
  return terms;
}

void SearchIndex::Add(const Statement& row) {
  IndexedDocument document = {.key = row.Integer(0),
                              .guideline = row.Integer(1),
                              .passage = row.Integer(2),
                              .version = row.Integer(3),
                              .id = row.String(4),
                              .status = ParseStanding(row.Text(8)).value_or(Standing::kImported),
                              .trusted = row.Integer(13) != 0,
                              .valid_from = row.String(9),
                              .valid_to = row.String(10),
                              .first = terms_.size()};
  const auto number = static_cast<uint32_t>(documents_.size());
  for (size_t column = 0; column < kColumns; ++column) {
    CountColumn(row.Text(static_cast<int>(5 + column)), column, document);
  }
  const auto begin = terms_.begin() + static_cast<std::ptrdiff_t>(document.first);
  std::sort(begin, terms_.end(),
            [](const TermCount& a, const TermCount& b) { return a.term < b.term; });
  auto last = begin;
  for (auto at = begin; at != terms_.end(); ++at) {
    if (at == begin) continue;
    if (at->term != last->term) {
      *++last = *at;
      continue;
    }
    for (size_t c = 0; c < kColumns; ++c) {
      last->counts[c] = static_cast<uint8_t>(std::min(255, last->counts[c] + at->counts[c]));
    }
  }
  if (begin != terms_.end()) terms_.erase(last + 1, terms_.end());
  document.count = terms_.size() - document.first;
  for (const TermCount& term : TermsOf(document)) ++document_counts_[term.term];
  ForEachOfList(row.Text(11), [&](std::string_view code) {
    const uint32_t place = PlaceNumber(code);
    auto& places = document.places;
    if (std::find(places.begin(), places.end(), place) != places.end()) return;
    places.push_back(place);
    by_place_[place].push_back(number);
  });
  ForEachOfList(row.Text(12), [&](std::string_view id) { document.groups.emplace_back(id); });
  if (document.guideline != 0) document.particular = ParticularTerms(document);
  ++living_;
  guidelines_ += document.guideline != 0 ? 1 : 0;
  by_key_[document.key] = number;
  documents_.push_back(std::move(document));
}

void SearchIndex::Drop(uint32_t number) {
  IndexedDocument& document = documents_[number];
  document.alive = false;
  for (const TermCount& term : TermsOf(document)) --document_counts_[term.term];
  --living_;
  if (document.guideline != 0) {
    --guidelines_;
    for (size_t c = 0; c < kColumns; ++c) guideline_words_[c] -= document.lengths[c];
  }
  for (const uint32_t place : document.places) std::erase(by_place_[place], number);
  by_key_.erase(document.key);
}

Status SearchIndex::Read(std::string_view condition, int64_t value) {
  MORES_ASSIGN_OR_RETURN(Statement read, database_->connection().Prepare(fmt::format(
                                             kDocuments, database_->trusted_column(), condition)));
  read.Bind(value);
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return {};
    Add(read);
  }
}

Status SearchIndex::ReadChanged() {
  MORES_ASSIGN_OR_RETURN(
      Statement list,
      database_->connection().Prepare("SELECT d.key, ifnull(g.current, 0) FROM document d LEFT "
                                      "JOIN guideline g ON g.key = d.guideline"));
  std::vector<int64_t> wanted;
  std::vector<bool> seen(documents_.size());
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) break;
    const auto at = by_key_.find(list.Integer(0));
    if (at != by_key_.end() && documents_[at->second].version == list.Integer(1)) {
      seen[at->second] = true;
    } else {
      wanted.push_back(list.Integer(0));
    }
  }
  for (uint32_t number = 0; number < seen.size(); ++number) {
    if (!seen[number] && documents_[number].alive) Drop(number);
  }
  for (const int64_t key : wanted) MORES_RETURN_IF_ERROR(Read("d.key = ?", key));
  return {};
}

Status SearchIndex::Refresh() {
  Connection& connection = database_->connection();
  MORES_ASSIGN_OR_RETURN(const int64_t data_version,
                         connection.QueryInteger("PRAGMA data_version"));
  const int64_t own_changes = sqlite3_total_changes64(connection.handle());
  if (data_version == data_version_ && own_changes == own_changes_) return {};
  MORES_ASSIGN_OR_RETURN(const std::vector<Group> groups, database_->Groups());
  for (const Group& group : groups) group_names_[group.id] = group.name_en;
  if (documents_.empty()) {
    MORES_RETURN_IF_ERROR(Read("d.key > ?", -1));
  } else {
    MORES_RETURN_IF_ERROR(ReadChanged());
  }
  data_version_ = data_version;
  own_changes_ = own_changes;
  return {};
}

}  // namespace mores::guidelines
