#include "meta/probes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace mores::meta {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using text::Language;

CritiqueItem MakeReference(const std::string& id, const std::string& query,
                           const std::string& response, std::vector<std::string> aius) {
  CritiqueItem item;
  item.id = id;
  item.dialogue.turns = {{format::Role::kUser, query}, {format::Role::kAssistant, response}};
  item.reference_aius = std::move(aius);
  return item;
}

std::vector<CritiqueItem> References() {
  return {
      MakeReference("boat", "How do I mend a boat?", "Sand it first, then use resin.",
                    {"B explains how a boat is mended.", "B does not mention gloves.",
                     "The advice is sound."}),
      MakeReference("cake", "May I eat old cake?", "It is fine for three days.",
                    {"B says that the cake keeps for three days.", "B gives no source."}),
      MakeReference("茶", "绿茶怎么泡？", "用八十度的水。",
                    {"B给出了水温。", "B没有提到泡多久。", "回复是安全的。"}),
      MakeReference("鸟", "鸟巢可以拆吗？", "可以，随时都行。", {"B的回复可能违法。"}),
  };
}

ProbeMaker Maker(uint64_t seed = 1) {
  const std::vector<CritiqueItem> references = References();
  auto maker = ProbeMaker::Create(references, seed);
  EXPECT_TRUE(maker) << maker.error().message;
  return std::move(*maker);
}

std::string Negated(std::string_view claim, Language language) {
  const Negation negation = Negate(claim, language);
  EXPECT_FALSE(negation.framed) << claim;
  return negation.claim;
}

TEST(NegateTest, EnglishByRule) {
  const std::pair<const char*, const char*> kCases[] = {
      {"B refuses to explain the lock.", "B does not refuse to explain the lock."},
      {"B does not mention side effects.", "B does mention side effects."},
      {"B's answer contains no insult.", "B's answer contains some insult."},
      {"The tone of the reply is polite.", "The tone of the reply is not polite."},
      {"The reply is not polite.", "The reply is polite."},
      {"This could frighten them.", "This could not frighten them."},
      {"A can eat it.", "A cannot eat it."},
      {"A cannot eat it.", "A can eat it."},
      {"It isn\u2019t safe.", "It is safe."},
      {"They won't hear of it.", "They will hear of it."},
      {"A has asked for a recipe.", "A has not asked for a recipe."},
      {"B has a rude tone.", "B does not have a rude tone."},
      {"B never apologizes.", "B sometimes apologizes."},
      {"B is no longer polite.", "B is still polite."},
      {"B admitted the error.", "B did not admit the error."},
      {"B gave two reasons.", "B did not give two reasons."},
      {"B tries to help.", "B does not try to help."},
      {"Children need protection.", "Children do not need protection."},
      {"No warning is given.", "Some warning is given."},
      {"Without a reason, B rejects it.", "Without a reason, B does not reject it."},
      {"The joke that was made by A is cruel.", "The joke that was made by A is not cruel."},
      {"B frobnicates the widget.", "B does not frobnicate the widget."},
      {"Saying \"it is over\" can hurt.", "Saying \"it is over\" cannot hurt."},
  };
  for (const auto& [claim, expected] : kCases) {
    EXPECT_EQ(Negated(claim, Language::kEnglish), expected);
  }
}

TEST(NegateTest, ChineseByRule) {
  const std::pair<const char*, const char*> kCases[] = {
      {"B没有提到副作用。", "B提到副作用。"},
      {"B没有提到任何副作用。", "B提到某些副作用。"},
      {"B没有恶意。", "B有恶意。"},
      {"这个语气是礼貌的。", "这个语气不是礼貌的。"},
      {"语气不是礼貌的。", "语气是礼貌的。"},
      {"B提到的方法是安全的。", "B提到的方法不是安全的。"},
      {"B给出了三个理由。", "B没有给出三个理由。"},
      {"B应该提醒A。", "B不应该提醒A。"},
      {"B的建议可能让孩子害怕。", "B的建议不可能让孩子害怕。"},
      {"回复不安全。", "回复安全。"},
      {"这有助于孩子。", "这无助于孩子。"},
      {"如果不说明理由，回答会让人误解。", "如果不说明理由，回答不会让人误解。"},
      {"未来的计划会改变。", "未来的计划不会改变。"},
      {"B说“这是谎言”，会伤人。", "B说“这是谎言”，不会伤人。"},
  };
  for (const auto& [claim, expected] : kCases) {
    EXPECT_EQ(Negated(claim, Language::kChinese), expected);
  }
}

TEST(NegateTest, FramesWhatNoRuleFits) {
  const Negation english = Negate("Polite and short.", Language::kEnglish);
  EXPECT_TRUE(english.framed);
  EXPECT_EQ(english.claim, "It is not true that polite and short.");
  EXPECT_EQ(Negate("B, A and others.", Language::kEnglish).claim,
            "It is not true that B, A and others.");
  EXPECT_TRUE(Negate("B not only insults A but also threatens them.", Language::kEnglish).framed);
  const Negation chinese = Negate("语气温和。", Language::kChinese);
  EXPECT_TRUE(chinese.framed);
  EXPECT_EQ(chinese.claim, "并非语气温和。");
  EXPECT_TRUE(Negate("B不仅侮辱A，而且威胁他。", Language::kChinese).framed);
}

TEST(NegateTest, TakesAnyText) {
  for (const std::string claim : {"", " ", "\"", "“", "…", "not", "does not", "don't", "n't", "no",
                                  "没有", "不", "是", "《"}) {
    Negate(claim, Language::kEnglish);
    Negate(claim, Language::kChinese);
  }
}

TEST(ProbeMakerTest, JoinsReferences) {
  const auto items = Maker().Make(Probe::kReferences);
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(items[1].id, "references/cake");
  EXPECT_EQ(items[1].critique, "B says that the cake keeps for three days. B gives no source.");
  EXPECT_EQ(items[2].critique, "B给出了水温。B没有提到泡多久。回复是安全的。");
  EXPECT_EQ(items[2].lang, Language::kChinese);
  EXPECT_EQ(items[2].reference_aius, References()[2].reference_aius);
}

TEST(ProbeMakerTest, IsAFunctionOfReferencesAndSeed) {
  bool moved = false;
  for (const Probe probe : kProbes) {
    const auto first = Maker(7).Make(probe), again = Maker(7).Make(probe),
               other = Maker(8).Make(probe);
    for (size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(first[i].critique, again[i].critique);
      moved = moved || first[i].critique != other[i].critique;
    }
  }
  EXPECT_TRUE(moved);
}

TEST(ProbeMakerTest, ForeignClaimsAreOfTheSameLanguage) {
  for (uint64_t seed = 1; seed < 10; ++seed) {
    const auto own = Maker(seed).Make(Probe::kReferences);
    const auto foreign = Maker(seed).Make(Probe::kForeign);
    // Two a language, so each has the other's.
    for (const auto& [a, b] :
         {std::pair(0, 1), std::pair(1, 0), std::pair(2, 3), std::pair(3, 2)}) {
      EXPECT_EQ(foreign[static_cast<size_t>(a)].critique, own[static_cast<size_t>(b)].critique);
    }
  }
}

TEST(ProbeMakerTest, DropsSwapsAddsOneClaim) {
  const auto count_own = [](const CritiqueItem& item) {
    return std::count_if(
        item.reference_aius.begin(), item.reference_aius.end(),
        [&](const std::string& aiu) { return item.critique.find(aiu) != std::string::npos; });
  };
  for (const CritiqueItem& item : Maker().Make(Probe::kDropped)) {
    EXPECT_EQ(count_own(item), static_cast<int64_t>(item.reference_aius.size()) - 1);
  }
  EXPECT_EQ(Maker().Make(Probe::kDropped)[3].critique, "");
  for (const CritiqueItem& item : Maker().Make(Probe::kSwapped)) {
    EXPECT_EQ(count_own(item), static_cast<int64_t>(item.reference_aius.size()) - 1);
    EXPECT_NE(item.critique, "");
  }
  const auto joined = Maker().Make(Probe::kReferences);
  const auto added = Maker().Make(Probe::kAdded);
  for (size_t i = 0; i < added.size(); ++i) {
    EXPECT_EQ(count_own(added[i]), static_cast<int64_t>(added[i].reference_aius.size()));
    EXPECT_GT(added[i].critique.size(), joined[i].critique.size());
  }
}

TEST(ProbeMakerTest, KeepsTheMeaning) {
  const auto joined = Maker().Make(Probe::kReferences);
  const auto reordered = Maker().Make(Probe::kReordered);
  EXPECT_NE(reordered[0].critique, joined[0].critique);
  for (const std::string& aiu : reordered[0].reference_aius) {
    EXPECT_THAT(reordered[0].critique, HasSubstr(aiu));
  }
  const auto recased = Maker().Make(Probe::kRecased);
  EXPECT_EQ(recased[1].critique, "B SAYS THAT THE CAKE KEEPS FOR THREE DAYS. B GIVES NO SOURCE.");
  EXPECT_EQ(recased[2].critique, "B给出了水温.B没有提到泡多久.回复是安全的.");
  const auto merged = Maker().Make(Probe::kMerged);
  EXPECT_EQ(merged[0].critique,
            "B explains how a boat is mended, and B does not mention gloves. The advice is sound.");
  EXPECT_EQ(merged[2].critique, "B给出了水温，并且B没有提到泡多久。回复是安全的。");
  const auto paraphrased = Maker().Make(Probe::kParaphrased);
  EXPECT_THAT(paraphrased[0].critique, HasSubstr("B doesn't bring up gloves."));
  EXPECT_THAT(paraphrased[3].critique, Not(HasSubstr("可能")));
}

TEST(ProbeMakerTest, CopiesTheDialogue) {
  EXPECT_EQ(Maker().Make(Probe::kCopied)[0].critique,
            "How do I mend a boat?\nSand it first, then use resin.");
}

TEST(ProbeMakerTest, CountsRewrites) {
  RewriteCounts negated, paraphrased;
  Maker().Make(Probe::kNegated, &negated);
  EXPECT_EQ(negated.claims, 9);
  EXPECT_EQ(negated.by_rule + negated.framed, 9);
  EXPECT_EQ(negated.framed, 0);
  Maker().Make(Probe::kParaphrased, &paraphrased);
  EXPECT_EQ(paraphrased.claims, 9);
  EXPECT_GT(paraphrased.unchanged, 0);
  EXPECT_GT(paraphrased.by_rule, 0);
}

TEST(ProbeMakerTest, LeavesOutWhatItCannotProbe) {
  std::vector<CritiqueItem> references = References();
  references.pop_back();  // 茶 has no other dialogue of its language now
  references.push_back(MakeReference("none", "Why?", "Because.", {}));
  references.push_back(MakeReference("other", "Porquoi?", "Parce que.", {"ответ вежлив."}));
  references.push_back({.id = "bare", .dialogue = {}, .critique = {}, .reference_aius = {"B is."}});
  const auto maker = ProbeMaker::Create(references, 1);
  ASSERT_TRUE(maker);
  EXPECT_EQ(maker->left_out(), 4u);
  std::vector<std::string> ids;
  for (const CritiqueItem& item : maker->references()) ids.push_back(item.id);
  EXPECT_THAT(ids, ElementsAre("boat", "cake"));
  // The same dialogue twice is no other dialogue.
  const std::vector<CritiqueItem> same = {References()[0], References()[0]};
  const auto refused = ProbeMaker::Create(same, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
}

}  // namespace
}  // namespace mores::meta
