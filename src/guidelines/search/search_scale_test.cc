// How long searches take in a large database, by words, and by words and vectors: 5,000
// guidelines, or as many as the environment variable MORES_SEARCH_GUIDELINES says. Bounds are the
// project's own for 100,000, kept at any size.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "guidelines/search/search.h"
#include "guidelines/search/vectors.h"
#include "support/base/test_directory.h"
#include "text/embedder.h"

namespace mores::guidelines {
namespace {

// A word of a vocabulary of some 8,000, rare ones rarely, as in any language.
std::string Word(Random& random) {
  constexpr double kSpread = 9;  // e^9
  const auto rank = static_cast<uint64_t>(std::exp(random.Uniform() * kSpread));
  std::string word;
  for (uint64_t rest = rank * 7919 + 13; rest > 0; rest /= 20) {
    word += "bcdfghjklmnpqrstvwxz"[rest % 20];
    word += "aeiou"[rest % 5];
  }
  return word;
}

std::string Text(Random& random, int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += Word(random) + ' ';
  return text;
}

// Directions by chance, of a usual dimension.
class RandomEmbedder : public text::Embedder {
 public:
  std::string name() const override { return "random"; }

 private:
  Expected<std::vector<text::Vector>> Ask(std::span<const std::string> texts,
                                          text::TextRole) override {
    constexpr size_t kDimensions = 384;
    std::vector<text::Vector> vectors(texts.size(), text::Vector(kDimensions));
    for (text::Vector& vector : vectors) {
      for (float& x : vector) x = static_cast<float>(random_.Uniform() - 0.5);
    }
    return vectors;
  }
  Random random_{3};
};

struct Times {
  double median = 0, p99 = 0;
};

// Milliseconds of 400 searches, each in one of `places`, or over all where there are none.
Times Measure(Searcher& searcher, const std::vector<std::string>& places, Random& random) {
  std::vector<double> times;
  for (int i = 0; i < 400; ++i) {
    const std::string query = Text(random, 40);
    SearchOptions options;
    if (!places.empty()) options.within = {{.place = places[random.Below(places.size())]}};
    const double begin = SystemClock().MonotonicSeconds();
    const auto hits = searcher.Search(query, options);
    times.push_back(1000 * (SystemClock().MonotonicSeconds() - begin));
    EXPECT_TRUE(hits);
    EXPECT_EQ(hits->size(), 10u);
  }
  std::sort(times.begin(), times.end());
  return {.median = times[200], .p99 = times[396]};
}

void SearchIn(size_t place_count) {
  const char* wanted = std::getenv("MORES_SEARCH_GUIDELINES");
  const size_t count = wanted ? std::strtoull(wanted, nullptr, 10) : 5000;
  const TestDirectory directory;
  const auto database =
      *Database::Open(directory.path() + "/g.db", {.access = Connection::Access::kCreate});
  std::vector<std::string> places;
  for (const Place& place : database->places().all()) {
    if (place.parent.empty() && places.size() < place_count) places.push_back(place.code);
  }
  Random random(1, place_count);
  Batch batch = {.name = "made up"};
  for (size_t i = 0; i < count; ++i) {
    batch.guidelines.push_back({.places = {places[i % places.size()]},
                                .topic = Text(random, 4),
                                .text = Text(random, 50),
                                .status = Standing::kImported});
  }
  ASSERT_TRUE(database->Import(batch, {.by = "test"}));
  const auto measure = [&](std::string_view how, const std::vector<std::string>& within,
                           const auto& create) {
    const double begin = SystemClock().MonotonicSeconds();
    const std::unique_ptr<Searcher> searcher = *create();
    const double opened = SystemClock().MonotonicSeconds() - begin;
    const Times times = Measure(*searcher, within, random);
    fmt::print(
        "{} guidelines, {} of {} places, {}: opened in {:.2f} s, median {:.2f} ms, p99 "
        "{:.2f} ms\n",
        count, within.empty() ? "all" : "one", places.size(), how, opened, times.median, times.p99);
    return times;
  };
  const auto by_words = [&] { return Searcher::Create(*database); };
  const Times times = measure("words", places, by_words);
  EXPECT_LT(times.median, 5);
  EXPECT_LT(times.p99, 20);
  measure("words", {}, by_words);
  RandomEmbedder embedder;
  ASSERT_TRUE(EmbedDocuments(*database, embedder));
  const auto by_both = [&] { return Searcher::Create(*database, embedder); };
  measure("words and vectors", places, by_both);  // told, not promised
  measure("words and vectors", {}, by_both);
}

TEST(SearchScaleTest, ManyPlaces) { SearchIn(249); }
TEST(SearchScaleTest, FewPlaces) { SearchIn(50); }

}  // namespace
}  // namespace mores::guidelines
