#include "base/table_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr std::string_view kText =
    "# What this is.\n"
    "\n"
    "[words]\n"
    "one  two\n"
    "# between\n"
    "three\n"
    "[pairs]\n"
    "worse\tbad\r\n"
    "New York\t纽约\n"
    "[empty]\n"
    "[last]\n"
    "without a line end";

TEST(TableFileTest, ReadsSectionsInOrder) {
  const TableFile table(kText);
  ASSERT_EQ(table.sections().size(), 4u);
  EXPECT_EQ(table.sections()[0].name, "words");
  EXPECT_EQ(table.sections()[3].name, "last");
  EXPECT_THAT(table.Section("words").Words(), ElementsAre("one", "two", "three"));
  EXPECT_THAT(table.Section("pairs").Pairs(),
              ElementsAre(Pair("worse", "bad"), Pair("New York", "纽约")));
  EXPECT_THAT(table.Section("pairs").Fields(), ElementsAre("worse", "bad", "New York", "纽约"));
  EXPECT_TRUE(table.Section("empty").rows.empty());
  EXPECT_THAT(table.Section("last").Fields(), ElementsAre("without a line end"));
  EXPECT_TRUE(TableFile("").sections().empty());
  EXPECT_THAT(WordsOf(" a  bc "), ElementsAre("a", "bc"));
}

TEST(TableFileDeathTest, StopsOnTablesThatAreNone) {
  EXPECT_DEATH(TableFile("a row before any section"), "check failed");
  EXPECT_DEATH(TableFile("[a section\n"), "check failed");
  EXPECT_DEATH(TableFile("[s]\na\t\tb\n"), "check failed");
  const TableFile table(kText);
  EXPECT_DEATH(table.Section("none"), "check failed");
  EXPECT_DEATH(table.Section("words").Pairs(), "check failed");
}

}  // namespace
}  // namespace mores
