#include "data/near_duplicates.h"

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

constexpr size_t kGram = 5;
// A longer prefix of which more grams must be shared leaves far fewer candidates to compare where
// texts share set phrases; three extra grams measured best.
constexpr size_t kPrefixShared = 4;

size_t LeastShared(size_t size, uint64_t permille) { return (size * permille + 999) / 1000; }

uint64_t HashGram(const char32_t* points, size_t count) {
  uint64_t hash = count;
  for (size_t i = 0; i < count; ++i) hash = MixBits(hash ^ (uint64_t{points[i]} << 1));
  return hash;
}

}  // namespace

GramSet CharacterGrams(std::string_view normalized) {
  const std::vector<char32_t> points = text::ToCodePoints(normalized);
  GramSet grams;
  if (points.empty()) return grams;
  if (points.size() < kGram) return {HashGram(points.data(), points.size())};
  grams.reserve(points.size() - kGram + 1);
  for (size_t i = 0; i + kGram <= points.size(); ++i) {
    grams.push_back(HashGram(points.data() + i, kGram));
  }
  std::sort(grams.begin(), grams.end());
  grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
  return grams;
}

GramSet GramsOfText(std::string_view text) { return CharacterGrams(text::NormalizeForMatch(text)); }

size_t CountShared(const GramSet& a, const GramSet& b) {
  size_t shared = 0;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i < *j) {
      ++i;
    } else if (*j < *i) {
      ++j;
    } else {
      ++shared, ++i, ++j;
    }
  }
  return shared;
}

NearDuplicateIndex::NearDuplicateIndex(std::vector<GramSet> sets, int permille)
    : sets_(std::move(sets)), permille_(static_cast<uint64_t>(permille)) {
  for (const GramSet& set : sets_) {
    for (const uint64_t gram : set) ++frequency_[gram];
  }
  for (size_t i = 0; i < sets_.size(); ++i) {
    for (const uint64_t gram : Prefix(sets_[i])) {
      postings_[gram].push_back(static_cast<uint32_t>(i));
    }
  }
}

std::vector<uint64_t> NearDuplicateIndex::Prefix(const GramSet& set) const {
  if (set.empty()) return {};
  const size_t least = LeastShared(set.size(), permille_);
  const size_t length = set.size() - least + std::min(kPrefixShared, least);
  std::vector<std::pair<uint32_t, uint64_t>> ranked;
  ranked.reserve(set.size());
  for (const uint64_t gram : set) {
    const auto it = frequency_.find(gram);
    ranked.emplace_back(it == frequency_.end() ? 0 : it->second, gram);
  }
  const auto end = ranked.begin() + static_cast<std::ptrdiff_t>(length);
  std::nth_element(ranked.begin(), end - 1, ranked.end());
  std::vector<uint64_t> prefix;
  prefix.reserve(length);
  for (auto it = ranked.begin(); it != end; ++it) prefix.push_back(it->second);
  return prefix;
}

bool NearDuplicateIndex::Similar(const GramSet& a, const GramSet& b) const {
  // shared >= t (|a| + |b| - shared), solved for shared.
  const uint64_t total = a.size() + b.size();
  const uint64_t wanted = (permille_ * total + 999 + permille_) / (1000 + permille_);
  uint64_t shared = 0;
  for (auto i = a.begin(), j = b.begin(); shared < wanted;) {
    const auto left = std::min(a.end() - i, b.end() - j);
    if (shared + static_cast<uint64_t>(left) < wanted) return false;
    if (*i == *j) {
      ++shared, ++i, ++j;
    } else if (*i < *j) {
      ++i;
    } else {
      ++j;
    }
  }
  return true;
}

void NearDuplicateIndex::ForEachMatch(const GramSet& set,
                                      const std::function<bool(size_t)>& visit) const {
  // Sizes too far apart can't be similar; leaving them out early keeps the list short.
  const uint64_t smallest = LeastShared(set.size(), permille_);
  const uint64_t largest = 1000 * set.size() / permille_;
  std::vector<uint32_t> hits;
  for (const uint64_t gram : Prefix(set)) {
    const auto it = postings_.find(gram);
    if (it == postings_.end()) continue;
    for (const uint32_t candidate : it->second) {
      const size_t size = sets_[candidate].size();
      if (size >= smallest && size <= largest) hits.push_back(candidate);
    }
  }
  std::sort(hits.begin(), hits.end());
  for (size_t i = 0; i < hits.size();) {
    const uint32_t candidate = hits[i];
    const size_t first = i;
    while (i < hits.size() && hits[i] == candidate) ++i;
    const size_t least = LeastShared(sets_[candidate].size(), permille_);
    if (i - first < std::min({kPrefixShared, least, static_cast<size_t>(smallest)})) continue;
    if (Similar(set, sets_[candidate]) && !visit(candidate)) return;
  }
}

bool NearDuplicateIndex::HasMatch(const GramSet& set) const {
  bool found = false;
  ForEachMatch(set, [&](size_t) {
    found = true;
    return false;
  });
  return found;
}

}  // namespace mores::data
