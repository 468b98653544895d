#include "engine/verify.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/random.h"

namespace mores::engine {
namespace {

constexpr uint64_t kItemStream = 1, kOrderStream = 2;

std::vector<size_t> Order(size_t count, bool shuffled) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  if (shuffled) Random(count, kOrderStream).Shuffle(order);
  return order;
}

// One pass over all items, `batch` a call, in the given order.
Expected<Scores> ScoreOnce(Engine& engine, std::span<const VerifyItem> items, int64_t batch,
                           const std::vector<size_t>& order, const model::PackedAdapter* adapter) {
  Scores scores(items.size());
  for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(batch)) {
    const size_t end = std::min(order.size(), begin + static_cast<size_t>(batch));
    std::vector<ScoreItem> call;
    for (size_t i = begin; i < end; ++i) {
      const VerifyItem& item = items[order[i]];
      call.push_back(
          {.prompt = item.prompt, .continuation = item.continuation, .adapter = adapter});
    }
    std::vector<Expected<std::vector<float>>> results = engine.Score(call);
    for (size_t i = begin; i < end; ++i) {
      MORES_ASSIGN_OR_RETURN(scores[order[i]], std::move(results[i - begin]));
    }
  }
  return scores;
}

VerifyResult Compare(const VerifyWay& way, const Scores& wanted, const Scores& got) {
  VerifyResult result{.way = way.name};
  for (size_t item = 0; item < wanted.size(); ++item) {
    for (size_t token = 0; token < wanted[item].size(); ++token) {
      ++result.numbers;
      const float a = wanted[item][token];
      const float b = token < got[item].size() ? got[item][token] : std::nanf("");
      if (std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b)) continue;
      ++result.different;
      if (result.first_item < 0) result.first_item = static_cast<int>(item);
      result.largest = std::max(result.largest, std::abs(a - b));
    }
  }
  return result;
}

}  // namespace

const std::vector<VerifyWay>& VerifyWays() {
  static const std::vector<VerifyWay> ways = {
      {.name = "alone"},
      {.name = "alone, 2 threads", .threads = 2},
      {.name = "in batches of 7", .batch = 7},
      {.name = "in batches of 64", .batch = 64},
      {.name = "in batches of 64, 2 threads", .batch = 64, .threads = 2},
      {.name = "shuffled, in batches of 64", .batch = 64, .shuffled = true, .threads = 2},
      {.name = "shuffled, in batches of 7", .batch = 7, .shuffled = true},
      {.name = "token by token", .chunk_tokens = 1},
      {.name = "token by token, in batches of 64", .batch = 64, .chunk_tokens = 1, .threads = 2},
      {.name = "warm, in batches of 64", .batch = 64, .threads = 2, .warm = true}};
  return ways;
}

std::vector<VerifyItem> MakeVerifyItems(int count, int most_tokens, int32_t vocab_size,
                                        uint64_t seed) {
  Random random(seed, kItemStream);
  const auto token = [&] {
    return static_cast<int32_t>(random.Below(static_cast<uint64_t>(vocab_size)));
  };
  std::vector<VerifyItem> items(static_cast<size_t>(count));
  for (size_t i = 0; i < items.size(); ++i) {
    // Lengths spread evenly, and the shortest and the longest are among them.
    const int64_t tokens = 2 + static_cast<int64_t>(i) * (most_tokens - 2) / std::max(1, count - 1);
    const auto prompt = static_cast<size_t>(1 + random.Below(static_cast<uint64_t>(tokens - 1)));
    VerifyItem& item = items[i];
    // Every third one begins as the one before does.
    if (i % 3 == 2) {
      const std::vector<int32_t>& before = items[i - 1].prompt;
      item.prompt.assign(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(
                                                              std::min(before.size(), prompt)));
    }
    while (item.prompt.size() < prompt) item.prompt.push_back(token());
    while (static_cast<int64_t>(item.prompt.size() + item.continuation.size()) < tokens) {
      item.continuation.push_back(token());
    }
  }
  return items;
}

ScoreWay ScoreByEngine(const model::Decoder& decoder, const model::PackedAdapter* adapter) {
  return [&decoder, adapter](std::span<const VerifyItem> items,
                             const VerifyWay& way) -> Expected<Scores> {
    ThreadPool pool(way.threads);
    Engine engine(decoder, {.chunk_tokens = way.chunk_tokens}, pool);
    if (way.warm) {
      MORES_RETURN_IF_ERROR(
          ScoreOnce(engine, items, way.batch, Order(items.size(), !way.shuffled), adapter));
    }
    return ScoreOnce(engine, items, way.batch, Order(items.size(), way.shuffled), adapter);
  };
}

bool VerifyReport::identical() const {
  return std::all_of(results.begin(), results.end(),
                     [](const VerifyResult& result) { return result.different == 0; });
}

Expected<VerifyReport> Verify(std::span<const VerifyItem> items, const ScoreWay& score,
                              const std::function<void(const VerifyResult&)>& seen) {
  const std::vector<VerifyWay>& ways = VerifyWays();
  MORES_ASSIGN_OR_RETURN(const Scores wanted, score(items, ways[0]));
  VerifyReport report;
  for (size_t i = 0; i < ways.size(); ++i) {
    // The first way, too, is run again: two runs alike must agree.
    MORES_ASSIGN_OR_RETURN(const Scores got, score(items, ways[i]));
    report.results.push_back(Compare(ways[i], wanted, got));
    if (seen) seen(report.results.back());
  }
  return report;
}

}  // namespace mores::engine
