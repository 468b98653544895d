#include "base/clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores {
namespace {

TEST(ClockTest, SystemClockNeverGoesBack) {
  const double before = SystemClock().MonotonicSeconds();
  EXPECT_LE(before, SystemClock().MonotonicSeconds());
}

TEST(ClockTest, TimestampIsUtcToTheSecond) {
  EXPECT_THAT(SystemClock().UtcTimestamp(),
              ::testing::MatchesRegex("2[0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:"
                                      "[0-6][0-9]Z"));
}

TEST(ClockTest, FakeClockMovesWhenTold) {
  FakeClock clock;
  EXPECT_EQ(clock.MonotonicSeconds(), 0);
  clock.Advance(2.5);
  EXPECT_EQ(clock.MonotonicSeconds(), 2.5);
}

}  // namespace
}  // namespace mores
