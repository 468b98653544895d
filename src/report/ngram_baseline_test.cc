#include "report/ngram_baseline.h"

#include <gtest/gtest.h>

#include <string>

namespace mores::report {
namespace {

// Two made-up topics in two languages; "unsafe" is the one about paint.
struct Examples {
  std::vector<std::string> storage;
  std::vector<NgramText> texts;
  std::vector<bool> unsafe;
};

Examples MakeExamples(int first, int count) {
  Examples examples;
  for (int i = first; i < first + count; ++i) {
    const bool unsafe = i % 2 == 0;
    const std::string number = std::to_string(i);
    if (i % 4 < 2) {
      examples.storage.push_back((unsafe ? "red paint on wall " : "green tea in a cup ") + number);
    } else {
      examples.storage.push_back((unsafe ? "墙上的红色油漆" : "杯子里的绿茶") + number);
    }
    examples.unsafe.push_back(unsafe);
  }
  for (const std::string& text : examples.storage) examples.texts.push_back({"Tell me", text});
  return examples;
}

TEST(NgramModelTest, LearnsAndGeneralises) {
  const Examples train = MakeExamples(0, 200), test = MakeExamples(1000, 40);
  const NgramModel model = NgramModel::Train(train.texts, train.unsafe, {});
  for (size_t i = 0; i < test.texts.size(); ++i) {
    EXPECT_EQ(model.PredictUnsafe(test.texts[i]) > 0.5, test.unsafe[i]) << test.storage[i];
  }
}

TEST(NgramModelTest, FieldsAreApart) {
  const Examples train = MakeExamples(0, 200);
  const NgramModel model = NgramModel::Train(train.texts, train.unsafe, {});
  const double as_response = model.PredictUnsafe({"", "red paint on wall"});
  const double as_query = model.PredictUnsafe({"red paint on wall", ""});
  EXPECT_GT(as_response, 0.9);
  EXPECT_NEAR(as_query, 0.5, 0.2) << "the query never told the label";
}

TEST(NgramModelTest, SameInputSameBytes) {
  const Examples train = MakeExamples(0, 60);
  const std::string first = NgramModel::Train(train.texts, train.unsafe, {}).Serialize();
  EXPECT_EQ(first, NgramModel::Train(train.texts, train.unsafe, {}).Serialize());
  EXPECT_EQ(first.size(), NgramModel::SerializedSize());
}

TEST(NgramModelTest, StoredModelPredictsTheSame) {
  const Examples train = MakeExamples(0, 60);
  const NgramModel model = NgramModel::Train(train.texts, train.unsafe, {});
  const auto stored = NgramModel::Parse(model.Serialize(), "memory");
  ASSERT_TRUE(stored);
  for (const NgramText& text : train.texts) {
    EXPECT_EQ(model.PredictUnsafe(text), stored->PredictUnsafe(text));
  }
}

TEST(NgramModelTest, RefusesBrokenBytes) {
  const auto truncated = NgramModel::Parse("short", "f.bin");
  ASSERT_FALSE(truncated);
  EXPECT_EQ(truncated.error().kind, ErrorKind::kCorrupt);
  std::string bytes(NgramModel::SerializedSize(), '\xff');  // NaN as bias and scales
  EXPECT_FALSE(NgramModel::Parse(bytes, "f.bin"));
}

TEST(NgramModelTest, HostileTexts) {
  const Examples train = MakeExamples(0, 20);
  const NgramModel model = NgramModel::Train(train.texts, train.unsafe, {});
  const std::string huge(1 << 20, 'a');
  for (const std::string& text : {std::string(), std::string("\xff\xfe\x00", 3), huge}) {
    const double p = model.PredictUnsafe({text, text});
    EXPECT_GT(p, 0);
    EXPECT_LT(p, 1);
  }
}

}  // namespace
}  // namespace mores::report
