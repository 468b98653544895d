#include "base/csv.h"

#include <gtest/gtest.h>

#include <limits>

namespace mores {
namespace {

TEST(CsvTableTest, QuotesWhatWouldBreakARow) {
  CsvTable table({"id", "text"});
  table.Text("a").Text("x, \"y\"\nz").EndRow();
  table.Text("茶").Text("").EndRow();
  EXPECT_EQ(table.text(), "id,text\r\na,\"x, \"\"y\"\"\nz\"\r\n茶,\r\n");
}

TEST(CsvTableTest, TextIsNeverAFormula) {
  CsvTable table({"text"});
  for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uFF1D1", "a=1"}) {
    table.Text(text).EndRow();
  }
  EXPECT_EQ(
      table.text(),
      "text\r\n'=1+1\r\n'+1\r\n'-1\r\n'@SUM(A1)\r\n'\t=1\r\n\"'\r=1\"\r\n'\uFF1D1\r\na=1\r\n");
}

TEST(CsvTableTest, NumbersStayNumbers) {
  CsvTable table({"a", "b", "c", "d"});
  table.Number(-0.25).Number(std::numeric_limits<double>::quiet_NaN()).Number({}).Count(7).EndRow();
  EXPECT_EQ(table.text(), "a,b,c,d\r\n-0.25,,,7\r\n");
}

}  // namespace
}  // namespace mores
