#include "data/examples/critique.h"

#include <gtest/gtest.h>

#include <set>

#include "text/unicode.h"

namespace mores::data {
namespace {

Record Make(Annotation annotation, bool unsafe, std::string response) {
  Record record;
  record.annotation = annotation;
  record.label = unsafe ? format::Label::kUnsafe : format::Label::kSafe;
  record.lang = text::Language::kEnglish;
  record.turns = {{format::Role::kUser, "a question"},
                  {format::Role::kAssistant, std::move(response)}};
  record.topic_en = "privacy";
  record.topic_zh = "隐私";
  record.category = Category::kPrivacy;
  return record;
}

constexpr Annotation kAll[] = {
    Annotation::kAnswer, Annotation::kJailbreak,   Annotation::kHarmlessRequest, Annotation::kReply,
    Annotation::kAdvice, Annotation::kMoralChoice, Annotation::kStatement};

size_t CountSentences(const std::string& text, std::string_view end) {
  size_t count = 0;
  for (size_t at = text.find(end); at != std::string::npos; at = text.find(end, at + 1)) ++count;
  return count;
}

TEST(Critique, TwoOrThreeSentencesInEnglishOneInChinese) {
  for (const Annotation annotation : kAll) {
    for (const bool unsafe : {false, true}) {
      for (int i = 0; i < 20; ++i) {
        Record record = Make(annotation, unsafe, "text " + std::to_string(i));
        record.notes["category"] = "Biased Opinion";
        const std::string english = WriteCritique(record);
        const size_t sentences = CountSentences(english, ".");
        EXPECT_TRUE(sentences == 2 || sentences == 3) << english;
        EXPECT_EQ(english.starts_with("[privacy] "), unsafe) << english;
        EXPECT_EQ(english.find("{}"), std::string::npos) << english;
        EXPECT_EQ(english.find('\n'), std::string::npos);
        record.lang = text::Language::kChinese;
        const std::string chinese = WriteCritique(record);
        EXPECT_EQ(CountSentences(chinese, "。"), 1u) << chinese;
        EXPECT_TRUE(chinese.ends_with("。")) << chinese;
        EXPECT_EQ(chinese.find("{}"), std::string::npos) << chinese;
        EXPECT_LE(text::CountCodePoints(chinese), 60u);
      }
    }
  }
}

TEST(Critique, SameRecordSameWordsOtherRecordsOthers) {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const Record record = Make(Annotation::kAnswer, true, "text " + std::to_string(i));
    EXPECT_EQ(WriteCritique(record), WriteCritique(record));
    seen.insert(WriteCritique(record));
  }
  EXPECT_GT(seen.size(), 10u);
}

TEST(Critique, TellsRefusals) {
  const Record refusal =
      Make(Annotation::kJailbreak, false, "I'm sorry, but I can't help with that request.");
  const std::string critique = WriteCritique(refusal);
  EXPECT_TRUE(critique.find("declines") != std::string::npos ||
              critique.find("refuses") != std::string::npos ||
              critique.find("turns it down") != std::string::npos)
      << critique;
}

TEST(Critique, NoCategoryNoBracket) {
  Record record = Make(Annotation::kAnswer, true, "text");
  record.category.reset();
  EXPECT_NE(WriteCritique(record)[0], '[');
}

}  // namespace
}  // namespace mores::data
