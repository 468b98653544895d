#include "report/pairs.h"

#include <gmock/gmock.h>

#include <cmath>

#include "report/report.h"
#include "support/report/report_files.h"

namespace mores::report {
namespace {

using ::testing::HasSubstr;

class PairsTest : public FolderTest {
 protected:
  // A verdict about `content` in `lang`.
  static Json Verdict(const std::string& id, const std::string& lang, double p, const Json& content,
                      const std::string& prompt = "plain@000000000000") {
    Json verdict = StoredVerdict(id, p, "", "q" + id);
    verdict["lang"] = lang;
    verdict["prompt"] = prompt;
    if (!content.is_null()) verdict["input"]["content"] = content;
    return verdict;
  }

  Expected<Pairs> Measure(const std::vector<Json>& verdicts) {
    collection_ = *Collect({.verdict_paths = {Write("v.jsonl", verdicts)}});
    return MeasurePairs(collection_, "content", {});
  }

  Collection collection_;
};

TEST_F(PairsTest, CountsFlipsByDirection) {
  const auto pairs = Measure({
      Verdict("1z", "zh", 0.9, "one"),
      Verdict("1e", "en", 0.8, "one"),  // same: unsafe
      Verdict("2e", "en", 0.1, 2),
      Verdict("2z", "zh", 0.2, 2),  // same: safe
      Verdict("3e", "en", 0.9, "three"),
      Verdict("3z", "zh", 0.2, "three"),
      Verdict("4e", "en", 0.2, "four"),
      Verdict("4z", "zh", 0.7, "four"),
      Verdict("5e", "en", 0.6, "five"),
      Verdict("5z", "zh", 0.1, "five"),
      Verdict("6", "en", 0.6, "alone"),
      Verdict("7", "en", 0.6, Json()),
      Verdict("8", "en", 0.6, Json::array({1})),
      Verdict("9", "zh", 0.6, Json::array({1})),
  });
  ASSERT_TRUE(pairs) << pairs.error().message;
  ASSERT_EQ(pairs->figures.size(), 1u);
  const PairFigures& figures = pairs->figures[0];
  EXPECT_EQ(figures.languages, "en-zh");
  EXPECT_EQ(figures.pairs, 5u);
  EXPECT_EQ(figures.contents, 5u);
  EXPECT_EQ(figures.same, 2u);
  EXPECT_EQ(figures.first_unsafe, 2u) << "English unsafe, Chinese safe";
  EXPECT_EQ(figures.second_unsafe, 1u);
  EXPECT_EQ(pairs->unpaired, 4u);
  EXPECT_DOUBLE_EQ(figures.same_share.value, 0.4);
  EXPECT_LE(figures.same_share.interval.low, 0.4);
  EXPECT_GE(figures.same_share.interval.high, 0.4);
  // English 3 of 5 unsafe, Chinese 2 of 5: by chance (3 * 2 + 2 * 3) / 25 agree.
  EXPECT_NEAR(figures.kappa.value, (0.4 - 0.48) / (1 - 0.48), 1e-12);
  EXPECT_NEAR(figures.mean_difference.value, (0.1 + 0.1 + 0.7 + 0.5 + 0.5) / 5, 1e-12);
  EXPECT_NEAR(figures.mean_shift.value, (0.1 + 0.1 - 0.7 + 0.5 - 0.5) / 5, 1e-12);
  const std::string text = FormatPairs(*pairs);
  EXPECT_THAT(text, HasSubstr("en-zh: 5 pairs, same label 40.0 ["));
  EXPECT_THAT(text, HasSubstr("only en unsafe 2, only zh unsafe 1; unparsed 0"));
  EXPECT_EQ(ToJson(*pairs)["languages"][0]["same_share"]["value"], 0.4);
}

TEST_F(PairsTest, UnparsedIsNeverTheSame) {
  Json first = Verdict("1e", "en", 0.9, "one"), second = Verdict("1z", "zh", 0.9, "one");
  first["other_mass"] = second["other_mass"] = 0.9;
  const auto pairs = Measure({first, second});
  ASSERT_TRUE(pairs);
  EXPECT_EQ(pairs->figures[0].unparsed, 1u);
  EXPECT_EQ(pairs->figures[0].same_share.value, 0);
  EXPECT_TRUE(std::isnan(pairs->figures[0].kappa.value));
}

TEST_F(PairsTest, OfThreeWordingsEveryPairCountsAndTheContentIsResampled) {
  const auto pairs = Measure({Verdict("a", "en", 0.9, "one"), Verdict("b", "en", 0.9, "one"),
                              Verdict("c", "zh", 0.1, "one"), Verdict("d", "en", 0.9, "two"),
                              Verdict("e", "zh", 0.9, "two")});
  ASSERT_TRUE(pairs);
  ASSERT_EQ(pairs->figures.size(), 2u);
  EXPECT_EQ(pairs->figures[0].languages, "en-en");
  EXPECT_EQ(pairs->figures[0].pairs, 1u);
  EXPECT_EQ(pairs->figures[1].pairs, 3u);
  EXPECT_EQ(pairs->figures[1].contents, 2u);
  EXPECT_THAT(FormatPairs(*pairs), HasSubstr("only the first unsafe 0"));
}

TEST_F(PairsTest, AnotherPromptIsAnotherJudge) {
  const auto pairs =
      Measure({Verdict("a", "en", 0.9, "one", "x@1"), Verdict("b", "zh", 0.9, "one", "y@2")});
  ASSERT_FALSE(pairs);
  EXPECT_EQ(pairs.error().kind, ErrorKind::kInput);
  EXPECT_THAT(pairs.error().message, HasSubstr("--pairs content: no two verdicts"));
}

TEST_F(PairsTest, SummaryHoldsThemOnlyWhereAskedFor) {
  const auto pairs = Measure({Verdict("a", "en", 0.9, "one"), Verdict("b", "zh", 0.9, "one")});
  ASSERT_TRUE(pairs);
  const auto progress = job::MakeSilentProgress();
  Report report = *MakeReport(collection_, std::nullopt, {}, *progress);
  EXPECT_FALSE(Summarize(report).contains("pairs"));
  report.pairs = *pairs;
  EXPECT_EQ(Summarize(report)["pairs"]["field"], "content");
  EXPECT_THAT(FormatTable(report), HasSubstr("pairs with the same 'content'"));
}

}  // namespace
}  // namespace mores::report
