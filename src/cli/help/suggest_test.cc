#include "cli/help/suggest.h"

#include <gtest/gtest.h>

namespace mores::cli {
namespace {

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
