#include "guidelines/import/travel_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "guidelines/import/travel_passages.h"
#include "support/base/test_directory.h"

namespace mores::guidelines {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PlaceCatalogue& Places() {
  static const auto places = *PlaceCatalogue::Open();
  return *places;
}

TEST(TravelPassagesTest, ReadsHeadingsAndPlainText) {
  const auto paragraphs = ReadPage(
      "# Laws\n\n[#### Laws](javascript:void(0); \"Laws\")\n\n### **Drugs**\n\n"
      "Carrying [drugs](https://x.example/a_(b)) is *illegal*.\n\n**More information:**\n\n"
      "* [Drugs](/drugs \"Drugs\")\n\n### Photos\n\nDon't photograph:\n\n* airports\n* ports\n\n"
      "**Dress:** Cover your\xC2\xA0shoulders.\n");
  ASSERT_THAT(paragraphs, SizeIs(3));
  EXPECT_THAT(paragraphs[0].headings, ElementsAre("Laws", "Drugs"));
  EXPECT_EQ(paragraphs[0].text, "Carrying drugs is illegal.");
  EXPECT_EQ(paragraphs[1].text, "Don't photograph:\nairports\nports");
  EXPECT_THAT(paragraphs[2].headings, ElementsAre("Laws", "Photos", "Dress"));
  EXPECT_EQ(paragraphs[2].text, "Cover your shoulders.");
}

TEST(TravelPassagesTest, NamesTopicsByHeadingThenByWords) {
  const std::vector<std::string> drugs = {"Laws and culture", "Illegal drugs"};
  const std::vector<std::string> general = {"Laws and culture"};
  EXPECT_EQ(PassageTopic(drugs, "You may be fined for alcohol."), "drugs");
  EXPECT_EQ(PassageTopic(general, "Alcohol is banned; don't carry alcohol."), "alcohol");
  EXPECT_EQ(PassageTopic(general, "Nothing of note."), "other");
}

TEST(TravelPassagesTest, DividesLongSectionsAndJoinsShortOnes) {
  std::string sentence = "Twelve words stand in this sentence about the wearing of a hat. ";
  std::string text;
  for (int i = 0; i < 50; ++i) text += sentence;
  const std::vector<PageParagraph> paragraphs = {
      {{"Dress"}, "Cover your shoulders."}, {{"Dress"}, "Wear no boots."}, {{"Hats"}, text}};
  const auto passages = DividePage(paragraphs);
  ASSERT_THAT(passages, SizeIs(4));
  EXPECT_EQ(passages[0].text, "Cover your shoulders.\nWear no boots.");
  EXPECT_EQ(passages[0].topic, "dress");
}

TEST(TravelAdviceTest, KnowsThePlacesOfPages) {
  const auto places = [](const char* name) { return PlacesOfPage(name, Places()); };
  EXPECT_THAT(places("Japan"), ElementsAre("JP"));
  EXPECT_THAT(places("Israel and the Occupied Palestinian Territories"), ElementsAre("IL", "PS"));
  EXPECT_THAT(places("Korea, Republic of (South Korea)"), ElementsAre("KR"));
  EXPECT_THAT(places("Korea, Democratic People's Republic of (North Korea)"), ElementsAre("KP"));
  EXPECT_THAT(places("Trinidad and Tobago"), ElementsAre("TT"));
  EXPECT_THAT(places("Gambia, The"), ElementsAre("GM"));
  EXPECT_THAT(places("Virgin Islands (UK)"), ElementsAre("VG"));
  EXPECT_THAT(places("Virgin Islands (U.S.)"), ElementsAre("VI"));
  EXPECT_THAT(places("Congo, Democratic Republic of (DRC)"), ElementsAre("CD"));
  EXPECT_THAT(places("Republic of Congo (Brazzaville)"), ElementsAre("CG"));
  EXPECT_THAT(places("Congo"), ElementsAre("CG"));
  EXPECT_THAT(places("China - Hong Kong _ Macao"), ElementsAre("CN", "HK", "MO"));
  EXPECT_THAT(places("Atlantis"), IsEmpty());
}

TEST(TravelAdviceTest, LeavesOutWhatPagesRepeatAndReportsUnknownPlaces) {
  const TestDirectory directory;
  const std::string folder = directory.path() + "/canada";
  ASSERT_TRUE(MakeDirectories(folder));
  for (const char* name : {"Japan", "Kenya", "Peru", "Chile", "Ghana", "Atlantis"}) {
    ASSERT_TRUE(WriteFileAtomically(
        fmt::format("{}/{}.md", folder, name),
        fmt::format("# Laws\n\nYou must obey.\n\n### Drugs\n\nIn {} drugs are banned.\n", name)));
  }
  const auto advice = ReadTravelAdvice(directory.path(), Places());
  ASSERT_TRUE(advice) << advice.error().message;
  EXPECT_EQ(advice->pages, 6u);
  ASSERT_THAT(advice->batch.passages, SizeIs(5));
  const Passage& passage = advice->batch.passages.at(2);
  EXPECT_EQ(passage.text, "In Japan drugs are banned.");
  EXPECT_EQ(passage.topic, "drugs");
  EXPECT_EQ(passage.source.address, "https://travel.gc.ca/destinations/japan");
  ASSERT_THAT(advice->batch.repairs, SizeIs(1));
  EXPECT_EQ(advice->batch.repairs[0].file, "canada/Atlantis.md");
  const TestDirectory empty;
  EXPECT_EQ(ReadTravelAdvice(empty.path(), Places()).error().kind, ErrorKind::kMissing);
}

}  // namespace
}  // namespace mores::guidelines
