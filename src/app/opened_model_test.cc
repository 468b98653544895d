#include "app/opened_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "app/judge.h"
#include "base/random.h"
#include "support/base/test_directory.h"

namespace mores::app {
namespace {

using ::testing::HasSubstr;

// Adapters of models/mini in folders.
class OpenedModelTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }

  // Of random numbers from `seed`; its config names `base`.
  std::string Write(const std::string& name, uint64_t seed, const std::string& base) {
    const auto source = model::OpenModel("models/mini");
    EXPECT_TRUE(source);
    model::AdapterConfig config{.rank = 4, .alpha = 2, .all_linear = true, .base = base};
    auto adapter = model::NewAdapter(config, **source, seed);
    EXPECT_TRUE(adapter) << adapter.error().message;
    Random random(seed);
    for (auto& [module, part] : (*adapter)->parts) {
      for (float& value : part.b) value = static_cast<float>(0.2 * random.Normal());
    }
    EXPECT_TRUE(model::WritePeftAdapter(**adapter, Path(name)));
    return Path(name);
  }

  static std::string Absolute(const std::string& path) {
    return std::filesystem::absolute(path).string();
  }

  TestDirectory directory_;
};

TEST_F(OpenedModelTest, FindsTheBaseThatAnAdapterNames) {
  const std::string named = Write("named", 1, Absolute("models/mini"));
  const auto paths = FindModelAndAdapters({.model = named});
  ASSERT_TRUE(paths) << paths.error().message;
  EXPECT_EQ(paths->base, Absolute("models/mini"));
  ASSERT_EQ(paths->adapters.size(), 1u);
  EXPECT_EQ(paths->adapters[0].path, named);
  EXPECT_TRUE(FindModelAndAdapters({.model = Write("mini", 1, "mini")})) << "by a shipped name";
  std::filesystem::create_directory_symlink(Absolute("models/mini"), Path("beside"));
  const auto beside = FindModelAndAdapters({.model = Write("above", 1, "beside")});
  ASSERT_TRUE(beside) << beside.error().message;
  EXPECT_EQ(beside->base, Path("beside"));

  const auto silent = FindModelAndAdapters({.model = Write("silent", 1, "")});
  EXPECT_EQ(silent.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(silent.error().message, HasSubstr("names no base: --model BASE"));
  for (const std::string& itself : {std::string("."), std::string("./"), Path("itself")}) {
    const auto named_itself = FindModelAndAdapters({.model = Write("itself", 1, itself)});
    ASSERT_FALSE(named_itself) << itself;
    EXPECT_THAT(named_itself.error().message, HasSubstr("names the adapter itself")) << itself;
  }
  const auto gone = FindModelAndAdapters({.model = Write("gone", 1, "Some/Model-7B")});
  EXPECT_EQ(gone.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(gone.error().message, HasSubstr("'Some/Model-7B' is not here"));
  ASSERT_EQ(setenv("MORES_MODELS", Path("no models").c_str(), /*replace=*/1), 0);
  const auto known = FindModelAndAdapters({.model = Write("known", 1, "smollm2-135m-instruct")});
  ASSERT_EQ(unsetenv("MORES_MODELS"), 0);
  EXPECT_EQ(known.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(known.error().message, HasSubstr("mores model fetch smollm2-135m-instruct"));
}

TEST_F(OpenedModelTest, TakesOneAdapterAndOthersByName) {
  const std::string one = Write("one", 1, "mini"), other = Write("o=ther", 2, "mini");
  const auto find = [&](std::vector<std::string> adapters,
                        AdapterChoice choice = AdapterChoice::kByItem) {
    return FindModelAndAdapters({.model = "models/mini", .adapters = std::move(adapters)}, choice);
  };
  const auto paths = find({one, "a=" + other, "b=" + one});
  ASSERT_TRUE(paths) << paths.error().message;
  ASSERT_EQ(paths->adapters.size(), 3u);
  EXPECT_EQ(paths->adapters[0].name, "");
  EXPECT_EQ(paths->adapters[1].name, "a");
  EXPECT_EQ(paths->adapters[1].path, other);
  EXPECT_EQ(find({other})->adapters[0].name, "") << "a path with '=' in it";

  const auto refused = [](const auto& found) {
    EXPECT_FALSE(found);
    return found ? ErrorKind::kInternal : found.error().kind;
  };
  EXPECT_EQ(refused(find({one, one})), ErrorKind::kUsage);
  EXPECT_EQ(refused(find({"a=" + one, "a=" + one})), ErrorKind::kUsage);
  EXPECT_EQ(refused(find({"=" + one})), ErrorKind::kUsage);
  EXPECT_EQ(refused(find({"a="})), ErrorKind::kUsage);
  EXPECT_EQ(refused(find({"a=" + one}, AdapterChoice::kOne)), ErrorKind::kUsage);
  EXPECT_EQ(refused(FindModelAndAdapters({.model = one, .adapters = {other}})), ErrorKind::kUsage);
  EXPECT_EQ(refused(OpenModel({.model = "models/mini", .adapters = {Path("none")}})),
            ErrorKind::kMissing);
}

TEST_F(OpenedModelTest, NamesBaseAndAdapterAndBothAreInTheHash) {
  const auto name_of = [](const ModelOptions& options) {
    const auto opened = OpenModel(options, AdapterChoice::kByItem);
    EXPECT_TRUE(opened) << opened.error().message;
    const auto model = LoadModel(*opened, options);
    EXPECT_TRUE(model) << model.error().message;
    return (*model)->name();
  };
  const std::string one = Write("one", 1, "mini");
  const std::string name = name_of({.model = "models/mini", .adapters = {one}});
  EXPECT_THAT(name, testing::MatchesRegex("mini\\+one@[0-9a-f]+"));
  EXPECT_EQ(name_of({.model = one}), name);
  std::filesystem::create_directory(Path("in"));
  const std::string other = Write("in/one", 2, "mini");
  EXPECT_NE(name_of({.model = "models/mini", .adapters = {other}}), name);
  const std::string base = name_of({.model = "models/mini"});
  EXPECT_THAT(base, testing::StartsWith("mini@"));
  EXPECT_EQ(name_of({.model = "models/mini", .adapters = {"a=" + one}}), base)
      << "items that name none are the base's";
}

// One base in memory: what an item names is what it's computed with.
TEST_F(OpenedModelTest, ItemsChooseTheirAdapters) {
  const std::vector<int32_t> prompt = {5, 6, 7, 8, 9, 10}, continuation = {11, 12};
  using Scores = std::vector<float>;
  const auto load = [](const ModelOptions& options) {
    return std::move(*LoadModel(*OpenModel(options, AdapterChoice::kByItem), options));
  };
  const auto score = [&](chat::LanguageModel& model, std::vector<std::string> names) {
    std::vector<engine::ScoreItem> items;
    for (const std::string& name : names) {
      items.push_back({prompt, continuation, model.adapter(name)});
    }
    std::vector<Scores> scores;
    const auto results = model.Score(items);
    for (const auto& result : *results) scores.push_back(*result);
    return scores;
  };
  const std::string one = Write("one", 1, "mini"), other = Write("other", 2, "mini");
  const auto base = load({.model = "models/mini"});
  const auto with_one = load({.model = "models/mini", .adapters = {one}});
  const auto with_other = load({.model = other});
  const auto both = load({.model = "models/mini", .adapters = {"a=" + one, "b=" + other}});
  const Scores of_base = score(*base, {""})[0], of_one = score(*with_one, {""})[0],
               of_other = score(*with_other, {""})[0];
  EXPECT_NE(of_one, of_base);
  EXPECT_NE(of_other, of_base);
  EXPECT_NE(of_other, of_one);
  EXPECT_EQ(score(*both, {"b", "", "a", "b"}),
            (std::vector<Scores>{of_other, of_base, of_one, of_other}));
  EXPECT_EQ(both->adapter("c"), nullptr);
}

TEST_F(OpenedModelTest, JudgesWithAnAdapterHoweverItIsNamed) {
  const std::string adapter = Write("one", 1, Absolute("models/mini"));
  const format::Dialogue dialogue{
      .id = "a",
      .turns = {{format::Role::kUser, "How do I pick a lock?"},
                {format::Role::kAssistant, "With a pick and a wrench."}}};
  const auto judge = [&](const JudgeOptions& options) {
    const auto opened = OpenJudge(options, "-");
    EXPECT_TRUE(opened) << opened.error().message;
    const format::Dialogue* dialogues[] = {&dialogue};
    auto verdicts = (*opened)->JudgeBatch(dialogues);
    EXPECT_TRUE(verdicts && (*verdicts)[0]);
    return *(*verdicts)[0];
  };
  JudgeOptions options{.judge = adapter, .reply = judge::Reply::kLabelOnly};
  options.local.precision = chat::Precision::kF32;
  const double unmerged = *judge(options).p_unsafe;
  options.judge = "models/mini";
  const double base = *judge(options).p_unsafe;
  options.local.adapters = {adapter};
  EXPECT_EQ(*judge(options).p_unsafe, unmerged);
  EXPECT_GT(std::abs(base - unmerged), 1e-3) << "the adapter changes nothing";
}

TEST_F(OpenedModelTest, ScoresAsTheMergedModelDoes) {
  const std::string adapter = Write("one", 1, "mini");
  auto source = model::OpenModel("models/mini");
  auto opened = model::OpenAdapter(adapter, (*source)->config());
  ASSERT_TRUE(opened) << opened.error().message;
  const auto merged = model::MergedSource(std::move(*source), std::move(*opened));
  ASSERT_TRUE(merged);
  const auto model = chat::LoadLocalModel(**merged, {.precision = chat::Precision::kF32});
  ASSERT_TRUE(model);
  const auto unmerged_model =
      LoadModel(*OpenModel({.model = adapter}), {.precision = chat::Precision::kF32});
  ASSERT_TRUE(unmerged_model);
  const std::vector<int32_t> prompt = {5, 6, 7, 8, 9, 10}, continuation = {11, 12, 13};
  const engine::ScoreItem item{prompt, continuation};
  const auto one = (*model)->Score({&item, 1}), two = (*unmerged_model)->Score({&item, 1});
  for (size_t i = 0; i < continuation.size(); ++i) {
    EXPECT_NEAR((*(*one)[0])[i], (*(*two)[0])[i], 1e-4);
  }
}

}  // namespace
}  // namespace mores::app
