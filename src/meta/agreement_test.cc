#include "meta/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::meta {
namespace {

using ::testing::HasSubstr;

// One letter a ruling: y, n, or ? for unparsed.
Evaluation MakeEvaluation(const std::string& id, text::Language lang, const std::string& precision,
                          const std::string& recall) {
  Evaluation evaluation;
  evaluation.id = id;
  evaluation.lang = lang;
  evaluation.judge = "j@1";
  const auto fill = [](const std::string& letters, std::vector<std::string>& aius,
                       std::vector<Ruling>& rulings) {
    for (const char letter : letters) {
      aius.emplace_back("claim");
      Ruling ruling;
      ruling.outcome = letter == 'y'   ? RulingOutcome::kCorrect
                       : letter == 'n' ? RulingOutcome::kIncorrect
                                       : RulingOutcome::kUnparsed;
      rulings.push_back(ruling);
    }
  };
  fill(precision, evaluation.aius, evaluation.precision);
  fill(recall, evaluation.reference, evaluation.recall);
  return evaluation;
}

std::vector<Evaluation> Evaluations() {
  using enum text::Language;
  return {MakeEvaluation("a", kEnglish, "yyn", "yn"), MakeEvaluation("b", kEnglish, "ny?", "nn"),
          MakeEvaluation("c", kChinese, "yy", "yyy"), MakeEvaluation("d", kChinese, "", "n")};
}

class HumanRulingsTest : public ::testing::Test {
 protected:
  Expected<std::vector<HumanRater>> Read(const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(path_, text));
    return ReadHumanRulings(path_, evaluations_);
  }
  const TestDirectory directory_;
  const std::string path_ = directory_.path() + "/people.jsonl";
  const std::vector<Evaluation> evaluations_ = Evaluations();
};

constexpr const char* kOnePerson =
    R"({"id":"a","aius":[true,false,false],"reference":[true,false]}
{"id":"b","aius":[false,true,true],"reference":[false,true]}
{"id":"c","aius":[true,null],"reference":[true,true,false]}
{"id":"d","aius":[],"reference":[false]}
)";

TEST_F(HumanRulingsTest, KappaByHand) {
  const auto raters = Read(kOnePerson);
  ASSERT_TRUE(raters) << raters.error().message;
  const AgreementReport report = AssessAgreement(evaluations_, *raters, {});
  ASSERT_EQ(report.scopes.size(), 3u);
  const AgreementScope& all = report.scopes[0];
  EXPECT_EQ(all.critiques, 4u);
  // Seven rulings, the null left out: y/y, y/n, n/n, n/n, y/y, ?/y, y/y.
  const RulingAgreement& precision = all.with_raters[0][0];
  EXPECT_EQ(precision.table, (std::array<std::array<int64_t, 2>, 3>{{{3, 1}, {0, 2}, {1, 0}}}));
  EXPECT_EQ(precision.rulings(), 7);
  EXPECT_DOUBLE_EQ(precision.share.value, 5.0 / 7);
  const double chance = (4.0 * 4 + 2 * 3 + 1 * 0) / 49;
  EXPECT_NEAR(precision.kappa.value, (5.0 / 7 - chance) / (1 - chance), 1e-12);
  // Both kinds together are the sum of the two.
  EXPECT_EQ(all.with_raters[0][2].rulings(), 7 + 8);
  EXPECT_EQ(report.scopes[1].name, "en");
  EXPECT_EQ(report.scopes[1].with_raters[0][0].rulings(), 6);
  EXPECT_EQ(report.scopes[2].with_raters[0][0].rulings(), 1);
}

TEST_F(HumanRulingsTest, TauOverCritiquesThatAreRuledOverWhole) {
  const auto raters = Read(kOnePerson);
  const AgreementReport report = AssessAgreement(evaluations_, *raters, {});
  const auto& scores = report.scopes[0].scores;
  EXPECT_EQ(scores[0].critiques, 3u);  // c has a null among its AIUs
  EXPECT_EQ(scores[1].critiques, 4u);
  EXPECT_EQ(scores[2].critiques, 3u);
  // Recall: judge 1/2, 0, 1, 0; person 1/2, 1/2, 2/3, 0. Of six pairs four agree and none
  // disagrees; one is tied for the judge and one for the person.
  EXPECT_NEAR(scores[1].tau.value, 4 / std::sqrt(5.0 * 5.0), 1e-12);
}

TEST_F(HumanRulingsTest, SinglesAreTheSameAsLists) {
  const auto lists =
      Read(R"({"id":"a","aius":[true,null,false],"reference":[null,true],"by":"p"})");
  const auto singles = Read(R"({"id":"a","kind":"precision","index":2,"correct":false,"by":"p"}
{"id":"a","kind":"recall","index":1,"correct":true,"by":"p"}
{"id":"a","kind":"precision","index":0,"correct":true,"by":"p"}
)");
  ASSERT_TRUE(lists && singles);
  EXPECT_EQ((*lists)[0].name, "p");
  EXPECT_EQ((*lists)[0].critiques[0].precision, (*singles)[0].critiques[0].precision);
  EXPECT_EQ((*lists)[0].critiques[0].recall, (*singles)[0].critiques[0].recall);
  EXPECT_FALSE((*lists)[0].critiques[1].any);
}

TEST_F(HumanRulingsTest, SeveralPeople) {
  const auto raters = Read(R"({"id":"a","aius":[true,true,false],"by":"x"}
{"id":"a","aius":[true,false,false],"by":"y"}
{"id":"a","aius":[true,true,null],"by":"z"}
{"id":"b","aius":[false,true,null],"by":"x"}
{"id":"b","aius":[true,true,true],"by":"y"}
)");
  ASSERT_TRUE(raters) << raters.error().message;
  const HumanRater majority = MajorityOf(*raters);
  using Rulings = std::vector<std::optional<bool>>;
  EXPECT_EQ(majority.critiques[0].precision, (Rulings{true, true, false}));
  EXPECT_EQ(majority.critiques[1].precision, (Rulings{std::nullopt, true, true}));
  const AgreementReport report = AssessAgreement(evaluations_, *raters, {});
  const AgreementScope& all = report.scopes[0];
  ASSERT_TRUE(all.with_majority.has_value());
  EXPECT_EQ(all.with_majority->at(0).rulings(), 5);
  ASSERT_EQ(all.among_raters.size(), 3u);
  EXPECT_EQ(all.among_raters[0].second[0].rulings(), 5);  // x and y
  EXPECT_EQ(all.among_raters[2].second[0].rulings(), 2);  // y and z
  // Units TTT, TFT, FF, FT, TT (and T alone, which does not count): 12 values, 8 of them true; the
  // ordered pairs that differ, over each unit's size less one, are 4 / 2 and 2 / 1.
  const double observed = 4.0 / 2 + 2.0 / 1;
  const double expected = 12.0 * 12 - 8.0 * 8 - 4.0 * 4;
  EXPECT_NEAR((*all.alpha)[0].value, 1 - 11 * observed / expected, 1e-12);
  EXPECT_THAT(FormatTable(report), HasSubstr("alpha among humans"));
  EXPECT_THAT(DumpJson(ToJson(report)), HasSubstr(R"("first":"x","second":"y")"));
}

TEST_F(HumanRulingsTest, RefusesWhatDoesNotFit) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "no rulings"},
      {R"({"id":"a","aius":[null,null,null]})", "no rulings"},
      {R"({"id":"z","aius":[]})", ":1: field 'id'"},
      {R"({"id":"a","aius":[true]})", ":1: field 'aius'"},
      {R"({"id":"a","aius":[true,1,false]})", ":1: field 'aius[1]'"},
      {R"({"id":"a"})", ":1: field 'aius'"},
      {R"({"id":"a","kind":"accuracy","index":0,"correct":true})", ":1: field 'kind'"},
      {R"({"id":"a","kind":"recall","index":2,"correct":true})", ":1: field 'index'"},
      {R"({"id":"a","kind":"recall","index":-1,"correct":true})", ":1: field 'index'"},
      {R"({"id":"a","kind":"recall","index":0})", ":1: field 'correct'"},
      {"{\"id\":\"a\",\"reference\":[true,true]}\n{\"id\":\"a\",\"reference\":[null,true]}",
       ":2: field 'reference[1]'"},
      {"[]", ":1:"},
  };
  for (const auto& [text, message] : kCases) {
    const auto raters = Read(text);
    ASSERT_FALSE(raters) << text;
    EXPECT_EQ(raters.error().kind, ErrorKind::kInput);
    EXPECT_THAT(raters.error().message, HasSubstr(message));
  }
}

}  // namespace
}  // namespace mores::meta
