#include "fetch/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace mores::fetch {
namespace {

using ::testing::HasSubstr;

Expected<ChildResult> Shell(const std::string& script, StopToken stop = {}) {
  return RunChild({.arguments = {"sh", "-c", script}, .variables = {"GIVEN=here"}, .stop = stop});
}

TEST(ChildProcessTest, OutputAndExitCodeComeBack) {
  const auto result = Shell("echo out; echo err >&2; echo $GIVEN; cat; exit 3");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->output, "out\nerr\nhere\n");
  EXPECT_EQ(Shell("kill -9 $$")->exit_code, 128 + 9);
}

TEST(ChildProcessTest, TheEndOfALongOutputIsKept) {
  const auto result = Shell("head -c 1000000 /dev/zero; echo the end");
  ASSERT_TRUE(result);
  EXPECT_LT(result->output.size(), 300'000);
  EXPECT_TRUE(result->output.ends_with("the end\n"));
}

TEST(ChildProcessTest, NoSuchProgramIsMissing) {
  const auto result = RunChild({.arguments = {"no-such-program-here"}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(result.error().message, HasSubstr("no-such-program-here"));
}

TEST(ChildProcessTest, AStopEndsItAndWhatItStarted) {
  StopSource stop;
  std::thread asking([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    stop.Request();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto result = Shell("sleep 100 & sleep 100", stop.token());
  asking.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace mores::fetch
