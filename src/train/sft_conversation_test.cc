// Conversations learned from their file to a model directory and to an adapter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"
#include "support/train/toy_start.h"
#include "train/sft.h"

namespace mores::train {
namespace {

using ::testing::HasSubstr;

class SftConversationTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteToyStart(model::Family::kQwen3, Path("start")));
    std::string lines;
    for (int i = 0; i < 60; ++i) {
      const std::string color = i % 2 == 0 ? "red" : "green";
      lines += DumpJson({{"messages",
                          {{{"role", "user"}, {"content", "Name " + std::to_string(i)}},
                           {{"role", "assistant"}, {"content", color}},
                           {{"role", "user"}, {"content", "And again"}},
                           {{"role", "assistant"}, {"content", color}}}}}) +
               "\n";
    }
    ASSERT_TRUE(WriteFileAtomically(Path("train.jsonl"), lines));
  }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  Expected<TrainingResult> Train(const std::string& rest, const std::string& output,
                                 const std::string& run = "") {
    EXPECT_TRUE(WriteFileAtomically(
        Path("train.toml"),
        "[data]\ntrain = \"train.jsonl\"\n" + rest +
            "\n[optim]\nlearning_rate = 0.02\nsteps = 60\ntokens_per_step = 512\n"
            "micro_batch_tokens = 256\n[run]\nprecision = \"f32\"\nsave_dtype = \"f32\"\n" +
            run));
    return TrainSft({.recipe = Path("train.toml"),
                     .output = Path(output),
                     .threads = 1,
                     .progress = progress_.get(),
                     .clock = &SystemClock(),
                     .on_warning = [this](const std::string& note) { told_.push_back(note); }});
  }

  TestDirectory folder_;
  std::vector<std::string> told_;
  std::unique_ptr<job::Progress> progress_ = job::MakeSilentProgress();
};

TEST_F(SftConversationTest, AllTurnsOfTheAssistantAreLearned) {
  const auto result = Train("[model]\nfrom = \"start\"", "out");
  ASSERT_TRUE(result) << result.error().message;
  // The first turn is a coin's throw, the second its repetition, and both end.
  EXPECT_GT(result->evaluation["mean_token_accuracy"].get<double>(), 0.6)
      << result->evaluation.dump(1);
  EXPECT_EQ(result->evaluation["examples"], 6);
  EXPECT_EQ(result->warning, "");
  EXPECT_FALSE(FileExists(Path("out/judge.json")));
  EXPECT_TRUE(FileExists(Path("out/model.safetensors")));
  EXPECT_TRUE(FileExists(Path("out/generation_config.json")));
}

TEST_F(SftConversationTest, AnAdapterLearnsThemToo) {
  const auto result =
      Train("turns = \"last\"\n[model]\nfrom = \"start\"\n[adapter]\nrank = 4", "out");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(FileExists(Path("out/adapter_config.json")));
  EXPECT_FALSE(FileExists(Path("out/tokenizer.json")));
  EXPECT_THAT(result->checks.back(), HasSubstr("differ by at most 0"));
}

TEST_F(SftConversationTest, WhatAFileWithoutLabelsWasReadAsIsTold) {
  const std::string start = "[model]\nfrom = \"start\"\n[adapter]\nrank = 2";
  ASSERT_TRUE(Train(start, "out"));
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_THAT(told_[0], HasSubstr("train.jsonl: without labels, so read as conversations"));
  const auto record = [](int i) -> Json {
    return {{"messages",
             {{{"role", "user"}, {"content", "Name " + std::to_string(i)}},
              {{"role", "assistant"}, {"content", "Yes"}}}},
            {"is_safe", false}};
  };
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += DumpJson(record(i)) + "\n";
  ASSERT_TRUE(WriteFileAtomically(Path("train.jsonl"), lines));
  told_.clear();
  ASSERT_TRUE(Train(start, "marked"));
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_THAT(told_[0], HasSubstr("field 'is_safe' isn't read: a judge learns from 'label'"));
  Json labelled = record(20);
  labelled["label"] = "unsafe";
  ASSERT_TRUE(WriteFileAtomically(Path("train.jsonl"), lines + DumpJson(labelled) + "\n"));
  EXPECT_THAT(Train(start, "mixed").error().message,
              HasSubstr("train.jsonl:21: field 'label': a judge's, and the first record has none"));
}

TEST_F(SftConversationTest, WhatCantBeLearnedIsRefused) {
  const std::string shape =
      "[model]\nlayers = 1\nhidden_dim = 16\nffn_dim = 16\nquery_heads = 1\nkv_heads = 1\n"
      "context_length = 64";
  EXPECT_THAT(Train(shape, "out").error().message, HasSubstr("field 'model.from': missing"));
  EXPECT_THAT(Train("[model]\nfrom = \"start\"", "out",
                    "eval_every = 5\nstop_after = 1\nstop_by = \"eval_accuracy\"\n")
                  .error()
                  .message,
              HasSubstr("field 'run.stop_by': 'eval_accuracy' is of a judge"));
  EXPECT_THAT(Train("max_length = 300\n[model]\nfrom = \"start\"", "out").error().message,
              HasSubstr("field 'data.max_length': above 192"));
  ASSERT_TRUE(WriteFileAtomically(Path("valid.jsonl"),
                                  R"({"query": "a", "response": "b", "label": "safe"})"
                                  "\n"));
  EXPECT_THAT(
      Train("valid = \"valid.jsonl\"\n[model]\nfrom = \"start\"", "out").error().message,
      HasSubstr("valid.jsonl: holds a judge's records, and the training data conversations"));
}

}  // namespace
}  // namespace mores::train
