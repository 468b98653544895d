#include "meta/critiques.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "meta/references.h"
#include "support/base/test_directory.h"

namespace mores::meta {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CritiquesTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = directory_.path() + "/" + name;
    EXPECT_TRUE(WriteFileAtomically(path, bytes));
    return path;
  }
  Expected<References> Refer(const std::string& bytes) {
    return References::Read({Write("references.json", bytes)});
  }
  // Of the references, or of the critiques against them.
  std::string ReferenceError(const std::string& bytes) {
    const auto references = Refer(bytes);
    return references ? "" : references.error().message;
  }
  Expected<Critiques> Read(const std::string& references, const std::string& critiques) {
    MORES_ASSIGN_OR_RETURN(const References read, Refer(references));
    return ReadCritiques(Write("critiques.jsonl", critiques), read);
  }
  std::string ErrorOf(const std::string& references, const std::string& critiques) {
    const auto read = Read(references, critiques);
    return read ? "" : read.error().message;
  }

  TestDirectory directory_;
};

constexpr const char kArray[] = R"([
  {"prompt": "q1", "response": "a1", "aius": ["one", "two"]},
  {"prompt": "q2", "response": "a2", "aius": []}
])";

TEST_F(CritiquesTest, MatchesByTheTextsOfTheDialogue) {
  const auto read = Read(kArray, R"({"id":"x","query":"q2","response":"a2","critique":"c"}
{"id":"y","dialogue":[{"role":"user","content":"before"},{"role":"assistant","content":"hm"},{"role":"user","content":"q1"},{"role":"assistant","content":"a1"}],"critique":"d"}
)");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->items.size(), 2u);
  EXPECT_EQ(read->items[0].id, "x");
  EXPECT_TRUE(read->items[0].reference_aius.empty());
  EXPECT_EQ(read->items[1].critique, "d");
  EXPECT_EQ(read->items[1].dialogue.turns.size(), 4u);
  EXPECT_THAT(read->items[1].reference_aius, ElementsAre("one", "two"));
  EXPECT_EQ(read->references_unused, 0u);
}

TEST_F(CritiquesTest, MatchesByIdAndTakesTheReferencesDialogue) {
  const auto read = Read(R"({"id":"7","prompt":"你好吗","response":"我很好","aius":["好"]}
{"id":8,"prompt":"q","response":"a","aius":["k"]}
)",
                         R"({"id":"7","critique":"c"})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->items[0].dialogue.turns[1].content, "我很好");
  EXPECT_EQ(read->items[0].lang, text::Language::kChinese);
  EXPECT_EQ(read->references_unused, 1u);
}

TEST_F(CritiquesTest, ReadsVerdictsAndCountsFailedOnes) {
  const auto read = Read(
      R"({"id":"v","aius":["k"]})",
      R"({"id":"v","label":"safe","p_unsafe":0.1,"other_mass":0,"threshold":0.5,"lang":"en","critique":"fine","model":"m@1","prompt":"p@1","usage":{},"input":{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"source":"log"}}
{"id":"w","error":{"kind":"input","message":"too long"}}
)");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->items.size(), 1u);
  EXPECT_EQ(read->items[0].critique, "fine");
  EXPECT_EQ(read->failed, 1u);
}

TEST_F(CritiquesTest, RepeatedReferences) {
  const auto same = Refer(R"({"prompt":"q","response":"a","aius":["k"]}
{"prompt":"q","response":"a","aius":["k"]})");
  ASSERT_TRUE(same);
  EXPECT_EQ(same->all().size(), 1u);
  EXPECT_EQ(same->repeated(), 1u);
  EXPECT_THAT(ReferenceError(R"({"prompt":"q","response":"a","aius":["k"]}
{"prompt":"q","response":"a","aius":["l"]})"),
              AllOf(HasSubstr("references.json:2: field 'aius': "),
                    HasSubstr("references.json:1 has the same dialogue and other AIUs")));
  EXPECT_THAT(ReferenceError(R"({"id":"1","aius":["k"]}
{"id":"1","aius":["l"]})"),
              AllOf(HasSubstr("references.json:2: field 'id': "),
                    HasSubstr("references.json:1 has this id, too")));
  // Ids tell two critiques of one dialogue apart.
  const auto told = Refer(R"({"id":"1","prompt":"q","response":"a","aius":["k"]}
{"id":"2","prompt":"q","response":"a","aius":["l"]})");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->Find("2", {}), 1u);
}

TEST_F(CritiquesTest, NamesWhatIsWrong) {
  EXPECT_THAT(ReferenceError("[]"), HasSubstr("no records in it"));
  EXPECT_THAT(ReferenceError(R"([{"prompt":"q","response":"a"}])"),
              HasSubstr("references.json:item 1: field 'aius'"));
  EXPECT_THAT(ReferenceError(R"({"id":"1","aius":["k"," "]})"), HasSubstr("'aius[1]'"));
  EXPECT_THAT(ReferenceError(R"({"aius":[]})"), HasSubstr("field 'id'"));
  EXPECT_THAT(ReferenceError(R"({"prompt":"q","aius":[]})"), HasSubstr("field 'response'"));
  EXPECT_THAT(ErrorOf(kArray, R"({"id":"x","query":"q1","response":"a1","critique":"c"}
{"id":"y","query":"q9","response":"a9","critique":"c"}
{"id":"z","query":"q8","response":"a8","critique":"c"})"),
              HasSubstr("critiques.jsonl:2: no reference has this critique's id, or its dialogue "
                        "(2 of 3 critiques have none)"));
  EXPECT_THAT(ErrorOf(kArray, R"({"id":"x","query":"q1","response":"a1"})"),
              HasSubstr("field 'critique'"));
  EXPECT_THAT(ErrorOf(R"({"id":"x","aius":["k"]})", R"({"id":"x","critique":"c"})"),
              HasSubstr("neither this critique nor its reference has the dialogue"));
  EXPECT_THAT(ErrorOf(R"({"id":"x","prompt":"q","response":"a","aius":["k"]})",
                      R"({"id":"x","query":"other","response":"a","critique":"c"})"),
              HasSubstr("a reference for another dialogue"));
  EXPECT_THAT(ErrorOf(kArray, R"({"id":"x","query":"q1","response":"a1","critique":"c"}
{"id":"x","query":"q2","response":"a2","critique":"c"})"),
              HasSubstr("critiques.jsonl:2: field 'id': already the id of"));
}

}  // namespace
}  // namespace mores::meta
