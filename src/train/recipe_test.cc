#include "train/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace mores::train {
namespace {

constexpr char kData[] = "[data]\ntrain = \"train.jsonl\"\nvalid = \"valid.jsonl\"\n";
constexpr char kModel[] =
    "[model]\nlayers = 2\nhidden_dim = 32\nffn_dim = 64\nquery_heads = 4\nkv_heads = 2\n"
    "context_length = 128\n";

class RecipeTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "train.toml").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Expected<Recipe> Read(const std::string& text, const std::string& data = "") {
    std::ofstream(path_, std::ios::binary) << text;
    return ReadRecipe(path_, data);
  }
  // The error's message with the path of the file taken off.
  std::string Problem(const std::string& text) {
    const Expected<Recipe> recipe = Read(text);
    if (recipe) return "";
    EXPECT_EQ(recipe.error().kind, ErrorKind::kInput);
    EXPECT_EQ(recipe.error().message.rfind(path_, 0), 0u) << recipe.error().message;
    return recipe.error().message.substr(path_.size());
  }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(RecipeTest, ReadsEveryField) {
  const Expected<Recipe> recipe = Read(std::string(kData) + R"(
[tokenizer]
vocab_size = 500
character_coverage = 0.99
sample_texts = 10
[model]
layers = 2
hidden_dim = 30
ffn_dim = 64
query_heads = 4
kv_heads = 2
head_dim = 8
context_length = 128
tied_head = true
rope_theta = 5000
rms_norm_epsilon = 1e-6
[optim]
learning_rate = 0.002
betas = [0.8, 0.9]
epsilon = 1e-7
weight_decay = 0.3
clip_norm = 2
warmup_steps = 5
schedule = "linear"
min_lr_fraction = 0.05
steps = 40
tokens_per_step = 4096
micro_batch_tokens = 1024
[loss]
label_weight = 5
category_weight = 0.2
critique_weight = 0.5
normalise = "example"
label_smoothing = 0.05
smooth = "all"
prompt_weight = 0.3
prompt_until = 0.5
prompt_weight_after = 0.1
[run]
dropout = 0.1
seed = 9
precision = "f32"
save_dtype = "f32"
eval_every = 10
eval_examples = 20
stop_after = 3
stop_by = "eval_auroc"
checkpoint_steps = 15
checkpoint_seconds = 0
[judge]
context_length = 100
max_critique_tokens = 20
thresholds = { en = 0.4, zh = 0.6 }
calibration = { zh = { temperature = 1.5, bias = -0.25 } }
precision = "int8"
profile = "mine.json"
prompt_dir = "prompts"
)");
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_EQ(recipe->train_path, (folder_ / "train.jsonl").string());
  EXPECT_EQ(recipe->tokenizer.vocab_size, 500);
  EXPECT_EQ(recipe->tokenizer.sample_texts, 10);
  EXPECT_EQ(recipe->model.head_dim, 8);
  EXPECT_TRUE(recipe->model.tied_head);
  EXPECT_EQ(recipe->model.every_layer.rope.theta, 5000);
  EXPECT_EQ(recipe->optim.adamw.beta2, 0.9);
  EXPECT_EQ(recipe->optim.decay, Decay::kLinear);
  EXPECT_EQ(recipe->optim.steps, 40);
  EXPECT_EQ(recipe->optim.warmup_steps, 5);
  EXPECT_EQ(recipe->loss.prompt_weight_after, 0.1);
  EXPECT_EQ(recipe->loss.category_weight, 0.2);
  EXPECT_EQ(recipe->loss.normalise, Normalise::kExample);
  EXPECT_EQ(recipe->loss.label_smoothing, 0.05);
  EXPECT_EQ(recipe->loss.smooth, SmoothedLabels::kAll);
  EXPECT_EQ(RecipeFingerprint(*recipe)["loss"]["smooth"], "all");
  EXPECT_EQ(recipe->run.seed, 9);
  EXPECT_EQ(recipe->run.precision, tensor::DType::kF32);
  EXPECT_EQ(recipe->run.checkpoint_steps, 15);
  EXPECT_EQ(recipe->run.stop_after, 3);
  EXPECT_EQ(recipe->run.stop_by, "eval_auroc");
  EXPECT_FALSE(recipe->adapter);
  EXPECT_FALSE(recipe->judge.thresholds_from_validation);
  EXPECT_EQ(recipe->judge.threshold_zh, 0.6);
  EXPECT_FALSE(recipe->judge.threshold_other);
  EXPECT_FALSE(recipe->judge.calibrations[0]);
  ASSERT_TRUE(recipe->judge.calibrations[1]);
  EXPECT_EQ(recipe->judge.calibrations[1]->bias, -0.25);
  EXPECT_EQ(RecipeFingerprint(*recipe)["judge"]["calibration"]["zh"]["temperature"], 1.5);
  EXPECT_EQ(RecipeFingerprint(*recipe)["judge"]["precision"], "int8");
  EXPECT_EQ(recipe->judge.profile, (folder_ / "mine.json").string());
  EXPECT_EQ(recipe->judge.prompt_directory, (folder_ / "prompts").string());
}

TEST_F(RecipeTest, DefaultsAndDataDirectory) {
  const Expected<Recipe> recipe = Read(std::string(kData) + kModel, "/elsewhere");
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_EQ(recipe->valid_path, "/elsewhere/valid.jsonl");
  EXPECT_EQ(recipe->model.head_dim, 8);
  EXPECT_TRUE(recipe->judge.thresholds_from_validation);
  EXPECT_EQ(recipe->judge.profile, "mores-label-first");
  EXPECT_EQ(recipe->optim.warmup_steps, -1);
  EXPECT_EQ(RecipeFingerprint(*recipe)["loss"].size(), 5u) << "of what older recipes could say";
}

TEST_F(RecipeTest, PromptWeightHoldsThroughoutUnlessUntilIsGiven) {
  const std::string base = std::string(kData) + kModel;
  EXPECT_EQ(Read(base + "[loss]\nprompt_weight = 0.2\n")->loss.prompt_weight_after, 0.2);
  EXPECT_EQ(
      Read(base + "[loss]\nprompt_weight = 0.2\nprompt_until = 0.4\n")->loss.prompt_weight_after,
      0);
}

TEST_F(RecipeTest, ErrorsNameFileLineAndField) {
  const std::string base = std::string(kData) + kModel;
  // What is added to a good recipe, and what is said of it.
  const std::map<std::string, std::string> kProblems = {
      {"[optim]\nlearning_rat = 1\n",
       ":12: field 'optim.learning_rat': unknown field; did you mean optim.learning_rate?"},
      {"[optim]\nlearning_rate = 0\n",
       ":12: field 'optim.learning_rate': must be above 0 and at most 10"},
      {"[optim]\nlearning_rate = \"1e-4\"\n",
       ":12: field 'optim.learning_rate': must be a number above 0 and at most 10, not a text: "
       "leave out the quotes"},
      {"[optim]\nmax_steps = 3\n", ":12: field 'optim.max_steps': unknown field; use optim.steps"},
      {"lora_alpha = 3\n", ":11: field 'model.lora_alpha': unknown field; use adapter.alpha"},
      {"[preference]\nbeta = 1\n",
       ":11: field 'preference': unknown field; it is a section of mores train preference; mores "
       "train sft has [loss]"},
      {"[loss]\nloss_type = \"dpo\"\n",
       ":12: field 'loss.loss_type': unknown field; it is of [preference] in recipes of mores "
       "train "
       "preference"},
      {"[run]\nlearning_rate = 1\n",
       ":12: field 'run.learning_rate': unknown field; did you mean optim.learning_rate?"},
      {"[optim]\nlearning_rate = nan\n",
       ":12: field 'optim.learning_rate': must be above 0 and at most 10"},
      {"[optim]\nsteps = 1.5\n", ":12: field 'optim.steps': must be a whole number"},
      {"[optim]\nbetas = [0.9]\n", ":12: field 'optim.betas': must be two numbers"},
      {"[optim]\nschedule = \"step\"\n",
       ":12: field 'optim.schedule': must be one of 'cosine', 'linear', 'constant'"},
      {"[optim]\nepochs = 2\nsteps = 3\n",
       ":12: field 'optim.epochs': stands beside 'steps'; give one or the other"},
      {"[loss]\nnormalise = \"words\"\n",
       ":12: field 'loss.normalise': must be one of 'tokens', 'example'"},
      {"[loss]\nlabel_smoothing = 0.6\n",
       ":12: field 'loss.label_smoothing': must be at least 0 and at most 0.5"},
      {"[loss]\nsmooth = \"all\"\n", ":12: field 'loss.smooth': needs label_smoothing"},
      {"[run]\nprecision = \"fp8\"\n", ":12: field 'run.precision': must be one of 'bf16', 'f32'"},
      {"[judge]\ncalibration = { en = { bias = 1 } }\n",
       ":12: field 'judge.calibration': needs fixed thresholds"},
      {"[judge]\nprecision = \"int4\"\n",
       ":12: field 'judge.precision': must be one of 'bf16', 'f32', 'int8'"},
      {"[judge]\nprecision = \"int8\"\n", ":12: field 'judge.precision': needs fixed thresholds"},
      {"[judge]\nthresholds = { en = 2 }\n",
       ":12: field 'judge.thresholds.en': must be at least 0 and at most 1"},
      {"[judge]\nprompt_dir = \"p\"\n",
       ":12: field 'judge.prompt_dir': says nothing to profile 'mores-label-first'"},
      {"[judge]\ncontext_length = 200\n",
       ":11: field 'judge': its context_length is above the model's"},
      {"[loss]\nprompt_weight_after = 1\n",
       ":12: field 'loss.prompt_weight_after': needs prompt_until"},
      {"\"a\\nb\" = 1\n", ":11: field 'model.a?b': unknown field"},
      {"[tokenizer]\npath = \"a\\u0000b\"\n",
       ":12: field 'tokenizer.path': must not hold a NUL character"},
      {"[run]\neval_every = 1\nstop_after = 1\nstop_by = \"speed\"\n",
       ":14: field 'run.stop_by': must be one of 'eval_loss', 'eval_label_loss', 'eval_accuracy', "
       "'eval_auroc', 'eval_macro_balanced_accuracy', 'eval_mean_token_accuracy'"},
      {"[run]\nstop_after = 1\n",
       ":12: field 'run.stop_after': needs eval_every: it counts evaluations"},
      {"[adapter]\n", ":11: field 'adapter': needs model.from, the model that it is for"},
      {"[extra]\n", ":11: field 'extra': unknown field"}};
  for (const auto& [added, problem] : kProblems) EXPECT_EQ(Problem(base + added), problem);
}

TEST_F(RecipeTest, RefusesWhatIsMissingOrNotToml) {
  EXPECT_EQ(Problem(kModel), ":1: field 'data': missing");
  EXPECT_EQ(Problem(kData), ":1: field 'model': missing");
  EXPECT_EQ(Problem(std::string("[data]\nvalid = \"t\"\n") + kModel),
            ":1: field 'data.train': missing");
  EXPECT_EQ(Problem("data = 3\n" + std::string(kModel)),
            ":1: field 'data': must be a table, as in [data]");
  EXPECT_EQ(Problem("[data]\ntrain = \n").rfind(":2: not TOML: ", 0), 0u);
  EXPECT_EQ(Problem(std::string(kData) + "[model]\nfrom = \"m\"\nlayers = 2\n"),
            ":6: field 'model.layers': stands beside 'from', whose model keeps its shape");
  EXPECT_EQ(Problem(std::string(kData) + "[model]\nfrom = \"m\"\n[tokenizer]\nvocab_size = 400\n"),
            ":6: field 'tokenizer': stands beside 'model.from', which brings its own");
  const Expected<Recipe> absent = ReadRecipe((folder_ / "absent.toml").string(), "");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::kMissing);
}

constexpr char kFrom[] = "[model]\nfrom = \"some/model\"\n";

TEST_F(RecipeTest, AnAdapterIsReadInFull) {
  const Expected<Recipe> recipe = Read(std::string(kData) + kFrom + R"(
[adapter]
rank = 4
alpha = 6
dropout = 0.05
rank_stabilized = true
targets = ["q_proj", "v_proj"]
exclude = 'model\.layers\.0\..*'
layers = [1, 3]
rank_pattern = { v_proj = 2, q_proj = 8 }
alpha_pattern = { v_proj = 1.5 }
)");
  ASSERT_TRUE(recipe) << recipe.error().message;
  ASSERT_TRUE(recipe->adapter);
  const model::AdapterConfig& config = recipe->adapter->config;
  EXPECT_EQ(config.rank, 4);
  EXPECT_EQ(config.alpha, 6);
  EXPECT_EQ(config.dropout, 0.05);
  EXPECT_TRUE(config.rank_stabilized);
  EXPECT_FALSE(config.dora);
  EXPECT_FALSE(config.all_linear);
  EXPECT_EQ(config.targets, std::vector<std::string>({"q_proj", "v_proj"}));
  EXPECT_EQ(config.exclude_pattern, "model\\.layers\\.0\\..*");
  EXPECT_EQ(config.layers_to_transform, std::vector<int>({1, 3}));
  ASSERT_EQ(config.rank_pattern.size(), 2u);  // in the order of the file
  EXPECT_EQ(config.rank_pattern[0].first, "v_proj");
  EXPECT_EQ(config.rank_pattern[1].second, 8);
  EXPECT_EQ(recipe->from, (folder_ / "some/model").string());
}

TEST_F(RecipeTest, DoraIsTrainedWithoutDropout) {
  const std::string adapter = std::string(kData) + kFrom + "[adapter]\ndora = true\n";
  EXPECT_TRUE(Read(adapter));
  const Expected<Recipe> dropped = Read(adapter + "dropout = 0.05\n");
  ASSERT_FALSE(dropped);
  EXPECT_THAT(dropped.error().message, testing::HasSubstr("field 'adapter.dropout'"));
}

TEST_F(RecipeTest, AnAdapterNeedsNoMoreThanItsSection) {
  const std::string base = std::string("[data]\ntrain = \"t.jsonl\"\n") + kFrom;
  const Expected<Recipe> recipe = Read(base + "[adapter]\n");
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_EQ(recipe->adapter->config.rank, 16);
  EXPECT_EQ(recipe->adapter->config.alpha, 32);
  EXPECT_TRUE(recipe->adapter->config.all_linear);
  EXPECT_EQ(recipe->optim.learning_rate, 2e-4);
  EXPECT_EQ(recipe->valid_share, 0.1);
  EXPECT_EQ(recipe->judge.profile, "");
  EXPECT_EQ(Read(base + "[adapter]\nrank = 4\n")->adapter->config.alpha, 8);
  EXPECT_TRUE(Read(base + "[adapter]\ntargets = \"all-linear\"\n")->adapter->config.all_linear);
  EXPECT_EQ(Problem(base + "[adapter]\nfrom = \"a\"\nrank = 3\n"),
            ":7: field 'adapter.rank': stands beside 'from', whose adapter keeps its shape");
  EXPECT_EQ(Problem(base + "[adapter]\nrank_pattern = { q_proj = 1.5 }\n"),
            ":6: field 'adapter.rank_pattern': ranks are whole numbers");
  EXPECT_EQ(Problem(base + "[adapter]\nlayers = [0.5]\n"),
            ":6: field 'adapter.layers': must be an array of whole numbers");
  EXPECT_EQ(Problem(base + "[adapter]\ntargets = []\n"),
            ":6: field 'adapter.targets': names nothing");
  EXPECT_EQ(Problem(base + "[adapter]\nr = 8\n"),
            ":6: field 'adapter.r': unknown field; use adapter.rank");
  EXPECT_EQ(Problem(base + "[adapter]\ndora = true\nformat = \"gguf\"\n"),
            ":7: field 'adapter.format': a GGUF adapter can't say DoRA");
}

TEST_F(RecipeTest, FingerprintIsWhatShapesTheWeights) {
  const std::string base = std::string(kData) + kModel;
  const Json plain = RecipeFingerprint(*Read(base));
  EXPECT_EQ(plain, RecipeFingerprint(*Read(base + "[run]\neval_every = 7\n", "/elsewhere")));
  EXPECT_NE(plain, RecipeFingerprint(*Read(base + "[run]\nseed = 7\n")));
  // Where a run stops by its evaluations they shape what comes of it.
  const std::string stops = base + "[run]\nstop_after = 2\neval_every = ";
  EXPECT_NE(RecipeFingerprint(*Read(stops + "7\n")), RecipeFingerprint(*Read(stops + "8\n")));
  const std::string adapted = std::string(kData) + kFrom + "[adapter]\n";
  EXPECT_NE(RecipeFingerprint(*Read(adapted)), RecipeFingerprint(*Read(adapted + "rank = 4\n")));
  EXPECT_NE(plain, RecipeFingerprint(*Read(base + "[loss]\nprompt_weight = 0.1\n")));
}

}  // namespace
}  // namespace mores::train
