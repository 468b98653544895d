#include "train/sft.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "base/random.h"
#include "format/profile/judge_profile.h"
#include "support/train/toy_records.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

constexpr char kRecipe[] = R"(
[data]
train = "train.jsonl"
valid = "valid.jsonl"
[tokenizer]
vocab_size = 360
character_coverage = 1
[model]
layers = 2
hidden_dim = 32
ffn_dim = 64
query_heads = 2
kv_heads = 1
context_length = 96
[optim]
learning_rate = 0.01
steps = 120
tokens_per_step = 768
micro_batch_tokens = 256
[loss]
label_weight = 4
[run]
dropout = 0.02
seed = 3
eval_every = 50
checkpoint_steps = 10
[judge]
max_critique_tokens = 32
)";

// Asks for a stop once `steps` steps are told of.
class StopAfterSteps : public job::Progress {
 public:
  explicit StopAfterSteps(int steps) : steps_(steps) {}
  StopToken token() { return source_.token(); }

  void Start(const std::string&, const std::string&, int64_t, int64_t) override {}
  void Update(int64_t, const std::string& note) override {
    if (note.starts_with("step ") && --steps_ == 0) source_.Request();
  }
  void Finish(const std::string&) override {}

 private:
  StopSource source_;
  int steps_;
};

class SftTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("sft_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Random random(17);
    Write("train.jsonl", 0, 1200, random);
    Write("valid.jsonl", 5000, 300, random);
    std::ofstream(folder_ / "train.toml") << kRecipe;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Write(const char* name, int first, int count, Random& random) {
    WriteToyRecords((folder_ / name).string(), first, count, random);
  }
  void ReplaceInRecipe(const std::string& from, const std::string& to) {
    std::string recipe = *ReadFile((folder_ / "train.toml").string());
    const size_t at = recipe.find(from);
    ASSERT_NE(at, std::string::npos);
    recipe.replace(at, from.size(), to);
    std::ofstream(folder_ / "train.toml", std::ios::binary) << recipe;
  }
  TrainingOptions Options(const std::string& output) {
    return {.recipe = (folder_ / "train.toml").string(),
            .output = (folder_ / output).string(),
            .threads = 1,
            .progress = progress_.get(),
            .clock = &SystemClock()};
  }
  std::string Bytes(const std::string& path) {
    const Expected<std::string> bytes = ReadFile((folder_ / path).string());
    return bytes ? *bytes : "missing: " + bytes.error().message;
  }
  void ExpectSameModel(const std::string& a, const std::string& b) {
    int files = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / a)) {
      const std::string name = entry.path().filename().string();
      EXPECT_TRUE(Bytes(a + "/" + name) == Bytes(b + "/" + name)) << name;
      ++files;
    }
    EXPECT_EQ(files, 7);
  }
  int64_t Lines(const std::string& path) {
    const std::string bytes = Bytes(path);
    return std::count(bytes.begin(), bytes.end(), '\n');
  }

  fs::path folder_;
  std::unique_ptr<job::Progress> progress_ = job::MakeSilentProgress();
};

TEST_F(SftTest, LearnsARuleAndWritesAModelDirectory) {
  TrainingOptions options = Options("model");
  const Expected<TrainingResult> result = TrainSft(options);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->steps, 120);
  EXPECT_FALSE(result->already_done);
  EXPECT_GT(result->evaluation["accuracy"].get<double>(), 0.95) << result->evaluation.dump(1);
  EXPECT_GT(result->evaluation["auroc"].get<double>(), 0.98);
  EXPECT_GT(result->evaluation["label_mass"].get<double>(), 0.95);
  EXPECT_EQ(result->warning, "");
  EXPECT_LT(result->evaluation["loss"].get<double>(), 0.2);
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.model", "tokenizer.json",
                           "tokenizer_config.json", "generation_config.json", "judge.json"}) {
    EXPECT_TRUE(fs::exists(folder_ / "model" / name)) << name;
  }
  const auto judge = format::ReadJudgeConfig(text::ReadModelTexts((folder_ / "model").string()));
  ASSERT_TRUE(judge) << judge.error().message;
  EXPECT_EQ(judge->context_length, 96);
  EXPECT_EQ(judge->max_critique_tokens, 32);
  EXPECT_FALSE(fs::exists(folder_ / "model.train"));
  EXPECT_EQ(Lines("model.metrics.jsonl"), 122);
  EXPECT_EQ(Lines("model.valid.jsonl"), 300);
  const Json manifest = *ParseJson(Bytes("model.manifest.json"), "manifest");
  EXPECT_EQ(manifest["steps"], 120);
  EXPECT_EQ(manifest["output_sha256"].size(), 7u);

  const auto again = TrainSft(options);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->already_done);
  EXPECT_EQ(again->steps, 120);

  // Another recipe for the same output is refused, and --fresh replaces it.
  ReplaceInRecipe("steps = 120", "steps = 3");
  const auto refused = TrainSft(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  options.start = StartMode::kFresh;
  const auto replaced = TrainSft(options);
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(replaced->steps, 3);
}

TEST_F(SftTest, LabelsThatHoldLittleProbabilityAreToldOnTheWayAndAtTheEnd) {
  ReplaceInRecipe("steps = 120", "steps = 2");
  ReplaceInRecipe("eval_every = 50", "eval_every = 1");
  TrainingOptions options = Options("early");
  std::vector<std::string> warnings;
  options.on_warning = [&](const std::string& warning) { warnings.push_back(warning); };
  const auto result = TrainSft(options);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_TRUE(warnings[0].starts_with("step 1: the labels hold ")) << warnings[0];
  EXPECT_LT(result->evaluation["label_mass"].get<double>(), 0.5);
  EXPECT_EQ(result->evaluation["unparsed"], 1.0);
  EXPECT_EQ(result->evaluation["accuracy"], 0.0);
  EXPECT_NE(result->warning, "");
  const Json manifest = *ParseJson(Bytes("early.manifest.json"), "manifest");
  EXPECT_EQ(manifest["warning"], result->warning);
  const auto again = TrainSft(options);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->warning, result->warning);
}

TEST_F(SftTest, SameBytesForAnyNumberOfThreads) {
  ReplaceInRecipe("steps = 120", "steps = 12");
  ASSERT_TRUE(TrainSft(Options("one")));
  TrainingOptions options = Options("two");
  options.threads = 2;
  ASSERT_TRUE(TrainSft(options));
  ExpectSameModel("one", "two");
}

// The child is killed at moments spread over its life, and started again until it comes through.
TEST_F(SftTest, KilledAtAnyMomentItEndsInTheSameBytes) {
  ReplaceInRecipe("steps = 120", "steps = 40");
  ReplaceInRecipe("checkpoint_steps = 10", "checkpoint_steps = 3");
  ASSERT_TRUE(TrainSft(Options("whole")));
  int kills = 0;
  bool done = false;
  for (int round = 0; round < 60 && !done; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto result = TrainSft(Options("killed"));
      _exit(result ? 0 : 1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(120 + 37 * (round % 12) + round * 15));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    ASSERT_TRUE(done || WIFSIGNALED(status)) << "the child failed by itself";
    kills += done ? 0 : 1;
  }
  const auto result = TrainSft(Options("killed"));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GE(kills, 2);
  ExpectSameModel("whole", "killed");
  EXPECT_EQ(Lines("killed.metrics.jsonl"), Lines("whole.metrics.jsonl"));
}

TEST_F(SftTest, AStopLeavesACheckpointAndTheSameCommandGoesOn) {
  ReplaceInRecipe("steps = 120", "steps = 20");
  ASSERT_TRUE(TrainSft(Options("whole")));
  StopAfterSteps progress(7);
  TrainingOptions options = Options("stopped");
  options.progress = &progress;
  options.stop = progress.token();
  const auto stopped = TrainSft(options);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_NE(stopped.error().message.find("after step 7 of 20; the same command goes on"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "stopped"));
  const auto result = TrainSft(Options("stopped"));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->resumes, 1);
  ExpectSameModel("whole", "stopped");
}

TEST_F(SftTest, RefusesToGoOnWithOtherInputs) {
  TrainingOptions options = Options("model");
  StopAfterSteps progress(2);
  options.progress = &progress;
  options.stop = progress.token();
  ASSERT_FALSE(TrainSft(options));
  ReplaceInRecipe("seed = 3", "seed = 4");
  const auto other_seed = TrainSft(options);
  ASSERT_FALSE(other_seed);
  EXPECT_EQ(other_seed.error().kind, ErrorKind::kUsage);
  EXPECT_NE(other_seed.error().message.find("recipe.run.seed (3 before, 4 now)"), std::string::npos)
      << other_seed.error().message;
  ReplaceInRecipe("seed = 4", "seed = 3");
  std::ofstream(folder_ / "train.jsonl", std::ios::app) << "\n";
  const auto other_data = TrainSft(options);
  ASSERT_FALSE(other_data);
  EXPECT_NE(other_data.error().message.find("train_sha256"), std::string::npos);
}

TEST_F(SftTest, GoesOnFromAModelDirectory) {
  ReplaceInRecipe("steps = 120", "steps = 60");
  const auto first = TrainSft(Options("first"));
  ASSERT_TRUE(first) << first.error().message;
  const std::string recipe = *ReadFile((folder_ / "train.toml").string());
  const size_t begin = recipe.find("[tokenizer]");
  const size_t end = recipe.find("[optim]");
  std::ofstream(folder_ / "train.toml", std::ios::binary)
      << recipe.substr(0, begin) << "[model]\nfrom = \"first\"\n"
      << recipe.substr(end);
  const auto second = TrainSft(Options("second"));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_LT(second->evaluation["loss"].get<double>(), first->evaluation["loss"].get<double>());
  EXPECT_EQ(Bytes("first/tokenizer.json"), Bytes("second/tokenizer.json"));
}

TEST_F(SftTest, AModelHasNoBeginningTokenWhereItsTokenizerHasNone) {
  ReplaceInRecipe("steps = 120", "steps = 2");
  const auto first = TrainSft(Options("first"));
  ASSERT_TRUE(first) << first.error().message;
  // The tokenizer of other tools, which names its tokens in a file of its own.
  fs::remove(folder_ / "first" / "tokenizer.model");
  Json names = *ParseJson(Bytes("first/tokenizer_config.json"), "names");
  ASSERT_EQ(names.erase("bos_token"), 1u);
  std::ofstream(folder_ / "first" / "tokenizer_config.json") << names.dump();
  fs::remove(folder_ / "first" / "special_tokens_map.json");
  ReplaceInRecipe("vocab_size = 360\ncharacter_coverage = 1", "path = \"first\"");
  const auto second = TrainSft(Options("second"));
  ASSERT_TRUE(second) << second.error().message;
  for (const char* name : {"second/config.json", "second/generation_config.json"}) {
    const Json config = *ParseJson(Bytes(name), name);
    EXPECT_TRUE(config["bos_token_id"].is_null()) << name;
    EXPECT_EQ(config["eos_token_id"], 2) << name;
  }
}

TEST_F(SftTest, BadInputIsOneErrorAndLeavesNothing) {
  const auto expect = [&](ErrorKind kind, const std::string& part) {
    const auto result = TrainSft(Options("bad"));
    ASSERT_FALSE(result) << part;
    EXPECT_EQ(result.error().kind, kind) << result.error().message;
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
    EXPECT_FALSE(fs::exists(folder_ / "bad"));
    EXPECT_FALSE(fs::exists(folder_ / "bad.train"));
  };
  Random random(1);
  std::ofstream(folder_ / "valid.jsonl", std::ios::binary) << ToyRecord(1, random) << "{\"id\":\n";
  expect(ErrorKind::kInput, "valid.jsonl:2:");
  std::ofstream(folder_ / "valid.jsonl", std::ios::binary) << "";
  expect(ErrorKind::kInput, "valid.jsonl: holds no examples");
  fs::remove(folder_ / "valid.jsonl");
  expect(ErrorKind::kMissing, "valid.jsonl");
  Write("valid.jsonl", 5000, 30, random);
  ReplaceInRecipe("micro_batch_tokens = 256", "micro_batch_tokens = 64");
  expect(ErrorKind::kInput, "field 'optim.micro_batch_tokens': must be at least the context of 96");
  ReplaceInRecipe("micro_batch_tokens = 64", "micro_batch_tokens = 256");
  ReplaceInRecipe("max_critique_tokens = 32", "max_critique_tokens = 92");
  expect(ErrorKind::kInput, "leaves");
  ReplaceInRecipe("max_critique_tokens = 92", "max_critique_tokens = 32");
  ReplaceInRecipe("vocab_size = 360", "vocab_size = 200000");
  expect(ErrorKind::kInput, "train.toml: tokenizer: can't train a tokenizer of 200000 tokens");
}

TEST_F(SftTest, NeverReplacesWhatIsNoModelDirectory) {
  fs::create_directories(folder_ / "home");
  std::ofstream(folder_ / "home" / "letter.txt") << "keep";
  TrainingOptions options = Options("home");
  options.start = StartMode::kFresh;
  const auto result = TrainSft(options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(Bytes("home/letter.txt"), "keep");
}

// Decay at this rate multiplies weights by -99 each step, so they overflow.
TEST_F(SftTest, DivergenceIsAnError) {
  ReplaceInRecipe("learning_rate = 0.01", "learning_rate = 10\nclip_norm = 0\nweight_decay = 10");
  ReplaceInRecipe("dropout = 0.02", "dropout = 0\nprecision = \"f32\"");
  const auto result = TrainSft(Options("model"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kInput);
  EXPECT_NE(result.error().message.find("diverged at step"), std::string::npos);
}

}  // namespace
}  // namespace mores::train
