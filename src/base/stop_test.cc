#include "base/stop.h"

#include <gtest/gtest.h>

#include <thread>

namespace mores {
namespace {

TEST(Stop, ATokenOfNoSourceNeverAsks) {
  EXPECT_FALSE(StopToken().requested());
  EXPECT_TRUE(StopToken().Check());
}

TEST(Stop, EveryTokenOfASourceIsTold) {
  StopSource source, other;
  const StopToken before = source.token();
  const StopToken copy = before;
  EXPECT_FALSE(copy.requested());
  std::thread([&source] { source.Request(); }).join();
  for (const StopToken& token : {before, copy, source.token()}) {
    EXPECT_TRUE(token.requested());
    EXPECT_EQ(token.Check().error().kind, ErrorKind::kCancelled);
  }
  EXPECT_FALSE(other.token().requested());
}

TEST(Stop, ASourceKnowsWhetherSomebodyLooked) {
  StopSource source;
  const StopToken token = source.token();
  EXPECT_FALSE(source.requested());
  EXPECT_FALSE(source.looked_at());
  EXPECT_TRUE(token.Check());
  EXPECT_TRUE(source.looked_at());
}

}  // namespace
}  // namespace mores
