#include "cli/help/suggest.h"

#include <gtest/gtest.h>

namespace mores::cli {
namespace {

TEST(SuggestTest, NearNamesAreFound) {
  const std::vector<std::string> names = {"judge", "rejudge", "report", "guidelines", "generate"};
  EXPECT_EQ(Nearest("judg", names), "judge");
  EXPECT_EQ(Nearest("jugde", names), "judge");  // two letters swapped
  EXPECT_EQ(Nearest("Judge", names), "judge");
  EXPECT_EQ(Nearest("guidelnes", names), "guidelines");
  EXPECT_EQ(Nearest("gen", names), "generate");  // its beginning
  EXPECT_EQ(Nearest("rejugde", names), "rejudge");
}

TEST(SuggestTest, FarNamesAreNot) {
  const std::vector<std::string> names = {"judge", "report"};
  EXPECT_FALSE(Nearest("xyzzy", names));
  EXPECT_FALSE(Nearest("", names));
  EXPECT_FALSE(Nearest("j", names));
  EXPECT_FALSE(Nearest("--", {"--db"}));
}

TEST(SuggestTest, DashesAreNoLetters) {
  EXPECT_EQ(Nearest("--modle", {"--model", "--rules"}), "--model");
  EXPECT_EQ(Nearest("--label_only", {"--label-only", "--labels"}), "--label-only");
  EXPECT_FALSE(Nearest("--xy", {"--db", "--by2"}));
}

TEST(SuggestTest, CommandsAreCheckedAtEveryLevel) {
  CLI::App app("", "mores");
  CLI::App* data = app.add_subcommand("data", "");
  data->add_subcommand("build", "");
  CLI::App* show = app.add_subcommand("show", "");
  std::string file;
  show->add_option("file", file);
  EXPECT_TRUE(CheckCommand(app, {"data", "build", "recipe.toml"}));
  EXPECT_TRUE(CheckCommand(app, {"show", "biuld"}));
  EXPECT_TRUE(CheckCommand(app, {"--version"}));
  EXPECT_EQ(CheckCommand(app, {"data", "biuld"}).error().message,
            "no command 'biuld' in mores data; did you mean build? (see mores data --help)");
  EXPECT_EQ(CheckCommand(app, {"build"}).error().message,
            "no command 'build'; did you mean mores data build? (see mores --help)");
}

}  // namespace
}  // namespace mores::cli
