#include "data/readers/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores::data {
namespace {

using ::testing::ElementsAre;

TEST(Csv, QuotesCommasAndLineBreaks) {
  const auto table = ParseCsv(
      "\xEF\xBB\xBF,text,label\r\n1,\"a, \"\"b\"\"\nc\",0\r\n\n2,,\"\"\n3,d\re,9", "in.csv");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(table->header, ElementsAre("", "text", "label"));
  ASSERT_EQ(table->rows.size(), 3u);
  EXPECT_THAT(table->rows[0].fields, ElementsAre("1", "a, \"b\"\nc", "0"));
  EXPECT_EQ(table->rows[0].line, 2);
  EXPECT_THAT(table->rows[1].fields, ElementsAre("2", "", ""));
  EXPECT_EQ(table->rows[1].line, 5);
  EXPECT_THAT(table->rows[2].fields, ElementsAre("3", "d\re", "9"));
  EXPECT_EQ(table->Column("label"), 2u);
  EXPECT_EQ(table->Column("Label"), std::string::npos);
}

std::string ErrorOf(std::string_view bytes) {
  const auto table = ParseCsv(bytes, "in.csv");
  return table ? "none" : table.error().message;
}

TEST(Csv, ErrorsNameTheLine) {
  EXPECT_EQ(ErrorOf(""), "in.csv: empty");
  EXPECT_EQ(ErrorOf("a,b\n1\n"), "in.csv:2: 1 fields where the header has 2");
  EXPECT_EQ(ErrorOf("a,b\n1,2\n3,\"4\n5\n"), "in.csv:3: a quoted field is never closed");
  EXPECT_EQ(ErrorOf("a,b\n1,\"2\"x\n"), "in.csv:2: text after a closing quote");
  EXPECT_EQ(ErrorOf("a,a\n"), "in.csv:1: column 'a' stands twice in the header");
  EXPECT_EQ(ErrorOf("a\nb\n\xC3\n"), "in.csv:3: invalid UTF-8");
}

}  // namespace
}  // namespace mores::data
