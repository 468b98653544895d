#include "job/file_kind.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::job {
namespace {

TEST(FileKindTest, KindsAreToldByTheBeginning) {
  EXPECT_EQ(KindOf(""), FileKind::kNothing);
  EXPECT_EQ(KindOf("<!DOCTYPE html>\n<html>"), FileKind::kPage);
  EXPECT_EQ(KindOf("\xEF\xBB\xBF  <html lang=en>"), FileKind::kPage);
  EXPECT_EQ(KindOf("<?xml version=\"1.0\"?>"), FileKind::kXml);
  EXPECT_EQ(KindOf(std::string("SQLite format 3\0and more", 24)), FileKind::kDatabase);
  EXPECT_EQ(KindOf("{\"id\":\"a\"}\n{\"id\":\"b\"}\n"), FileKind::kJsonLines);
  EXPECT_EQ(KindOf("{\"id\":\"a\",\"label\":\"safe\"}\n"), FileKind::kJsonLines);
  EXPECT_EQ(KindOf("{\n  \"kind\": 1\n}\n"), FileKind::kJson);
  EXPECT_EQ(KindOf("[\n{\"id\":\"a\"}\n]\n"), FileKind::kJson);
  EXPECT_EQ(KindOf("{\"kind\":\"mores-report\",\"items\":[]}\n"), FileKind::kJson);
  EXPECT_EQ(KindOf("{\"alpha\":1}\n"), FileKind::kJsonLine);
  EXPECT_EQ(KindOf("{\"id\":\"a\",\"critique\":\"" + std::string(70000, 'x')),
            FileKind::kJsonLines);
  EXPECT_EQ(KindOf("{\"kind\":\"mores-report\",\"items\":\"" + std::string(70000, 'x')),
            FileKind::kJson);
  EXPECT_EQ(KindOf("rules of the house\n"), FileKind::kText);
  EXPECT_EQ(KindOf(std::string("\x1F\x8B\0\0", 4)), FileKind::kBytes);
}

TEST(FileKindTest, NothingIsWrittenOverAnotherKind) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/file";
  EXPECT_TRUE(CheckReplaces(path, FileKind::kPage));
  ASSERT_TRUE(WriteFileAtomically(path, "{\"id\":\"a\"}\n"));
  EXPECT_TRUE(CheckReplaces(path, FileKind::kJsonLines));
  for (const FileKind other : {FileKind::kPage, FileKind::kJson, FileKind::kXml}) {
    const Status checked = CheckReplaces(path, other);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().kind, ErrorKind::kUsage);
    EXPECT_NE(checked.error().message.find("holds JSON lines"), std::string::npos);
  }
  // One line of JSON may be either.
  ASSERT_TRUE(WriteFileAtomically(path, "{\"alpha\":1}\n"));
  EXPECT_TRUE(CheckReplaces(path, FileKind::kJsonLines));
  EXPECT_TRUE(CheckReplaces(path, FileKind::kJson));
  EXPECT_FALSE(CheckReplaces(path, FileKind::kPage));
  EXPECT_TRUE(CheckReplaces("/dev/null", FileKind::kPage));
}

}  // namespace
}  // namespace mores::job
