#include "chat/reply_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores::chat {
namespace {

ReplyTally Tally(int64_t read, int64_t unparsed, int64_t failed) {
  return {.role = "judge", .name = "m", .read = read, .unparsed = unparsed, .failed = failed};
}

TEST(ReplyTally, HalfUnreadIsMost) {
  EXPECT_FALSE(Tally(0, 0, 0).IsMostlyUnread());
  EXPECT_FALSE(Tally(31, 30, 0).IsMostlyUnread());
  EXPECT_TRUE(Tally(30, 30, 0).IsMostlyUnread());
  EXPECT_TRUE(Tally(0, 1, 0).IsMostlyUnread());
  EXPECT_TRUE(Tally(10, 5, 5).IsMostlyUnread()) << "what failed is unread, too";
}

TEST(ReplyTally, SaysHowManyAndTheCommonestProblem) {
  ReplyTally tally = Tally(1, 0, 0);
  EXPECT_EQ(WarningOf(tally), "");
  tally.AddUnparsed("the reply is empty");
  tally.AddUnparsed("no object");
  tally.AddUnparsed("no object");
  EXPECT_EQ(WarningOf(tally), "judge m: 3 of 4 replies could not be read (most often: no object)");
  tally.failed = 2;
  EXPECT_EQ(WarningOf(tally),
            "judge m: 3 of 6 replies could not be read (most often: no object), 2 of 6 requests "
            "failed");
  EXPECT_EQ(WarningOf(Tally(0, 0, 2)), "judge m: 2 of 2 requests failed");
}

TEST(ReplyTally, ManyProblemsThatDifferAreBounded) {
  ReplyTally tally = Tally(0, 0, 0);
  for (int i = 0; i < 1000; ++i) tally.AddUnparsed(std::to_string(i));
  EXPECT_EQ(tally.unparsed, 1000);
  EXPECT_LE(tally.problems.size(), 100u);
}

TEST(ReplyTally, StandsInASummaryBehindOtherWarnings) {
  Json summary = {{"warnings", {"first"}}};
  PutReplies(std::vector{Tally(5, 0, 0), Tally(0, 4, 0)}, summary);
  EXPECT_EQ(summary["warnings"],
            Json::array({"first", "judge m: 4 of 4 replies could not be read"}));
  EXPECT_EQ(summary["replies"][1], Json({{"role", "judge"},
                                         {"name", "m"},
                                         {"part", "replies"},
                                         {"asked", 4},
                                         {"read", 0},
                                         {"unparsed", 4},
                                         {"failed", 0}}));
}

}  // namespace
}  // namespace mores::chat
