// How long searches take in a large database: 5,000 guidelines, or as many as the environment
// variable MORES_SEARCH_GUIDELINES says. Bounds are the project's own for 100,000, kept at any
// size.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/clock.h"
#include "base/random.h"
#include "base/test_directory.h"
#include "guidelines/search.h"

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

struct Times {
  double median = 0, p99 = 0;
};

// Milliseconds of 400 searches, each in one of `places`.
Times Measure(Searcher& searcher, const std::vector<std::string>& places, Random& random) {
  std::vector<double> times;
  for (int i = 0; i < 400; ++i) {
    const std::string query = Text(random, 40);
    const double begin = SystemClock().MonotonicSeconds();
    const auto hits =
        searcher.Search(query, {.within = {{.place = places[random.Below(places.size())]}}});
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
  const double begin = SystemClock().MonotonicSeconds();
  const auto searcher = *Searcher::Create(*database);
  const double opened = SystemClock().MonotonicSeconds() - begin;
  const Times times = Measure(*searcher, places, random);
  fmt::print("{} guidelines in {} places: opened in {:.2f} s, median {:.2f} ms, p99 {:.2f} ms\n",
             count, places.size(), opened, times.median, times.p99);
  EXPECT_LT(times.median, 5);
  EXPECT_LT(times.p99, 20);
}

TEST(SearchScaleTest, ManyPlaces) { SearchIn(249); }
TEST(SearchScaleTest, FewPlaces) { SearchIn(50); }

}  // namespace
}  // namespace mores::guidelines
