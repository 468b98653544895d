#include "base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <vector>

namespace mores {
namespace {

TEST(ThreadPoolTest, CountsTheCallingThread) {
  EXPECT_EQ(ThreadPool(1).threads(), 1);
  EXPECT_EQ(ThreadPool(3).threads(), 3);
  EXPECT_GE(ThreadPool(0).threads(), 1);
  EXPECT_GE(ThreadPool(-5).threads(), 1);
}

TEST(ThreadPoolTest, RunsEachTaskOnce) {
  for (const int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    for (const int64_t tasks : {0, 1, 2, 3, 100, 10000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
      pool.ParallelFor(tasks, [&](int64_t i) { runs[static_cast<size_t>(i)].fetch_add(1); });
      for (const std::atomic<int>& count : runs) ASSERT_EQ(count.load(), 1);
    }
  }
}

TEST(ThreadPoolTest, NothingToDoIsDone) {
  ThreadPool pool(2);
  pool.ParallelFor(0, [](int64_t) { FAIL(); });
  pool.ParallelFor(-1, [](int64_t) { FAIL(); });
}

TEST(ThreadPoolTest, ResultsAreVisibleOnReturnManyTimes) {
  ThreadPool pool(3);
  std::vector<int64_t> values(37);
  for (int64_t round = 0; round < 5000; ++round) {
    pool.ParallelFor(37, [&](int64_t i) { values[static_cast<size_t>(i)] = round + i; });
    const int64_t sum = std::accumulate(values.begin(), values.end(), int64_t{0});
    ASSERT_EQ(sum, 37 * round + 37 * 36 / 2);
  }
}

TEST(ThreadPoolTest, WorksAfterItsThreadsSlept) {
  ThreadPool pool(2);
  std::atomic<int> runs{0};
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    pool.ParallelFor(8, [&](int64_t) { runs.fetch_add(1); });
  }
  EXPECT_EQ(runs.load(), 24);
}

TEST(ThreadPoolTest, TwoPoolsAtOnce) {
  ThreadPool outer(2);
  std::atomic<int> runs{0};
  outer.ParallelFor(4, [&](int64_t) {
    ThreadPool inner(2);
    inner.ParallelFor(10, [&](int64_t) { runs.fetch_add(1); });
  });
  EXPECT_EQ(runs.load(), 40);
}

TEST(ThreadPoolTest, StartsAndStopsWithoutWork) {
  for (int i = 0; i < 200; ++i) ThreadPool pool(3);
}

}  // namespace
}  // namespace mores
