#include "guidelines/search/search.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/exact_math.h"
#include "guidelines/places/place_words.h"
#include "guidelines/search/search_index.h"
#include "guidelines/search/search_words.h"
#include "guidelines/search/vectors.h"
#include "text/segmentation.h"
#include "text/stem.h"

namespace mores::guidelines {
namespace {

// BM25F (Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", CIKM
// 2004). The numbers were chosen on one half of the countries of SafeWorld's queries
// (docs/formats/guideline-search.md).
constexpr double kSaturation = 2.5;                   // k1
constexpr double kLengthShare = 0.75;                 // b
constexpr double kColumnWeights[] = {2.0, 2.0, 1.0};  // places, topic, text
constexpr double kRepeatSaturation = 1.0;             // of words repeated in the query
constexpr double kRelatedFactor = 0.25;               // of words for the same matter
// A passage is evidence for guidelines, and stands behind them.
constexpr double kPassageFactor = 0.3;
// A guideline of a group or region that the query doesn't name.
constexpr double kUnnamedGroupFactor = 0.75;
// One of a country that the query names, where the search is over all places.
constexpr double kNamedCountryFactor = 2.0;
constexpr size_t kMostTerms = 1024;  // of one query
// Reciprocal rank fusion (Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms
// Condorcet and individual Rank Learning Methods", SIGIR 2009), with their k. Ranks beyond the
// depth count nothing.
constexpr double kFusionRank = 60;
constexpr size_t kFusionDepth = 1000;

struct Scored {
  double score = 0;
  uint32_t document = 0;
};

class WordSearcher : public Searcher {
 public:
  explicit WordSearcher(Database& database) : database_(&database), index_(database) {}
  WordSearcher(Database& database, text::Embedder& embedder) : WordSearcher(database) {
    embedder_ = &embedder;
    vectors_.emplace(database, embedder.name());
  }

  Status Open() {
    return database_->connection().ReadConsistently([&] { return Refresh(); });
  }
  Expected<std::vector<Hit>> Search(std::string_view text, const SearchOptions& options) override;

 private:
  Status Refresh() {
    MORES_RETURN_IF_ERROR(index_.Refresh());
    return vectors_ ? vectors_->Refresh() : Status();
  }
  Status EmbedQuery(std::string_view text);
  void ReadQuery(std::string_view text, const SearchOptions& options);
  std::vector<std::string> CountryWords(const SearchOptions& options) const;
  std::vector<std::string> CountTerms(std::string_view text, const SearchOptions& options);
  double Rarity(uint32_t term) const;
  std::vector<uint32_t> Candidates(const SearchOptions& options) const;
  bool Accepts(const IndexedDocument& document, const SearchOptions& options) const;
  bool Within(const IndexedDocument& document, const SearchOptions& options) const;
  double Score(const IndexedDocument& document) const;
  double Weighted(double score, const IndexedDocument& document) const;
  std::vector<Scored> ByWords(const std::vector<uint32_t>& documents) const;
  Expected<std::vector<Scored>> ByMeaning(const std::vector<uint32_t>& documents) const;
  std::vector<Scored> Fused(std::vector<Scored> words, std::vector<Scored> meaning) const;
  void KeepBest(size_t count, std::vector<Scored>& found) const;
  Expected<Hit> Read(const Scored& scored);

  Database* database_;
  SearchIndex index_;
  // Of the current query: what a term's presence is worth, by term; 0 for what isn't in it.
  std::vector<float> worth_;
  std::vector<uint32_t> terms_;
  std::vector<bool> named_;  // by place: whether its country is named in the query
  double average_[kColumns] = {};

  text::Embedder* embedder_ = nullptr;  // set with vectors_
  std::optional<VectorIndex> vectors_;
  std::string embedded_;  // the text of query_
  text::Vector query_;    // empty for a blank text
};

double WordSearcher::Rarity(uint32_t term) const {
  const auto documents = static_cast<double>(index_.living());
  const double with = index_.DocumentCount(term);
  return ExactLog(1 + (documents - with + 0.5) / (with + 0.5));
}

// The beginnings of the words by which the countries searched go, and their people: within a
// country its name tells nothing apart.
std::vector<std::string> WordSearcher::CountryWords(const SearchOptions& options) const {
  constexpr size_t kShortest = 4, kBeginning = 5;
  std::vector<std::string> beginnings;
  for (const PlaceScope& scope : options.within) {
    const auto codes = database_->places().WithAncestors(scope.place);
    const Place* country = codes.empty() ? nullptr : database_->places().Find(codes.back());
    if (!country) continue;
    for (const NameWord& word : NameWords(country->name_en)) {
      if (word.key.size() >= kShortest) beginnings.push_back(word.key.substr(0, kBeginning));
    }
  }
  return beginnings;
}

// Counts the query's terms into worth_; returns the stems that are related to its words.
std::vector<std::string> WordSearcher::CountTerms(std::string_view text,
                                                  const SearchOptions& options) {
  const std::vector<std::string> country = CountryWords(options);
  std::vector<std::string> related;
  for (const NameWord& word : NameWords(text::SegmentWords(text))) {
    if (word.key.empty() || IsStopWord(word.key) || terms_.size() >= kMostTerms) continue;
    if (std::any_of(country.begin(), country.end(),
                    [&](const std::string& name) { return word.key.starts_with(name); })) {
      continue;
    }
    const std::string stem = text::Stem(word.key);
    const auto others = RelatedStems(stem);
    related.insert(related.end(), others.begin(), others.end());
    for (const std::string_view part : PartsOf(word)) {
      if (!IsStopWord(part)) related.emplace_back(part);
    }
    const std::optional<uint32_t> term = index_.TermOfStem(stem);
    if (!term) continue;
    if (worth_[*term] == 0) terms_.push_back(*term);
    worth_[*term] += 1;
  }
  return related;
}

void WordSearcher::ReadQuery(std::string_view text, const SearchOptions& options) {
  for (const uint32_t term : terms_) worth_[term] = 0;
  terms_.clear();
  worth_.resize(index_.vocabulary());
  const std::vector<std::string> related = CountTerms(text, options);
  for (const uint32_t term : terms_) {
    const double times = worth_[term];
    const double repeated = times * (kRepeatSaturation + 1) / (kRepeatSaturation + times);
    worth_[term] = static_cast<float>(Rarity(term) * repeated);
  }
  for (const std::string& stem : related) {
    const std::optional<uint32_t> term = index_.TermOfStem(stem);
    if (!term || worth_[*term] != 0) continue;
    terms_.push_back(*term);
    worth_[*term] = static_cast<float>(Rarity(*term) * kRelatedFactor);
  }
  for (size_t column = 0; column < kColumns; ++column) {
    average_[column] = index_.AverageLength(column);
  }
  named_.assign(index_.places().size(), false);
  if (!options.within.empty()) return;
  for (const PlaceMention& mention : database_->places().Mentions(text)) {
    const std::string country = database_->places().WithAncestors(mention.code).back();
    for (uint32_t place = 0; place < named_.size(); ++place) {
      if (index_.Ancestors(place).back() == country) named_[place] = true;
    }
  }
}

std::vector<uint32_t> WordSearcher::Candidates(const SearchOptions& options) const {
  std::vector<uint32_t> candidates;
  if (options.within.empty()) {
    candidates.resize(index_.documents().size());
    for (uint32_t i = 0; i < candidates.size(); ++i) candidates[i] = i;
    return candidates;
  }
  for (uint32_t place = 0; place < index_.places().size(); ++place) {
    const std::string& code = index_.places()[place];
    const auto& above = index_.Ancestors(place);
    for (const PlaceScope& scope : options.within) {
      const auto ancestors = database_->places().WithAncestors(scope.place);
      const bool is_above = std::find(ancestors.begin(), ancestors.end(), code) != ancestors.end();
      const bool is_below = !options.ancestors_only &&
                            std::find(above.begin(), above.end(), scope.place) != above.end();
      if (!is_above && !is_below) continue;
      const auto& documents = index_.DocumentsOf(place);
      candidates.insert(candidates.end(), documents.begin(), documents.end());
      break;
    }
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  return candidates;
}

// Whether a document of one of the places holds for the groups asked about.
bool WordSearcher::Within(const IndexedDocument& document, const SearchOptions& options) const {
  if (options.within.empty() || document.groups.empty()) return true;
  for (const PlaceScope& scope : options.within) {
    if (scope.group.empty() && !options.ancestors_only) return true;
    const auto& groups = document.groups;
    if (std::find(groups.begin(), groups.end(), scope.group) != groups.end()) return true;
  }
  return false;
}

bool WordSearcher::Accepts(const IndexedDocument& document, const SearchOptions& options) const {
  if (!document.alive) return false;
  if (document.guideline == 0) return options.what != What::kGuidelines;
  if (options.what == What::kPassages || document.status == Standing::kWithdrawn) return false;
  if (!Within(document, options)) return false;
  if (!options.deciding_only) return true;
  const Guideline dated = {.status = document.status,
                           .valid_from = document.valid_from,
                           .valid_to = document.valid_to,
                           .trusted = document.trusted};
  return dated.Decides(options.as_of, options.imports);
}

double WordSearcher::Score(const IndexedDocument& document) const {
  double norms[kColumns];
  for (size_t column = 0; column < kColumns; ++column) {
    norms[column] = kColumnWeights[column] /
                    (1 - kLengthShare + kLengthShare * document.lengths[column] / average_[column]);
  }
  double score = 0;
  for (const TermCount& term : index_.TermsOf(document)) {
    const double worth = worth_[term.term];
    if (worth == 0) continue;
    double often = 0;
    for (size_t column = 0; column < kColumns; ++column) {
      often += norms[column] * term.counts[column];
    }
    score += worth * often * (kSaturation + 1) / (kSaturation + often);
  }
  return Weighted(score, document);
}

double WordSearcher::Weighted(double score, const IndexedDocument& document) const {
  if (document.guideline == 0) return score * kPassageFactor;
  const auto asked = [&](uint32_t term) { return worth_[term] > 0; };
  if (!document.particular.empty() &&
      std::none_of(document.particular.begin(), document.particular.end(), asked)) {
    score *= kUnnamedGroupFactor;
  }
  const auto named = [&](uint32_t place) { return named_[place]; };
  if (std::any_of(document.places.begin(), document.places.end(), named)) {
    score *= kNamedCountryFactor;
  }
  return score;
}

Expected<Hit> WordSearcher::Read(const Scored& scored) {
  const IndexedDocument& document = index_.documents()[scored.document];
  if (document.guideline == 0) {
    MORES_ASSIGN_OR_RETURN(Passage passage, database_->PassageAt(document.passage));
    return Hit{.what = What::kPassages, .passage = std::move(passage), .score = scored.score};
  }
  MORES_ASSIGN_OR_RETURN(Version version, database_->Current(document.guideline));
  return Hit{.guideline = std::move(version.guideline), .score = scored.score};
}

// Best first, at most `count`.
void WordSearcher::KeepBest(size_t count, std::vector<Scored>& found) const {
  count = std::min(count, found.size());
  const auto& documents = index_.documents();
  const auto better = [&](const Scored& a, const Scored& b) {
    return a.score != b.score ? a.score > b.score
                              : documents[a.document].id < documents[b.document].id;
  };
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found.end(),
                    better);
  found.resize(count);
}

std::vector<Scored> WordSearcher::ByWords(const std::vector<uint32_t>& documents) const {
  std::vector<Scored> found;
  for (const uint32_t number : documents) {
    const double score = Score(index_.documents()[number]);
    if (score > 0) found.push_back({.score = score, .document = number});
  }
  return found;
}

// By how much their cosine exceeds the average one: models differ in what they give to texts that
// have nothing to do with each other, and the weights are of what is beyond that.
Expected<std::vector<Scored>> WordSearcher::ByMeaning(
    const std::vector<uint32_t>& documents) const {
  if (query_.size() != vectors_->dimensions()) {
    return MakeError(ErrorKind::kInput,
                     "{}: gives {} dimensions, and the vectors by it in {} have {}",
                     embedder_->name(), query_.size(), database_->path(), vectors_->dimensions());
  }
  std::vector<Scored> found;
  double sum = 0;
  for (const uint32_t number : documents) {
    const std::optional<float> cosine = vectors_->Cosine(index_.documents()[number].key, query_);
    if (!cosine) continue;
    sum += *cosine;
    found.push_back({.score = *cosine, .document = number});
  }
  const double average = found.empty() ? 0 : sum / static_cast<double>(found.size());
  for (Scored& one : found) {
    one.score -= average;
    if (one.score > 0) one.score = Weighted(one.score, index_.documents()[one.document]);
  }
  return found;
}

// A document without a vector has its rank by words for both.
std::vector<Scored> WordSearcher::Fused(std::vector<Scored> words,
                                        std::vector<Scored> meaning) const {
  KeepBest(kFusionDepth, words);
  KeepBest(kFusionDepth, meaning);
  const auto worth = [](size_t rank) { return 1 / (kFusionRank + static_cast<double>(rank)); };
  std::unordered_map<uint32_t, double> scores;
  for (size_t i = 0; i < words.size(); ++i) {
    const uint32_t document = words[i].document;
    const bool both = vectors_->Has(index_.documents()[document].key);
    scores[document] = (both ? 1 : 2) * worth(i + 1);
  }
  for (size_t i = 0; i < meaning.size(); ++i) scores[meaning[i].document] += worth(i + 1);
  std::vector<Scored> fused;
  for (const auto& [document, score] : scores) {
    fused.push_back({.score = score, .document = document});
  }
  return fused;
}

Status WordSearcher::EmbedQuery(std::string_view text) {
  if (text == embedded_) return {};
  const std::string asked(text);
  text::Vector query;
  if (text::SegmentWords(text).find_first_not_of(" \t\r\n") != std::string::npos) {
    MORES_ASSIGN_OR_RETURN(std::vector<text::Vector> vectors,
                           embedder_->Embed(std::span(&asked, 1), text::TextRole::kQuery));
    query = std::move(vectors.front());
  }
  embedded_ = asked;
  query_ = std::move(query);
  return {};
}

Expected<std::vector<Hit>> WordSearcher::Search(std::string_view text,
                                                const SearchOptions& options) {
  // Before the transaction: it may take long.
  if (embedder_) MORES_RETURN_IF_ERROR(EmbedQuery(text));
  std::vector<Hit> hits;
  const Status searched = database_->connection().ReadConsistently([&]() -> Status {
    MORES_RETURN_IF_ERROR(Refresh());
    ReadQuery(text, options);
    std::vector<uint32_t> accepted = Candidates(options);
    std::erase_if(accepted,
                  [&](uint32_t number) { return !Accepts(index_.documents()[number], options); });
    std::vector<Scored> found = ByWords(accepted);
    if (!query_.empty()) {
      MORES_ASSIGN_OR_RETURN(std::vector<Scored> meaning, ByMeaning(accepted));
      found = Fused(std::move(found), std::move(meaning));
    }
    KeepBest(options.limit, found);
    for (const Scored& one : found) {
      MORES_ASSIGN_OR_RETURN(Hit hit, Read(one));
      hits.push_back(std::move(hit));
    }
    return {};
  });
  MORES_RETURN_IF_ERROR(searched);
  return hits;
}

Expected<std::unique_ptr<Searcher>> Opened(std::unique_ptr<WordSearcher> searcher) {
  MORES_RETURN_IF_ERROR(searcher->Open());
  return searcher;
}

}  // namespace

Expected<std::unique_ptr<Searcher>> Searcher::Create(Database& database) {
  return Opened(std::make_unique<WordSearcher>(database));
}

Expected<std::unique_ptr<Searcher>> Searcher::Create(Database& database, text::Embedder& embedder) {
  return Opened(std::make_unique<WordSearcher>(database, embedder));
}

}  // namespace mores::guidelines
