// `mores judge` against a server that does all that servers were seen to do, killed on the way.
// MORES_MIXED_DIALOGUES says how many dialogues; 2,000 unless it is set.
#include "support/chat/mixed_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "support/base/test_directory.h"

extern char** environ;

namespace mores::cli {
namespace {

using ::testing::HasSubstr;

int Dialogues() {
  constexpr int kMost = 2000;
  const char* set = std::getenv("MORES_MIXED_DIALOGUES");
  return set != nullptr ? std::atoi(set) : kMost;
}

class MixedServerTest : public ::testing::Test {
 protected:
  std::string In(const std::string& name) const { return directory_.path() + "/" + name; }

  void WriteDialogues() {
    std::string lines;
    for (int item = 0; item < count_; ++item) {
      lines += DumpJson({{"id", std::to_string(item)},
                         {"query", fmt::format("A question about item {}.", item)},
                         {"response", "An answer."}}) +
               "\n";
    }
    ASSERT_TRUE(WriteFileAtomically(In("in.jsonl"), lines));
  }

  pid_t Judge(const std::string& errors) {
    const std::string mores = std::filesystem::absolute(MORES_BINARY_DIR "/mores").string();
    const std::string script = fmt::format(
        "exec '{}' judge '{}' -o '{}' --model '{}#m' --label-only --in-flight 128 --deadline 120 "
        "2> '{}'",
        mores, In("in.jsonl"), In("out.jsonl"), server_.base(), In(errors));
    std::vector<std::string> words = {"sh", "-c", script};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = -1;
    EXPECT_EQ(posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments.data(), environ), 0);
    return child;
  }

  size_t Delivered() const { return mixed_.delivered().size(); }

  const int count_ = Dialogues();
  const TestDirectory directory_;
  chat::MixedServer mixed_{17};
  const chat::FakeServer server_{std::ref(mixed_)};
};

TEST_F(MixedServerTest, ARunEndsCompleteAndNothingTurnsSafeByDoubt) {
  WriteDialogues();
  // Killed once half is delivered, at a moment at which what was delivered is kept.
  const pid_t killed = Judge("first.err");
  ASSERT_GT(killed, 0);
  while (Delivered() < static_cast<size_t>(count_ / 2)) {
    ASSERT_EQ(waitpid(killed, nullptr, WNOHANG), 0) << *ReadFile(In("first.err"));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  mixed_.Hold();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  ASSERT_EQ(kill(killed, SIGKILL), 0);
  ASSERT_EQ(waitpid(killed, nullptr, 0), killed);
  mixed_.Release();
  ASSERT_FALSE(FileExists(In("out.jsonl")));

  const pid_t second = Judge("second.err");
  int status = 0;
  ASSERT_EQ(waitpid(second, &status, 0), second);
  const std::string told = *ReadFile(In("second.err"));
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << told;

  for (const auto& [item, times] : mixed_.delivered()) EXPECT_EQ(times, 1) << item;
  EXPECT_EQ(Delivered(), static_cast<size_t>(count_));
  std::map<std::string, int> oddities;
  const std::string out = *ReadFile(In("out.jsonl"));
  int item = 0;
  for (size_t begin = 0, end; (end = out.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const Json verdict = Json::parse(out.substr(begin, end - begin));
    const chat::MixedServer::Outcome outcome = mixed_.OutcomeOf(item);
    ASSERT_EQ(verdict["id"], std::to_string(item));
    EXPECT_EQ(verdict["label"], outcome.label)
        << item << " is of kind " << static_cast<int>(mixed_.KindOf(item)) << ": " << verdict;
    if (!outcome.oddity.empty()) ++oddities[outcome.oddity];
    ++item;
  }
  EXPECT_EQ(item, count_);

  const Json usage = Json::parse(*ReadFile(In("out.jsonl.manifest.json")))["usage"][0];
  EXPECT_EQ(usage["failed"], 0);
  EXPECT_EQ(usage["asked"].get<int>() + usage["cached"].get<int>(), count_);
  // A refusal by a filter has its end and its message as well.
  const int filtered = oddities["refused_by_filter"];
  oddities["content_filter"] += filtered;
  oddities["refusal"] += filtered;
  for (const auto& [name, times] : oddities) {
    EXPECT_EQ(usage["oddities"][name], times) << name;
    EXPECT_THAT(told, HasSubstr(fmt::format("{} {}", name, times)));
  }
  EXPECT_EQ(usage["notes"].size(), 3u);
  EXPECT_THAT(told, HasSubstr("temperature is not taken"));
  EXPECT_THAT(told, HasSubstr("cut off at the bound of tokens"));
}

}  // namespace
}  // namespace mores::cli
