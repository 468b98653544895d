#include "guidelines/import/jsonl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::guidelines {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const PlaceCatalogue& Places() {
  static const auto places = *PlaceCatalogue::Open();
  return *places;
}

class JsonlTest : public ::testing::Test {
 protected:
  std::string Write(std::string_view name, std::string_view text) {
    const std::string path = fmt::format("{}/{}", directory_.path(), name);
    EXPECT_TRUE(WriteFileAtomically(path, text));
    return path;
  }
  std::unique_ptr<Database> Open(const char* name) {
    auto opened =
        Database::Open(directory_.path() + "/" + name, {.access = Connection::Access::kCreate});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }

  TestDirectory directory_;
};

constexpr std::string_view kLines =
    R"({"group_record":{"name_en":"Velu","kind":"people","places":["KE","TZ"]}}
{"passage_record":{"id":"P-1","places":["KE"],"topic":"dress","heading":"Hats","text":"Hats off.","source":{"title":"Hats","redistributable":true}}}

{"kind":"norm","place":"KE","group":"velu","topic":"Hats","text":"Hats come off indoors.","sources":[{"title":"Hats","redistributable":true}],"passages":["P-1"]}
{"kind":"policy","places":["DE-BY"],"topic":"Dogs","text":"Dogs are kept on a lead.","sources":[{"title":"A closed book"}]}
{"kind":"norm","place":"JP","topic":"Baths","text":"Wash first."}
)";

TEST_F(JsonlTest, WhatIsExportedIsReadBack) {
  auto batch = ReadGuidelines(Write("in.jsonl", kLines), Places());
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_THAT(batch->groups.at(0).places, ElementsAre("KE", "TZ"));
  batch->guidelines.at(2).status = Standing::kHumanValidated;
  const auto first = Open("1.db");
  ASSERT_TRUE(first->Import(*batch, {.by = "ann"}));
  const auto all = ExportGuidelines(*first, ExportWhat::kAll);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->guidelines, 3);
  const auto again = ReadGuidelines(Write("out.jsonl", all->lines), Places(), Statuses::kKept);
  ASSERT_TRUE(again) << again.error().message;
  const auto second = Open("2.db");
  ASSERT_TRUE(second->Import(*again, {.by = "bo"}));
  EXPECT_EQ(ExportGuidelines(*second, ExportWhat::kAll)->lines, all->lines);
  EXPECT_EQ(*second->SetHash(), *first->SetHash());

  const auto free = ExportGuidelines(*first, ExportWhat::kRedistributable);
  EXPECT_EQ(free->guidelines, 1);
  EXPECT_EQ(free->left_out, 2);
  EXPECT_THAT(free->lines, HasSubstr("Hats come off indoors."));
  EXPECT_THAT(free->lines, testing::Not(HasSubstr("Dogs")));
}

TEST_F(JsonlTest, NamesFileLineAndFieldOfABadLine) {
  const std::pair<const char*, const char*> broken[] = {
      {R"({"kind":"norm","place":"QQ","text":"a"})", "in.jsonl:2: field 'places'"},
      {R"({"kind":"norm","place":"JP"})", "in.jsonl:2: field 'text'"},
      {R"({"kind":"norm","place":"JP","topic":"Baths","text":"Wash first."})",
       "in.jsonl:2: field 'id'"},
      {R"({"group_record":{"name_en":"Velu","kind":"tribe","places":["KE"]}})",
       "in.jsonl:2: field 'kind'"},
      {R"({"group_record":{"name_en":"Velu","kind":"people"}})", "in.jsonl:2: field 'places'"},
      {R"({"passage_record":{"text":"a","places":["JP"]}})", "in.jsonl:2: field 'source'"},
      {R"({"kind":"norm","place":"JP","text":"a","topics":"Baths"})", "in.jsonl:2: field 'topics'"},
      {R"({"kind":"norm","place":"JP","places":["JP"],"text":"a"})", "in.jsonl:2: field 'place'"},
      {R"({"kind":"norm","place":"JP","text":"a","sources":[{"title":"b","license":"c"}]})",
       "in.jsonl:2: field 'license'"},
      {R"({"group_record":{"name_en":"Velu","kind":"people","places":["KE"],"name":"Velu"}})",
       "in.jsonl:2: field 'name'"},
      {R"({"group_record":{"name_en":"Velu","kind":"people","places":["KE"],"name_zh":1}})",
       "in.jsonl:2: field 'name_zh'"},
      {R"({"group_record":{},"kind":"norm"})", "in.jsonl:2: field 'kind'"},
      {R"({"passage_record":"a"})", "in.jsonl:2: field 'passage_record'"},
      {R"({"passage_record":{"text":"a","places":["JP"],"title":"b","source":{"title":"c"}}})",
       "in.jsonl:2: field 'title'"},
      {R"({"kind":"norm","place":"JP","text":"a","status":"human-validated"})",
       "in.jsonl:2: field 'status': a file can't make a guideline human-validated"},
      {R"({"kind":"norm","place":"JP","text":"a","status":"withdrawn"})", "--keep-status"},
      {"{", "in.jsonl:2"}};
  for (const auto& [line, error] : broken) {
    const std::string good = R"({"kind":"norm","place":"JP","topic":"Baths","text":"Wash first."})";
    const auto refused =
        ReadGuidelines(Write("in.jsonl", fmt::format("{}\n{}\n", good, line)), Places());
    ASSERT_FALSE(refused) << line;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
    EXPECT_THAT(refused.error().message, HasSubstr(error));
  }
  EXPECT_FALSE(ReadGuidelines(Write("empty.jsonl", "\n"), Places()));
}

TEST_F(JsonlTest, TakesPlacesAsTheCommandLineDoes) {
  const auto batch =
      ReadGuidelines(Write("in.jsonl",
                           R"({"group_record":{"name_en":"Velu","kind":"people","places":["Kenya"]}}
{"kind":"norm","place":"Bavaria","text":"a"}
{"kind":"norm","places":["CN-HK","HK","澳門"],"text":"b"}
{"kind":"norm","place":"KEN+Velu","text":"c","status":"proposed"}
)"),
                     Places());
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_THAT(batch->groups.at(0).places, testing::ElementsAre("KE"));
  EXPECT_THAT(batch->guidelines.at(0).places, testing::ElementsAre("DE-BY"));
  EXPECT_THAT(batch->guidelines.at(1).places, testing::ElementsAre("HK", "MO"));
  EXPECT_EQ(batch->guidelines.at(1).id.substr(0, 3), "HK-");
  EXPECT_THAT(batch->guidelines.at(2).places, testing::ElementsAre("KE"));
  EXPECT_THAT(batch->guidelines.at(2).groups, testing::ElementsAre("velu"));
  for (const auto& [line, error] : std::vector<std::pair<std::string, std::string>>{
           {R"({"kind":"norm","place":"Punjab","text":"a"})", "IN-PB (Punjab, India) or PK-PB"},
           {R"({"kind":"norm","place":"Bavria","text":"a"})", "did you mean DE-BY (Bavaria"},
           {R"({"kind":"norm","place":"KE+","text":"a"})", "no group after"},
           {R"({"kind":"norm","place":"KE","text":"a","trusted":true})", "vouch for itself"}}) {
    const auto refused = ReadGuidelines(Write("bad.jsonl", line + "\n"), Places());
    ASSERT_FALSE(refused) << line;
    EXPECT_THAT(refused.error().message, HasSubstr(error));
  }
}

TEST_F(JsonlTest, TakesStatusesOfAnExportWhereAsked) {
  const std::string path =
      Write("in.jsonl", R"({"kind":"norm","place":"JP","text":"a","status":"machine-validated"}
{"kind":"norm","place":"JP","text":"b","status":"generated"}
{"kind":"norm","place":"JP","text":"c"}
)");
  EXPECT_FALSE(ReadGuidelines(path, Places()));
  const auto kept = ReadGuidelines(path, Places(), Statuses::kKept);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->guidelines.at(0).status, Standing::kMachineValidated);
  EXPECT_EQ(kept->guidelines.at(1).status, Standing::kGenerated);
  EXPECT_EQ(kept->guidelines.at(2).status, Standing::kImported);
}

}  // namespace
}  // namespace mores::guidelines
