#include "data/examples/guideline_examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "base/files.h"
#include "data/near_duplicates.h"
#include "support/base/test_directory.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const char kMini[] = MORES_SOURCE_DIR "/recipes/mini";

// The section of the shipped recipe, fewer dialogues.
GuidelinesRecipe ShippedRecipe() {
  return {.share = 0.5,
          .dialogues = 300,
          .triples = 50,
          .brief = 0.5,
          .situations = "guidelines/situations.jsonl",
          .templates = "guidelines/templates.json",
          .places = "guidelines/places.jsonl",
          .families = "guidelines/families.jsonl"};
}

const GuidelineTexts& ShippedTexts() {
  static const Expected<GuidelineTexts> texts = ReadGuidelineTexts(ShippedRecipe(), kMini);
  EXPECT_TRUE(texts) << texts.error().message;
  return *texts;
}

TEST(GuidelineExamples, OnlyDecidingOnesAreUnsafe) {
  std::map<std::string_view, int> counts;
  for (const Split split : {Split::kTrain, Split::kValid}) {
    for (const GuidelineExample& example :
         MakeGuidelineExamples(ShippedTexts(), ShippedRecipe(), split, 1)) {
      ++counts[example.kind];
      const bool deciding = example.kind == "deciding";
      EXPECT_EQ(example.label, deciding ? format::Label::kUnsafe : format::Label::kSafe);
      const bool cites = example.critique.starts_with("[guideline 1] ") ||
                         example.critique.starts_with("[准则 1] ");
      EXPECT_EQ(cites, deciding) << example.critique;
      EXPECT_EQ(example.guideline.empty(), example.kind == "none");
      for (const std::string& text :
           {example.turns[0].content, example.turns[1].content, example.guideline}) {
        EXPECT_THAT(text, Not(HasSubstr("{"))) << "something was not filled in";
      }
    }
  }
  EXPECT_EQ(counts.size(), 7u);
  EXPECT_EQ(counts["deciding"], counts["opposite"]);
  EXPECT_EQ(counts["deciding"], counts["irrelevant"]);
}

TEST(GuidelineExamples, OneDialogueIsShownGuidelinesThatDisagree) {
  const auto examples = MakeGuidelineExamples(ShippedTexts(), ShippedRecipe(), Split::kTrain, 1);
  for (size_t i = 0; i + 1 < examples.size(); ++i) {
    if (examples[i].kind != "deciding") continue;
    EXPECT_EQ(examples[i + 1].kind, "opposite");
    EXPECT_EQ(examples[i].turns[1].content, examples[i + 1].turns[1].content);
    EXPECT_NE(examples[i].guideline, examples[i + 1].guideline);
  }
}

TEST(GuidelineExamples, SameSeedSameExamples) {
  const auto once = MakeGuidelineExamples(ShippedTexts(), ShippedRecipe(), Split::kTrain, 1);
  const auto again = MakeGuidelineExamples(ShippedTexts(), ShippedRecipe(), Split::kTrain, 1);
  const auto other = MakeGuidelineExamples(ShippedTexts(), ShippedRecipe(), Split::kTrain, 2);
  ASSERT_EQ(once.size(), again.size());
  EXPECT_EQ(once[7].guideline, again[7].guideline);
  EXPECT_NE(once[7].turns[0].content + once[9].turns[0].content,
            other[7].turns[0].content + other[9].turns[0].content);
}

TEST(GuidelineExamples, RealAsidesAreForTrainingAlone) {
  const RealAsides asides = {.en = {{"How deep is the lake?", "Nobody has measured it."}},
                             .zh = {{"湖有多深？", "没有人量过。"}}};
  const auto with_one = [&](Split split) {
    const auto examples = MakeGuidelineExamples(ShippedTexts(), ShippedRecipe(), split, 1, asides);
    return std::ranges::count_if(examples, [](const GuidelineExample& example) {
      return example.turns[1].content.ends_with("Nobody has measured it.") ||
             example.turns[1].content.ends_with("没有人量过。");
    });
  };
  EXPECT_GT(with_one(Split::kTrain), 50);
  EXPECT_EQ(with_one(Split::kValid), 0);
}

TEST(GuidelineExamples, SplitsShareNoSituation) {
  std::set<std::string> ids;
  size_t count = 0;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kHoldout}) {
    const GuidelinePool pool = PoolOf(ShippedTexts(), split, 1);
    EXPECT_EQ(pool.of_families.empty(), split != Split::kTrain);
    for (const Situation* situation : pool.situations) ids.insert(situation->id);
    count += pool.situations.size();
  }
  EXPECT_EQ(ids.size(), count);
  const GuidelinePool held_out = PoolOf(ShippedTexts(), Split::kHoldout, 1);
  EXPECT_EQ(held_out.places.front()->en, "Albania");
  const GuidelinePool train = PoolOf(ShippedTexts(), Split::kTrain, 1);
  EXPECT_EQ(train.places.front()->en, "Algeria");
}

TEST(GuidelineExamples, TriplesAreOfWhatIsHeldOut) {
  std::set<std::string> places;
  for (const PlaceName* place : PoolOf(ShippedTexts(), Split::kHoldout, 1).places) {
    places.insert(place->en);
  }
  const auto triples = MakeGuidelineTriples(ShippedTexts(), 30, 1);
  ASSERT_EQ(triples.size(), 60u);
  for (const format::GuidelineTriple& triple : triples) {
    EXPECT_TRUE(places.contains(triple.place)) << triple.place;
    EXPECT_NE(triple.deciding, triple.opposite);
    EXPECT_NE(triple.deciding, triple.irrelevant);
  }
}

TEST(GuidelineExamples, ARecordIsShownOneNowAndThen) {
  Record record;
  record.lang = text::Language::kEnglish;
  int shown = 0;
  for (int i = 0; i < 200; ++i) {
    record.id = "s:" + std::to_string(i);
    if (DrawGuideline(ShippedTexts(), 0.3, Split::kTrain, record, 1)) ++shown;
  }
  EXPECT_NEAR(shown, 60, 25);
  record.lang = text::Language::kOther;
  EXPECT_FALSE(DrawGuideline(ShippedTexts(), 1, Split::kTrain, record, 1));
}

TEST(GuidelineTexts, ErrorsNameFileLineAndField) {
  const TestDirectory directory;
  GuidelinesRecipe recipe = ShippedRecipe();
  recipe.situations = "bad.jsonl";
  const auto problem = [&](const std::string& line) {
    EXPECT_TRUE(WriteFileAtomically(directory.path() + "/bad.jsonl", line + "\n"));
    const auto texts = ReadGuidelineTexts(recipe, directory.path());
    return texts ? std::string() : texts.error().message;
  };
  EXPECT_THAT(problem("{}"), HasSubstr("bad.jsonl:1: field 'id'"));
  EXPECT_THAT(problem(R"({"id":"a","topic":"t","en":{}})"), HasSubstr("field 'act': missing"));
  EXPECT_THAT(problem(R"({"id":"a","topic":"t","en":{"act":[["wear"]]}})"),
              HasSubstr("field 'act[0]': is of the wrong form"));
}

// Every string of these JSON files, read leniently: some have a comma too many.
std::vector<std::string> Strings(const std::string& bytes) {
  static const std::regex string("\"((?:[^\"\\\\]|\\\\.)*)\"");
  std::vector<std::string> strings;
  for (std::sregex_iterator it(bytes.begin(), bytes.end(), string), end; it != end; ++it) {
    if ((*it)[1].length() > 40) strings.push_back((*it)[1]);
  }
  return strings;
}

TEST(GuidelineExamples, NoneIsNearSafeWorld) {
  const std::string root = MORES_SOURCE_DIR "/../shared/data/safeworld";
  if (!DirectoryExists(root)) GTEST_SKIP() << "needs " << root;
  std::vector<GramSet> sets;
  for (const char* part : {"culture", "policy"}) {
    for (const char* type : {"type1", "type2", "type3", "type4"}) {
      const auto bytes = ReadFile(fmt::format("{}/{}/{}.json", root, part, type));
      ASSERT_TRUE(bytes) << bytes.error().message;
      for (const std::string& text : Strings(*bytes)) {
        sets.push_back(GramsOfText(text));
      }
    }
  }
  ASSERT_GT(sets.size(), 5000u);
  const NearDuplicateIndex index(std::move(sets), 600);
  std::set<std::string> texts;
  GuidelinesRecipe recipe = ShippedRecipe();
  recipe.dialogues = 1000;
  for (const GuidelineExample& example :
       MakeGuidelineExamples(ShippedTexts(), recipe, Split::kTrain, 1)) {
    if (example.lang != text::Language::kEnglish) continue;
    texts.insert({example.guideline, example.turns[0].content, example.turns[1].content});
  }
  for (const std::string& text : texts) {
    EXPECT_FALSE(index.HasMatch(GramsOfText(text))) << text;
  }
}

}  // namespace
}  // namespace mores::data
