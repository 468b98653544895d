#include "job/file_kind.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "job/document.h"
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
  EXPECT_FALSE(CheckReplaces(path, FileKind::kPage));
  EXPECT_TRUE(CheckReplaces("/dev/null", FileKind::kPage));
}

TEST(FileKindTest, ADocumentIsReplacedByOneOfItsKindAlone) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/file.json";
  for (const char* other :
       {"{\"alpha\":1}\n", "{\"kind\":\"mores-costs\"}\n", "{\n\"kind\":\"mores-meta\"\n}\n",
        "{\"command\":\"mores-report\",\"output_sha256\":\"0\"}\n", "{\n\"command\":\"judge\"}\n",
        "[\n1]\n"}) {
    ASSERT_TRUE(WriteFileAtomically(path, other));
    const Status checked = CheckDocument(path, "mores-report");
    ASSERT_FALSE(checked) << other;
    EXPECT_EQ(checked.error().kind, ErrorKind::kUsage);
    const bool ours = std::string_view(other).find("mores-costs\"") != std::string_view::npos ||
                      std::string_view(other).find("mores-meta\"") != std::string_view::npos ||
                      std::string_view(other).find("\"judge\"") != std::string_view::npos;
    EXPECT_EQ(CheckReplaces(path, FileKind::kJson).has_value(), ours) << other;
  }
  for (const char* same :
       {"{\"kind\":\"mores-report\"}\n", "{\n\"kind\":\"mores-report\",\"n\":1e400\n}\n"}) {
    ASSERT_TRUE(WriteFileAtomically(path, same));
    EXPECT_TRUE(CheckDocument(path, "mores-report")) << same;
  }
}

TEST(FileKindTest, ManifestsOfOutputsAndFilesOfModelsStay) {
  const TestDirectory directory;
  const std::string output = directory.path() + "/out.jsonl";
  const std::string manifest = output + ".manifest.json";
  EXPECT_TRUE(CheckReplaces(manifest, FileKind::kJson));
  ASSERT_TRUE(WriteFileAtomically(output, "{\"id\":\"a\"}\n"));
  for (const FileKind kind : {FileKind::kJson, FileKind::kJsonLines, FileKind::kPage}) {
    EXPECT_FALSE(CheckReplaces(manifest, kind));
  }
  const std::string merges = directory.path() + "/merges.txt";
  ASSERT_TRUE(WriteFileAtomically(merges, "a b\n"));
  EXPECT_TRUE(CheckReplaces(merges, FileKind::kText));
  ASSERT_TRUE(WriteFileAtomically(directory.path() + "/config.json", "{}\n"));
  ASSERT_TRUE(WriteFileAtomically(directory.path() + "/judge.json", "{}\n"));
  EXPECT_FALSE(CheckReplaces(merges, FileKind::kText));
  EXPECT_FALSE(CheckReplaces(directory.path() + "/judge.json", FileKind::kJson));
  EXPECT_TRUE(CheckReplaces(directory.path() + "/new.csv", FileKind::kText));
}

TEST(FileKindTest, NumbersBeyondADoubleAreLines) {
  EXPECT_EQ(KindOf("{\"id\":\"a\",\"meta\":{\"n\":1e400}}\n"), FileKind::kJsonLines);
}

}  // namespace
}  // namespace mores::job
