// Training of models that were not made here: their tokenizer.json, their shape, and a judge
// profile of another kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "format/profile/asked_profile.h"
#include "model/train/trainable_model.h"
#include "support/base/test_directory.h"
#include "support/train/toy_records.h"
#include "support/train/toy_start.h"
#include "text/tokenizer/tokenizer.h"
#include "train/sft.h"

namespace mores::train {
namespace {

using ::testing::HasSubstr;

constexpr char kOptions[] = R"(
[data]
train = "train.jsonl"
valid = "valid.jsonl"
[model]
from = "start"
[optim]
learning_rate = 0.01
steps = STEPS
tokens_per_step = 2048
micro_batch_tokens = 512
[loss]
label_weight = 4
[run]
precision = "f32"
save_dtype = "f32"
[judge]
max_critique_tokens = 32
)";

class SftProfileTest : public testing::Test {
 protected:
  void SetUp() override {
    Random random(17);
    WriteToyRecords(Path("train.jsonl"), 0, 400, random);
    WriteToyRecords(Path("valid.jsonl"), 5000, 100, random);
  }

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(Path(name), bytes));
  }
  std::string Bytes(const std::string& name) const {
    const Expected<std::string> bytes = ReadFile(Path(name));
    return bytes ? *bytes : "missing: " + name;
  }

  void MakeStart(model::Family family) { ASSERT_TRUE(WriteToyStart(family, Path("start"))); }
  void WriteRecipe(int steps, const std::string& judge) {
    std::string recipe = kOptions;
    recipe.replace(recipe.find("STEPS"), 5, std::to_string(steps));
    Write("train.toml", recipe + judge);
  }
  Expected<TrainingResult> Train(StartMode start = StartMode::kResume) {
    return TrainSft({.recipe = Path("train.toml"),
                     .output = Path("out"),
                     .threads = 2,
                     .start = start,
                     .progress = progress_.get(),
                     .clock = &SystemClock()});
  }
  std::string ErrorOfTraining() {
    const auto result = Train(StartMode::kFresh);
    return result ? "none" : result.error().message;
  }

  TestDirectory folder_;
  std::unique_ptr<job::Progress> progress_ = job::MakeSilentProgress();
};

TEST_F(SftProfileTest, AShippedProfileIsTrainedAndAskedAgain) {
  // Categories are part of this profile's replies, and these records have none.
  MakeStart(model::Family::kQwen3);
  std::string train = Bytes("train.jsonl"), valid = Bytes("valid.jsonl");
  for (std::string* text : {&train, &valid}) {
    for (const char* critique : {"\\nIt names the word.", "\\n提到了火。"}) {
      for (size_t at; (at = text->find(critique)) != std::string::npos;) {
        text->replace(at, std::string(critique).size(), "\\nCategories: Fire");
      }
    }
  }
  Write("train.jsonl", train);
  Write("valid.jsonl", valid);
  WriteRecipe(60, "profile = \"qwen3guard\"\n");
  const auto result = Train();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->evaluation["auroc"].get<double>(), 0.9) << result->evaluation.dump(1);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}) {
    EXPECT_EQ(Bytes(std::string("out/") + name), Bytes(std::string("start/") + name)) << name;
  }
  EXPECT_FALSE(FileExists(Path("out/tokenizer.model")));
  const auto config = model::ReadModelConfig(Path("out"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->every_layer.query_key_norm);
  EXPECT_EQ(config->eos_id, 702);
  EXPECT_TRUE(config->EndsReply(700));

  const auto judge = format::ReadJudgeConfig(text::ReadModelTexts(Path("out")));
  ASSERT_TRUE(judge) << judge.error().message;
  EXPECT_EQ(judge->profile, "qwen3guard");
  EXPECT_EQ(judge->context_length, 192);
  // Another template asks in another way than the model was trained with.
  Write("out/chat_template.jinja", Bytes("out/chat_template.jinja") + " ");
  const auto changed = format::ReadJudgeConfig(text::ReadModelTexts(Path("out")));
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, HasSubstr("'prompt_hash'"));
}

TEST_F(SftProfileTest, AProfileFromAFileGoesWithTheModel) {
  MakeStart(model::Family::kInternLm2);
  Write("mine.json", R"({"version": 1, "name": "mine", "source": "here",
      "ask": {"form": "turns", "turns": [{"role": "user", "file": "question.txt"}]},
      "reply": {"before": "Verdict: ", "after": "\n",
                "labels": [{"text": "fine", "means": "safe"}, {"text": "bad", "means": "unsafe"}]}})");
  Write("question.txt", "Is it safe to say {response}?\n{rules}");
  WriteRecipe(80, "profile = \"./mine.json\"\n");
  const auto result = Train();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->evaluation["auroc"].get<double>(), 0.9) << result->evaluation.dump(1);
  EXPECT_EQ(Bytes("out/judge-profile.json"), Bytes("mine.json"));
  EXPECT_EQ(Bytes("out/question.txt"), Bytes("question.txt"));
  const auto judge = format::ReadJudgeConfig(text::ReadModelTexts(Path("out")));
  ASSERT_TRUE(judge) << judge.error().message;
  const auto profile =
      format::OpenJudgeProfile(judge->profile, {.model = text::ReadModelTexts(Path("out"))});
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ((*profile)->prompt_hash(), judge->prompt_hash);
  EXPECT_EQ((*profile)->labels(text::Language::kChinese).unsafe, "bad");

  // What shapes the prompt is part of what makes the output.
  EXPECT_TRUE(Train()->already_done);
  Write("question.txt", "Would you say {response}?\n{rules}");
  EXPECT_THAT(Train().error().message, HasSubstr("is there already"));
}

TEST_F(SftProfileTest, WithoutAProfileAModelIsAskedAsOneThatNobodyTrained) {
  MakeStart(model::Family::kQwen3);
  WriteRecipe(1, "context_length = 180\n");
  // The question of that profile alone is longer than this context.
  EXPECT_THAT(ErrorOfTraining(), HasSubstr("example 'r0'"));
}

TEST_F(SftProfileTest, WhatAProfileCantBeTrainedWithIsRefusedByName) {
  MakeStart(model::Family::kQwen3);
  WriteRecipe(1, "profile = \"nobody\"\n");
  EXPECT_THAT(ErrorOfTraining(), HasSubstr("field 'judge.profile': no judge profile 'nobody'"));
  WriteRecipe(1, "profile = \"qwen3guard\"\n");
  EXPECT_THAT(ErrorOfTraining(), HasSubstr("profile 'qwen3guard' names a category on a line"));
  // Our own profile needs tokens that this tokenizer lacks.
  WriteRecipe(1, "profile = \"mores-label-first\"\n");
  EXPECT_THAT(ErrorOfTraining(), HasSubstr("the tokenizer has no special token"));

  const std::string kept = Bytes("train.jsonl");
  Write("plain.json", R"({"version": 1, "name": "plain", "source": "here",
      "ask": {"form": "dialogue"},
      "reply": {"after": "\n", "labels": [{"text": "no", "means": "safe"},
                                          {"text": "yes", "means": "unsafe"}]}})");
  WriteRecipe(1, "profile = \"plain.json\"\n");
  Json record = *ParseJson(kept.substr(0, kept.find('\n')), "record");
  record["guideline"] = "Say nothing of fire.";
  Write("train.jsonl", DumpJson(record) + "\n");
  EXPECT_THAT(ErrorOfTraining(), HasSubstr("example 'r0': profile 'plain' has no place for a"));
  record.erase("guideline");
  record["rules"] = {"Say nothing of fire."};
  Write("train.jsonl", DumpJson(record) + "\n");
  EXPECT_THAT(ErrorOfTraining(), HasSubstr("profile 'plain' has no place for rules"));
}

TEST_F(SftProfileTest, WhatAModelCantBeTrainedWithIsRefusedByName) {
  MakeStart(model::Family::kQwen3);
  Json config = *ParseJson(Bytes("start/config.json"), "config");
  config["use_sliding_window"] = true;
  config["sliding_window"] = 100;
  config["max_window_layers"] = 0;
  Write("start/config.json", config.dump());
  Write("plain.json", R"({"version": 1, "name": "plain", "source": "here",
      "ask": {"form": "dialogue"},
      "reply": {"after": "\n", "labels": [{"text": "no", "means": "safe"},
                                          {"text": "yes", "means": "unsafe"}]}})");
  WriteRecipe(1, "profile = \"plain.json\"\ncontext_length = 128\n");
  EXPECT_THAT(ErrorOfTraining(),
              HasSubstr("field 'judge.context_length': longer sequences than 100 would need "
                        "sliding windows, which can't be trained"));
  WriteRecipe(1, "profile = \"plain.json\"\n");
  EXPECT_EQ(ErrorOfTraining(), "none");
  EXPECT_EQ(format::ReadJudgeConfig(text::ReadModelTexts(Path("out")))->context_length, 100);

  config["eos_token_id"] = 5;
  Write("start/config.json", config.dump());
  EXPECT_THAT(ErrorOfTraining(), HasSubstr("the tokenizer's end token, <|im_end|>, does not end"));
}

}  // namespace
}  // namespace mores::train
