#include "data/build_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::data {
namespace {

using ::testing::HasSubstr;

TEST(BuildOutputTest, ASetIsReplacedOnlyByItselfOrAfresh) {
  const TestDirectory directory;
  BuiltSet set{.directory = directory.path(),
               .files = {{"train.jsonl", "one\n"}, {"manifest.json", "{\"seed\":1}\n"}}};
  EXPECT_EQ(WriteBuiltSet(set, job::JournalStart::kResume).value(), SetWritten::kNow);
  EXPECT_EQ(WriteBuiltSet(set, job::JournalStart::kResume).value(), SetWritten::kBefore);
  set.files[0].second = "two\n";
  const auto other = WriteBuiltSet(set, job::JournalStart::kResume);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(other.error().message, HasSubstr("differs in train.jsonl"));
  EXPECT_EQ(ReadFile(directory.path() + "/train.jsonl").value(), "one\n");
  EXPECT_EQ(WriteBuiltSet(set, job::JournalStart::kFresh).value(), SetWritten::kNow);
  EXPECT_EQ(ReadFile(directory.path() + "/train.jsonl").value(), "two\n");
}

TEST(BuildOutputTest, AnInputIsNeverWrittenOver) {
  const TestDirectory directory;
  const std::string source = directory.path() + "/train.jsonl";
  ASSERT_TRUE(WriteFileAtomically(source, "mine\n"));
  const BuiltSet set{.directory = directory.path(),
                     .files = {{"train.jsonl", "one\n"}, {"manifest.json", "{}\n"}},
                     .inputs = {source}};
  const auto written = WriteBuiltSet(set, job::JournalStart::kFresh);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("is an input"));
  EXPECT_EQ(ReadFile(source).value(), "mine\n");
}

}  // namespace
}  // namespace mores::data
