#include "guidelines/review/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "guidelines/review/review_agreement.h"
#include "guidelines/store/model_source.h"
#include "support/base/test_directory.h"

namespace mores::guidelines {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReviewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = OpenDatabase();
    ASSERT_TRUE(database_->PutGroup(
        {.id = "tiv", .name_en = "Tiv", .name_zh = "蒂夫人", .kind = "people", .places = {"NG"}}));
    desk_ = std::make_unique<ReviewDesk>(*database_, clock_);
  }

  std::unique_ptr<Database> OpenDatabase() const {
    auto database =
        Database::Open(directory_.path() + "/g.db", {.access = Connection::Access::kCreate});
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }

  // The id of a new guideline that `writer` wrote.
  std::string Add(const std::string& id, const std::string& place = "NG",
                  const std::vector<std::string>& groups = {}, std::vector<Source> sources = {}) {
    const auto put = database_->Put({.id = id,
                                     .places = {place},
                                     .groups = groups,
                                     .topic = "greetings",
                                     .text = "Elders are greeted first: " + id,
                                     .sources = std::move(sources)},
                                    {.by = "writer@1"});
    EXPECT_TRUE(put) << put.error().message;
    return id;
  }

  Guideline Propose(const std::string& id) {
    const auto put = database_->Put({.id = id,
                                     .places = {"NG"},
                                     .topic = "greetings",
                                     .text = "Elders are greeted first: " + id,
                                     .status = Standing::kProposed},
                                    {.by = "writer@1"});
    EXPECT_TRUE(put) << put.error().message;
    return put->guideline;
  }

  std::string StatusOf(const std::string& id) {
    return std::string(Name((*database_->Find(id))->guideline.status));
  }

  // "" where it was stored.
  std::string Rule(const std::string& id, const std::string& reviewer, Ruling ruling,
                   const PlaceScope& from = {}, int version = 0) {
    const GivenRuling given{
        .id = id, .version = version, .ruling = ruling, .reviewer = reviewer, .from = from};
    const auto status = desk_->Rule({&given, 1});
    return status ? "" : status.error().message;
  }

  std::string Adjudicate(const std::string& id, Ruling ruling, const std::string& by = "chair") {
    const auto version =
        desk_->Adjudicate({.id = id, .ruling = ruling, .by = by, .reason = "settled"});
    return version ? std::string(Name(version->guideline.status)) : version.error().message;
  }

  std::string NextFor(const std::string& reviewer, const NextOptions& options = {}) {
    NextOptions wanted = options;
    wanted.reviewer = reviewer;
    const auto item = desk_->Next(wanted);
    EXPECT_TRUE(item) << item.error().message;
    return *item ? (*item)->guideline.id : "";
  }

  int64_t Rows(const std::string& where) {
    return *database_->connection().QueryInteger("SELECT count(*) FROM review WHERE " + where);
  }

  static constexpr Ruling kCorrect = Ruling::kCorrect, kWrong = Ruling::kWrong,
                          kUnsure = Ruling::kUnsure;
  const TestDirectory directory_;
  FakeClock clock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<ReviewDesk> desk_;
};

TEST_F(ReviewTest, EachReviewerSeesTheSameOrderWhateverOthersRuled) {
  for (const char* id : {"NG-a", "NG-b", "NG-c"}) Add(id);
  EXPECT_EQ(Rule("NG-a", "ann", kCorrect), "");
  EXPECT_EQ(Rule("NG-c", "ann", kWrong), "");
  EXPECT_EQ(NextFor("ann"), "NG-b");
  EXPECT_EQ(NextFor("bob"), "NG-a");
  EXPECT_EQ(Rule("NG-b", "ann", kUnsure), "");
  EXPECT_EQ(NextFor("ann"), "");
  EXPECT_EQ(NextFor("bob"), "NG-a");
  // Nothing that a reviewer is shown tells of others' rulings.
  const auto before = desk_->Next({.reviewer = "carl"});
  EXPECT_EQ(Rule("NG-a", "bob", kWrong), "");
  const auto after = desk_->Next({.reviewer = "carl"});
  EXPECT_EQ(DumpJson(ToJson(**before)), DumpJson(ToJson(**after)));
}

TEST_F(ReviewTest, NextKeepsToPlaceStatusAndWhereTheReviewerIsFrom) {
  Add("GH-a", "GH");
  Add("NG-a", "NG");
  Add("NG-b", "NG-BE");
  Add("NG-t", "NG", {"tiv"});
  EXPECT_EQ(NextFor("ann", {.places = {"NG"}}), "NG-a");
  EXPECT_EQ(NextFor("ann", {.places = {"NG-BE"}}), "NG-b");
  EXPECT_EQ(NextFor("ann", {.places = {"JP"}}), "");
  EXPECT_EQ(NextFor("ann", {.from = {.place = "NG"}}), "NG-a");
  EXPECT_EQ(NextFor("ann", {.statuses = {Standing::kHumanValidated}}), "");
  EXPECT_EQ(Rule("NG-a", "ann", kCorrect), "");
  EXPECT_EQ(Rule("NG-b", "ann", kCorrect), "");
  EXPECT_EQ(NextFor("ann", {.from = {.place = "NG"}}), "");
  EXPECT_EQ(NextFor("ann", {.from = {.place = "NG", .group = "tiv"}}), "NG-t");
  // What is contested comes first, with the complaint.
  ASSERT_TRUE(desk_->Complain("NG-t", "dee", "Not so."));
  const auto item = desk_->Next({.reviewer = "bob"});
  EXPECT_EQ((*item)->guideline.id, "NG-t");
  EXPECT_THAT((*item)->complaints, ElementsAre("Not so."));
  EXPECT_EQ(DumpJson(ToJson(**item)).find("dee"), std::string::npos);
}

TEST_F(ReviewTest, OneRulingAReviewerAndVersion) {
  Add("NG-a");
  EXPECT_EQ(Rule("NG-a", "ann", kCorrect), "");
  EXPECT_THAT(Rule("NG-a", "ann", kWrong), HasSubstr("ann ruled on version 1 before"));
  EXPECT_THAT(Rule("NG-a", "", kWrong), HasSubstr("who says it isn't said"));
  EXPECT_THAT(Rule("NG-x", "ann", kWrong), HasSubstr("there is no guideline 'NG-x'"));
  EXPECT_THAT(Rule("NG-a", "bob", kWrong, {}, 2), HasSubstr("by now there is version 1"));
  ASSERT_TRUE(desk_->Complain("NG-a", "dee", "Not so."));
  EXPECT_THAT(Rule("NG-a", "bob", kWrong, {}, 1), HasSubstr("by now there is version 2"));
  EXPECT_EQ(Rule("NG-a", "ann", kWrong), "");  // another version
  EXPECT_EQ(Rows("act = 'ruling'"), 2);
}

TEST_F(ReviewTest, ManyRulingsAreStoredTogetherOrNotAtAll) {
  Add("NG-a");
  Add("NG-b");
  const std::vector<GivenRuling> rulings = {
      {.id = "NG-a", .ruling = kCorrect, .reviewer = "ann"},
      {.id = "NG-b", .ruling = kCorrect, .reviewer = "writer@1"}};
  EXPECT_FALSE(desk_->Rule(rulings));
  EXPECT_EQ(Rows("1"), 0);
  EXPECT_TRUE(desk_->Rule({rulings.data(), 1}));
  EXPECT_EQ(Rows("1"), 1);
}

TEST_F(ReviewTest, WhoWroteItNeitherRulesNorSettles) {
  Add("NG-a");
  EXPECT_THAT(Rule("NG-a", "writer@1", kCorrect), HasSubstr("wrote or contested"));
  EXPECT_EQ(NextFor("writer@1"), "");
  // A check by another model doesn't make that one the writer, and the writer stays one.
  Guideline checked = database_->Find("NG-a").value()->guideline;
  checked.status = Standing::kMachineValidated;
  ASSERT_TRUE(database_->Put(checked, {.by = "checker@1"}));
  EXPECT_THAT(Rule("NG-a", "writer@1", kCorrect), HasSubstr("wrote or contested"));
  EXPECT_THAT(Rule("NG-a", "checker@1", kCorrect), HasSubstr("wrote or contested"));
  EXPECT_EQ(Rule("NG-a", "ann", kCorrect), "");
  EXPECT_EQ(Rule("NG-a", "bob", kCorrect), "");
  EXPECT_THAT(Adjudicate("NG-a", kCorrect, "writer@1"), HasSubstr("can't settle it"));
  // Another text is another's, and also of who wrote since it was last reviewed whole.
  Guideline edited = database_->Find("NG-a").value()->guideline;
  edited.text += " Always.";
  ASSERT_TRUE(database_->Put(edited, {.by = "ann"}));
  EXPECT_THAT(Rule("NG-a", "ann", kCorrect), HasSubstr("wrote or contested"));
  EXPECT_THAT(Rule("NG-a", "writer@1", kCorrect), HasSubstr("wrote or contested"));
  EXPECT_EQ(Rule("NG-a", "bob", kCorrect), "");
}

TEST_F(ReviewTest, NobodyRulesOnAnOwnTextUnderAnySpellingOrBehindAnothersEdit) {
  Add("NG-a");
  ASSERT_TRUE(desk_->Complain("NG-a", "Zoe", "Not so."));
  EXPECT_THAT(Rule("NG-a", "zoe", kCorrect), HasSubstr("wrote or contested"));
  EXPECT_EQ(NextFor("ZOE"), "");
  // Whose text stands, whose text stood, and who changed its sources alone.
  Guideline edited = Propose("NG-b");
  edited.text += " Always.";
  const auto put = [&](const std::string& by) {
    edited.version = 0;
    ASSERT_TRUE(database_->Put(edited, {.by = by}));
  };
  put("Eve");
  edited.sources = {{.title = "A book"}};
  put("Mia");
  edited.topic = "visits";
  put("Max");
  for (const char* person : {"WRITER@1", "eve", "mia", "max"}) {
    EXPECT_THAT(Rule("NG-b", person, kCorrect), HasSubstr("wrote or contested")) << person;
  }
  // Once others have reviewed it whole, who only changed sources before may rule again.
  EXPECT_EQ(Rule("NG-b", "ann", kCorrect), "");
  EXPECT_EQ(Rule("NG-b", "bob", kCorrect), "");
  EXPECT_EQ(StatusOf("NG-b"), "human-validated");
  EXPECT_EQ(Rule("NG-b", "mia", kCorrect), "");
  EXPECT_THAT(Rule("NG-b", "eve", kCorrect), HasSubstr("wrote or contested"));
  // Who ruled isn't asked again under another spelling.
  Add("NG-c");
  EXPECT_EQ(Rule("NG-c", "ann", kCorrect), "");
  EXPECT_EQ(NextFor("Ann", {.places = {"NG"}, .statuses = {Standing::kGenerated}}), "");
}

TEST_F(ReviewTest, AdjudicationTakesTwoRulingsAndMovesTheStatus) {
  const struct {
    const char* id;
    Ruling ruling;
    const char* status;
  } cases[] = {{"NG-a", kCorrect, "human-validated"},
               {"NG-b", kWrong, "withdrawn"},
               {"NG-c", kUnsure, "contested"}};
  for (const auto& one : cases) {
    Add(one.id);
    EXPECT_EQ(Rule(one.id, "ann", kCorrect), "");
    EXPECT_THAT(Adjudicate(one.id, one.ruling), HasSubstr("has 1 of the 2 rulings"));
    EXPECT_EQ(Rule(one.id, "bob", kWrong), "");
    EXPECT_THAT(Adjudicate(one.id, one.ruling, "bob"), HasSubstr("against others"));
    EXPECT_FALSE(desk_->Adjudicate({.id = one.id, .ruling = one.ruling, .by = "chair"}));
    EXPECT_EQ(Adjudicate(one.id, one.ruling), one.status);
    const auto history = *database_->History(one.id);
    ASSERT_THAT(history, SizeIs(2));
    EXPECT_EQ(history[1].change.by, "chair");
    EXPECT_EQ(history[1].change.at, "2026-01-01T00:00:00Z");
    EXPECT_THAT(history[1].change.reason, HasSubstr("settled"));
  }
  EXPECT_EQ(Rows("act = 'adjudication' AND version = 1"), 3);
  EXPECT_THAT(Rule("NG-b", "carl", kCorrect), HasSubstr("is withdrawn"));
  // The contested one is settled by new rulings, on its new version.
  EXPECT_THAT(Adjudicate("NG-c", kCorrect), HasSubstr("has 0 of the 2"));
  EXPECT_EQ(Rule("NG-c", "ann", kCorrect), "");
  EXPECT_EQ(Rule("NG-c", "bob", kCorrect), "");
  EXPECT_EQ(Adjudicate("NG-c", kCorrect), "human-validated");
}

TEST_F(ReviewTest, AGroupsGuidelineTakesASourceAndTwoOfTheGroup) {
  const PlaceScope tiv{.place = "NG", .group = "tiv"}, nigeria{.place = "NG"};
  const Source model = ModelSource("writer@1", "guideline_generation", "abc");
  Add("NG-m", "NG", {"tiv"}, {model});
  EXPECT_EQ(Rule("NG-m", "ann", kCorrect, tiv), "");
  EXPECT_EQ(Rule("NG-m", "bob", kCorrect, tiv), "");
  EXPECT_THAT(Adjudicate("NG-m", kCorrect), HasSubstr("no source but a model"));
  EXPECT_EQ(Adjudicate("NG-m", kUnsure), "contested");
  Add("NG-s", "NG", {"tiv"}, {model, {.title = "Customs of Benue"}});
  EXPECT_EQ(Rule("NG-s", "ann", kCorrect, tiv), "");
  EXPECT_EQ(Rule("NG-s", "bob", kCorrect, nigeria), "");
  EXPECT_EQ(Rule("NG-s", "cem", kWrong, tiv), "");
  EXPECT_THAT(Adjudicate("NG-s", kCorrect), HasSubstr("from the group 'tiv'"));
  EXPECT_EQ(Rule("NG-s", "dan", kCorrect, tiv), "");
  EXPECT_EQ(Adjudicate("NG-s", kCorrect), "human-validated");
}

TEST_F(ReviewTest, UnanimousRulingsAreAdoptedAtOnce) {
  for (const char* id : {"NG-a", "NG-b", "NG-c", "NG-d"}) Add(id);
  Add("NG-t", "NG", {"tiv"});
  Add("GH-a", "GH");
  for (const char* reviewer : {"ann", "bob"}) {
    for (const char* id : {"NG-a", "NG-t", "GH-a"}) EXPECT_EQ(Rule(id, reviewer, kCorrect), "");
    EXPECT_EQ(Rule("NG-b", reviewer, kWrong), "");
  }
  EXPECT_EQ(Rule("NG-c", "ann", kCorrect), "");
  EXPECT_EQ(Rule("NG-c", "bob", kWrong), "");
  EXPECT_EQ(Rule("NG-d", "ann", kCorrect), "");
  const auto decisions = desk_->AdjudicateUnanimous("chair", {"NG"});
  ASSERT_TRUE(decisions) << decisions.error().message;
  ASSERT_THAT(decisions->adopted, SizeIs(2));
  EXPECT_EQ(decisions->adopted[0].guideline.status, Standing::kHumanValidated);
  EXPECT_EQ(decisions->adopted[1].guideline.status, Standing::kWithdrawn);
  ASSERT_THAT(decisions->left, SizeIs(1));
  EXPECT_EQ(decisions->left[0].first, "NG-t");
  EXPECT_THAT(desk_->AdjudicateUnanimous("chair", {"NG"})->adopted, IsEmpty());
  EXPECT_THAT(desk_->AdjudicateUnanimous("chair", {})->adopted, SizeIs(1));
}

TEST_F(ReviewTest, ComplaintsContestAndWithdrawalsEnd) {
  Add("NG-a");
  EXPECT_FALSE(desk_->Complain("NG-a", "dee", ""));
  EXPECT_FALSE(desk_->Complain("NG-a", "", "Not so."));
  auto version = desk_->Complain("NG-a", "dee", "Not so.");
  ASSERT_TRUE(version);
  EXPECT_EQ(version->guideline.status, Standing::kContested);
  EXPECT_EQ(version->guideline.version, 2);
  EXPECT_EQ(version->change.reason, "complaint: Not so.");
  // Another one is kept, and changes nothing more; who complains doesn't rule.
  EXPECT_EQ(desk_->Complain("NG-a", "eve", "Nor in my town.")->guideline.version, 2);
  EXPECT_EQ(Rows("act = 'complaint' AND ruling = ''"), 2);
  EXPECT_THAT(Rule("NG-a", "dee", kWrong), HasSubstr("wrote or contested"));
  EXPECT_THAT(Rule("NG-a", "eve", kWrong), HasSubstr("wrote or contested"));
  version = desk_->Withdraw("NG-a", "fay", "Repealed.");
  EXPECT_EQ(version->guideline.status, Standing::kWithdrawn);
  EXPECT_FALSE(desk_->Withdraw("NG-a", "fay", "Repealed."));
  EXPECT_FALSE(desk_->Complain("NG-a", "fay", "Again."));
  EXPECT_THAT(*database_->History("NG-a"), SizeIs(3));
}

TEST_F(ReviewTest, RowsAreNeverChanged) {
  Add("NG-a");
  EXPECT_EQ(Rule("NG-a", "ann", kCorrect), "");
  EXPECT_FALSE(database_->connection().Execute("UPDATE review SET ruling = 'wrong'"));
  EXPECT_FALSE(database_->connection().Execute("DELETE FROM review"));
  EXPECT_EQ(Rows("ruling = 'correct'"), 1);
}

TEST_F(ReviewTest, OfTwoWhoDecideAtOnceOneDecides) {
  for (int i = 0; i < 10; ++i) {
    const std::string id = "NG-" + std::to_string(i);
    Add(id);
    EXPECT_EQ(Rule(id, "ann", kCorrect), "");
    EXPECT_EQ(Rule(id, "bob", kCorrect), "");
  }
  std::atomic<int> decided = 0, ruled = 0;
  const auto work = [&](const std::string& chair) {
    const auto database = OpenDatabase();
    ReviewDesk desk(*database);
    for (int i = 0; i < 10; ++i) {
      const std::string id = "NG-" + std::to_string(i);
      const GivenRuling carl{.id = id, .version = 1, .ruling = kWrong, .reviewer = "carl"};
      ruled += desk.Rule({&carl, 1}) ? 1 : 0;
      decided += desk.Adjudicate(
                     {.id = id, .version = 1, .ruling = kCorrect, .by = chair, .reason = "settled"})
                     ? 1
                     : 0;
    }
  };
  std::thread first(work, "chair"), second(work, "cochair");
  first.join();
  second.join();
  EXPECT_EQ(decided, 10);
  EXPECT_LE(ruled, 10);
  EXPECT_EQ(Rows("act = 'adjudication'"), 10);
}

TEST_F(ReviewTest, AgreementIsOverVersionsAndResampledByGuideline) {
  for (int i = 0; i < 6; ++i) {
    const std::string id = "NG-" + std::to_string(i);
    Add(id);
    EXPECT_EQ(Rule(id, "ann", i % 2 == 0 ? kCorrect : kWrong), "");
    EXPECT_EQ(Rule(id, "bob", i % 2 == 0 ? kCorrect : kWrong), "");
  }
  Add("GH-a", "GH");
  EXPECT_EQ(Rule("GH-a", "ann", kUnsure), "");
  std::vector<StoredRuling> rulings;
  ASSERT_TRUE(desk_->ForEachRuling([&](const StoredRuling& one) -> Status {
    rulings.push_back(one);
    return {};
  }));
  const auto agreements = AssessReviews(rulings, {.resamples = 200});
  ASSERT_THAT(agreements, SizeIs(3));
  EXPECT_EQ(agreements[0].name, "all");
  EXPECT_EQ(agreements[0].guidelines, 7u);
  EXPECT_EQ(agreements[0].compared, 6u);
  EXPECT_EQ(agreements[0].unanimous, 6u);
  EXPECT_THAT(agreements[0].rulings, ElementsAre(6, 6, 1));
  EXPECT_DOUBLE_EQ(agreements[0].alpha.value, 1);
  EXPECT_EQ(agreements[1].name, "GH");
  EXPECT_TRUE(ToJson(agreements[1])["alpha"]["value"].is_null());
  EXPECT_EQ(agreements[2].name, "NG");
  EXPECT_THAT(FormatTable(agreements), HasSubstr("undefined"));
  // Somebody who differs on every second one.
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(Rule("NG-" + std::to_string(i), "cem", i % 4 < 2 ? kCorrect : kWrong), "");
  }
  rulings.clear();
  ASSERT_TRUE(desk_->ForEachRuling([&](const StoredRuling& one) -> Status {
    rulings.push_back(one);
    return {};
  }));
  const auto worse = AssessReviews(rulings, {.resamples = 200});
  EXPECT_LT(worse[0].alpha.value, 0.7);
  EXPECT_LE(worse[0].alpha.interval.low, worse[0].alpha.value);
  EXPECT_EQ(worse[0].unanimous, 3u);
}

TEST_F(ReviewTest, AProposedOneDecidesOnceEnoughOthersRuledForIt) {
  Propose("NG-p");
  EXPECT_THAT(Rule("NG-p", "writer@1", Ruling::kCorrect), HasSubstr("can't rule on it"));
  EXPECT_EQ(NextFor("ann"), "NG-p");
  EXPECT_EQ(Rule("NG-p", "ann", Ruling::kCorrect), "");
  EXPECT_EQ(StatusOf("NG-p"), "proposed");
  EXPECT_EQ(Rule("NG-p", "bob", Ruling::kCorrect), "");
  EXPECT_EQ(StatusOf("NG-p"), "human-validated");
  // Settled by the rulings; to settle it as they did changes nothing.
  EXPECT_EQ(Adjudicate("NG-p", Ruling::kCorrect), "human-validated");
  EXPECT_EQ(database_->History("NG-p")->size(), 2u);
}

TEST_F(ReviewTest, AnEditIsReviewedAnew) {
  Guideline edited = Propose("NG-p");
  EXPECT_EQ(Rule("NG-p", "ann", Ruling::kCorrect), "");
  edited.text = "Elders are greeted last.";
  ASSERT_TRUE(database_->Put(edited, {.by = "cem"}));
  EXPECT_EQ(Rule("NG-p", "bob", Ruling::kCorrect), "");
  EXPECT_EQ(StatusOf("NG-p"), "proposed") << "ann ruled on another text";
  EXPECT_THAT(Rule("NG-p", "cem", Ruling::kCorrect), HasSubstr("can't rule on it"));
  EXPECT_EQ(Rule("NG-p", "ann", Ruling::kCorrect), "");
  EXPECT_EQ(StatusOf("NG-p"), "human-validated");
}

TEST_F(ReviewTest, RulingsThatDifferLeaveItToSomebodyElse) {
  Propose("NG-p");
  EXPECT_EQ(Rule("NG-p", "ann", Ruling::kWrong), "");
  EXPECT_EQ(Rule("NG-p", "bob", Ruling::kCorrect), "");
  EXPECT_EQ(Rule("NG-p", "cem", Ruling::kCorrect), "");
  EXPECT_EQ(StatusOf("NG-p"), "proposed");
  EXPECT_EQ(Adjudicate("NG-p", Ruling::kCorrect), "human-validated");
}

TEST_F(ReviewTest, HowManyAreEnoughIsSetAndRemembered) {
  EXPECT_EQ(ReadEnoughRulings(*database_)->number, 2u);
  EXPECT_FALSE(desk_->RequireRulings(0, {.by = "chair"}));
  EXPECT_FALSE(desk_->RequireRulings(3, {}));
  ASSERT_TRUE(desk_->RequireRulings(3, {.by = "chair", .reason = "our rule"}));
  EXPECT_EQ(ReadEnoughRulings(*database_)->number, 3u);
  EXPECT_EQ(ReadEnoughRulings(*database_)->change.by, "chair");
  Propose("NG-p");
  EXPECT_EQ(Rule("NG-p", "ann", Ruling::kCorrect), "");
  EXPECT_EQ(Rule("NG-p", "bob", Ruling::kCorrect), "");
  EXPECT_EQ(StatusOf("NG-p"), "proposed");
  EXPECT_THAT(Adjudicate("NG-p", Ruling::kCorrect), HasSubstr("2 of the 3 rulings"));
  EXPECT_EQ(Rule("NG-p", "cem", Ruling::kCorrect), "");
  EXPECT_EQ(StatusOf("NG-p"), "human-validated");
}

TEST_F(ReviewTest, RulingsAreShownToWhoRuledAndToWhoSettles) {
  Add("NG-a");
  EXPECT_EQ(Rule("NG-a", "ann", Ruling::kCorrect), "");
  EXPECT_EQ(Rule("NG-a", "bob", Ruling::kWrong), "");
  const auto seen = [&](const std::string& name, RulingViewer::Role role) -> int64_t {
    const auto rulings = desk_->RulingsFor("NG-a", {.name = name, .role = role});
    if (!rulings) return -1;
    const auto at = rulings->find(1);
    return at == rulings->end() ? 0 : static_cast<int64_t>(at->second.size());
  };
  using Role = RulingViewer::Role;
  EXPECT_EQ(seen("cem", Role::kReviewer), 0) << "blind before";
  EXPECT_EQ(seen("Ann", Role::kReviewer), 2) << "and not after";
  EXPECT_EQ(seen("writer@1", Role::kAdjudicator), -1);
  EXPECT_EQ(Rows("act = 'sight'"), 0);
  EXPECT_EQ(seen("dee", Role::kAdjudicator), 2);
  EXPECT_EQ(seen("dee", Role::kAdjudicator), 2);
  EXPECT_EQ(Rows("act = 'sight'"), 1);
  EXPECT_THAT(Rule("NG-a", "DEE", Ruling::kCorrect), HasSubstr("can't rule on it blind"));
  EXPECT_EQ(Rule("NG-a", "cem", Ruling::kWrong), "");
  const auto item = desk_->NextToSettle({.reviewer = "dee"});
  ASSERT_TRUE(item && *item);
  ASSERT_TRUE((*item)->rulings);
  EXPECT_EQ((*item)->rulings->size(), 3u);
  EXPECT_EQ(ToJson(**item)["rulings"][1]["reviewer"], "bob");
  EXPECT_EQ(Adjudicate("NG-a", Ruling::kWrong, "dee"), "withdrawn");
  EXPECT_FALSE(desk_->NextToSettle({.reviewer = "dee"})->has_value());
}

TEST(Rulings, AreReadFromLines) {
  const auto parse = [](std::string_view) -> Expected<PlaceScope> {
    return MakeError(ErrorKind::kUsage, "no such place");
  };
  const auto message = [&](const char* json) {
    const auto given = ParseGivenRuling(Json::parse(json), "r:1", "", parse);
    return given ? std::string() : given.error().message;
  };
  EXPECT_EQ(message(R"({"id":"NG-a","ruling":"wrong","reviewer":"ann","version":2})"), "");
  EXPECT_THAT(message(R"({"ruling":"wrong"})"), HasSubstr("r:1: field 'id'"));
  EXPECT_THAT(message(R"({"id":"a","ruling":"maybe"})"), HasSubstr("r:1: field 'ruling'"));
  EXPECT_THAT(message(R"({"id":"a","ruling":"wrong"})"), HasSubstr("field 'reviewer': missing"));
  EXPECT_THAT(message(R"({"id":"a","ruling":"wrong","version":"1"})"), HasSubstr("'version'"));
  EXPECT_THAT(message(R"({"id":"a","ruling":"wrong","reviewer":"x","from":"ZZ"})"),
              HasSubstr("field 'from': no such place"));
}

}  // namespace
}  // namespace mores::guidelines
