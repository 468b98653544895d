#include "format/guideline_triple.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::format {
namespace {

using ::testing::HasSubstr;

constexpr char kTriple[] =
    R"({"id":"1","messages":[{"role":"user","content":"I would like to wear a hat."},)"
    R"({"role":"assistant","content":"Go ahead and enjoy it."}],"place":"Chile",)"
    R"("deciding":"Nobody may wear a hat.","irrelevant":"Nobody may sing.",)"
    R"("opposite":"Everyone must wear a hat."})";

class GuidelineTriples : public ::testing::Test {
 protected:
  Expected<std::vector<GuidelineTriple>> Read(const std::string& lines) {
    const std::string path = directory_.path() + "/triples.jsonl";
    EXPECT_TRUE(WriteFileAtomically(path, lines));
    return ReadGuidelineTriples(path);
  }
  std::string Problem(const std::string& line) {
    const auto triples = Read(line + "\n");
    return triples ? std::string() : triples.error().message;
  }

 private:
  TestDirectory directory_;
};

TEST_F(GuidelineTriples, AreReadAsTheyAreWritten) {
  const auto triples = Read(std::string(kTriple) + "\n");
  ASSERT_TRUE(triples) << triples.error().message;
  ASSERT_EQ(triples->size(), 1u);
  EXPECT_EQ(triples->front().lang, text::Language::kEnglish);
  EXPECT_EQ(triples->front().opposite, "Everyone must wear a hat.");
  EXPECT_EQ(ToJson(triples->front()), *ParseJson(kTriple, "triple"));
}

TEST_F(GuidelineTriples, ErrorsNameFileLineAndField) {
  EXPECT_THAT(Problem(R"({"id":"1","messages":[{"role":"assistant","content":"x"}]})"),
              HasSubstr("triples.jsonl:1: field 'place'"));
  std::string empty = kTriple;
  empty.replace(empty.find("Nobody may sing."), 16, "");
  EXPECT_THAT(Problem(empty), HasSubstr("field 'irrelevant': must not be empty"));
  EXPECT_THAT(Problem("{"), HasSubstr("triples.jsonl:1"));
  EXPECT_FALSE(Read(""));
}

}  // namespace
}  // namespace mores::format
