#include "guidelines/import/safeworld.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>

#include "base/files.h"
#include "guidelines/import/safeworld_texts.h"
#include "guidelines/import/travel_advice.h"
#include "guidelines/places/region_names.h"
#include "support/base/test_directory.h"

namespace mores::guidelines {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const PlaceCatalogue& Places() {
  static const auto places = *PlaceCatalogue::Open();
  return *places;
}

class SafeWorldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* half : {"culture", "policy"}) {
      ASSERT_TRUE(MakeDirectories(directory_.path() + "/" + half));
      for (int type = 1; type <= 4; ++type) Write(half, type, "[]");
    }
  }
  void Write(const std::string& half, int type, std::string_view text) {
    const std::string path = fmt::format("{}/{}/type{}.json", directory_.path(), half, type);
    ASSERT_TRUE(WriteFileAtomically(path, text));
  }
  Batch Read() {
    auto batch = ReadSafeWorld(directory_.path(), Places());
    EXPECT_TRUE(batch) << batch.error().message;
    return batch ? std::move(*batch) : Batch();
  }
  std::string Error() {
    const auto batch = ReadSafeWorld(directory_.path(), Places());
    return batch ? "" : batch.error().message;
  }

  TestDirectory directory_;
};

TEST_F(SafeWorldTest, TakesTheRegionalTextWhereThereIsOne) {
  Write("culture", 1, R"([
    {"topic": "Shoes", "root_norm": "Shoes come off.", "region_or_race": null,
     "violated_aug_norm": null, "scene": "I keep mine on.", "country": "Ivory_Coast",
     "violated_specific_norm": "Keeping shoes on.", "query": "Where do I buy shoes?",},
    {"topic": "Shoes", "root_norm": "Shoes come off.", "region_or_race": "Bavaria",
     "violated_aug_norm": "In Bavaria, slippers are offered.", "scene": "I come in boots.",
     "violated_specific_norm": "Boots.", "country": "Germany", "query": "Which boots?"}])");
  Write("culture", 4, R"([
    {"topic": "Shoes", "root_norm": "Shoes come off.", "region_or_race": null, "aug_norm": null,
     "scene": "I go.", "specific_norm": "n", "country": "Ivory Coast", "query": "And sandals?"}])");
  const Batch batch = Read();
  ASSERT_EQ(batch.guidelines.size(), 2u);
  const Guideline& national = batch.guidelines[0];
  EXPECT_EQ(national.text, "Shoes come off.");
  EXPECT_THAT(national.places, ElementsAre("CI"));
  EXPECT_EQ(national.status, Standing::kImported);
  EXPECT_EQ(national.sources.at(0).licence, "");
  EXPECT_FALSE(national.sources.at(0).redistributable);
  EXPECT_EQ(batch.guidelines[1].text, "In Bavaria, slippers are offered.");
  EXPECT_THAT(batch.guidelines[1].places, ElementsAre("DE-BY"));
  ASSERT_EQ(batch.queries.size(), 3u);
  EXPECT_EQ(batch.queries[0].id, "safeworld/culture/type1/1");
  EXPECT_THAT(batch.queries[0].guidelines, ElementsAre(national.id));
  EXPECT_THAT(batch.queries[2].guidelines, ElementsAre(national.id));
  EXPECT_EQ(batch.queries[0].fields["violated_specific_norm"], "Keeping shoes on.");
  ASSERT_EQ(batch.repairs.size(), 1u);
  EXPECT_EQ(batch.repairs[0].file, "culture/type1.json");
}

TEST_F(SafeWorldTest, AGuidelineWithoutItsEndIsContested) {
  Write("culture", 1, R"([
    {"root_norm": "Shoes come off.", "country": "Peru", "query": "Where do I buy shoes?"},
    {"root_norm": "Shoes come off at the", "country": "Peru", "query": "And sandals?"},
    {"root_norm": "Shoes", "violated_aug_norm": "Slippers are given.", "country": "Peru",
     "query": "And slippers?"}])");
  const Batch batch = Read();
  ASSERT_EQ(batch.guidelines.size(), 3u);
  EXPECT_EQ(batch.guidelines[0].status, Standing::kImported);
  EXPECT_EQ(batch.guidelines[1].status, Standing::kContested);
  EXPECT_EQ(batch.guidelines[2].status, Standing::kImported);
  EXPECT_THAT(batch.broken_off, ElementsAre(batch.guidelines[1].id));
}

TEST_F(SafeWorldTest, DividesListsOfCountriesAndTheirGuidelines) {
  Write("policy", 2, R"([
    {"scene": "I go.", "violated_specific_policy":
      "In Kenya, tents need a permit; In Peru, tents are banned; even small ones.",
     "country": "exico, Kenya, and Peru", "query": "Where do I camp?"},
    {"scene": "I go.", "violated_specific_policy": "Camping is banned.",
     "country": "Kenya, Ivory_Coast,", "query": "Where do I camp then?"}])");
  const Batch batch = Read();
  ASSERT_EQ(batch.queries.size(), 2u);
  EXPECT_THAT(batch.queries[0].places, ElementsAre("MX", "KE", "PE"));
  EXPECT_THAT(batch.queries[0].flags, ElementsAre("places-differ"));
  EXPECT_EQ(DumpJson(batch.queries[0].fields["place_guidelines"]),
            R"([{"place":"KE","text":"In Kenya, tents need a permit"},)"
            R"({"place":"PE","text":"In Peru, tents are banned; even small ones."}])");
  EXPECT_THAT(batch.queries[1].places, ElementsAre("KE", "CI"));
  EXPECT_EQ(batch.queries[1].fields["place_guidelines"].size(), 2u);
  ASSERT_EQ(batch.repairs.size(), 2u);
  EXPECT_THAT(batch.repairs[0].what, HasSubstr("'exico' taken for MX"));
  EXPECT_THAT(batch.repairs[1].what, HasSubstr("a comma too many"));
}

TEST_F(SafeWorldTest, FlagsWhatPromptsLeftAndWhatBreaksOff) {
  EXPECT_TRUE(HasPromptDebris("# Behavior: I go in."));
  EXPECT_TRUE(HasPromptDebris("Policy Details: It is banned."));
  EXPECT_TRUE(HasPromptDebris("The specific violated norm is silence."));
  EXPECT_TRUE(HasPromptDebris("A festival\nThe festival is in May."));
  EXPECT_TRUE(HasPromptDebris("Can I go to [city]?"));
  EXPECT_TRUE(HasPromptDebris("In Peru, In Peru, it is banned."));
  EXPECT_TRUE(HasPromptDebris("May I go in?\""));
  EXPECT_FALSE(HasPromptDebris("\"Shoes off\" is the rule: so leave them."));
  EXPECT_FALSE(HasPromptDebris("Whoever is under 4'9\" sits at the back."));
  EXPECT_TRUE(BreaksOff("I go to the"));
  EXPECT_FALSE(BreaksOff("\"May I?\""));
  Write("culture", 3, "[{\"country\": \"Peru\", \"query\": \"I go. \n}]");
  const Batch batch = Read();
  EXPECT_THAT(batch.queries.at(0).flags, ElementsAre("repaired", "broken-off:query"));
}

TEST_F(SafeWorldTest, NamesFileAndLineOfWhatIsMissing) {
  Write("culture", 3, "[\n{\"country\": \"Peru\"}]");
  EXPECT_THAT(Error(), HasSubstr("culture/type3.json:2: field 'query': missing"));
  Write("culture", 3, "[\n{\"country\": \"Atlantis\", \"query\": \"a?\"}]");
  EXPECT_THAT(Error(), HasSubstr("culture/type3.json:2: field 'country'"));
  Write("culture", 3, "[\n{\"country\": \"Peru\", \"query\": \"a?\"");
  EXPECT_THAT(Error(), HasSubstr("culture/type3.json:2"));
  std::filesystem::remove(directory_.path() + "/culture/type3.json");
  EXPECT_THAT(Error(), HasSubstr("culture/type3.json"));
}

TEST(RegionNamesTest, TellsPartsPeoplesAndRegionsApart) {
  RegionNames names(Places());
  const std::pair<const char*, const char*> seen[] = {
      {"Velu", "Among the Velu people, the eldest speaks first."},
      {"Velu Community", "The Velu community eats late."},
      {"Ombra (Tagda Region)", "In Ombra, the shops close at noon."},
      {"Fishing Boats", "The fishing boats stay in when boats have no light."}};
  for (const auto& [name, text] : seen) names.Observe("KE", name, text);
  const auto read = [&](const char* country, const char* name) {
    const RegionReading reading = names.Read(country, name);
    std::string result = fmt::format("{}", fmt::join(reading.places, ","));
    for (const Group& group : reading.groups) result += fmt::format(" {}:{}", group.kind, group.id);
    return reading.unmapped.empty() ? result : "-";
  };
  EXPECT_EQ(read("DE", "Bavaria"), "DE-BY");
  EXPECT_EQ(read("CN", "Fujian Province"), "CN-FJ");
  EXPECT_EQ(read("AR", "Mendoza and Córdoba"), "AR-M,AR-X");
  EXPECT_EQ(read("CN", "Guangxi (Zhuang Ethnicity)"), "CN people:zhuang");
  EXPECT_EQ(read("KE", "Velu"), "KE people:velu");
  EXPECT_EQ(read("KE", "Velu Community"), "KE people:velu");
  EXPECT_EQ(read("KE", "Velu/Tagish"), "KE people:velu people:tagish");
  EXPECT_EQ(read("KE", "Ombra"), "KE region:ombra");
  EXPECT_EQ(read("TR", "Central Anatolia"), "TR region:central-anatolia");
  EXPECT_EQ(read("KE", "Coastal Region"), "KE region:coastal-region-kenya");
  EXPECT_EQ(read("KE", "Indigenous Communities"), "KE community:indigenous-peoples-kenya");
  for (const char* none : {"Nationwide", "Urban vs. Rural", "Fishing Boats", "Kenya"}) {
    EXPECT_EQ(read("KE", none), "-") << none;
  }
}

// On the data as released, which is read where it lies.
constexpr const char kReleased[] = "../shared/data/safeworld";
constexpr const char kAdvice[] = "../shared/data/guidelines/travel-advisories";

TEST(ReleasedDataTest, SafeWorldLoadsWhole) {
  if (!DirectoryExists(kReleased)) GTEST_SKIP() << kReleased << " is not there";
  const auto begin = std::chrono::steady_clock::now();
  const auto batch = ReadSafeWorld(kReleased, Places());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  ASSERT_TRUE(batch) << batch.error().message;
  std::map<std::pair<std::string, int>, int> counts;
  for (const BenchmarkQuery& query : batch->queries) ++counts[{query.kind, query.type}];
  const std::map<std::pair<std::string, int>, int> expected = {
      {{"norm", 1}, 322},   {{"norm", 2}, 286},   {{"norm", 3}, 218},   {{"norm", 4}, 357},
      {{"policy", 1}, 319}, {{"policy", 2}, 291}, {{"policy", 3}, 190}, {{"policy", 4}, 367}};
  EXPECT_EQ(counts, expected);
  std::set<std::string> texts, countries, ids;
  for (const Guideline& guideline : batch->guidelines) {
    texts.insert(guideline.text);
    ids.insert(guideline.id);
    countries.insert(guideline.places.at(0).substr(0, 2));
  }
  EXPECT_EQ(batch->guidelines.size(), 1303u);
  EXPECT_EQ(texts.size(), 1303u);
  // And four places within these with codes of their own, such as Hong Kong.
  EXPECT_EQ(countries.size(), 54u);
  const auto contested =
      std::count_if(batch->guidelines.begin(), batch->guidelines.end(),
                    [](const Guideline& one) { return one.status == Standing::kContested; });
  EXPECT_EQ(contested, 1);
  EXPECT_EQ(batch->broken_off.size(), 1u);
  for (const BenchmarkQuery& query : batch->queries) {
    EXPECT_FALSE(query.places.empty());
    EXPECT_EQ(query.guidelines.size(), query.type == 1 || query.type == 4 ? 1u : 0u);
    for (const std::string& id : query.guidelines) EXPECT_THAT(ids, Contains(id));
    EXPECT_EQ(query.type == 2, !query.fields.value("place_guidelines", Json::array()).empty());
  }
  EXPECT_LT(taken.count(), 30.0);
}

TEST(ReleasedDataTest, TravelAdviceLoadsWhole) {
  if (!DirectoryExists(kAdvice)) GTEST_SKIP() << kAdvice << " is not there";
  const auto begin = std::chrono::steady_clock::now();
  const auto advice = ReadTravelAdvice(kAdvice, Places());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  ASSERT_TRUE(advice) << advice.error().message;
  EXPECT_EQ(advice->pages, 1063u);
  EXPECT_THAT(advice->batch.repairs, IsEmpty());
  std::set<std::string> ids;
  for (const Passage& passage : advice->batch.passages) {
    EXPECT_FALSE(passage.places.empty());
    EXPECT_FALSE(passage.source.licence.empty());
    EXPECT_TRUE(ids.insert(passage.id).second) << passage.id;
  }
  EXPECT_GT(ids.size(), 8000u);
  EXPECT_LT(taken.count(), 30.0);
}

}  // namespace
}  // namespace mores::guidelines
