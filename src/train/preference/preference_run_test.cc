// Training on preferences from its recipe to what it writes: of every weight, and of an adapter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include "base/files.h"
#include "base/hash.h"
#include "support/base/test_directory.h"
#include "support/train/toy_start.h"
#include "train/preference/preference.h"
#include "train/preference/references.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kRecipe[] = R"(
[data]
train = "train.jsonl"
valid_share = 0.2
max_length = 64
references = "kept"
[model]
from = "start"
ADAPTER
[preference]
beta = 0.5
LOSS
[optim]
learning_rate = 0.02
steps = STEPS
tokens_per_step = 256
micro_batch_tokens = 128
[run]
precision = "f32"
save_dtype = "f32"
eval_every = 4
checkpoint_steps = 3
)";

constexpr char kAdapter[] = "[adapter]\nrank = 4\n";

// Asks for a stop once some of the work of a title is done.
class StopWhile : public job::Progress {
 public:
  explicit StopWhile(std::string title) : title_(std::move(title)) {}
  StopSource stop;
  void Start(const std::string& title, const std::string&, int64_t, int64_t) override {
    here_ = title == title_;
  }
  void Update(int64_t done, const std::string&) override {
    updates_ += here_ ? 1 : 0;
    if (here_ && done > 0) stop.Request();
  }
  void Finish(const std::string&) override { here_ = false; }
  int updates() const { return updates_; }

 private:
  std::string title_;
  bool here_ = false;
  int updates_ = 0;
};

class PreferenceRunTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteToyStart(model::Family::kQwen3, Path("start")));
    std::string lines;
    for (int i = 0; i < 40; ++i) {
      const Json pair = {
          {"prompt", {{{"role", "user"}, {"content", "Say the word " + std::to_string(i % 20)}}}},
          {"chosen", {{{"role", "assistant"}, {"content", i % 2 == 0 ? "river" : "a cloud"}}}},
          {"rejected", {{{"role", "assistant"}, {"content", i % 2 == 0 ? "stone" : "a stone"}}}}};
      lines += DumpJson(pair) + "\n";
    }
    ASSERT_TRUE(WriteFileAtomically(Path("train.jsonl"), lines));
    WriteRecipe("", "", 12);
  }

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Bytes(const std::string& name) const {
    const Expected<std::string> bytes = ReadFile(Path(name));
    return bytes ? *bytes : "missing: " + name;
  }
  void WriteRecipe(const std::string& adapter, const std::string& loss, int steps) {
    std::string recipe = kRecipe;
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"ADAPTER", adapter},
                                   {"LOSS", loss},
                                   {"STEPS", std::to_string(steps)}}) {
      recipe.replace(recipe.find(from), from.size(), to);
    }
    ASSERT_TRUE(WriteFileAtomically(Path("train.toml"), recipe));
  }
  Expected<TrainingResult> Train(const std::string& output, int threads = 1) {
    return TrainPreference({.recipe = Path("train.toml"),
                            .output = Path(output),
                            .threads = threads,
                            .progress = progress_.get(),
                            .clock = &SystemClock(),
                            .on_warning = Telling()});
  }
  Expected<TrainingResult> TrainAndStop(const std::string& output, StopWhile& stopping) {
    return TrainPreference({.recipe = Path("train.toml"),
                            .output = Path(output),
                            .threads = 1,
                            .stop = stopping.stop.token(),
                            .progress = &stopping,
                            .clock = &SystemClock(),
                            .on_warning = Telling()});
  }
  std::function<void(const std::string&)> Telling() {
    return [this](const std::string& line) { told_.push_back(line); };
  }
  Json Manifest(const std::string& output) {
    return *ParseJson(Bytes(output + ".manifest.json"), "manifest");
  }
  std::vector<Json> Metrics(const std::string& output) {
    std::vector<Json> lines;
    const std::string text = Bytes(output + ".metrics.jsonl");
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      lines.push_back(*ParseJson(text.substr(at, end - at), "metrics"));
      at = end + 1;
    }
    return lines;
  }
  void ExpectSameFiles(const std::string& a, const std::string& b) {
    int files = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(Path(a))) {
      const std::string name = entry.path().filename().string();
      EXPECT_TRUE(Bytes(a + "/" + name) == Bytes(b + "/" + name)) << name;
      ++files;
    }
    EXPECT_GT(files, 1);
  }

  TestDirectory folder_;
  std::unique_ptr<job::Progress> progress_ = job::MakeSilentProgress();
  std::vector<std::string> told_;
};

TEST_F(PreferenceRunTest, LearnsWhatIsPreferredAndStartsWhereTheorySays) {
  const auto result = Train("out");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->steps, 12);
  EXPECT_GT(result->evaluation["rewards/accuracies"].get<double>(), 0.9)
      << result->evaluation.dump(1);
  const std::vector<Json> metrics = Metrics("out");
  ASSERT_EQ(metrics.size(), 15u);
  EXPECT_NEAR(metrics[0]["loss"].get<double>(), std::log(2.0), 1e-7);
  EXPECT_EQ(metrics[0]["rewards/margins"], 0.0);
  EXPECT_EQ(metrics[0]["rewards/chosen"], 0.0);
  EXPECT_EQ(metrics[0]["rewards/accuracies"], 0.0);
  EXPECT_LT(metrics[13]["loss"].get<double>(), metrics[0]["loss"].get<double>());
  for (const char* field :
       {"grad_norm", "learning_rate", "epoch", "num_tokens", "entropy", "mean_token_accuracy",
        "rewards/rejected", "logps/chosen", "logps/rejected", "logits/chosen", "logits/rejected"}) {
    EXPECT_TRUE(metrics[0][field].is_number()) << field;
  }
  EXPECT_EQ(metrics[4]["kind"], "evaluation");
  for (const char* field : {"eval_loss", "eval_rewards/accuracies", "eval_rewards/margins",
                            "eval_logps/chosen", "eval_runtime"}) {
    EXPECT_TRUE(metrics[4][field].is_number()) << field;
  }
  ASSERT_EQ(result->checks.size(), 3u);
  EXPECT_THAT(result->checks[1], HasSubstr("loss 0.693147, as it must be; margins and rewards 0"));
  EXPECT_TRUE(FileExists(Path("out/model.safetensors")));
  EXPECT_FALSE(FileExists(Path("out/judge.json")));
  EXPECT_FALSE(fs::exists(Path("out.train")));
  EXPECT_TRUE(Train("out")->already_done);
}

TEST_F(PreferenceRunTest, ReferencesOfOneStartServeEveryRun) {
  WriteRecipe(kAdapter, "", 2);
  ASSERT_TRUE(Train("first"));
  Json counts = Manifest("first")["references"];
  EXPECT_EQ(counts["completions"], 80);
  // Each pair is there twice.
  EXPECT_EQ(counts["computed"], 40);
  EXPECT_EQ(counts["found"], 40);
  // Another loss and another rank begin where that one did.
  WriteRecipe("[adapter]\nrank = 2\n", "loss_type = \"ipo\"", 2);
  ASSERT_TRUE(Train("second"));
  counts = Manifest("second")["references"];
  EXPECT_EQ(counts["computed"], 0);
  EXPECT_EQ(counts["found"], 80);
  // An adapted head rounds in its own way, so what it says is computed.
  WriteRecipe("[adapter]\nrank = 2\ntargets = [\"q_proj\", \"lm_head\"]\n", "", 2);
  const auto head = Train("head");
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_GT(Manifest("head")["references"]["computed"].get<int>(), 0);
  WriteRecipe("[adapter]\nrank = 2\n", "loss_type = \"ipo\"", 2);
  // Another model doesn't.
  ASSERT_TRUE(WriteToyStart(model::Family::kQwen3, Path("start"), 3));
  ASSERT_TRUE(Train("third"));
  EXPECT_GT(Manifest("third")["references"]["computed"].get<int>(), 0);
  // Nor does a loss without a reference need any.
  WriteRecipe(kAdapter, "loss_type = \"simpo\"", 2);
  const auto without = Train("fourth");
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_FALSE(Manifest("fourth").contains("references"));
}

// What shapes the tokens is of the run, as what shapes the numbers is.
TEST_F(PreferenceRunTest, AnotherProfileOrTemplateIsAnotherRun) {
  const std::string adapters[] = {"", kAdapter};
  for (const std::string& adapter : adapters) {
    ASSERT_TRUE(WriteToyStart(model::Family::kQwen3, Path("start")));
    WriteRecipe(adapter, "", 1);
    const std::string output = adapter.empty() ? "full" : "adapter";
    ASSERT_TRUE(Train(output));
    EXPECT_TRUE(Train(output)->already_done);
    WriteRecipe(adapter + "[judge]\nprofile = \"qwen3guard\"\n", "", 1);
    const auto asked = Train(output);
    ASSERT_FALSE(asked);
    EXPECT_THAT(asked.error().message, HasSubstr("is there already"));
    WriteRecipe(adapter, "", 1);
    EXPECT_TRUE(Train(output)->already_done);
    for (const char* name : {"start/chat_template.jinja", "start/tokenizer_config.json"}) {
      const std::string before = Bytes(name);
      ASSERT_TRUE(WriteFileAtomically(Path(name), before + " "));
      const auto other = Train(output);
      ASSERT_FALSE(other) << name;
      EXPECT_THAT(other.error().message, HasSubstr("is there already"));
      ASSERT_TRUE(WriteFileAtomically(Path(name), before));
    }
  }
}

TEST_F(PreferenceRunTest, TheZeroPointOfKtoIsNeverNegative) {
  // Completions of other prompts become less likely while each prompt's own is learned.
  WriteRecipe(kAdapter, "loss_type = \"kto\"", 24);
  ASSERT_TRUE(Train("out"));
  bool raised = false;
  for (const Json& line : Metrics("out")) {
    const double kl = line.value("kl", line.value("eval_kl", -1.0));
    EXPECT_GE(kl, 0) << line.dump();
    raised = raised || kl > 0;
  }
  EXPECT_TRUE(raised);
}

TEST_F(PreferenceRunTest, AnAdapterIsWrittenReadBackAndGoneOnFrom) {
  WriteRecipe(kAdapter, "", 12);
  const auto first = Train("first");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_THAT(first->checks.back(), HasSubstr("differ by at most 0"));
  EXPECT_TRUE(FileExists(Path("first/adapter_model.safetensors")));
  EXPECT_FALSE(FileExists(Path("first/model.safetensors")));
  const Json config = *ParseJson(Bytes("first/adapter_config.json"), "config");
  EXPECT_EQ(config["r"], 4);
  EXPECT_THAT(config["base_model_name_or_path"].get<std::string>(), HasSubstr("start"));
  // The reference of what goes on from it is it.
  WriteRecipe("[adapter]\nfrom = \"first\"\n", "", 12);
  const auto second = Train("second");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(Metrics("second")[0]["rewards/margins"], 0.0);
  EXPECT_GT(Manifest("second")["references"]["computed"].get<int>(), 0);

  ASSERT_TRUE(WriteToyStart(model::Family::kQwen3, Path("start"), 3));
  const auto other = Train("third");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("train.toml: field 'adapter.from': "));
  EXPECT_FALSE(fs::exists(Path("third.train")));
}

TEST_F(PreferenceRunTest, SameBytesForAnyNumberOfThreadsAndEveryLoss) {
  for (const char* loss : {"", "loss_type = \"aot\"", "loss_type = \"kto\"",
                           "loss_type = [\"sigmoid\", \"sft\"]\nloss_weights = [1, 0.5]",
                           "loss_type = \"orpo\"", "use_weighting = true", "ld_alpha = 0.5"}) {
    WriteRecipe(kAdapter, loss, 4);
    const auto one = Train("one");
    ASSERT_TRUE(one) << loss << ": " << one.error().message;
    const auto two = Train("two", 3);
    ASSERT_TRUE(two) << loss << ": " << two.error().message;
    ExpectSameFiles("one", "two");
    for (const char* output : {"one", "two"}) {
      fs::remove_all(Path(output));
      fs::remove(Path(std::string(output) + ".metrics.jsonl"));
      fs::remove(Path(std::string(output) + ".manifest.json"));
    }
  }
}

TEST_F(PreferenceRunTest, KilledAtAnyMomentItEndsInTheSameBytes) {
  WriteRecipe(kAdapter, "", 40);
  ASSERT_TRUE(Train("whole"));
  fs::remove_all(Path("kept"));
  int kills = 0;
  bool done = false;
  for (int round = 0; round < 60 && !done; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(Train("killed") ? 0 : 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + 23 * (round % 12) + round * 12));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    ASSERT_TRUE(done || WIFSIGNALED(status)) << "the child failed by itself";
    kills += done ? 0 : 1;
  }
  const auto result = Train("killed");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GE(kills, 1);
  ExpectSameFiles("whole", "killed");
  EXPECT_EQ(Metrics("killed").size(), Metrics("whole").size());
  const Json counts = Manifest("killed")["references"];
  EXPECT_EQ(counts["computed"], 40);
  EXPECT_EQ(counts["found"], 40);
}

// Where there is no folder of the user's they lie with the checkpoints, of which there is none yet.
TEST_F(PreferenceRunTest, AStopWhileReferencesAreScoredLosesNone) {
  WriteRecipe(kAdapter, "", 2);
  std::string recipe = Bytes("train.toml");
  const std::string kept = "references = \"kept\"\n";
  recipe.erase(recipe.find(kept), kept.size());
  ASSERT_TRUE(WriteFileAtomically(Path("train.toml"), recipe));
  StopWhile stopping("scoring references");
  const auto stopped = TrainAndStop("out", stopping);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_THAT(stopped.error().message, HasSubstr("those done are kept"));
  ASSERT_TRUE(fs::exists(Path("out.train/references")));
  uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(Path("out.train/references"))) {
    bytes += entry.file_size();
  }
  EXPECT_GT(bytes, 0u);
  const auto result = Train("out");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(Manifest("out")["references"]["computed"], 40);
  EXPECT_FALSE(fs::exists(Path("out.train")));
}

TEST_F(PreferenceRunTest, AStopWhileTheStartIsCheckedIsHeeded) {
  for (const char* loss : {"", "loss_type = \"aot\""}) {
    WriteRecipe(kAdapter, loss, 2);
    StopWhile stopping("checking the start");
    const auto stopped = TrainAndStop("out", stopping);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
    EXPECT_THAT(stopped.error().message, HasSubstr("before the first step"));
    EXPECT_EQ(stopping.updates(), 2);
    EXPECT_FALSE(fs::exists(Path("out.metrics.jsonl")));
  }
}

TEST_F(PreferenceRunTest, AnotherFormOfTheAdaptersFilesIsAnotherRun) {
  WriteRecipe(kAdapter, "", 1);
  ASSERT_TRUE(Train("out"));
  WriteRecipe(std::string(kAdapter) + "format = \"gguf\"\n", "", 1);
  const auto other = Train("out");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("is there already"));
  ASSERT_TRUE(Train("both"));
  EXPECT_TRUE(FileExists(Path("both/adapter.gguf")));
}

TEST_F(PreferenceRunTest, WhatDoraCantIsSaidOfOneThatIsGoneOnFromToo) {
  WriteRecipe(std::string(kAdapter) + "dora = true\n", "", 1);
  const auto first = Train("first");
  ASSERT_TRUE(first) << first.error().message;
  for (const auto& [field, line] :
       {std::pair{"format", "format = \"gguf\"\n"}, {"dropout", "dropout = 0.1\n"}}) {
    WriteRecipe(std::string("[adapter]\nfrom = \"first\"\n") + line, "", 1);
    const auto second = Train("second");
    ASSERT_FALSE(second) << field;
    EXPECT_THAT(second.error().message,
                HasSubstr(std::string("train.toml: field 'adapter.") + field + "': "));
    EXPECT_FALSE(fs::exists(Path("second.train")));
  }
}

TEST_F(PreferenceRunTest, WhatCantBeTrainedIsOneLineAndLeavesNothing) {
  const auto expect = [&](const std::string& part) {
    const auto result = Train("bad");
    ASSERT_FALSE(result) << part;
    EXPECT_THAT(result.error().message, HasSubstr(part));
    EXPECT_FALSE(fs::exists(Path("bad")));
    EXPECT_FALSE(fs::exists(Path("bad.train")));
  };
  WriteRecipe("[adapter]\ntargets = [\"q_project\"]\n", "", 2);
  expect("q_project");
  expect("q_proj");  // what there is
  WriteRecipe("[adapter]\nexclude = [\"nope\"]\n", "", 2);
  expect("field 'adapter.exclude': 'nope' names no layer of the model; it has q_proj");
  WriteRecipe("[adapter]\nexclude = \".*nope\"\n", "", 2);
  expect("field 'adapter.exclude': '.*nope' names no layer");
  WriteRecipe("[adapter]\nrank_pattern = { zzz = 4 }\n", "", 2);
  expect("field 'adapter.rank_pattern': 'zzz' names no layer that is adapted");
  WriteRecipe("[adapter]\ntargets = [\"q_proj\"]\nalpha_pattern = { k_proj = 4 }\n", "", 2);
  expect("field 'adapter.alpha_pattern': 'k_proj' names no layer that is adapted");
  WriteRecipe("[adapter]\nlayers = [0, 7]\n", "", 2);
  expect("train.toml: field 'adapter.layers': layer 7 is none of the model's; it has 0 to 0");
  WriteRecipe("[adapter]\nlayers = []\n", "", 2);
  expect("field 'adapter.layers': names nothing");
  WriteRecipe(kAdapter, "loss_type = \"nobody\"", 2);
  expect("loss_type");
  WriteRecipe(kAdapter, "loss_type = \"kto\"", 2);
  ASSERT_TRUE(WriteFileAtomically(
      Path("train.toml"),
      Bytes("train.toml") + "stop_after = 1\nstop_by = \"eval_rewards/accuracies\"\n"));
  expect("'run': its stop_by, 'eval_rewards/accuracies', compares pairs");
  WriteRecipe(kAdapter, "", 2);
  ASSERT_TRUE(WriteFileAtomically(Path("train.jsonl"),
                                  R"({"prompt": "a", "chosen": "b", "rejected": "b"})"
                                  "\n"));
  expect("train.jsonl:1: field 'rejected': the same as 'chosen'");
  WriteRecipe("[loss]\nlabel_weight = 1\n", "", 2);
  expect(
      "field 'loss': unknown field; it is a section of mores train sft; mores train preference "
      "has [preference]");
  WriteRecipe("[adapter]\nlora_alpha = 8\n", "", 2);
  expect("field 'adapter.lora_alpha': unknown field; use adapter.alpha");
  WriteRecipe("[adapter]\nloss_type = \"ipo\"\n", "", 2);
  expect("field 'adapter.loss_type': unknown field; did you mean preference.loss_type?");
  WriteRecipe("", "warmup_ratio = 0.1", 2);
  expect("field 'preference.warmup_ratio': unknown field; use optim.warmup_fraction");
  WriteRecipe("[adapter]\nsync_ref_model = true\n", "", 2);
  expect("field 'adapter.sync_ref_model': unknown field; it can't be done here: the reference is");
  WriteRecipe(kAdapter, "", 2);
  fs::remove_all(Path("start"));
  expect("train.toml: field 'model.from': ");
}

TEST_F(PreferenceRunTest, MessagesNeedAChatTemplate) {
  fs::remove(Path("start/chat_template.jinja"));
  const auto result = Train("bad");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kInput);
  EXPECT_THAT(result.error().message,
              HasSubstr("train.jsonl: holds messages, and the model has no chat template ("));
  EXPECT_THAT(result.error().message, HasSubstr("give model.from a chat model, or records whose "));
  EXPECT_FALSE(fs::exists(Path("bad.train")));
}

// A run that is stopped has no result to tell them by.
TEST_F(PreferenceRunTest, WhatIsCheckedBeforeTrainingIsToldBeforeIt) {
  WriteRecipe(kAdapter, "", 12);
  StopWhile stopping("training");
  ASSERT_FALSE(TrainAndStop("out", stopping));
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_THAT(told_[0], HasSubstr("references: 80 completions, 40 computed, 40 found in "));
  EXPECT_THAT(told_[1], HasSubstr("before the first step: loss 0.693147, as it must be"));
}

TEST_F(PreferenceRunTest, PairsThatAreReadAsSingleCompletionsAreTold) {
  WriteRecipe(kAdapter, "loss_type = \"kto\"", 1);
  ASSERT_TRUE(Train("out"));
  ASSERT_FALSE(told_.empty());
  EXPECT_THAT(told_[0], HasSubstr("train.jsonl: 'kto' learns from single completions: each of the "
                                  "40 pairs is read as two"));
}

// Whole by its checksum, and a number short: no run may fall over it.
TEST_F(PreferenceRunTest, ReferencesThatCantBeTheseAreComputedAgainAndTold) {
  WriteRecipe(kAdapter, "", 2);
  ASSERT_TRUE(Train("first"));
  const std::string path = Manifest("first")["references"]["file"].get<std::string>();
  std::string bytes = *ReadFile(path);
  constexpr size_t kHead = 8 + 4 + 64 + ReferenceStore::kRunMarkBytes;
  uint32_t count = 0;
  std::memcpy(&count, bytes.data() + 8, 4);
  ASSERT_GT(count, 1u);
  std::string record = bytes.substr(0, kHead + 4 * (count - 1));
  --count;
  std::memcpy(record.data() + 8, &count, 4);
  record += Sha256Hex(record).substr(0, 16);
  ASSERT_TRUE(WriteFileAtomically(path, bytes + record));
  told_.clear();
  const auto second = Train("second");
  ASSERT_TRUE(second) << second.error().message;
  ExpectSameFiles("first", "second");
  EXPECT_EQ(Manifest("second")["references"]["computed"], 1);
  EXPECT_EQ(Manifest("second")["references"]["unusable"], 1);
  ASSERT_FALSE(told_.empty());
  EXPECT_THAT(told_[0], HasSubstr(": 1 record there isn't what this completion has"));
}

TEST_F(PreferenceRunTest, NothingThatIsReadIsReplaced) {
  const auto expect = [&](const std::string& output, const std::string& part) {
    const auto result = TrainPreference({.recipe = Path("train.toml"),
                                         .output = output.empty() ? "" : Path(output),
                                         .threads = 1,
                                         .start = StartMode::kFresh,
                                         .progress = progress_.get(),
                                         .clock = &SystemClock()});
    ASSERT_FALSE(result) << output;
    EXPECT_EQ(result.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(result.error().message, HasSubstr(part));
  };
  const std::string weights = Bytes("start/model.safetensors");
  fs::create_directory_symlink(Path("start"), Path("link"));
  for (const char* output : {"start", "start/", "link", "link/../start", ""}) {
    expect(output, *output == '\0' ? "the output has no name" : "reads: model.from is ");
  }
  EXPECT_TRUE(Bytes("start/model.safetensors") == weights);
  // What would hold all of it, and looks like a model.
  fs::create_directory(Path("above"));
  for (const char* name : {"start", "train.toml", "train.jsonl"}) {
    fs::rename(Path(name), Path("above/") + name);
  }
  fs::create_symlink(Path("above/train.toml"), Path("train.toml"));
  ASSERT_TRUE(WriteFileAtomically(Path("above/config.json"), "{}"));
  fs::create_directory_symlink(Path("above/start"), Path("start"));
  fs::create_symlink(Path("above/train.jsonl"), Path("train.jsonl"));
  expect("above", "over what training reads: data.train is ");
  EXPECT_TRUE(Bytes("above/start/model.safetensors") == weights);
  // A file beside the output.
  fs::remove(Path("train.jsonl"));
  fs::rename(Path("above/train.jsonl"), Path("out.metrics.jsonl"));
  fs::create_symlink(Path("out.metrics.jsonl"), Path("train.jsonl"));
  expect("out", "out.metrics.jsonl: would be written over what training reads: data.train is ");
}

TEST_F(PreferenceRunTest, SingleCompletionsNeedOthersToCompareWith) {
  const auto expect = [&](const std::string& lines, const std::string& part) {
    ASSERT_TRUE(WriteFileAtomically(Path("train.jsonl"), lines));
    const auto result = Train("bad");
    ASSERT_FALSE(result) << part;
    EXPECT_EQ(result.error().kind, ErrorKind::kInput);
    EXPECT_THAT(result.error().message, HasSubstr(part));
    EXPECT_FALSE(fs::exists(Path("bad.train")));
  };
  WriteRecipe("", "loss_type = \"kto\"", 2);
  std::string recipe = Bytes("train.toml");
  recipe.replace(recipe.find("valid_share = 0.2"), 17, "valid_share = 0");
  recipe.replace(recipe.find("eval_every = 4"), 14, "");
  ASSERT_TRUE(WriteFileAtomically(Path("train.toml"), recipe));
  const std::string one = R"({"prompt": "a", "completion": "b", "label": true})";
  expect(one + "\n", "train.jsonl: 'kto' compares completions with others', and all are the same");
  expect(one + "\n" + R"({"prompt": "c", "completion": "b", "label": false})" + "\n",
         "all are the same");
}

}  // namespace
}  // namespace mores::train
