#include "report/costs.h"

#include <gmock/gmock.h>

#include "support/report/report_files.h"

namespace mores::report {
namespace {

using ::testing::HasSubstr;

class CostsTest : public FolderTest {
 protected:
  static Json Manifest(const std::string& command) {
    return {{"command", command},
            {"wall_seconds", 4.0},
            {"cpu_seconds", 6.5},
            {"peak_memory_bytes", 3 << 20},
            {"counts", {{"items", 10}, {"done", 10}, {"resumed", 2}, {"failed", 1}}}};
  }
  static Json Use(const std::string& role, int64_t in, int64_t out) {
    return {
        {"role", role}, {"model", role + "@1"}, {"asked", 3},          {"cached", 0},
        {"retried", 0}, {"failed", 0},          {"prompt_tokens", in}, {"completion_tokens", out},
        {"cost", 0.5}};
  }
  Expected<StageCost> Read(const Json& manifest) {
    return ReadStageCost(Write("m.json", {manifest}));
  }
  std::string ErrorOf(const Json& manifest) {
    const auto stage = Read(manifest);
    return stage ? "" : stage.error().message;
  }
};

TEST_F(CostsTest, AddsUpModelsAndStages) {
  Json correct = Manifest("correct");
  correct["usage"] = {Use("judge", 100, 10), Use("writer", 50, 40)};
  const auto first = Read(correct);
  Json larger = Manifest("meta");
  larger["peak_memory_bytes"] = 9 << 20;
  const auto second = Read(larger);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->prompt_tokens(), 150);
  EXPECT_EQ(first->completion_tokens(), 50);
  EXPECT_DOUBLE_EQ(*first->items_per_second(), 2.0) << "without the two that were there before";
  const std::vector<StageCost> stages = {*first, *second};
  const Json json = ToJson(stages);
  EXPECT_EQ(json["stages"][0]["models"][1]["role"], "writer");
  EXPECT_EQ(json["total"]["wall_seconds"], 8.0);
  EXPECT_EQ(json["total"]["peak_memory_bytes"], 9 << 20);
  EXPECT_EQ(json["total"]["prompt_tokens"], 150);
  const std::string table = FormatCosts(stages);
  EXPECT_THAT(table, HasSubstr("writer@1"));
  EXPECT_THAT(table, HasSubstr("total"));
  EXPECT_THAT(table, HasSubstr("price"));
  EXPECT_THAT(table, HasSubstr(" 1.0000 "));
  EXPECT_THAT(table, HasSubstr("4 items were done by runs that were stopped"));
}

TEST_F(CostsTest, NoTimeIsNoRate) {
  Json manifest = Manifest("judge");
  manifest["wall_seconds"] = 0;
  const auto stage = Read(manifest);
  ASSERT_TRUE(stage);
  EXPECT_FALSE(stage->items_per_second());
  EXPECT_TRUE(ToJson(std::span(&*stage, 1))["stages"][0]["items_per_second"].is_null());
}

TEST_F(CostsTest, WhatIsNoManifestIsNamedByField) {
  EXPECT_THAT(ErrorOf(Json::array()), HasSubstr("field 'command'"));
  Json manifest = Manifest("judge");
  manifest.erase("wall_seconds");
  EXPECT_THAT(ErrorOf(manifest), HasSubstr("m.json: field 'wall_seconds'"));
  manifest = Manifest("judge");
  manifest["counts"]["done"] = -1;
  EXPECT_THAT(ErrorOf(manifest),
              HasSubstr("field 'counts': field 'done': must be a whole number, 0 or more"));
  manifest = Manifest("judge");
  manifest["counts"] = 3;
  EXPECT_THAT(ErrorOf(manifest), HasSubstr("field 'counts': must be an object"));
  manifest = Manifest("judge");
  manifest["usage"] = "none";
  EXPECT_THAT(ErrorOf(manifest), HasSubstr("field 'usage': must be a list of objects"));
  EXPECT_THAT(ReadStageCost(Path("absent.json")).error().message, HasSubstr("absent.json"));
}

}  // namespace
}  // namespace mores::report
