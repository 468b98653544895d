#include "job/finished.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "job/job.h"
#include "support/base/test_directory.h"

namespace mores::job {
namespace {

using ::testing::HasSubstr;

class FinishedTest : public ::testing::Test {
 protected:
  JobOptions Options(const std::string& model) const {
    JobOptions options;
    options.output = output_;
    options.keys = {"a", "b"};
    options.fingerprint = {{"model", model}};
    return options;
  }

  BatchFunction Run() {
    return [this](std::span<const size_t> batch) -> Expected<std::vector<ItemResult>> {
      std::vector<ItemResult> results;
      for (const size_t item : batch) {
        ++asked_;
        if (item == 1 && failure_) {
          results.push_back(tl::unexpected<Error>(*failure_));
        } else {
          results.push_back(Json{{"id", item == 0 ? "a" : "b"}, {"value", 7}});
        }
      }
      return results;
    };
  }

  std::string Read(const std::string& path) const { return ReadFile(path).value_or("<none>"); }
  std::string Message(const JobOptions& options) {
    const auto run = RunJob(options, Run());
    return run ? "" : run.error().message;
  }

  const TestDirectory temporary_;
  const std::string output_ = temporary_.path() + "/out.jsonl";
  std::optional<Error> failure_;
  size_t asked_ = 0;
};

TEST_F(FinishedTest, TheSameRunDoesNothingButTellsWhatThereIs) {
  ASSERT_TRUE(RunJob(Options("m"), Run()));
  const std::string manifest = Read(output_ + ".manifest.json");
  JobOptions again = Options("m");
  std::vector<std::string> visited;
  again.visit = [&](size_t, const Json& line, bool failed) {
    EXPECT_FALSE(failed);
    visited.push_back(line["id"].get<std::string>());
  };
  const auto run = RunJob(again, Run());
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_TRUE(run->was_finished);
  EXPECT_EQ(run->done, 2u);
  EXPECT_EQ(asked_, 2u);
  EXPECT_EQ(visited, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Read(output_ + ".manifest.json"), manifest);
  EXPECT_FALSE(FileExists(output_ + ".part"));
}

TEST_F(FinishedTest, AnotherRunIsRefusedUnlessFresh) {
  ASSERT_TRUE(RunJob(Options("m"), Run()));
  const std::string before = Read(output_);
  JobOptions other = Options("n");
  EXPECT_THAT(Message(other), HasSubstr("differs in model (\"m\" before, \"n\" now)"));
  EXPECT_EQ(Read(output_), before);
  EXPECT_FALSE(FileExists(output_ + ".part"));
  other.other_runs = OtherRuns::kReplaced;
  EXPECT_EQ(Message(other), "");
  other = Options("o");
  other.start = JournalStart::kFresh;
  EXPECT_EQ(Message(other), "");
}

TEST_F(FinishedTest, OtherItemsAreAnotherRun) {
  ASSERT_TRUE(RunJob(Options("m"), Run()));
  JobOptions other = Options("m");
  other.keys = {"a", "c"};
  EXPECT_THAT(Message(other), HasSubstr("differs in items"));
}

TEST_F(FinishedTest, WhatWasChangedOrIsNotOursIsRefused) {
  ASSERT_TRUE(WriteFileAtomically(output_, "{\"id\":\"mine\"}\n"));
  EXPECT_THAT(Message(Options("m")), HasSubstr("with JSON lines of which no manifest says"));
  JobOptions fresh = Options("m");
  fresh.start = JournalStart::kFresh;
  EXPECT_EQ(Message(fresh), "");
  ASSERT_TRUE(WriteFileAtomically(output_, "{\"id\":\"edited\"}\n"));
  EXPECT_THAT(Message(Options("m")), HasSubstr("changed since this run wrote it"));
  ASSERT_TRUE(WriteFileAtomically(output_, "<!doctype html>"));
  EXPECT_THAT(Message(Options("m")), HasSubstr("holds a page"));
  EXPECT_THAT(Message(fresh), HasSubstr("holds a page"));
  ASSERT_TRUE(WriteFileAtomically(output_, ""));
  EXPECT_EQ(Message(Options("m")), "");
}

TEST_F(FinishedTest, FailuresThatMayPassAreTriedAgain) {
  failure_ = Error{ErrorKind::kIo, "no network"};
  ASSERT_TRUE(RunJob(Options("m"), Run()));
  failure_.reset();
  const auto run = RunJob(Options("m"), Run());
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_FALSE(run->was_finished);
  EXPECT_EQ(run->failed, 0u);
  EXPECT_THAT(Read(output_), HasSubstr("\"id\":\"b\",\"value\":7"));
}

TEST_F(FinishedTest, FailuresThatStayAreToldAgain) {
  failure_ = Error{ErrorKind::kInput, "too long"};
  ASSERT_TRUE(RunJob(Options("m"), Run()));
  JobOptions again = Options("m");
  size_t failed = 0;
  again.visit = [&](size_t, const Json&, bool item_failed) { failed += item_failed ? 1 : 0; };
  const auto run = RunJob(again, Run());
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->was_finished);
  EXPECT_EQ(run->failed, 1u);
  EXPECT_EQ(failed, 1u);
  EXPECT_EQ(asked_, 2u);
}

TEST_F(FinishedTest, NumbersBeyondADoubleAreReadAgain) {
  const BatchFunction run = [](std::span<const size_t> batch) {
    std::vector<ItemResult> results;
    for (const size_t item : batch) {
      Json line = {{"id", item == 0 ? "a" : "b"}};
      line["meta"] = *ParseJson(R"({"n":1e400})", "", kJournalJson);
      results.push_back(std::move(line));
    }
    return Expected<std::vector<ItemResult>>(std::move(results));
  };
  ASSERT_TRUE(RunJob(Options("m"), run));
  JobOptions again = Options("m");
  size_t visited = 0;
  again.visit = [&](size_t, const Json&, bool) { ++visited; };
  const auto repeated = RunJob(again, run);
  ASSERT_TRUE(repeated) << repeated.error().message;
  EXPECT_TRUE(repeated->was_finished);
  EXPECT_EQ(visited, 2u);
  again.start = JournalStart::kFresh;
  EXPECT_TRUE(RunJob(again, run));
}

TEST_F(FinishedTest, TellsTheLastFingerprint) {
  EXPECT_TRUE(LastFingerprint(output_).is_null());
  ASSERT_TRUE(RunJob(Options("m"), Run()));
  EXPECT_EQ(LastFingerprint(output_)["model"], "m");
  ASSERT_TRUE(WriteFileAtomically(output_ + ".part",
                                  "{\"journal\":1,\"fingerprint\":{\"model\":\"n\"}}\n"));
  EXPECT_EQ(LastFingerprint(output_)["model"], "n");
}

TEST_F(FinishedTest, AReplacementThatWasStoppedGoesOn) {
  ASSERT_TRUE(RunJob(Options("m"), Run()));
  JobOptions other = Options("n");
  other.start = JournalStart::kFresh;
  other.batch_size = 1;
  int batches = 0;
  const auto stopped = RunJob(other, [&](std::span<const size_t> batch) {
    if (batches++ == 1) {
      return Expected<std::vector<ItemResult>>(MakeError(ErrorKind::kIo, "stopped"));
    }
    return Run()(batch);
  });
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("without --fresh"));
  other.start = JournalStart::kResume;
  const auto run = RunJob(other, Run());
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->resumed, 1u);
}

}  // namespace
}  // namespace mores::job
