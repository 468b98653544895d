#include "data/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace mores::data {
namespace {

using ::testing::ElementsAre;

TEST(Recipe, ReadsEverything) {
  const auto recipe = ParseRecipe(R"(
name = "tiny"
seed = 5
[[source]]
reader = "cipherchat"
name = "a"
path = "x.jsonl"
where = { setting = "SelfCipher", domain = ["insult", "mental-health"] }
max_records = 10
repeat = 2
weight = 0.5
balance = "none"
unsafe_share = 0.3
[[source]]
reader = "csv"
path = ["b.csv", "c.csv"]
fields = { query = "q", response = "r", label = "y", notes = ["kind"] }
unsafe_labels = ["1"]
safe_labels = ["0"]
licence = "CC0-1.0"
[decontaminate]
tests = ["t.json"]
jaccard = 0.75
[split]
valid_fraction = 0.1
holdout = ["a"]
holdout_where = { domain = ["insult"], category = "privacy" }
[balance]
method = "weight"
unsafe_share = 0.4
[guidelines]
share = 0.2
dialogues = 50
brief = 0.5
triples = 10
situations = "s.jsonl"
templates = "t.json"
places = "p.jsonl"
)",
                                  "r.toml");
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_EQ(recipe->seed, 5u);
  ASSERT_EQ(recipe->sources.size(), 2u);
  const SourceRecipe& first = recipe->sources[0];
  EXPECT_EQ(first.name, "a");
  EXPECT_THAT(first.where.at("domain"), ElementsAre("insult", "mental-health"));
  EXPECT_EQ(first.balance, BalanceMethod::kNone);
  EXPECT_EQ(first.unsafe_share, 0.3);
  EXPECT_EQ(first.repeat, 2);
  EXPECT_EQ(recipe->sources[1].name, "csv");
  EXPECT_THAT(recipe->sources[1].fields.notes, ElementsAre("kind"));
  EXPECT_EQ(recipe->jaccard_permille, 750);
  EXPECT_THAT(recipe->holdout_where.at("domain"), ElementsAre("insult"));
  EXPECT_THAT(recipe->holdout_where.at("category"), ElementsAre("privacy"));
  EXPECT_EQ(recipe->balance, BalanceMethod::kWeight);
  EXPECT_EQ(recipe->guidelines.dialogues, 50);
  EXPECT_EQ(recipe->guidelines.templates, "t.json");
  EXPECT_TRUE(recipe->guidelines.families.empty());
}

std::string ErrorOf(std::string_view toml) {
  const auto recipe = ParseRecipe(toml, "r.toml");
  return recipe ? "none" : recipe.error().message;
}

TEST(Recipe, ErrorsNameLineAndKey) {
  EXPECT_EQ(ErrorOf(""), "r.toml: no [[source]] in it");
  EXPECT_EQ(ErrorOf("name = 3\n[[source]]\nreader = \"cold\""),
            "r.toml:1: field 'name': must be a string, not empty");
  EXPECT_EQ(ErrorOf("[[source]]\nreader = \"cold\"\nrepeats = 3"),
            "r.toml:3: field 'source.repeats': unknown field; did you mean source.repeat?");
  EXPECT_EQ(ErrorOf("[[source]]\nname = \"x\""), "r.toml:1: field 'source.reader': missing");
  EXPECT_EQ(ErrorOf("[[source]]\nreader = \"cold\"\n[[source]]\nreader = \"cold\""),
            "r.toml: two sources named 'cold'");
  EXPECT_EQ(ErrorOf("[[source]]\nreader = \"cold\"\n[split]\nholdout = [\"x\"]"),
            "r.toml: 'holdout': no source named 'x'");
  EXPECT_EQ(ErrorOf("[[source]]\nreader = \"cold\"\nbalance = \"maybe\""),
            "r.toml:3: field 'source.balance': must be one of 'none', 'downsample', 'weight'");
  EXPECT_EQ(ErrorOf("[[source]]\nreader = \"cold\"\nrepeat = 0"),
            "r.toml:3: field 'source.repeat': must be at least 1 and at most 100");
  EXPECT_EQ(ErrorOf("[decontaminate]\njaccard = nan\n[[source]]\nreader = \"cold\""),
            "r.toml:2: field 'decontaminate.jaccard': must be at least 0.1 and at most 1");
  EXPECT_EQ(ErrorOf("seed = \n").substr(0, 9), "r.toml:1:");
  EXPECT_EQ(ErrorOf("[[source]]\nreader = \"cold\"\n[guidelines]\nsituations = \"s\""),
            "r.toml:3: field 'guidelines.templates': missing");
  EXPECT_NE(ErrorOf("a = \"\xFF\""), "none");
}

TEST(Recipe, TextsThatNameNothingMayBeEmpty) {
  const auto recipe = ParseRecipe(
      "[[source]]\nreader = \"cold\"\nlicence = \"\"\nsafe_labels = [\"\"]\n"
      "where = { part = \"\" }\nfields = { category = \"\" }\n",
      "r.toml");
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_THAT(recipe->sources[0].safe_labels, ElementsAre(""));
  EXPECT_THAT(recipe->sources[0].where.at("part"), ElementsAre(""));
  EXPECT_EQ(ErrorOf("[[source]]\nreader = \"cold\"\npath = [\"\"]"),
            "r.toml:3: field 'source.path': must be a string, not empty");
}

TEST(Recipe, OurOwnRecipesAreValid) {
  for (const char* name : {"data", "places-data"}) {
    const std::string path = fmt::format("{}/recipes/mini/{}.toml", MORES_SOURCE_DIR, name);
    const auto bytes = ReadFile(path);
    ASSERT_TRUE(bytes) << bytes.error().message;
    const auto recipe = ParseRecipe(*bytes, path);
    EXPECT_TRUE(recipe) << recipe.error().message;
  }
}

}  // namespace
}  // namespace mores::data
