#include "guidelines/store/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::guidelines {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kCreate = Connection::Access::kCreate;
constexpr auto kRead = Connection::Access::kRead;
constexpr auto kWrite = Connection::Access::kWrite;

Guideline Shoes() {
  return {.kind = Kind::kNorm,
          .places = {"JP"},
          .topic = "Shoes",
          .text = "Shoes come off at the door of a home.",
          .status = Standing::kImported,
          .sources = {{.title = "A guide", .licence = "CC0-1.0", .redistributable = true}}};
}

const Change kChange = {.by = "ann", .at = "2026-01-01T00:00:00Z", .reason = "first"};

class DatabaseTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> Open(Connection::Access access, int schema = Database::kSchema) {
    auto opened = Database::Open(path_, {.access = access, .schema = schema});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  Error Refused(Connection::Access access) {
    const auto opened = Database::Open(path_, {.access = access});
    EXPECT_FALSE(opened);
    return opened ? Error() : opened.error();
  }
  Version Put(Database& database, const Guideline& guideline, const Change& change = kChange) {
    auto put = database.Put(guideline, change);
    EXPECT_TRUE(put) << put.error().message;
    return put ? *put : Version();
  }
  int64_t Count(Database& database, std::string_view sql) {
    return *database.connection().QueryInteger(sql);
  }

  TestDirectory directory_;
  std::string path_ = directory_.path() + "/g.db";
};

TEST_F(DatabaseTest, KeepsEveryVersion) {
  const auto database = Open(kCreate);
  const std::string empty = *database->SetHash();
  Guideline guideline = Put(*database, Shoes()).guideline;
  EXPECT_EQ(guideline.version, 1);
  EXPECT_THAT(guideline.id, testing::StartsWith("JP-"));
  const std::string first = *database->SetHash();
  EXPECT_NE(first, empty);

  guideline.status = Standing::kContested;
  const Version second = Put(*database, guideline, {.by = "bo", .reason = "doubtful"});
  EXPECT_EQ(second.guideline.version, 2);
  EXPECT_EQ(second.change.by, "bo");
  EXPECT_NE(*database->SetHash(), first);
  const std::vector<Version> history = *database->History(guideline.id);
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].guideline.status, Standing::kImported);
  EXPECT_EQ(history[0].guideline.sources, Shoes().sources);
  EXPECT_EQ((*database->Find(guideline.id))->guideline.status, Standing::kContested);
  EXPECT_EQ((*database->Find(guideline.id, 1))->guideline.status, Standing::kImported);

  // Back to what it was: a change of its own, and not the same set.
  guideline = second.guideline;
  guideline.status = Standing::kImported;
  EXPECT_EQ(Put(*database, guideline).guideline.version, 3);
  EXPECT_NE(*database->SetHash(), first);
  EXPECT_FALSE(database->connection().Execute("UPDATE version SET text = 'x'"));
  EXPECT_FALSE(database->connection().Execute("DELETE FROM version"));
}

TEST_F(DatabaseTest, TheSameContentIsNoChange) {
  const auto database = Open(kCreate);
  const Guideline guideline = Put(*database, Shoes()).guideline;
  EXPECT_EQ(Put(*database, guideline).guideline.version, 1);
  Guideline revised = guideline;
  revised.text = "Shoes come off.";
  revised.id = guideline.id;
  EXPECT_EQ(Put(*database, revised).guideline.version, 2);
  // An import of what was there before doesn't bring it back.
  const auto counts = database->Import({.name = "again", .guidelines = {Shoes()}}, kChange);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->unchanged, 1);
  EXPECT_EQ((*database->Find(guideline.id))->guideline.text, "Shoes come off.");
}

TEST_F(DatabaseTest, TwoWhoChangeOneVersionAreNotBothRight) {
  const auto database = Open(kCreate);
  Guideline mine = Put(*database, Shoes()).guideline, yours = mine;
  mine.topic = "Mine";
  yours.topic = "Yours";
  Put(*database, mine);
  const auto late = database->Put(yours, kChange);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kInput);
  EXPECT_THAT(late.error().message, HasSubstr("version 2 by now"));
}

TEST_F(DatabaseTest, NamesWhatIsNotThere) {
  const auto database = Open(kCreate);
  Guideline guideline = Shoes();
  guideline.places = {"QQ"};
  EXPECT_THAT(database->Put(guideline, kChange).error().message, HasSubstr("no place 'QQ'"));
  guideline = Shoes();
  guideline.groups = {"tiv"};
  EXPECT_THAT(database->Put(guideline, kChange).error().message, HasSubstr("no group 'tiv'"));
  ASSERT_TRUE(database->PutGroup(
      {.id = "tiv", .name_en = "Tiv", .kind = "people", .places = {"NG", "CM"}}));
  EXPECT_THAT((*database->FindGroup("tiv"))->places, ElementsAre("CM", "NG"));
  EXPECT_TRUE(database->Put(guideline, kChange));
  guideline = Shoes();
  guideline.valid_from = "2026-02-01", guideline.valid_to = "2026-01-01";
  EXPECT_THAT(database->Put(guideline, kChange).error().message, HasSubstr("before it begins"));
  EXPECT_THAT(database->Put(Shoes(), {}).error().message, HasSubstr("who changes it"));
  // Nothing of what failed was written.
  EXPECT_EQ(Count(*database, "SELECT count(*) FROM guideline"), 1);
}

TEST_F(DatabaseTest, AnImportThatIsStoppedLeavesNothing) {
  const auto database = Open(kCreate);
  Batch batch = {.name = "b"};
  for (int i = 0; i < 300; ++i) {
    batch.passages.push_back(
        {.places = {"JP"}, .heading = "Homes", .text = fmt::format("Passage {}.", i)});
  }
  const auto stopping = [](size_t) -> Status {
    return MakeError(ErrorKind::kCancelled, "stopped");
  };
  EXPECT_EQ(database->Import(batch, kChange, stopping).error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(Count(*database, "SELECT count(*) FROM passage"), 0);
}

TEST_F(DatabaseTest, AnImportIsWholeOrNothing) {
  const auto database = Open(kCreate);
  Batch batch = {.name = "b",
                 .guidelines = {Shoes()},
                 .passages = {{.places = {"JP"}, .heading = "Homes", .text = "Take off shoes."}}};
  Guideline bad = Shoes();
  bad.text = "Another.";
  bad.places = {"QQ"};
  batch.guidelines.push_back(bad);
  EXPECT_FALSE(database->Import(batch, kChange));
  for (const char* table : {"guideline", "passage", "source", "document", "import"}) {
    EXPECT_EQ(Count(*database, fmt::format("SELECT count(*) FROM {}", table)), 0) << table;
  }
  batch.guidelines.pop_back();
  const auto counts = database->Import(batch, kChange);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->added, 1);
  EXPECT_EQ(counts->passages, 1);
  EXPECT_EQ(Count(*database, "SELECT count(*) FROM document"), 2);
}

TEST_F(DatabaseTest, ChineseIsFoundWithoutOurBinary) {
  const auto database = Open(kCreate);
  Guideline guideline = Shoes();
  guideline.places = {"CN"};
  guideline.text = "不要送钟给老人。";
  guideline.lang = "zh";
  Put(*database, guideline);
  EXPECT_EQ(Count(*database, "SELECT count(*) FROM search WHERE search MATCH '钟'"), 1);
  EXPECT_EQ(Count(*database, "SELECT count(*) FROM search WHERE search MATCH 'place:China'"), 1);
}

TEST_F(DatabaseTest, TheSchemaBeforeIsReadAsItIsAndMigratedWholeForWriting) {
  std::string hash;
  {
    const auto old = Open(kCreate, /*schema=*/2);
    Put(*old, Shoes());
    hash = *old->SetHash();
  }
  {
    const auto reader = Open(kRead);
    EXPECT_EQ(reader->schema(), 2);
    EXPECT_EQ(Count(*reader, "PRAGMA user_version"), 2);
    EXPECT_EQ((*reader->Find(GuidelineId(Shoes())))->guideline.topic, "Shoes");
  }
  const auto database = Open(kWrite);
  EXPECT_EQ(*database->SetHash(), hash);
  EXPECT_EQ((*database->Find(GuidelineId(Shoes())))->guideline.topic, "Shoes");
  Guideline proposed = Shoes();
  proposed.status = Standing::kProposed;
  EXPECT_EQ(Put(*database, proposed).guideline.version, 2);
  EXPECT_FALSE(database->connection().Execute("DELETE FROM version"));
  EXPECT_FALSE(database->connection().Execute("UPDATE version SET topic = 'x'"));
}

TEST_F(DatabaseTest, TrustIsOfAVersionAndKnownToTheHash) {
  const auto database = Open(kCreate);
  Put(*database, Shoes());
  const std::string before = *database->SetHash();
  Guideline trusted = Shoes();
  trusted.trusted = true;
  const Guideline second = Put(*database, trusted).guideline;
  EXPECT_EQ(second.version, 2);
  EXPECT_TRUE((*database->Find(second.id))->guideline.trusted);
  EXPECT_FALSE((*database->Find(second.id, 1))->guideline.trusted);
  EXPECT_NE(*database->SetHash(), before);
  // What an import brings again without vouching takes nothing back.
  const auto counts = database->Import({.name = "again", .guidelines = {Shoes()}}, kChange);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->unchanged, 1);
  EXPECT_TRUE((*database->Find(second.id))->guideline.trusted);
}

TEST_F(DatabaseTest, AnImportUndoesNoReview) {
  const auto database = Open(kCreate);
  const auto import = [&](const Guideline& guideline) {
    auto counts = database->Import({.name = "set", .guidelines = {guideline}}, kChange);
    EXPECT_TRUE(counts) << counts.error().message;
    return *counts;
  };
  for (const Standing standing :
       {Standing::kWithdrawn, Standing::kContested, Standing::kProposed, Standing::kGenerated,
        Standing::kMachineValidated, Standing::kHumanValidated}) {
    Guideline there = Shoes();
    there.id = fmt::format("JP-{}", Name(standing));
    there.text += there.id;
    there.status = standing;
    const bool decided = there.Decides("2026-01-01");
    const bool ended = standing == Standing::kWithdrawn || standing == Standing::kContested;
    Put(*database, there);
    const auto now = [&] { return (*database->Find(there.id))->guideline; };
    // The same words, with other sources, vouched for or said to be reviewed.
    Guideline brought = there;
    brought.sources = {{.title = "Another book"}};
    brought.trusted = true;
    for (const Standing said : {Standing::kImported, Standing::kHumanValidated}) {
      brought.status = said;
      import(brought);
      EXPECT_EQ(now().version, 1) << there.id;
    }
    // Under another topic, and about something else altogether.
    brought.topic = "Doors";
    EXPECT_EQ(import(brought).refused.size(), ended ? 0u : 1u) << there.id;
    EXPECT_EQ(now().version, 1) << there.id;
    // By the same words under another id.
    brought.id = there.id + "-again";
    if (ended || standing == Standing::kProposed) {
      EXPECT_EQ(import(brought).left.size(), 1u);
      EXPECT_FALSE(*database->Find(brought.id));
    }
    // With other words: proposed once, however often it is brought.
    brought = there;
    brought.status = Standing::kImported;
    brought.trusted = true;
    brought.text += " Always.";
    import(brought);
    import(brought);
    EXPECT_EQ(now().status, ended ? standing : Standing::kProposed) << there.id;
    EXPECT_EQ(now().version, ended ? 1 : 2) << there.id;
    EXPECT_FALSE(now().Decides("2026-01-01"));
    EXPECT_EQ((*database->Find(there.id, 1))->guideline.Decides("2026-01-01"), decided);
  }
}

TEST_F(DatabaseTest, WhatOnePersonValidatedBeforeWaitsForOthersOnceItIsMigrated) {
  std::string reviewed = "JP-reviewed", alone = "JP-alone";
  {
    const auto old = Open(kCreate, /*schema=*/2);
    for (const std::string& id : {reviewed, alone}) {
      Guideline guideline = Shoes();
      guideline.id = id;
      Put(*old, guideline);
      guideline.status = Standing::kHumanValidated;
      Put(*old, guideline);
    }
    ASSERT_TRUE(old->connection().Execute(
        "INSERT INTO review (guideline, version, act, ruling, reviewer, reviewer_place, at, "
        "reason) "
        "SELECT key, 1, 'adjudication', 'correct', 'chair', '', '', '' FROM guideline WHERE id = "
        "'JP-reviewed'"));
  }
  const auto decides = [](Database& database, const std::string& id) {
    return (*database.Find(id))->guideline.Decides("2026-01-01");
  };
  {
    const auto reader = Open(kRead);
    EXPECT_TRUE(decides(*reader, reviewed));
    EXPECT_FALSE(decides(*reader, alone));
  }
  const auto database = Open(kWrite);
  EXPECT_EQ(database->unreviewed_when_migrated(), 1);
  EXPECT_TRUE(decides(*database, reviewed));
  EXPECT_FALSE(decides(*database, alone));
  EXPECT_EQ((*database->Find(alone))->guideline.status, Standing::kProposed);
  EXPECT_EQ((*database->Find(alone))->guideline.version, 3);
  EXPECT_EQ(Open(kWrite)->unreviewed_when_migrated(), 0);
}

TEST_F(DatabaseTest, VouchingBringsNothingBack) {
  const auto database = Open(kCreate);
  Guideline trusted = Shoes();
  trusted.trusted = true;
  const auto import = [&](const Guideline& guideline) {
    const auto counts = database->Import({.name = "set", .guidelines = {guideline}}, kChange);
    EXPECT_TRUE(counts) << counts.error().message;
    return *database->Find(GuidelineId(guideline));
  };
  EXPECT_EQ(import(trusted)->guideline.version, 1);
  EXPECT_TRUE(import(Shoes())->guideline.trusted) << "imported once more, without vouching";
  Guideline withdrawn = Shoes();
  withdrawn.status = Standing::kWithdrawn;
  Put(*database, withdrawn);
  EXPECT_EQ(import(trusted)->guideline.status, Standing::kWithdrawn);
  EXPECT_EQ(import(Shoes())->guideline.version, 2);
}

TEST_F(DatabaseTest, RowsOfACodeThatMeansAnotherPlaceAreOfThatPlace) {
  const auto database = Open(kCreate);
  Guideline lion = Shoes();
  lion.id = "CN-lion";
  lion.places = {"HK"};
  ASSERT_EQ(Put(*database, lion).guideline.places, std::vector<std::string>{"HK"});
  // As such rows were written before.
  Guideline stored = lion;
  stored.places = {"CN-HK"};
  stored.version = 1;
  const std::string sql = fmt::format(
      "INSERT INTO place VALUES ('CN-HK', 'CN', 'Hong Kong SAR', ''); "
      "UPDATE version_place SET place = 'CN-HK'; DROP TRIGGER version_stays; "
      "UPDATE version SET hash = '{}'",
      stored.Hash());
  ASSERT_TRUE(database->connection().Execute(sql));
  const auto found = database->Find("CN-lion");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT((*found)->guideline.places, ElementsAre("HK"));
  EXPECT_EQ(Put(*database, lion).guideline.version, 1) << "nothing new";
  lion.places = {"CN-HK", "HK", "MO"};
  const Guideline both = Put(*database, lion).guideline;
  EXPECT_EQ(both.version, 2);
  EXPECT_THAT(both.places, ElementsAre("HK", "MO"));
}

TEST_F(DatabaseTest, AnOlderSchemaIsMigratedAndANewerOneRefused) {
  {
    const auto old = Open(kCreate, /*schema=*/1);
    ASSERT_TRUE(old->connection().Execute("PRAGMA user_version"));
    Put(*old, Shoes());
  }
  EXPECT_EQ(Refused(kRead).kind, ErrorKind::kUnsupported);
  {
    const auto database = Open(kWrite);
    EXPECT_EQ(Count(*database, "PRAGMA user_version"), Database::kSchema);
    EXPECT_EQ(Count(*database, "SELECT count(*) FROM review"), 0);
    EXPECT_EQ(Count(*database, "SELECT count(*) FROM guideline"), 1);
    ASSERT_TRUE(database->connection().Execute("PRAGMA user_version = 99"));
  }
  const Error newer = Refused(kWrite);
  EXPECT_EQ(newer.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(newer.message, HasSubstr("newer"));
}

TEST_F(DatabaseTest, SaysWhatIsNoDatabaseAndWhatIsDamaged) {
  EXPECT_EQ(Refused(kRead).kind, ErrorKind::kMissing);
  ASSERT_TRUE(WriteFileAtomically(path_, "{\"not\":\"a database\"}\n" + std::string(5000, 'x')));
  EXPECT_EQ(Refused(kRead).kind, ErrorKind::kCorrupt);
  ASSERT_TRUE(WriteFileAtomically(path_, ""));
  EXPECT_EQ(Refused(kWrite).kind, ErrorKind::kCorrupt);
  std::filesystem::remove(path_);
  {
    const auto database = Open(kCreate);
    Put(*database, Shoes());
    ASSERT_TRUE(database->connection().Execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  const std::string whole = *ReadFile(path_);
  // What SQLite can't see: another text, of the same length.
  std::string bytes = whole;
  const size_t at = bytes.rfind("Shoes come off at the door");
  ASSERT_NE(at, std::string::npos);
  for (size_t i = bytes.find("Shoes come"); i != std::string::npos;
       i = bytes.find("Shoes come", i + 1)) {
    bytes.replace(i, 5, "Boots");
  }
  ASSERT_TRUE(WriteFileAtomically(path_, bytes));
  {
    const auto database = Open(kRead);
    const Status read = database->ForEachGuideline([](const Version&) { return Status(); });
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(read.error().message, HasSubstr("damaged"));
  }
  // What it can see: a page of nothing.
  bytes = whole;
  std::fill(bytes.begin() + 8192, bytes.begin() + 40960, '\xA5');
  ASSERT_TRUE(WriteFileAtomically(path_, bytes));
  EXPECT_EQ(Refused(kRead).kind, ErrorKind::kCorrupt);
  ASSERT_TRUE(WriteFileAtomically(path_, std::string_view(whole).substr(0, whole.size() / 2)));
  EXPECT_EQ(Refused(kRead).kind, ErrorKind::kCorrupt);
}

TEST(GuidelineTest, DecidesByStandingAndDay) {
  Guideline guideline = Shoes();
  EXPECT_FALSE(guideline.Decides("2026-01-01"));
  EXPECT_TRUE(guideline.Decides("2026-01-01", ImportTrust::kAll));
  guideline.trusted = true;
  EXPECT_TRUE(guideline.Decides("2026-01-01"));
  for (const Standing standing :
       {Standing::kGenerated, Standing::kProposed, Standing::kContested, Standing::kWithdrawn}) {
    guideline.status = standing;
    EXPECT_FALSE(guideline.Decides("2026-01-01", ImportTrust::kAll)) << Name(standing);
  }
  guideline.status = Standing::kMachineValidated;
  EXPECT_TRUE(guideline.Decides("2026-01-01"));
  guideline.groups = {"tiv"};
  EXPECT_FALSE(guideline.Decides("2026-01-01", ImportTrust::kAll));
  guideline.status = Standing::kHumanValidated;
  guideline.valid_from = "2026-01-01", guideline.valid_to = "2026-01-31";
  EXPECT_FALSE(guideline.Decides("2025-12-31"));
  EXPECT_TRUE(guideline.Decides("2026-01-01"));
  EXPECT_TRUE(guideline.Decides("2026-01-31"));
  EXPECT_FALSE(guideline.Decides("2026-02-01"));
}

TEST(GuidelineTest, ReadsBackWhatItWritesAndNamesTheBrokenField) {
  Guideline guideline = Shoes();
  guideline.id = "JP-1";
  guideline.valid_to = "2030-12-31";
  guideline.passages = {"P-1"};
  const auto read = ParseGuideline(ToJson(guideline), "f:1");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(DumpJson(ToJson(*read)), DumpJson(ToJson(guideline)));
  const std::pair<const char*, const char*> broken[] = {
      {R"({"place":"JP","text":"a"})", "'kind'"},
      {R"({"kind":"law","place":"JP","text":"a"})", "'kind'"},
      {R"({"kind":"norm","text":"a"})", "'places'"},
      {R"({"kind":"norm","place":"JP","text":" "})", "'text'"},
      {R"({"kind":"norm","place":"JP","text":"a","status":"new"})", "'status'"},
      {R"({"kind":"norm","place":"JP","text":"a","valid_from":"2026-13-01"})", "'valid_from'"},
      {R"({"kind":"norm","place":"JP","text":"a","sources":[{"publisher":"p"}]})", "'sources'"},
      {R"({"kind":"norm","place":[1],"text":"a"})", "'place'"},
      {R"([])", "object"}};
  for (const auto& [json, field] : broken) {
    const auto refused = ParseGuideline(*ParseJson(json, "x"), "f:7");
    ASSERT_FALSE(refused) << json;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
    EXPECT_THAT(refused.error().message, HasSubstr("f:7"));
    EXPECT_THAT(refused.error().message, HasSubstr(field));
  }
}

}  // namespace
}  // namespace mores::guidelines
