#include "job/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/files.h"
#include "job/stop_handlers.h"
#include "support/base/test_directory.h"

namespace mores::job {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class JobTest : public ::testing::Test {
 protected:
  void SetUp() override { output_ = directory_ + "/out.jsonl"; }

  JobOptions Options(size_t items) const {
    JobOptions options;
    options.output = output_;
    for (size_t i = 0; i < items; ++i) options.keys.push_back("k" + std::to_string(i));
    options.fingerprint = {{"model", "m@1"}, {"options", {{"threshold", 0.5}}}};
    options.manifest = {{"command", "test"}};
    options.batch_size = 2;
    return options;
  }

  // Doubles each index; records what it was asked for.
  BatchFunction Doubling() {
    return [this](std::span<const size_t> batch) -> Expected<std::vector<ItemResult>> {
      std::vector<ItemResult> results;
      for (const size_t item : batch) {
        seen_.push_back(item);
        results.push_back(Json{{"id", "k" + std::to_string(item)}, {"value", item * 2}});
      }
      return results;
    };
  }

  std::string Read(const std::string& path) const { return ReadFile(path).value_or("<none>"); }
  std::string Expected4() const {
    return "{\"id\":\"k0\",\"value\":0}\n{\"id\":\"k1\",\"value\":2}\n"
           "{\"id\":\"k2\",\"value\":4}\n{\"id\":\"k3\",\"value\":6}\n";
  }

  const TestDirectory temporary_;
  const std::string directory_ = temporary_.path();
  std::string output_;
  std::vector<size_t> seen_;
};

TEST_F(JobTest, WritesInInputOrderWhateverTheProcessingOrder) {
  JobOptions options = Options(4);
  options.order = {3, 1, 0, 2};
  std::vector<size_t> visited;
  options.visit = [&](size_t item, const Json& line, bool failed) {
    EXPECT_EQ(line["value"], item * 2);
    EXPECT_FALSE(failed);
    visited.push_back(item);
  };
  const auto summary = RunJob(options, Doubling());
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(seen_, (std::vector<size_t>{3, 1, 0, 2}));
  EXPECT_EQ(visited, (std::vector<size_t>{0, 1, 2, 3}));
  EXPECT_EQ(Read(output_), Expected4());
  EXPECT_FALSE(FileExists(output_ + ".part"));
  const auto manifest = ParseJson(Read(output_ + ".manifest.json"), "manifest");
  ASSERT_TRUE(manifest);
  EXPECT_EQ((*manifest)["command"], "test");
  EXPECT_EQ((*manifest)["counts"]["done"], 4);
  EXPECT_EQ((*manifest)["fingerprint"]["model"], "m@1");
}

TEST_F(JobTest, AnItemBecomesNoneOrSeveralLinesOfTheOutput) {
  JobOptions options = Options(4);
  options.render = [](size_t item, const Json& line, bool, std::string& output) -> Status {
    for (size_t copy = 0; copy < item; ++copy) output += DumpJson(line["value"]) + "\n";
    return {};
  };
  std::string beside;
  options.before_commit = [&]() -> Status {
    beside = std::filesystem::exists(output_) ? "late" : "first";
    return {};
  };
  ASSERT_TRUE(RunJob(options, Doubling()));
  EXPECT_EQ(Read(output_), "2\n4\n4\n6\n6\n6\n");
  EXPECT_EQ(beside, "first");
}

TEST_F(JobTest, WhatFailsBesideTheOutputKeepsTheJournal) {
  JobOptions options = Options(2);
  options.before_commit = []() -> Status { return MakeError(ErrorKind::kIo, "full"); };
  const auto failed = RunJob(options, Doubling());
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("run the same command again to go on"));
  EXPECT_FALSE(std::filesystem::exists(output_));
  options.before_commit = nullptr;
  seen_.clear();
  ASSERT_TRUE(RunJob(options, Doubling()));
  EXPECT_THAT(seen_, ::testing::IsEmpty());
}

TEST_F(JobTest, EndedBetweenTheOutputAndItsManifestTheSameCommandGoesOn) {
  const std::string manifest = output_ + ".manifest.json";
  ASSERT_TRUE(MakeDirectories(manifest));
  ASSERT_FALSE(RunJob(Options(4), Doubling()));
  EXPECT_FALSE(FileExists(output_)) << "nothing would speak for it";
  ASSERT_TRUE(std::filesystem::remove(manifest));
  seen_.clear();
  const auto again = RunJob(Options(4), Doubling());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->resumed, 4u);
  EXPECT_TRUE(seen_.empty());
  EXPECT_EQ(Read(output_), Expected4());
  EXPECT_FALSE(FileExists(output_ + ".part"));
}

TEST_F(JobTest, AJournalLeftBesideItsFinishedOutputGoes) {
  ASSERT_TRUE(MakeDirectories(output_ + ".manifest.json"));
  ASSERT_FALSE(RunJob(Options(4), Doubling()));
  const std::string part = Read(output_ + ".part");
  std::filesystem::remove(output_ + ".manifest.json");
  ASSERT_TRUE(RunJob(Options(4), Doubling()));
  ASSERT_TRUE(WriteFileAtomically(output_ + ".part", part));
  const auto again = RunJob(Options(4), Doubling());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->was_finished);
  EXPECT_FALSE(FileExists(output_ + ".part"));
}

TEST_F(JobTest, BatchesStayWithinTheirCost) {
  JobOptions options = Options(5);
  options.batch_size = 3;
  options.costs = {10, 60, 50, 500, 1};
  options.batch_cost = 100;
  std::vector<size_t> sizes;
  const auto summary = RunJob(options, [&](std::span<const size_t> batch) {
    sizes.push_back(batch.size());
    return Doubling()(batch);
  });
  ASSERT_TRUE(summary);
  EXPECT_EQ(sizes, (std::vector<size_t>{2, 1, 1, 1}));
}

TEST_F(JobTest, FailedItemsAreListedAndCounted) {
  const auto summary =
      RunJob(Options(2), [&](std::span<const size_t> batch) -> Expected<std::vector<ItemResult>> {
        std::vector<ItemResult> results;
        for (const size_t item : batch) {
          if (item == 1) {
            results.push_back(MakeError(ErrorKind::kInput, "too long"));
          } else {
            results.push_back(Json{{"id", "k0"}});
          }
        }
        return results;
      });
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->done, 2u);
  EXPECT_EQ(summary->failed, 1u);
  EXPECT_EQ(Read(output_),
            "{\"id\":\"k0\"}\n"
            "{\"id\":\"k1\",\"error\":{\"kind\":\"input\",\"message\":\"too long\"}}\n");
}

// Stops the job by an error after `batches` batches, as a broken model would.
TEST_F(JobTest, ResumesWithoutRepeatingAndIgnoresATornLine) {
  int batches = 0;
  const auto stopped = RunJob(Options(4), [&](std::span<const size_t> batch) {
    if (batches++ == 1) {
      return Expected<std::vector<ItemResult>>(MakeError(ErrorKind::kCorrupt, "model broke"));
    }
    return Doubling()(batch);
  });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(stopped.error().message, HasSubstr("2 of 4 items are finished"));
  EXPECT_FALSE(FileExists(output_));
  {
    const auto part = AppendFile::Open(output_ + ".part");
    ASSERT_TRUE(part);
    ASSERT_TRUE((*part)->Append("{\"item\":2,\"key\":\"k2\",\"failed\":false,\"resu"));
  }
  const auto summary = RunJob(Options(4), Doubling());
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->resumed, 2u);
  EXPECT_EQ(seen_, (std::vector<size_t>{0, 1, 2, 3}));
  EXPECT_EQ(Read(output_), Expected4());
}

TEST_F(JobTest, RefusesAJournalOfAnotherRunAndNamesTheDifference) {
  const auto fails = [](std::span<const size_t>) -> Expected<std::vector<ItemResult>> {
    return MakeError(ErrorKind::kIo, "no");
  };
  ASSERT_FALSE(RunJob(Options(4), fails));
  JobOptions changed = Options(4);
  changed.fingerprint["options"]["threshold"] = 0.4;
  const auto refused = RunJob(changed, Doubling());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(refused.error().message, HasSubstr("options.threshold (0.5 before, 0.4 now)"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("model")));
  EXPECT_THAT(refused.error().message, HasSubstr("--fresh"));

  changed.fingerprint_notes = {{"options.threshold", "set it back"}, {"model", "another"}};
  EXPECT_THAT(RunJob(changed, Doubling()).error().message,
              HasSubstr("differs in options.threshold (set it back);"));

  JobOptions other_items = Options(5);
  EXPECT_THAT(RunJob(other_items, Doubling()).error().message, HasSubstr("items"));

  changed.start = JournalStart::kFresh;
  EXPECT_TRUE(RunJob(changed, Doubling()));
  EXPECT_EQ(Read(output_), Expected4());
}

TEST_F(JobTest, RefusesWhatIsNoJournal) {
  for (const char* bytes : {"hello\n", "{}\n", "[1]\n", "{\"journal\":2,\"fingerprint\":{}}\n"}) {
    ASSERT_TRUE(WriteFileAtomically(output_ + ".part", bytes));
    const auto refused = RunJob(Options(4), Doubling());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(refused.error().message, HasSubstr(".part:1"));
  }
}

TEST_F(JobTest, NamesTheLineOfABrokenRecord) {
  const auto fails = [](std::span<const size_t>) -> Expected<std::vector<ItemResult>> {
    return MakeError(ErrorKind::kIo, "no");
  };
  ASSERT_FALSE(RunJob(Options(4), fails));
  const std::string header = Read(output_ + ".part");
  for (const char* line :
       {"junk", "{}", "{\"item\":9,\"key\":\"k\",\"failed\":false,\"result\":{}}",
        "{\"item\":-1,\"key\":\"k\",\"failed\":false,\"result\":{}}",
        "{\"key\":\"k0\",\"item\":0,\"failed\":false,\"result\":{}}",
        "{\"item\":0,\"key\":7,\"failed\":false,\"result\":{}}"}) {
    ASSERT_TRUE(WriteFileAtomically(output_ + ".part", header + line + "\n"));
    const auto refused = RunJob(Options(4), Doubling());
    ASSERT_FALSE(refused) << line;
    EXPECT_THAT(refused.error().message, HasSubstr(".part:2:")) << line;
  }
}

TEST_F(JobTest, RefusesWhileAnotherProcessIsAtWork) {
  const auto summary = RunJob(Options(2), [&](std::span<const size_t> batch) {
    const pid_t child = fork();
    if (child == 0) {
      const auto second = RunJob(Options(2), Doubling());
      _exit(!second && second.error().kind == ErrorKind::kUsage ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    return Doubling()(batch);
  });
  EXPECT_TRUE(summary);
}

TEST_F(JobTest, KilledAtAnyMomentItLosesNothingAndRepeatsNothing) {
  constexpr size_t kItems = 60;
  const auto slow = [&](std::span<const size_t> batch) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return Doubling()(batch);
  };
  size_t size = 0;
  for (int round = 0; round < 4; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      (void)RunJob(Options(kItems), slow);
      _exit(0);
    }
    const size_t before = size;  // kill once there is a new record, in the middle of the next batch
    for (int wait = 0; wait < 10000 && size < before + 100; ++wait) {
      std::this_thread::sleep_for(std::chrono::microseconds(700));
      size = Read(output_ + ".part").size();
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  // What the killed runs finished stands in the journal, after its header.
  size_t finished = 0;
  for (const char c : Read(output_ + ".part")) finished += c == '\n' ? 1 : 0;
  ASSERT_GE(finished, 1u);
  finished -= 1;
  const auto summary = RunJob(Options(kItems), Doubling());
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->resumed, finished);
  EXPECT_EQ(seen_.size(), kItems - finished);
  EXPECT_EQ(summary->done, kItems);
  const std::string output = Read(output_);
  EXPECT_TRUE(output.starts_with("{\"id\":\"k0\",\"value\":0}\n"));
  EXPECT_TRUE(output.ends_with("{\"id\":\"k59\",\"value\":118}\n"));
}

TEST_F(JobTest, AStopEndsAfterTheBatchAndSaysHowToGoOn) {
  StopSource source;
  JobOptions options = Options(4);
  options.stop = source.token();
  const auto stopped = RunJob(options, [&](std::span<const size_t> batch) {
    source.Request();
    return Doubling()(batch);
  });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_THAT(stopped.error().message, HasSubstr("stopped; 2 of 4 items are finished"));
  EXPECT_EQ(RunJob(Options(4), Doubling())->resumed, 2u);
  EXPECT_EQ(Read(output_), Expected4());
}

TEST_F(JobTest, FullDiskKeepsWhatIsFinished) {
  const pid_t child = fork();
  if (child == 0) {
    InstallStopHandlers();
    const rlimit limit = {300, 300};  // bytes a file
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto full = RunJob(Options(40), Doubling());
    const bool right = !full && full.error().kind == ErrorKind::kIo &&
                       full.error().message.find("run the same command") != std::string::npos;
    _exit(right ? ExitCode(full.error().kind) : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_FALSE(FileExists(output_));
  const auto summary = RunJob(Options(40), Doubling());
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_GT(summary->resumed, 0u);
  EXPECT_EQ(summary->done, 40u);
}

TEST_F(JobTest, FullDeviceIsOneErrorAndIsLeftAlone) {
  JobOptions options = Options(2);
  options.output = "/dev/full";
  const auto full = RunJob(options, Doubling());
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::kIo);
  EXPECT_THAT(full.error().message, HasSubstr("No space left"));
  EXPECT_FALSE(FileExists("/dev/full.part"));
}

TEST_F(JobTest, UnwritableOutputIsRefusedBeforeAnyWork) {
  JobOptions options = Options(2);
  options.output = directory_ + "/absent/out.jsonl";
  ASSERT_FALSE(RunJob(options, Doubling()));
  options.output = directory_;
  EXPECT_EQ(RunJob(options, Doubling()).error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(seen_.empty());
}

TEST_F(JobTest, AFinishedOutputIsReplacedInOneStep) {
  ASSERT_TRUE(RunJob(Options(4), Doubling()));
  seen_.clear();
  JobOptions fresh = Options(4);
  fresh.start = JournalStart::kFresh;
  EXPECT_TRUE(RunJob(fresh, Doubling()));
  EXPECT_EQ(seen_.size(), 4u);
  EXPECT_EQ(Read(output_), Expected4());
}

TEST_F(JobTest, NumbersKeepTheirDigitsThroughAStop) {
  const std::string number = "1e400";
  JobOptions options = Options(2);
  options.batch_size = 1;
  std::string seen;
  options.visit = [&](size_t, const Json& line, bool) { seen += DumpJson(line["n"]) + ";"; };
  int left = 1;
  const BatchFunction run = [&](std::span<const size_t>) -> Expected<std::vector<ItemResult>> {
    if (left-- == 0) return MakeError(ErrorKind::kIo, "stopped");
    return std::vector<ItemResult>{Json{{"n", WrittenNumber(number)}}};
  };
  EXPECT_FALSE(RunJob(options, run));
  left = 1;
  const auto resumed = RunJob(options, run);
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_EQ(resumed->resumed, 1u);
  EXPECT_EQ(Read(output_), "{\"n\":1e400}\n{\"n\":1e400}\n");
  EXPECT_EQ(seen, "1e400;1e400;");
}

TEST_F(JobTest, KeysMayHoldAnythingAndStillResume) {
  JobOptions options = Options(3);
  options.keys = {"a\"b\\c\n\xE4\xBD\xA0", "<script>", "k2"};
  int calls = 0;
  ASSERT_FALSE(RunJob(options, [&](std::span<const size_t> batch) {
    if (calls++ == 1) {
      return Expected<std::vector<ItemResult>>(MakeError(ErrorKind::kIo, "no"));
    }
    return Doubling()(batch);
  }));
  const auto summary = RunJob(options, Doubling());
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->resumed, 2u);
}

}  // namespace
}  // namespace mores::job
