#include "fetch/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "fetch/shipped_catalogue.h"

namespace mores::fetch {
namespace {

using ::testing::HasSubstr;

Json Model() {
  const std::string sum(64, 'a');
  return {{"name", "one"},
          {"file", "one.gguf"},
          {"bytes", 30},
          {"sha256", sum},
          {"licence", "MIT"},
          {"places",
           {{{"url", "https://h.example/one.gguf"}},
            {{"packages",
              {{{"name", "p-1"},
                {"version", "1.0"},
                {"sha256", sum},
                {"member", "p/1.bin"},
                {"bytes", 10},
                {"member_sha256", sum}},
               {{"name", "p-2"},
                {"version", "1.0"},
                {"sha256", sum},
                {"member", "p/2.bin"},
                {"bytes", 20},
                {"member_sha256", sum}}}}}}}};
}

std::string ErrorOf(const Json& model) {
  const auto read =
      ReadCatalogue(DumpJson({{"version", 1}, {"models", Json::array({model})}}), "file");
  if (read) return "read";
  EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
  return read.error().message;
}

TEST(CatalogueTest, TheShippedOneIsWhole) {
  const auto models = ReadCatalogue(kShippedCatalogue, "shipped");
  ASSERT_TRUE(models) << models.error().message;
  ASSERT_EQ(models->size(), 3);
  for (const CatalogueModel& model : *models) {
    EXPECT_FALSE(model.places.empty()) << model.name;
    EXPECT_FALSE(model.places.back().packages.empty()) << model.name;
    EXPECT_FALSE(model.languages.empty()) << model.name;
  }
  const CatalogueModel* largest = FindByName(*models, "qwen2.5-coder-1.5b-instruct");
  ASSERT_NE(largest, nullptr);
  EXPECT_EQ(largest->bytes, 1'117'320'768);
  EXPECT_EQ(largest->places.back().packages.size(), 22);
}

TEST(CatalogueTest, AModelIsRead) { EXPECT_EQ(ErrorOf(Model()), "read"); }

TEST(CatalogueTest, WhatIsWrongIsNamed) {
  const auto wrong = [](const char* pointer, Json value) {
    Json model = Model();
    model[Json::json_pointer(pointer)] = std::move(value);
    return ErrorOf(model);
  };
  EXPECT_THAT(wrong("/name", "a/b"), HasSubstr("file: field 'models[0]': field 'name'"));
  EXPECT_THAT(wrong("/name", "-one"), HasSubstr("field 'name'"));
  EXPECT_THAT(wrong("/file", ".."), HasSubstr("field 'file'"));
  EXPECT_THAT(wrong("/bytes", 0), HasSubstr("field 'bytes'"));
  EXPECT_THAT(wrong("/bytes", "many"), HasSubstr("field 'bytes'"));
  EXPECT_THAT(wrong("/sha256", std::string(64, 'A')), HasSubstr("field 'sha256'"));
  EXPECT_THAT(wrong("/licence", 3), HasSubstr("field 'licence'"));
  EXPECT_THAT(wrong("/licenses", "MIT"), HasSubstr("licenses"));
  EXPECT_THAT(wrong("/places/0/url", "ftp://h.example/a"), HasSubstr("field 'url'"));
  EXPECT_THAT(wrong("/places/0", Json::object()), HasSubstr("field 'url'"));
  EXPECT_THAT(wrong("/places/1/packages/0/name", "--index-url=x"), HasSubstr("field 'name'"));
  EXPECT_THAT(wrong("/places/1/packages/0/version", "1 --hash"), HasSubstr("field 'version'"));
  EXPECT_THAT(wrong("/places/1/packages/1/bytes", 21),
              HasSubstr("hold 31 bytes in all, and the file has 30"));
  EXPECT_THAT(ReadCatalogue("{", "file").error().message, HasSubstr("file"));
  EXPECT_THAT(ReadCatalogue("[]", "file").error().message, HasSubstr("must be an object"));
  EXPECT_THAT(ReadCatalogue(R"({"version":2,"models":[]})", "file").error().message,
              HasSubstr("field 'version'"));
}

TEST(CatalogueTest, NamesDiffer) {
  const Json both = {{"version", 1}, {"models", {Model(), Model()}}};
  EXPECT_THAT(ReadCatalogue(DumpJson(both), "file").error().message,
              HasSubstr("field 'models[1]': field 'name': 'one' stands twice"));
}

}  // namespace
}  // namespace mores::fetch
