#include "app/default_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "app/judge.h"
#include "model/adapter/adapter.h"
#include "support/base/test_directory.h"

namespace mores::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A current folder with models/mini, and models/small: an adapter of "base".
class DefaultJudgeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(directory_.path() + "/models");
    std::filesystem::create_directory_symlink(mini_, directory_.path() + "/models/mini");
    std::filesystem::current_path(directory_.path());
    const auto source = model::OpenModel(mini_);
    ASSERT_TRUE(source) << source.error().message;
    const auto adapter =
        model::NewAdapter({.rank = 2, .alpha = 2, .all_linear = true, .base = "base"}, **source, 1);
    ASSERT_TRUE(adapter) << adapter.error().message;
    ASSERT_TRUE(model::WritePeftAdapter(**adapter, "models/small"));
    ASSERT_EQ(unsetenv("MORES_MODEL"), 0);
  }
  void TearDown() override {
    unsetenv("MORES_MODEL");
    std::filesystem::current_path(before_);
  }
  void AddBase() const { std::filesystem::create_directory_symlink(mini_, "models/base"); }

  // The name of the model that is opened where none is named, and what is told before.
  std::string Open() {
    JudgeOptions options;
    told_.clear();
    options.chat.watch.on_note = [&](const std::string& note) { told_.push_back(note); };
    const auto judge = OpenJudge(options, "-");
    EXPECT_TRUE(judge) << judge.error().message;
    return judge ? (*judge)->model_name() : "";
  }

  const std::string before_ = std::filesystem::current_path();
  const std::string mini_ = std::filesystem::absolute("models/mini");
  TestDirectory directory_;
  std::vector<std::string> told_;
};

TEST_F(DefaultJudgeTest, IsMiniUntilTheBaseIsThereAndSaysSo) {
  EXPECT_THAT(Open(), StartsWith("mini@"));
  EXPECT_THAT(told_, ElementsAre(HasSubstr("models/small knows more, and needs its base: mores "
                                           "model fetch base")));
  AddBase();
  EXPECT_THAT(Open(), StartsWith("mini+small@"));
  EXPECT_THAT(told_, ElementsAre(HasSubstr("judging with models/small over base")));
}

TEST_F(DefaultJudgeTest, ANameGoesFirst) {
  AddBase();
  EXPECT_EQ(*JudgeModel("models/mini"), "models/mini");
  EXPECT_EQ(*JudgeModel(""), "models/small");
  ASSERT_EQ(setenv("MORES_MODEL", "models/mini", /*replace=*/1), 0);
  EXPECT_EQ(*JudgeModel(""), "");  // which FindModel takes for $MORES_MODEL's
  EXPECT_THAT(Open(), StartsWith("mini@"));
  EXPECT_THAT(told_, ElementsAre());
}

TEST_F(DefaultJudgeTest, WhatIsNoAdapterIsNotLookedAt) {
  std::filesystem::remove_all("models/small");
  std::filesystem::create_directory_symlink(mini_, "models/small");
  EXPECT_EQ(FindDefaultJudge()->path, "models/mini");
  EXPECT_EQ(FindDefaultJudge()->note, "");
}

}  // namespace
}  // namespace mores::app
